"""An archive of values and arrays that notices damage and executes nothing."""

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhyper._files import write_whole

__all__ = ["read_archive", "write_archive"]

DIGEST = 64


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
