"""Rows that tell a network behind transformers when to stop, and those it learns from.

They are taken through a Pipeline side by side: the transformers learn from the ones,
and treat the others as new rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import issparse, vstack
from sklearn.callback import CallbackContext
from sklearn.pipeline import Pipeline
from sklearn.utils import check_consistent_length

from skhyper._sklearn import check_method_params, fit_transformers
from skhyper.estimators._network import NeuralNetwork
from skhyper.estimators._steps import names_transformed, transform_rows

__all__ = ["RowsAside", "RowsGiven"]


@dataclass(frozen=True)
class RowsGiven:
    """Rows that are given to a network beside those of its fit.

    Parameters
    ----------
    X, y : array-like
        The rows of the fit.
    X_val : array-like
        Those that are given.
    """

    X: Any
    y: Any
    X_val: Any

    @property
    def told(self) -> dict[str, Any]:
        """What the callbacks of a Pipeline are told of."""
        return {"X": self.X, "y": self.y}

    def fit_front(
        self, pipeline: Pipeline, params: Mapping[str, Any], context: CallbackContext
    ) -> Self:
        """Fit the transformers of a Pipeline, and give the rows behind them."""
        X = fit_transformers(pipeline, self.X, self.y, params, context)
        try:
            X_val = transform_rows(pipeline, self.X_val, {})
        except ValueError as error:
            raise ValueError(f"In X_val: {error}") from error
        return replace(self, X=X, X_val=X_val)

    def fit_network(self, network: NeuralNetwork, params: Mapping[str, Any]) -> None:
        """Fit the network behind all of them."""
        network.fit(self.X, self.y, **{**params, "X_val": self.X_val})


@dataclass(frozen=True)
class RowsAside:
    """Rows that a network sets aside of those of its fit.

    Parameters
    ----------
    train, valid : ndarray of int
        Numbers of the rows.
    seed : int
        What the network draws by, as it drew them.
    X_train, X_valid : array-like
        The rows.
    y : array-like
        The target of all of them.
    y_train : array-like
        That of the training rows.
    whole : frozenset of str, default=frozenset()
        Arguments of the fit that are data of their own, and not cut to these rows.
    """

    train: NDArray[np.intp]
    valid: NDArray[np.intp]
    seed: int
    X_train: Any
    X_valid: Any
    y: Any
    y_train: Any
    whole: frozenset[str] = frozenset()

    @property
    def told(self) -> dict[str, Any]:
        """What the callbacks of a Pipeline are told of."""
        return {"X": self.X_train, "y": self.y_train}

    def fit_front(
        self, pipeline: Pipeline, params: Mapping[str, Any], context: CallbackContext
    ) -> Self:
        """Fit the transformers of a Pipeline, and give the rows behind them."""
        rows = replace(self, whole=self.whole | names_transformed(pipeline, params))
        given = rows._cut(params, self.train)
        X_train = fit_transformers(pipeline, self.X_train, self.y_train, given, context)
        known = rows._cut(params, self.valid)
        X_valid = transform_rows(pipeline, self.X_valid, known)
        return replace(rows, X_train=X_train, X_valid=X_valid)

    def fit_network(self, network: NeuralNetwork, params: Mapping[str, Any]) -> None:
        """Fit the network behind all of them, which sets the same rows aside."""
        # Transformers may leave rows out, or make more of them.
        check_consistent_length(self.X_train, self.train)
        check_consistent_length(self.X_valid, self.valid)
        order = np.argsort(np.concatenate([self.train, self.valid]))
        X = _joined(self.X_train, self.X_valid, order)
        # It takes no other arguments, and y_val alone is for the network to refuse.
        weight, y_val = params.get("sample_weight"), params.get("y_val")
        network._fit_by(self.seed, X, self.y, weight, None, y_val)

    def _cut(self, params: Mapping[str, Any], rows: NDArray[np.intp]) -> dict[str, Any]:
        cut = {n: value for n, value in params.items() if n not in self.whole}
        return {**params, **check_method_params(self.y, cut, indices=rows)}


def _joined(train: Any, valid: Any, order: NDArray[np.intp]) -> Any:
    """Put rows back into their order."""
    is_sparse = issparse(train)
    if is_sparse:
        return vstack([train, valid]).tocsr()[order]
    if isinstance(train, pd.DataFrame):
        return pd.concat([train, valid]).iloc[order]
    if hasattr(train, "vstack"):
        # A frame of polars, which need not be installed.
        return train.vstack(valid)[order]
    return np.concatenate([train, valid])[order]
