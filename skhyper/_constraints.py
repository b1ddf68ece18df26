"""Check arguments by the rules of their class, and tell all mistakes at once."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from numbers import Integral, Real
from typing import Any

from skhyper._sklearn import (
    Interval,
    InvalidParameterError,
    StrOptions,
    validate_parameter_constraints,
)
from skhyper.exceptions import did_you_mean

__all__ = ["is_beyond_floats", "mistakes_in_values", "refuse"]

# Types whose values never change: what is right once is right for ever.
SCALARS = (bool, int, float, str, type(None))

# The constraints of scikit-learn's that ask for numbers, beside its intervals, and
# those that a bool obeys as itself.
OF_NUMBERS = (Integral, Real, int, float, "cv_object", "random_state")
OF_BOOLS = (bool, object, "boolean", "verbose")


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
    if allowed == "no_validation":
        return
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
    if isinstance(value, bool) and _is_number_alone(allowed):
        raise InvalidParameterError(
            f"The {parameter!r} parameter of {name} must be a number. Got {value!r} "
            "instead."
        )


def _is_number_alone(allowed: Iterable[Any]) -> bool:
    """Tell whether an argument may be a number, and no bool."""
    asks_for_numbers = any(
        isinstance(constraint, Interval) or constraint in OF_NUMBERS
        for constraint in allowed
    )
    return asks_for_numbers and not any(one in OF_BOOLS for one in allowed)


# Remembers what it has let pass, as a search asks for the same values in every fit.
_check_scalar: Callable[..., None] = lru_cache(4096, typed=True)(_check_value)
