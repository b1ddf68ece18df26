"""What users write for a domain, read as a domain."""

from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from skhyper.exceptions import did_you_mean
from skhyper.spaces._choices import Choice, Domain, Switch
from skhyper.spaces._ranges import Float, Int, Range
from skhyper.spaces._scipy import from_scipy
from skhyper.spaces._skopt import from_skopt

__all__ = ["as_domain"]

_PRIORS = {"uniform": False, "log-uniform": True}

# Their own expressions are not read, as the other engines could not draw from them.
_ENGINES = {"hyperopt", "optuna", "ray"}


def as_domain(value: Any) -> Domain | Switch:
    """Read a domain, list, array, distribution or dimension as a domain.

    Parameters
    ----------
    value : object
        A domain; a list, tuple, range, array or Series of values; a frozen uniform,
        loguniform or randint of scipy; a skopt dimension; or skopt's shorthand
        ``(low, high, prior)``. A pair of two numbers is a range to skopt and a list of
        two values to scikit-learn, so it is refused.

    Returns
    -------
    domain : Float or Int or Choice or Switch
        The domain.

    Raises
    ------
    ValueError
        If it can be read as none, or in two ways.

    Examples
    --------
    >>> from skhyper.spaces._read import as_domain
    >>> as_domain(["relu", "tanh"])
    Choice(['relu', 'tanh'])
    >>> as_domain((0.001, 0.1, "log-uniform"))
    Float(0.001, 0.1, log=True)
    """
    if isinstance(value, Range | Choice | Switch):
        return value
    for reader in (from_skopt, from_scipy):
        domain = reader(value)
        if domain is not None:
            return domain
    if isinstance(value, tuple) and len(value) >= 2 and all(map(_is_real, value[:2])):
        if len(value) == 2:
            raise ValueError(
                f"Got {value!r}, which may mean a range or two values. Write "
                f"{_range(*value)!r} for the range, {list(value)!r} for the values."
                if value[0] < value[1]
                else f"Got {value!r}. Write {list(value)!r} for these two values."
            )
        if isinstance(value[2], str) and value[2] not in _PRIORS:
            raise ValueError(
                "The third of a range (low, high, prior) must be 'uniform' or "
                f"'log-uniform'. Got {value!r}.{did_you_mean(value[2], _PRIORS)}"
            )
        if isinstance(value[2], str):
            return _range(value[0], value[1], log=_PRIORS[value[2]])
    if isinstance(value, np.ndarray | pd.Series | pd.Index):
        return Choice(value.tolist())
    if isinstance(value, list | tuple | range):
        return Choice(value)
    if isinstance(value, set | frozenset):
        raise ValueError(
            f"A domain must have an order, which a set has not. Got {value!r}. Write "
            f"{list(value)!r}."
        )
    is_of_an_engine = type(value).__module__.partition(".")[0] in _ENGINES
    remedy = (
        "Write a range as (low, high, 'uniform') or (low, high, 'log-uniform'), and "
        "values as a list."
        if is_of_an_engine
        else f"To fix a parameter at one value, write {[value]!r}."
    )
    raise ValueError(
        "A domain must be a Float, an Int, a Choice, a Switch, a list of values, a "
        f"scipy distribution or a skopt dimension. Got {value!r}. {remedy}"
    )


def _is_real(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _range(low: Any, high: Any, log: bool = False) -> Range:
    if isinstance(low, Integral) and isinstance(high, Integral):
        return Int(int(low), int(high), log=log)
    return Float(low, high, log=log)
