"""An archive of values and arrays that notices damage and executes nothing."""

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skhyper._files import write_whole

__all__ = ["Encoder", "decode", "read_archive", "write_archive"]

DIGEST = 64


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
        if value is None or kind in (bool, int, float, str):
            return value
        if kind is list:
            return [self._encode(item) for item in value]
        if kind is tuple:
            return {"tuple": [self._encode(item) for item in value]}
        if kind is dict:
            return {"dict": [[self._encode(part) for part in i] for i in value.items()]}
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


def write_archive(
    path: Path, document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Write an archive, which appears under its name when it is complete.

    Parameters
    ----------
    path : Path
        Where to write. An existing file is replaced.
    document : mapping of str to object
        What ``json`` can write.
    arrays : mapping of str to ndarray
        Arrays without objects.

    Raises
    ------
    OSError
        If the folder of the file does not exist, or the file cannot be written.
    """
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps(document).encode(), dtype=np.uint8)
    np.savez(buffer, document=text, **arrays)  # type: ignore[arg-type]
    # An archive ends with the length of its comment, which is 0, and the comment.
    content = buffer.getvalue()[:-2] + DIGEST.to_bytes(2, "little")
    path = path.resolve()
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"The folder of the file to write must exist. Got {str(path)!r}. Create "
            f"{str(path.parent)!r} first."
        )
    if path.is_dir():
        raise IsADirectoryError(
            f"The file to write must not be a folder. Got {str(path)!r}."
        )
    write_whole(path, content + hashlib.sha256(content).hexdigest().encode())


def read_archive(
    path: Path, writer: str
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read an archive after checking that it is as it was written.

    Parameters
    ----------
    path : Path
        The file.
    writer : str
        Name of what writes such files, for the message.

    Returns
    -------
    document : dict of str to object
        What ``json`` has read.
    arrays : dict of str to ndarray
        The arrays.

    Raises
    ------
    ValueError
        If the file is damaged or something else.
    """
    whole = path.read_bytes()
    content, digest = whole[:-DIGEST], whole[-DIGEST:]
    if hashlib.sha256(content).hexdigest().encode() != digest:
        raise ValueError(
            f"{str(path)!r} must be a file written by {writer}. Got one that is not, "
            "or was damaged since: its checksum is wrong. Use another copy of it."
        )
    with np.load(io.BytesIO(whole), allow_pickle=False) as archive:
        arrays = dict(archive)
    return json.loads(arrays.pop("document").tobytes()), arrays
