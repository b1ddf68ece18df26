"""Images of handwritten digits, read from files in the IDX format."""

import gzip
import math
from pathlib import Path

import numpy as np

__all__ = ["load_images"]

UNSIGNED_BYTES = 8


def load_images(folder: Path, n_images: int) -> tuple[np.ndarray, np.ndarray]:
    """Read the first images of a folder and their classes.

    Parameters
    ----------
    folder : pathlib.Path
        Where a file ``*images-idx3-ubyte.gz`` and its ``*labels-idx1-ubyte.gz`` are.
    n_images : int
        How many to read.

    Returns
    -------
    X : numpy.ndarray of float32 of shape (n_images, 1, height, width)
        The images, black 0 and white 1.
    y : numpy.ndarray of int64 of shape (n_images,)
        Their classes.

    Raises
    ------
    FileNotFoundError
        If the folder has no such file.
    """
    found = sorted(folder.glob("*images-idx3-ubyte.gz"))
    if not found:
        raise FileNotFoundError(f"There is no *images-idx3-ubyte.gz in {folder}.")
    labels = found[0].with_name(found[0].name.replace("images-idx3", "labels-idx1"))
    X = read_idx(found[0])[:n_images, None].astype(np.float32) / 255
    return X, read_idx(labels)[:n_images].astype(np.int64)


def read_idx(path: Path) -> np.ndarray:
    """Read an array of bytes.

    Parameters
    ----------
    path : pathlib.Path
        A compressed file.

    Returns
    -------
    array : numpy.ndarray of uint8
        What it holds.

    Raises
    ------
    ValueError
        If it is no such file.
    """
    content = gzip.decompress(path.read_bytes())
    zeros, kind, n_axes = content[:2], content[2], content[3]
    start = 4 + 4 * n_axes
    shape = np.frombuffer(content[4:start], ">u4")
    is_whole = len(content) == start + math.prod(shape.tolist())
    if zeros != b"\0\0" or kind != UNSIGNED_BYTES or not is_whole:
        raise ValueError(f"{path} is no IDX file of bytes.")
    return np.frombuffer(content[start:], np.uint8).reshape(shape)
