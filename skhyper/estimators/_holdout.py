"""Rows for early stopping, set aside before a Pipeline's transformers are fitted.

What comes in front of a network learns from all rows that it is fitted on. If the
network sets some of them aside behind it, these are no strangers any more: a selection
of features by the target, for one, makes noise look like knowledge.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import issparse, vstack
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, check_consistent_length, get_tags

from skhyper._sklearn import check_method_params, check_pipeline, safe_split
from skhyper.estimators._inputs import read_target
from skhyper.estimators._network import NeuralNetwork
from skhyper.estimators._recipe import draw_seed
from skhyper.estimators._shares import shares_of, transform_arguments, transform_by

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
    holdout = holdout_of(estimator, y, params)
    if holdout is not None:
        fit_steps(estimator, X, y, holdout, params)
    elif (name := _validation_rows(estimator, params)) is not None:
        _fit_validated(estimator, X, y, params, name)
    else:
        (fit or estimator.fit)(X, *(() if y is None else (y,)), **params)


@dataclass(frozen=True)
class Holdout:
    """The rows that are set aside, and the seed by which they were drawn.

    ``train`` and ``valid`` are numbers of rows, ``seed`` is that of the network.
    """

    train: NDArray[np.intp]
    valid: NDArray[np.intp]
    seed: int

    def join(self, train: Any, valid: Any) -> Any:
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


def holdout_of(
    estimator: BaseEstimator, y: Any, params: Mapping[str, Any]
) -> Holdout | None:
    """Draw the rows to set aside.

    Parameters
    ----------
    estimator : estimator object
        What is to be fitted.
    y : array-like
        Target; may be None.
    params : mapping of str to object
        Arguments of the fit.

    Returns
    -------
    holdout : Holdout or None
        None where there is nothing to set them aside for.
    """
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
    is_aside = _rows_aside(clone(network), y, own.get("sample_weight"), seed)
    if is_aside is None:
        return None
    return Holdout(np.flatnonzero(~is_aside), np.flatnonzero(is_aside), seed)


def _is_plain(estimator: Any) -> bool:
    kind = type(estimator)
    is_plain = kind is Pipeline or getattr(kind, "sets_rows_aside", False)
    return is_plain and bool(estimator.steps)


def _rows_aside(
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


def fit_steps(
    pipeline: Pipeline, X: Any, y: Any, holdout: Holdout, params: Mapping[str, Any]
) -> None:
    """Fit the transformers without the rows set aside, and the last step on all.

    Parameters
    ----------
    pipeline : Pipeline
        What is fitted.
    X, y : array-like
        All rows.
    holdout : Holdout
        Which of them are set aside.
    params : mapping of str to object
        Arguments of the fit.
    """
    check_pipeline(pipeline)
    check_consistent_length(X, y)
    shares, own = shares_of(pipeline, params)
    if len(pipeline) > 1:
        X_train, y_train = safe_split(pipeline, X, y, holdout.train)
        X_valid, _ = safe_split(pipeline, X, y, holdout.valid)
        front = Pipeline(
            pipeline.steps[:-1], memory=pipeline.memory, verbose=pipeline.verbose
        )
        given = check_method_params(X, shares, indices=holdout.train)
        known = check_method_params(
            X, transform_arguments(front, shares), indices=holdout.valid
        )
        X = holdout.join(
            front.fit_transform(X_train, y_train, **given),
            transform_by(front, X_valid, known),
        )
        # With a memory, the fitted steps are clones.
        pipeline.steps[:-1] = front.steps
    last = pipeline[-1]
    if isinstance(last, Pipeline):
        fit_steps(last, X, y, holdout, own)
    else:
        # It takes no others, nor `y_val` alone.
        signature(last.fit).bind(X, y, **own)
        weight, y_val = own.get("sample_weight"), own.get("y_val")
        last._fit_by(holdout.seed, X, y, weight, None, y_val)


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


def _validation_rows(estimator: Any, params: Mapping[str, Any]) -> str | None:
    """Name the argument with validation rows that are to be transformed, if any."""
    if get_config()["enable_metadata_routing"] or not _is_plain(estimator):
        return None
    names, last = innermost(estimator)
    name = "__".join([*names, "X_val"])
    is_given = isinstance(last, NeuralNetwork) and params.get(name) is not None
    return name if is_given else None


def _fit_validated(
    pipeline: Pipeline, X: Any, y: Any, params: Mapping[str, Any], name: str
) -> None:
    """Fit the transformers on all rows, and transform the named ones by them."""
    check_pipeline(pipeline)
    front = Pipeline(
        pipeline.steps[:-1], memory=pipeline.memory, verbose=pipeline.verbose
    )
    shares, own = shares_of(pipeline, params)
    name = name.partition("__")[2]
    if front.steps:
        X = front.fit_transform(X, y, **shares)
        own = {**own, name: transform_by(front, own[name], {})}
        pipeline.steps[:-1] = front.steps
    if isinstance(pipeline[-1], Pipeline):
        _fit_validated(pipeline[-1], X, y, own, name)
    else:
        pipeline[-1].fit(X, y, **own)
