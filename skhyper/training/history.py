"""The history of a run as a table."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["history_frame"]

# The columns of a history: what skorch calls them, and their types.
HISTORY = {
    "epoch": ("epoch", np.int64),
    "train_loss": ("train_loss", np.float64),
    "valid_loss": ("valid_loss", np.float64),
    "valid_score": ("valid_score", np.float64),
    "lr": ("lr", np.float64),
    "seconds": ("dur", np.float64),
}


def history_frame(history: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Lay out skorch's history as the estimators show it.

    Parameters
    ----------
    history : iterable of mapping
        Rows of skorch, one an epoch.

    Returns
    -------
    frame : pandas.DataFrame
        A row an epoch: ``epoch, train_loss, valid_loss, valid_score, lr, seconds``.

    Examples
    --------
    >>> from skhyper.training import history_frame
    >>> row = {"epoch": 1, "train_loss": 0.5, "lr": 0.1, "dur": 0.02}
    >>> history_frame([row])
       epoch  train_loss  valid_loss  valid_score   lr  seconds
    0      1         0.5         NaN          NaN  0.1     0.02
    """
    rows = list(history)
    columns = {
        name: np.array([row.get(recorded, np.nan) for row in rows], dtype=dtype)
        for name, (recorded, dtype) in HISTORY.items()
    }
    return pd.DataFrame(columns, copy=False)
