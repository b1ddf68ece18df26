"""Training some epochs at a time, each leg from where the last one ended."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import joblib
import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline

from skhyper._sklearn import callback_context, fit_transformers, last_arguments
from skhyper.estimators._holdout import fit_with_holdout
from skhyper.estimators._steps import (
    check_steps,
    copied,
    has_own_fit,
    last_steps,
    share_of_last,
    transform_rows,
)
from skhyper.search._going_on import way_of
from skhyper.search._target import Parameters
from skhyper.training import Checkpoints, checkpoints_in_force

__all__ = ["Leg", "fit_leg"]

# Where a warm start counts all iterations, not those that come on top.
COUNT_ALL = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)

# Takes rows through the steps of a Pipeline that are not the last.
Transform = Callable[[Pipeline, Any, Mapping[str, Any]], Any]


@dataclass
class Leg:
    """How far one fit has come, and how far it is to go.

    Parameters
    ----------
    n_epochs : int, default=0
        Epochs after which it pauses, counted from the beginning.
    max_epochs : int or None, default=None
        Epochs that networks are laid out for; None for as many as they say.
    checkpoints : Checkpoints
        The networks of this package, as far as they have come.
    estimator : estimator object or None, default=None
        Any other estimator, as far as it has come.
    n_behind : int, default=0
        Epochs that ``estimator`` has behind it.
    rows : array-like or None, default=None
        What ``estimator`` learns from, where its transformers would not give it again.
    """

    n_epochs: int = 0
    max_epochs: int | None = None
    checkpoints: Checkpoints = field(default_factory=Checkpoints)
    estimator: Any = None
    n_behind: int = 0
    rows: Any = None

    @property
    def n_trained(self) -> int:
        """Epochs that were trained up to now, over all networks."""
        return self.checkpoints.n_epochs + self.n_behind


def fit_leg(
    estimator: BaseEstimator, leg: Leg | None, X: Any, y: Any, params: dict[str, Any]
) -> BaseEstimator:
    """Fit an estimator to the end of a leg, or to its own end.

    Parameters
    ----------
    estimator : estimator object
        As it begins.
    leg : Leg or None
        What it goes on from, which is brought up to date; None fits it at once.
    X, y : array-like
        Rows, the same in every leg; `y` may be None.
    params : dict of str to object
        Arguments of its ``fit``.

    Returns
    -------
    estimator : estimator object
        The fitted one: that of the leg before if it is none of this package.
    """
    if leg is None:
        fit_with_holdout(estimator, X, y, params)
        return estimator
    if networks := Parameters(estimator).networks:
        for network in networks.values():
            network.set_params(max_epochs=leg.max_epochs or network.max_epochs)
        leg.checkpoints.pause = leg.n_epochs
        with checkpoints_in_force(leg.checkpoints):
            fit_with_holdout(estimator, X, y, params)
        return estimator
    if leg.estimator is not None:
        estimator = leg.estimator
    _go_on(estimator, leg, X, y, params)
    return estimator


def _go_on(estimator: Any, leg: Leg, X: Any, y: Any, params: Mapping[str, Any]) -> None:
    """Train an estimator that is none of this package, and what is in front of it."""
    is_first = leg.estimator is None
    if is_first:
        last, X, params = _behind_first(estimator, leg, X, y, params)
    elif leg.rows is None:
        last, X, params = _behind(estimator, X, params, transform_rows)
    else:
        last, X, params = _behind(estimator, leg.rows, params, _pass_on)
    n_more = leg.n_epochs - leg.n_behind
    data = (X,) if y is None else (X, y)
    way = way_of(last)
    with warnings.catch_warnings():
        # It is stopped before it could converge, and goes on if it is promising.
        warnings.simplefilter("ignore", ConvergenceWarning)
        if way == "partial_fit":
            if is_classifier(last) and is_first:
                params = {**params, "classes": np.unique(y)}
            for _ in range(n_more):
                last.partial_fit(*data, **params)
        elif n_more:
            assert way is not None, "others were refused"
            counts_all = way == "n_estimators" or isinstance(last, COUNT_ALL)
            count = leg.n_epochs if counts_all else n_more
            last.set_params(warm_start=True, **{way: count}).fit(*data, **params)
    leg.n_behind = leg.n_epochs


def _behind_first(
    estimator: Any, leg: Leg, X: Any, y: Any, params: Mapping[str, Any]
) -> tuple[Any, Any, Mapping[str, Any]]:
    """Fit what is in front of the last step, and see whether later legs can repeat it.

    Some transformers give the rows that they are fitted on otherwise than they would
    transform them, as TargetEncoder does, which knows the targets of rows that it has
    seen. What these have given is kept.
    """
    leg.estimator = estimator
    is_last = leg.n_epochs == leg.max_epochs
    if is_last or not isinstance(estimator, Pipeline):
        return _behind(estimator, X, params, _fitting(y))
    before = copied(X)
    last, rows, own = _behind(estimator, X, params, _fitting(y))
    leg.rows = None if _are_again(rows, estimator, before, params) else rows
    return last, rows, own


def _behind(
    estimator: Any, X: Any, params: Mapping[str, Any], transform: Transform
) -> tuple[Any, Any, Mapping[str, Any]]:
    """Give the last step of a Pipeline, the rows behind the others, and its arguments.

    With metadata routing, these are what it has requested for ``fit``, also where it is
    trained by ``partial_fit``.
    """
    for _, last in last_steps(estimator):
        if isinstance(last, Pipeline):
            X = transform(last, X, params)
            params = last_arguments(last, params)
    return last, X, params


def _fitting(y: Any) -> Transform:
    def fit(pipeline: Pipeline, X: Any, params: Mapping[str, Any]) -> Any:
        check_steps(pipeline, params)
        if has_own_fit(pipeline):
            raise TypeError(
                f"{type(pipeline).__name__} has a fit of its own, so it cannot be "
                "fitted step by step, as it must be where it does not end in a network "
                "of skhyper. RandomizedSearchCV calls that fit."
            )
        # Its own callbacks would be told of a part of its fit only.
        context = callback_context(Pipeline(pipeline.steps))
        return fit_transformers(pipeline, X, y, params, context)

    return fit


def _pass_on(_: Pipeline, X: Any, __: Mapping[str, Any]) -> Any:
    return X


def _are_again(rows: Any, estimator: Any, X: Any, params: Mapping[str, Any]) -> bool:
    """Tell whether fitted transformers give the same rows once more."""
    try:
        for _, last in last_steps(estimator):
            if isinstance(last, Pipeline):
                X = transform_rows(last, X, params)
                # As in the first leg: `transform_input` does not do it once more.
                params = share_of_last(last, params)
        return bool(joblib.hash(rows) == joblib.hash(X))
    except Exception:
        # They do not take these rows again, or what they hold cannot be pickled; both
        # may be said by any error.
        return False
