"""When two values are the same."""

from collections.abc import Hashable
from typing import Any

import numpy as np

__all__ = ["identity"]


def identity(value: Any) -> Hashable:
    """Give a hashable stand-in that is equal exactly where two values are the same.

    Unlike ``==`` it tells True from 1, finds NaN equal to itself, and works for
    dicts, lists and arrays.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, int | float):
        # NaN is the one number that is not equal to itself.
        return ("number", value if value == value else "nan")
    if isinstance(value, dict):
        return ("dict", frozenset((identity(k), identity(value[k])) for k in value))
    if isinstance(value, set | frozenset):
        return ("set", frozenset(map(identity, value)))
    if isinstance(value, list | tuple):
        return (type(value).__name__, tuple(map(identity, value)))
    if isinstance(value, np.ndarray):
        return ("ndarray", value.shape, identity(value.tolist()))
    try:
        hash(value)
    except TypeError:
        return ("object", id(value))
    return (type(value).__name__, value)
