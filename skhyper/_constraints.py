"""Check arguments by the rules of their class, and tell all mistakes at once."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from skhyper._sklearn import (
    InvalidParameterError,
    StrOptions,
    validate_parameter_constraints,
)
from skhyper.exceptions import did_you_mean

__all__ = ["is_beyond_floats", "mistakes_in_values", "refuse"]

# Types whose values never change: what is right once is right for ever.
SCALARS = (bool, int, float, str, type(None))

# The constraints of scikit-learn's that take a bool.
OF_BOOLS = {"boolean", "verbose", "no_validation"}


def mistakes_in_values(owner: type, params: Mapping[str, Any]) -> Iterator[str]:
    """Say which arguments break the rules for them, each by itself.

    Parameters
    ----------
    owner : type
        A class with ``_parameter_constraints`` in scikit-learn's grammar. What these do
        not name may be anything.
    params : mapping of str to object
        Its arguments.

    Yields
    ------
    mistake : str
        A sentence for each mistake.
    """
    for parameter, value in params.items():
        check = _check_scalar if type(value) in SCALARS else _check_value
        try:
            check(owner, parameter, value)
        except InvalidParameterError as error:
            yield str(error)


def refuse(mistakes: Iterable[str]) -> None:
    """Raise all mistakes of a call in one message.

    Parameters
    ----------
    mistakes : iterable of str
        A sentence for each.

    Raises
    ------
    InvalidParameterError
        If there are any; it is a ValueError and a TypeError.
    """
    message = "\n".join(mistakes)
    if message:
        raise InvalidParameterError(message)


def is_beyond_floats(value: Any) -> bool:
    """Tell of an integer that no float can hold: its type is right, its size not.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    is_beyond : bool
        False of what is no integer.
    """
    return isinstance(value, int) and abs(value) > sys.float_info.max


def _check_value(owner: Any, parameter: str, value: Any) -> None:
    """Refuse a value that breaks the rule for its argument."""
    name, constraints = owner.__name__, owner._parameter_constraints
    allowed = constraints.get(parameter, "no_validation")
    allowed = [allowed] if isinstance(allowed, str) else allowed
    try:
        validate_parameter_constraints(constraints, {parameter: value}, name)
    except InvalidParameterError as error:
        known = [
            option
            for constraint in allowed
            if isinstance(constraint, StrOptions)
            for option in constraint.options
        ]
        lower = value.lower() if isinstance(value, str) else value
        raise InvalidParameterError(f"{error}{did_you_mean(lower, known)}") from None
    if is_beyond_floats(value):
        raise InvalidParameterError(
            f"The {parameter!r} parameter of {name} must be a number that a float can "
            f"hold. Got an integer of {value.bit_length()} bits."
        )
    # To Python, True is the number one.
    words = {constraint for constraint in allowed if isinstance(constraint, str)}
    if isinstance(value, bool) and not OF_BOOLS & words:
        raise InvalidParameterError(
            f"The {parameter!r} parameter of {name} must be a number. Got {value!r} "
            "instead."
        )


# Remembers what it has let pass, as a search asks for the same values in every fit.
_check_scalar: Callable[..., None] = lru_cache(4096, typed=True)(_check_value)
