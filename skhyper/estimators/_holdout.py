"""Rows for early stopping, set aside before a Pipeline's transformers are fitted.

What comes in front of a network learns from all rows that it is fitted on. If the
network sets some of them aside behind it, these are no strangers any more: a selection
of features by the target, for one, makes noise look like knowledge.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import issparse, vstack
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.callback import CallbackContext
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, check_consistent_length, get_tags

from skhyper._sklearn import (
    check_method_params,
    fit_context,
    last_step_timed,
    safe_split,
)
from skhyper.estimators._inputs import read_target
from skhyper.estimators._network import NeuralNetwork
from skhyper.estimators._recipe import draw_seed
from skhyper.estimators._shares import (
    arguments_behind,
    front_of,
    keep_front,
    shares_of,
    transform_arguments,
    transform_by,
)

__all__ = ["fit_with_holdout", "innermost"]


def fit_with_holdout(
    estimator: BaseEstimator,
    X: Any,
    y: Any,
    params: dict[str, Any],
    fit: Callable[..., Any] | None = None,
) -> None:
    """Fit an estimator; a Pipeline, with the rows its network stops by kept apart.

    Parameters
    ----------
    estimator : estimator object
        What to fit.
    X, y : array-like
        Rows; `y` may be None.
    params : dict of str to object
        Arguments of its ``fit``.
    fit : callable or None, default=None
        Fits what no rows are kept apart for; None for its own ``fit``.
    """
    holdout = _rows_aside(estimator, y, params) or _rows_given(estimator, params)
    if holdout is not None:
        fit_steps(estimator, X, y, params, holdout)
    else:
        (fit or estimator.fit)(X, *(() if y is None else (y,)), **params)


@dataclass(frozen=True)
class RowsAside:
    """Rows that are drawn from those of the fit.

    ``train`` and ``valid`` are numbers of rows, ``seed`` is that of the network.
    """

    train: NDArray[np.intp]
    valid: NDArray[np.intp]
    seed: int

    def transform(
        self,
        front: Pipeline,
        X: Any,
        y: Any,
        shares: Mapping[str, Any],
        own: Mapping[str, Any],
    ) -> tuple[Any, Mapping[str, Any]]:
        """Fit transformers, and give what the step behind them learns from."""
        X_train, y_train = safe_split(front, X, y, self.train)
        X_valid, _ = safe_split(front, X, y, self.valid)
        given = check_method_params(X, shares, indices=self.train)
        asked = transform_arguments(front, shares)
        known = check_method_params(X, asked, indices=self.valid)
        X = self._join(
            front.fit_transform(X_train, y_train, **given),
            transform_by(front, X_valid, known),
        )
        return X, arguments_behind(front, own, shares)

    def fit(
        self, network: NeuralNetwork, X: Any, y: Any, params: Mapping[str, Any]
    ) -> None:
        """Fit the network on all rows, those set aside being these."""
        # It takes no other arguments, nor `y_val` alone.
        signature(network.fit).bind(X, y, **params)
        weight, y_val = params.get("sample_weight"), params.get("y_val")
        network._fit_by(self.seed, X, y, weight, None, y_val)

    def _join(self, train: Any, valid: Any) -> Any:
        """Put rows back into their order, after each part was transformed."""
        order = np.argsort(np.concatenate([self.train, self.valid]))
        is_sparse = issparse(train)
        if is_sparse:
            return vstack([train, valid]).tocsr()[order]
        if isinstance(train, pd.DataFrame):
            return pd.concat([train, valid]).iloc[order]
        if hasattr(train, "vstack"):
            # A frame of polars, which need not be installed.
            return train.vstack(valid)[order]
        return np.concatenate([train, valid])[order]


@dataclass(frozen=True)
class RowsGiven:
    """Rows that are given to the network beside those of the fit.

    ``name`` is the argument of the outermost Pipeline that has them.
    """

    name: str

    def transform(
        self,
        front: Pipeline,
        X: Any,
        y: Any,
        shares: Mapping[str, Any],
        own: Mapping[str, Any],
    ) -> tuple[Any, Mapping[str, Any]]:
        """Fit transformers, and give what the step behind them learns from."""
        X = front.fit_transform(X, y, **shares)
        rows = {
            name: transform_by(front, value, {})
            for name, value in own.items()
            if self.name.endswith(f"__{name}")
        }
        return X, {**own, **rows}

    def fit(
        self, network: NeuralNetwork, X: Any, y: Any, params: Mapping[str, Any]
    ) -> None:
        """Fit the network, with the rows that are given among its arguments."""
        network.fit(X, y, **params)


def _rows_aside(
    estimator: BaseEstimator, y: Any, params: Mapping[str, Any]
) -> RowsAside | None:
    """Draw the rows to set aside; None if there is nothing to set them aside for."""
    network, own = estimator, params
    # Other kinds of Pipelines have their own ways to fit.
    if not _is_plain(network) or get_tags(network).input_tags.pairwise:
        return None
    while _is_plain(network):
        own = shares_of(network, own)[1]
        network = network.steps[-1][1]
    if not isinstance(network, NeuralNetwork) or own.get("X_val") is not None:
        return None
    if y is None or type(network).fit is not NeuralNetwork.fit:
        return None
    network._check_parameters()
    seed = draw_seed(network.random_state)
    is_aside = _drawn_by(clone(network), y, own.get("sample_weight"), seed)
    if is_aside is None:
        return None
    return RowsAside(np.flatnonzero(~is_aside), np.flatnonzero(is_aside), seed)


def _rows_given(
    estimator: BaseEstimator, params: Mapping[str, Any]
) -> RowsGiven | None:
    """Find the rows that are given; None if there are none to be transformed."""
    if get_config()["enable_metadata_routing"] or not _is_plain(estimator):
        return None
    names, last = innermost(estimator)
    name = "__".join([*names, "X_val"])
    is_given = isinstance(last, NeuralNetwork) and params.get(name) is not None
    return RowsGiven(name) if is_given else None


def _is_plain(estimator: Any) -> bool:
    kind = type(estimator)
    is_plain = kind is Pipeline or getattr(kind, "sets_rows_aside", False)
    return is_plain and bool(estimator.steps)


def _drawn_by(
    network: NeuralNetwork, y: Any, sample_weight: Any, seed: int
) -> NDArray[np.bool_] | None:
    """Tell which rows an unfitted network would set aside; None if it would not."""
    target = read_target(type(network).__name__, y)
    target = check_array(target, ensure_2d=False, dtype=None, input_name="y")
    target = network._check_target(target)
    weight = network._read_weight(sample_weight, target, target)
    network._learn_target(target, weight)
    counting = np.arange(len(target)) if weight is None else np.flatnonzero(weight)
    index = network._set_aside(network._encode(target)[counting], seed)
    if index is None:
        return None
    is_aside = np.zeros(len(target), dtype=bool)
    is_aside[counting[index[1]]] = True
    return is_aside


@fit_context(prefer_skip_nested_validation=False)
def fit_steps(
    pipeline: Pipeline,
    X: Any,
    y: Any,
    params: Mapping[str, Any],
    holdout: RowsAside | RowsGiven,
) -> None:
    """Fit the transformers without the rows held out, and the last step on all.

    Parameters
    ----------
    pipeline : Pipeline
        What is fitted.
    X, y : array-like
        All rows.
    params : mapping of str to object
        Arguments of the fit.
    holdout : RowsAside or RowsGiven
        The rows that are held out.
    """
    check_consistent_length(X, y)
    shares, own = shares_of(pipeline, params)
    last: Any = pipeline.steps[-1][1]
    context = pipeline._init_callback_context(max_subtasks=2)
    data = {"estimator": pipeline, "X": X, "y": y}
    context.call_on_fit_task_begin(**data)
    if len(pipeline) > 1:
        front = front_of(pipeline)
        with _task(context, "fit-transform", front, data):
            X, own = holdout.transform(front, X, y, shares, own)
        keep_front(pipeline, front)
    with (
        last_step_timed(pipeline),
        _task(context, "fit-final-estimator", last, {**data, "X": X}),
    ):
        if isinstance(last, Pipeline):
            fit_steps(last, X, y, own, holdout)
        else:
            holdout.fit(last, X, y, own)
    context.call_on_fit_task_end(**{**data, "X": X})


@contextmanager
def _task(
    context: CallbackContext, name: str, fitted: Any, data: dict[str, Any]
) -> Iterator[None]:
    """Tell the callbacks of a Pipeline of a part of its fit, as scikit-learn's does."""
    task = context.subcontext(task_name=name)
    task.call_on_fit_task_begin(**data)
    with task.propagate_callback_context(fitted):
        yield
    task.call_on_fit_task_end(**data)


def innermost(estimator: Any) -> tuple[list[str], Any]:
    """Find what a Pipeline ends in, through those inside it.

    Parameters
    ----------
    estimator : estimator object
        A Pipeline or anything else.

    Returns
    -------
    names : list of str
        The names of the steps on the way.
    last : object
        The last step; the estimator itself if it is no Pipeline.
    """
    names, last = [], estimator
    while isinstance(last, Pipeline) and last.steps:
        name, last = last.steps[-1]
        names.append(name)
    return names, last
