"""Rows for early stopping, set aside before a Pipeline's transformers are fitted.

What comes in front of a network learns from all rows that it is fitted on. If the
network sets some of them aside behind it, these are no strangers any more: a selection
of features by the target, for one, makes noise look like knowledge.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, check_consistent_length, get_tags

from skhyper._sklearn import (
    callback_context,
    fit_context,
    last_arguments,
    last_step_timed,
    safe_split,
)
from skhyper.estimators._held_out import RowsAside, RowsGiven
from skhyper.estimators._inputs import read_target
from skhyper.estimators._network import NeuralNetwork
from skhyper.estimators._recipe import draw_seed
from skhyper.estimators._steps import (
    check_steps,
    copied,
    fits_by_steps,
    last_steps,
    share_of_last,
)
from skhyper.exceptions import did_you_mean

__all__ = ["fit_with_holdout"]


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
        Given by a Pipeline that is being fitted: what fits it where there are no rows
        to keep apart. None for others; if they have a ``fit`` of their own, they are
        fitted by that.
    """
    rows = None
    if fit is not None or fits_by_steps(estimator):
        rows = _rows_held_out(estimator, X, y, params)
    if rows is not None:
        _fit_steps(estimator, rows, params)
    else:
        (fit or estimator.fit)(X, *(() if y is None else (y,)), **params)


def _rows_held_out(
    pipeline: Pipeline, X: Any, y: Any, params: Mapping[str, Any]
) -> RowsAside | RowsGiven | None:
    """Find the rows to hold out; None if no transformer would see them otherwise."""
    own, has_front = dict(params), False
    for place, network in last_steps(pipeline):
        if network is not pipeline and not fits_by_steps(network):
            break
        check_steps(network, own, place)
        own = share_of_last(network, own)
        has_front |= len(network) > 1
    if not isinstance(network, NeuralNetwork) or not has_front:
        return None
    has_own_fit = type(network).fit is not NeuralNetwork.fit
    if not has_own_fit:
        _check_arguments(network, own, place)
    if own.get("X_val") is not None:
        # Where metadata are routed, `transform_input` says what is transformed. And
        # transformers may work in place.
        is_routed = get_config()["enable_metadata_routing"]
        return None if is_routed else RowsGiven(X, y, copied(own["X_val"]))
    if y is None or has_own_fit or get_tags(pipeline).input_tags.pairwise:
        return None
    return _rows_aside(pipeline, network, X, y, own.get("sample_weight"))


def _rows_aside(
    pipeline: Pipeline, network: NeuralNetwork, X: Any, y: Any, sample_weight: Any
) -> RowsAside | None:
    """Set the rows aside that a network would; None if it would not."""
    check_consistent_length(X, y)
    network._check_parameters()
    # Where there is nothing to set aside, the network will draw from it by itself.
    seed = draw_seed(deepcopy(network.random_state))
    is_aside = _drawn_by(clone(network), y, sample_weight, seed)
    if is_aside is None:
        return None
    draw_seed(network.random_state)
    train, valid = np.flatnonzero(~is_aside), np.flatnonzero(is_aside)
    X_train, y_train = safe_split(pipeline, X, y, train)
    X_valid, _ = safe_split(pipeline, X, y, valid)
    return RowsAside(train, valid, seed, X_train, X_valid, y, y_train)


def _check_arguments(
    network: NeuralNetwork, names: Mapping[str, Any], place: str
) -> None:
    _, _, *known = signature(network.fit).parameters
    mistakes = [
        f"{type(network).__name__}.fit takes {', '.join(map(repr, known))}. Got "
        f"{place + name!r}.{did_you_mean(name, known, place)}"
        for name in names
        if name not in known
    ]
    if mistakes:
        raise TypeError("\n".join(mistakes))


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
def _fit_steps(
    pipeline: Pipeline, rows: RowsAside | RowsGiven, params: Mapping[str, Any]
) -> None:
    """Fit the transformers without the rows held out, and the last step on all."""
    context = callback_context(pipeline)
    context.call_on_fit_task_begin(estimator=pipeline, **rows.told)
    rows = rows.fit_front(pipeline, params, context)
    last: Any = pipeline.steps[-1][1]
    own = last_arguments(pipeline, params)
    task = context.subcontext(task_name="fit-final-estimator")
    with last_step_timed(pipeline), task.propagate_callback_context(last):
        task.call_on_fit_task_begin(estimator=pipeline, **rows.told)
        if isinstance(last, Pipeline):
            _fit_steps(last, rows, own)
        else:
            rows.fit_network(last, own)
        task.call_on_fit_task_end(estimator=pipeline, **rows.told)
    context.call_on_fit_task_end(estimator=pipeline, **rows.told)
