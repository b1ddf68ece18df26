"""Rows on the device, and which of them are set aside."""

import math
import mmap
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from skhyper.training import Rows

__all__ = ["as_tensor", "auto_batch_size", "draw_split", "split_rows", "weigh_rows"]

# As scikit-learn's HistGradientBoosting: below, the rows are worth more than the
# epochs that early stopping saves.
MOST_ROWS = 10_000

# From so many bytes on, rows get memory of their own.
OWN_MEMORY = 2**20


def as_tensor(
    array: NDArray[Any], dtype: torch.dtype, device: str, alignment: int = 64
) -> torch.Tensor:
    """Move an array to the device, sharing its memory where that is safe.

    Parameters
    ----------
    array : ndarray
        What to move.
    dtype : torch.dtype
        Type of the tensor.
    device : str
        Where it shall lie.
    alignment : int, default=64
        Bytes that its address is to be a multiple of; torch's own are of 64.

    Returns
    -------
    tensor : torch.Tensor of the shape of `array`
        Not to be written to: it may share memory with `array`.
    """
    array = np.ascontiguousarray(array)
    room = torch.empty(0, dtype=dtype).numpy()
    # What lies across the vectors of a processor is multiplied with other bits, and
    # torch warns of arrays it could not write to, such as memory maps.
    is_aligned = array.ctypes.data % alignment == 0
    if not (is_aligned and array.flags.writeable and array.dtype == room.dtype):
        room = _make_room(array.shape, dtype).numpy()
        with np.errstate(over="ignore"):
            np.copyto(room, array, casting="same_kind")
        array = room
    return torch.from_numpy(array).to(device)


def auto_batch_size(n_samples: int) -> int:
    """Choose the batch size for a number of training rows.

    Parameters
    ----------
    n_samples : int
        Number of training rows.

    Returns
    -------
    batch_size : int
        64 up to 1,024 rows, then 128, 256 and 512 up to 8,192, 30,000 and
        100,000 rows, and 1,024 above, the steps of RealMLP-TD [1]_.

    References
    ----------
    .. [1] D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by Default: Strong
       Pre-Tuned MLPs and Boosted Trees on Tabular Data", NeurIPS 2024, as in its
       package pytabkit.
    """
    limits = {1_024: 64, 8_192: 128, 30_000: 256, 100_000: 512}
    return next((size for most, size in limits.items() if n_samples <= most), 1_024)


def draw_split(
    name: str,
    n_rows: int,
    early_stopping: bool | str,
    fraction: float,
    strata: NDArray[Any] | None,
    seed: int,
) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Draw rows to set aside for early stopping, if there is some.

    Parameters
    ----------
    name : str
        The estimator's class.
    n_rows : int
        Number of rows.
    early_stopping : bool or 'auto'
        Whether to stop early; 'auto' from 10,001 rows on.
    fraction : float
        Share that is set aside, but at least one row of each class.
    strata : ndarray of shape (n_samples,) or None
        Classes whose shares are kept; the only row of its class is trained on.
    seed : int
        Seed of the draw.

    Returns
    -------
    train, valid : ndarray of int
        Numbers of the rows of both parts, in their order; None instead of both where
        nothing stops early.

    Raises
    ------
    ValueError
        If there are too few rows to split.
    """
    if not (n_rows > MOST_ROWS if early_stopping == "auto" else early_stopping):
        return None
    index = np.arange(n_rows)
    lone = np.zeros(n_rows, dtype=bool)
    n_strata = 1
    if strata is not None:
        _, which, counts = np.unique(strata, return_inverse=True, return_counts=True)
        lone = (counts == 1)[which]
        strata = strata[~lone]
        n_strata = int((counts > 1).sum())
    divisible = index[~lone]
    n_valid = max(math.ceil(fraction * len(divisible)), n_strata)
    if not n_strata or n_valid + n_strata > len(divisible):
        raise ValueError(
            f"{name} cannot set aside rows for early stopping and train on others: "
            f"validation_fraction={fraction:g} of n_samples = {n_rows} rows, and at "
            "least one row of each class of several. Pass X_val and y_val, use a "
            "smaller validation_fraction, or set early_stopping=False."
        )
    train, valid = train_test_split(
        divisible, test_size=n_valid, stratify=strata, random_state=seed
    )
    return np.sort(np.concatenate([train, index[lone]])), np.sort(valid)


def split_rows(
    rows: Rows, train: NDArray[np.intp], valid: NDArray[np.intp]
) -> tuple[Rows, Rows]:
    """Part rows into those to train on and those that are set aside.

    Parameters
    ----------
    rows : Rows
        All rows.
    train, valid : ndarray of int
        Numbers of the rows of both parts.

    Returns
    -------
    train, valid : Rows
        Two parts of `rows`.
    """
    device = rows.X.device
    return (
        _take(rows, torch.from_numpy(train).to(device)),
        _take(rows, torch.from_numpy(valid).to(device)),
    )


def weigh_rows(name: str, rows: Rows, weight: NDArray[Any]) -> Rows:
    """Give rows their weights, and leave out those of weight zero.

    Parameters
    ----------
    name : str
        The estimator's class.
    rows : Rows
        Rows without weights.
    weight : ndarray of shape (n_samples,)
        Non-negative weights, of which only the ratios matter.

    Returns
    -------
    rows : Rows
        Those that count, with weights of at most 1, so that no type of numbers
        is too small for them.

    Raises
    ------
    ValueError
        If no row counts, or the product of two weights is infinite.
    """
    largest = weight.max()
    if not 0 < largest < np.inf:
        raise ValueError(
            f"The weights of the rows in {name}, by sample_weight and class_weight, "
            f"must be finite and not all zero. Got {largest} as the largest."
        )
    share = as_tensor(weight / largest, rows.X.dtype, str(rows.X.device))
    weighted = Rows(rows.X, rows.y, share)
    counts = share > 0
    return weighted if counts.all() else _take(weighted, counts.nonzero().flatten())


def _take(rows: Rows, index: torch.Tensor) -> Rows:
    parts = (rows.X, rows.y, rows.weight)
    return Rows(*(None if part is None else _gather(part, index) for part in parts))  # type: ignore[arg-type]


def _gather(part: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    if part.device.type != "cpu":
        return part[index]
    room = _make_room((len(index), *part.shape[1:]), part.dtype)
    return torch.index_select(part, 0, index, out=room)


def _make_room(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """Make room for rows on the CPU, at an address that is a multiple of 64.

    Many rows get memory of their own, which the system has back as soon as nobody
    holds them. Fits that wait for each other let go of their rows for equal ones that
    are known, and the gaps in shared memory would not be filled again.
    """
    n_bytes = math.prod(shape) * dtype.itemsize
    if n_bytes < OWN_MEMORY:
        return torch.empty(shape, dtype=dtype)
    return torch.frombuffer(mmap.mmap(-1, n_bytes), dtype=dtype).view(shape)
