"""From what the user gives to rows on the device."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from skhyper.training import Rows

__all__ = ["as_tensor", "auto_batch_size", "check_magnitude", "split_rows"]

# The square of a larger number overflows float32 before the loss does.
LARGEST_FEATURE = 1e15


def as_tensor(array: NDArray[Any], dtype: torch.dtype, device: str) -> torch.Tensor:
    """Move an array to the device, sharing its memory where that is safe.

    Parameters
    ----------
    array : ndarray
        What to move.
    dtype : torch.dtype
        Type of the tensor.
    device : str
        Where it shall lie.

    Returns
    -------
    tensor : torch.Tensor of the shape of `array`
        Not to be written to: it may share memory with `array`.
    """
    array = np.ascontiguousarray(array)
    if not array.flags.writeable:
        # torch warns of arrays it could not write to, such as memory maps.
        array = array.copy()
    return torch.from_numpy(array).to(device=device, dtype=dtype)


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


def check_magnitude(name: str, X: NDArray[Any]) -> None:
    """Refuse features no net could be trained on.

    Parameters
    ----------
    name : str
        The estimator's class.
    X : ndarray of shape (n_samples, n_features)
        Finite features.

    Raises
    ------
    ValueError
        If a feature is so large that its square overflows float32.
    """
    largest = max(float(X.max()), -float(X.min()))
    if largest > LARGEST_FEATURE:
        raise ValueError(
            f"Input X contains a value too large for {name} to train on: "
            f"{largest:g}, where {LARGEST_FEATURE:g} is the limit. Scale the "
            "features first, for example with StandardScaler."
        )


def split_rows(
    name: str, rows: Rows, fraction: float, strata: NDArray[Any] | None, seed: int
) -> tuple[Rows, Rows]:
    """Set rows aside for early stopping.

    Parameters
    ----------
    name : str
        The estimator's class.
    rows : Rows
        All rows.
    fraction : float
        Share that is set aside.
    strata : ndarray of shape (n_samples,) or None
        Classes whose shares are kept; the only row of its class is trained on.
    seed : int
        Seed of the draw.

    Returns
    -------
    train, valid : Rows
        Two parts of `rows`.

    Raises
    ------
    ValueError
        If there are too few rows to split.
    """
    index = np.arange(len(rows))
    lone = np.zeros(len(rows), dtype=bool)
    if strata is not None:
        _, which, counts = np.unique(strata, return_inverse=True, return_counts=True)
        lone = (counts == 1)[which]
        strata = strata[~lone]
    try:
        train, valid = train_test_split(
            index[~lone], test_size=fraction, stratify=strata, random_state=seed
        )
    except ValueError as error:
        raise ValueError(
            f"{name} cannot set aside validation_fraction={fraction:g} of "
            f"{len(rows)} rows for early stopping: {error} Use a larger "
            "validation_fraction, pass X_val and y_val, or set "
            "early_stopping=False."
        ) from error
    train = np.sort(np.concatenate([train, index[lone]]))
    return _take(rows, train), _take(rows, np.sort(valid))


def _take(rows: Rows, index: NDArray[Any]) -> Rows:
    X, (y, weight) = rows[torch.from_numpy(index).to(rows.X.device)]
    return Rows(X, y, weight)
