"""Values in the words of JSON, with their arrays beside."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

__all__ = ["Encoder", "decode"]


# What JSON has a word for.
PLAIN = {type(None), bool, int, float, str}


class Encoder:
    """Turn values into what JSON knows, and set their arrays aside.

    What JSON has no word for becomes a dict with a single item, whose key is the
    kind.

    Attributes
    ----------
    arrays : dict of str to ndarray
        The arrays, by the names that stand for them.
    refused : list of str
        Attributes that were refused.
    """

    def __init__(self) -> None:
        self.arrays: dict[str, NDArray[Any]] = {}
        self.refused: list[str] = []

    def encode_each(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """Encode attributes, and note those that cannot be.

        Parameters
        ----------
        attributes : mapping of str to object
            Their values by their names.

        Returns
        -------
        encoded : dict of str to object
            What ``json`` can write, without those that were refused.
        """
        encoded = {}
        for name, value in attributes.items():
            try:
                encoded[name] = self._encode(value)
            except TypeError:
                self.refused.append(f"{name}={value!r}")
        return encoded

    def _encode(self, value: Any) -> Any:
        kind = type(value)
        if kind in PLAIN:
            return value
        if kind is list:
            return self._encode_all(value)
        if kind is tuple:
            return {"tuple": self._encode_all(value)}
        if kind is dict:
            return {"dict": [self._encode_all(item) for item in value.items()]}
        if isinstance(value, np.generic):
            return {"scalar": self._set_aside(np.asarray(value))}
        if isinstance(value, torch.Tensor):
            return {"tensor": self._set_aside(value.detach().cpu().numpy())}
        if kind is np.ndarray and value.dtype == object:
            elements = [self._encode(element) for element in value.ravel()]
            return {"objects": [list(value.shape), elements]}
        if kind is np.ndarray:
            return {"array": self._set_aside(value)}
        raise TypeError

    def _encode_all(self, values: Collection[Any]) -> list[Any]:
        # There may be thousands of plain values, and a call for each takes its time.
        if PLAIN.issuperset(map(type, values)):
            return list(values)
        return [self._encode(value) for value in values]

    def _set_aside(self, array: NDArray[Any]) -> str:
        if array.dtype.hasobject:
            raise TypeError
        name = f"array_{len(self.arrays)}"
        self.arrays[name] = array
        return name


def decode(value: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Turn an encoded value back into itself.

    Parameters
    ----------
    value : object
        What an `Encoder` has made.
    arrays : mapping of str to ndarray
        Its arrays.

    Returns
    -------
    value : object
        Equal to what was encoded, and of the same type.
    """
    if isinstance(value, list):
        return [decode(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    match kind:
        case "tuple":
            return tuple(decode(content, arrays))
        case "dict":
            return dict(decode(content, arrays))
        case "scalar":
            return arrays[content][()]
        case "tensor":
            return torch.from_numpy(arrays[content])
        case "objects":
            shape, elements = content
            result = np.empty(shape, dtype=object)
            for position, element in enumerate(elements):
                result.flat[position] = decode(element, arrays)
            return result
        case _:
            return arrays[content]
