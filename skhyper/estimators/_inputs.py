"""What scikit-learn's validation would let pass, or refuse without saying why."""

import re
import reprlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.sparse import issparse

__all__ = [
    "as_validation",
    "check_magnitude",
    "checks_of",
    "is_plain_features",
    "is_plain_target",
    "read_features",
    "read_target",
    "read_weight",
]

# What scikit-learn is to make of the rows.
ROWS: dict[str, Any] = {"dtype": [np.float32, np.float64], "order": "C"}
DOUBLE_ROWS: dict[str, Any] = {"dtype": [np.float64, np.float32], "order": "C"}

# The square of a larger number overflows float32 before the loss does.
LARGEST_FEATURE = 1e15

# The names of the data in a message, which are not in quotes as labels are.
DATA = re.compile(r"(?<![\w'\"`])([Xy])(?![\w'\"`])")

NOT_NUMBERS = re.compile("date|time|duration|period|interval", re.IGNORECASE)


def read_features(name: str, X: Any) -> Any:
    """Refuse features that would turn into numbers by mistake, or obscurely.

    Parameters
    ----------
    name : str
        The estimator's class.
    X : array-like, data frame or torch.Tensor
        What the user gives.

    Returns
    -------
    X : array-like or data frame
        The same; tensors, lists and the like as an array.

    Raises
    ------
    TypeError
        If `X` is nothing that has rows.
    ValueError
        If values are masked, or are points in time.
    """
    if isinstance(X, torch.Tensor):
        return _array_of(X)
    rows = hasattr(X, "shape") or hasattr(X, "__array__") or isinstance(X, Sequence)
    if X is not None and not rows:
        raise TypeError(
            f"Input X of {name} must be an array, a data frame or a list of rows. Got "
            f"an object of type {type(X).__name__}."
        )
    _check_unmasked(name, "X", X)
    if not hasattr(X, "shape"):
        # Python's floats keep their precision, as they do in numpy.
        return np.asarray(X)
    columns = zip(getattr(X, "columns", ()), getattr(X, "dtypes", ()), strict=False)
    kinds = {f"{dtype} in column {column!r}": dtype for column, dtype in columns}
    if hasattr(X, "dtype"):
        kinds[str(X.dtype)] = X.dtype
    wrong = [text for text, dtype in kinds.items() if NOT_NUMBERS.match(str(dtype))]
    if wrong:
        raise ValueError(
            f"Input X of {name} must be numbers. Got {', '.join(wrong)}; convert "
            "points and spans of time, for example to days."
        )
    return X


def checks_of(X: Any) -> dict[str, Any]:
    """Say how scikit-learn is to check features.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Features.

    Returns
    -------
    checks : dict of str to object
        Arguments of ``validate_data``: what is neither float32 nor float64 becomes the
        former. Of a frame of polars scikit-learn does not see that it is float64.
    """
    is_foreign = hasattr(X, "dtypes") and not hasattr(X.dtypes, "__array__")
    is_double = is_foreign and np.asarray(X[:1]).dtype == np.float64
    return DOUBLE_ROWS if is_double else ROWS


def read_target(name: str, y: Any, what: str = "y") -> Any:
    """Take a target as it was meant, or say what is wrong with it.

    Parameters
    ----------
    name : str
        The estimator's class.
    y : array-like, data frame, sparse matrix or torch.Tensor
        What the user gives.
    what : str, default="y"
        What it is called.

    Returns
    -------
    y : array-like or data frame
        The same; nullable columns without gaps have the type of what they hold.

    Raises
    ------
    ValueError
        If values are masked or missing, or some are strings and others are not,
        which numpy would make strings too.
    """
    if isinstance(y, torch.Tensor):
        return _array_of(y)
    if issparse(y):
        return y.toarray()  # type: ignore[attr-defined]
    _check_unmasked(name, what, y)
    dtype = getattr(y, "dtype", None)
    plain = getattr(dtype, "numpy_dtype", None)
    if plain is not None and plain.kind != "O" and not pd.isna(y).any():
        return y.to_numpy(dtype=plain)
    if y is None or getattr(dtype, "kind", "O") != "O":
        return y
    labels = np.asarray(y, dtype=object)
    if np.any(pd.isna(labels)):
        raise ValueError(
            f"Input {what} contains NaN or None. {name} needs a value for every row."
        )
    others = {type(label) for label in labels.ravel() if not isinstance(label, str)}
    if others and any(isinstance(label, str) for label in labels.ravel()):
        kinds = " and ".join(sorted(kind.__name__ for kind in others))
        raise ValueError(
            f"Input {what} of {name} must be of one type. Got str and {kinds} mixed; "
            "make all of them strings, or all of them numbers."
        )
    return y


def read_weight(name: str, weight: Any) -> Any:
    """Take the weights of the rows, or say that they are no numbers.

    Parameters
    ----------
    name : str
        The estimator's class.
    weight : float, or array-like or torch.Tensor of shape (n_samples,)
        What the user gives.

    Returns
    -------
    weight : float or ndarray
        The same as numbers.

    Raises
    ------
    ValueError
        If they are masked or no numbers.
    """
    if isinstance(weight, torch.Tensor):
        return _array_of(weight)
    if isinstance(weight, Real):
        return weight
    _check_unmasked(name, "sample_weight", weight)
    try:
        return np.asarray(weight, dtype=np.float64)
    except (OverflowError, TypeError, ValueError):
        raise ValueError(
            f"Input sample_weight of {name} must be a finite number for every row. Got "
            f"{reprlib.repr(weight)}."
        ) from None


@contextmanager
def as_validation() -> Iterator[None]:
    """Have errors about `X` and `y` speak of `X_val` and `y_val`.

    Raises
    ------
    TypeError, ValueError
        What was raised inside, in other words.
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        first, *rest = str(error).split("\n")
        renamed = DATA.sub(r"\1_val", first, count=1)
        if renamed == first:
            renamed = f"In X_val and y_val: {first}"
        raise kind("\n".join([renamed, *rest])) from error


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


def is_plain_features(X: Any) -> bool:
    """Tell of features that scikit-learn's checks would hand back as they are.

    The checks of a small array take longer than a net's pass over it.

    Parameters
    ----------
    X : array-like or data frame
        Features.

    Returns
    -------
    is_plain_features : bool
        True for finite rows of floats that lie one after the other.
    """
    return (
        _is_finite(X)
        and X.ndim == 2
        and X.dtype in (np.float32, np.float64)
        and X.flags.c_contiguous
    )


def is_plain_target(y: Any, n_samples: int) -> bool:
    """Tell of a target that scikit-learn's checks would hand back as it is.

    Parameters
    ----------
    y : array-like or data frame
        Target.
    n_samples : int
        Number of rows that it has to have.

    Returns
    -------
    is_plain_target : bool
        True for finite numbers, one or some a row.
    """
    return _is_finite(y) and y.ndim in (1, 2) and len(y) == n_samples


def _is_finite(values: Any) -> bool:
    """Tell of a plain array of numbers, at least one and surely all of them finite."""
    if type(values) is not np.ndarray or not values.size:
        return False
    if values.dtype.kind != "f":
        return values.dtype.kind in "biu"
    # A finite sum has finite terms; of another one the checks are to judge.
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum()))


def _array_of(tensor: torch.Tensor) -> NDArray[Any]:
    # numpy has no bfloat16.
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.float()
    return tensor.detach().cpu().numpy()


def _check_unmasked(name: str, what: str, values: Any) -> None:
    if np.ma.is_masked(values):
        raise ValueError(
            f"Input {what} of {name} contains masked values. Fill them, for example "
            "with its method `filled`, or leave out their rows."
        )
