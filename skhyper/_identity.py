"""When two values are the same."""

import functools
import hashlib
from collections.abc import Hashable, Iterator
from inspect import isroutine
from types import MethodType
from typing import Any

import numpy as np
import scipy.sparse
import torch

__all__ = ["fingerprint", "identity"]

RANDOM = (np.random.RandomState, np.random.Generator)


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


def fingerprint(value: Any) -> str:
    """Give a short text that tells values apart by their content, in any process.

    Of arrays and tables the elements count, of objects what they were made with, of
    functions the name alone. A generator of random numbers has no content: it moves on.

    Parameters
    ----------
    value : object
        Anything: rows, estimators, functions, and what holds them.

    Returns
    -------
    text : str
        The same for what is the same.

    Examples
    --------
    >>> import numpy as np
    >>> from skhyper._identity import fingerprint
    >>> fingerprint(np.zeros((2, 3)).T) == fingerprint(np.zeros((3, 2)))
    True
    >>> fingerprint({"a": [1]}) == fingerprint({"a": [2]})
    False
    """
    hasher = hashlib.sha256()
    for piece in _pieces(value, ()):
        hasher.update(piece)
        hasher.update(b";")
    return hasher.hexdigest()[:32]


def _pieces(value: Any, around: tuple[int, ...]) -> Iterator[bytes]:
    """Give what makes a value out; ``around`` are the objects that hold it."""
    if isinstance(value, np.generic):
        value = value.item()
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        yield f"{type(value).__name__} {value!r}".encode()
    elif isinstance(value, type) or isroutine(value):
        yield _name_of(value).encode()
        if isinstance(value, MethodType):
            yield from _pieces(value.__self__, around)
    elif id(value) in around or isinstance(value, RANDOM):
        yield kind.encode()
    else:
        around = (*around, id(value))
        yield from _parts(value, kind, around)


def _parts(value: Any, kind: str, around: tuple[int, ...]) -> Iterator[bytes]:
    """Give what makes a value out that has parts."""
    if isinstance(value, dict):
        yield f"{kind} {len(value)}".encode()
        yield from sorted(
            _whole(key, around) + _whole(part, around) for key, part in value.items()
        )
    elif isinstance(value, set | frozenset):
        yield f"{kind} {len(value)}".encode()
        yield from sorted(_whole(part, around) for part in value)
    elif isinstance(value, list | tuple):
        yield f"{kind} {len(value)}".encode()
        for part in value:
            yield from _pieces(part, around)
    elif scipy.sparse.issparse(value):
        rows: Any = scipy.sparse.csr_array(value, copy=True)  # type: ignore[call-overload]
        rows.sum_duplicates()
        yield from _pieces([rows.shape, rows.data, rows.indices, rows.indptr], around)
    elif hasattr(value, "columns") and hasattr(value, "__array__"):
        for name in dict.fromkeys(value.columns):
            yield from _pieces([name, np.asarray(value[name])], around)
    elif hasattr(value, "__array__"):
        is_tensor = isinstance(value, torch.Tensor)
        yield from _elements(value.numpy(force=True) if is_tensor else value, around)
    elif isinstance(value, functools.partial):
        yield from _pieces([value.func, value.args, value.keywords], around)
    elif hasattr(value, "get_params"):
        yield kind.encode()
        yield from _pieces(value.get_params(deep=False), around)
    elif hasattr(value, "__dict__"):
        yield kind.encode()
        yield from _pieces(vars(value), around)
    else:
        words = repr(value)
        yield f"{kind} {'' if ' at 0x' in words else words}".encode()


def _whole(value: Any, around: tuple[int, ...]) -> bytes:
    return hashlib.sha256(b";".join(_pieces(value, around))).digest()


def _elements(value: Any, around: tuple[int, ...]) -> Iterator[bytes]:
    array = np.asarray(value)
    if array.dtype.hasobject or array.dtype.kind == "T":
        yield f"array {array.shape}".encode()
        for element in array.ravel().tolist():
            yield from _pieces(element, around)
        return
    yield f"array {array.dtype.str} {array.shape}".encode()
    yield np.ascontiguousarray(array).tobytes()


def _name_of(value: Any) -> str:
    name = getattr(value, "__qualname__", None) or repr(type(value))
    return f"{getattr(value, '__module__', None)}.{name}"
