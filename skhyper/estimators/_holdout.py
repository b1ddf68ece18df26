"""Rows for early stopping, set aside before a Pipeline's transformers are fitted.

What comes in front of a network learns from all rows that it is fitted on. If the
network sets some of them aside behind it, these are no strangers any more: a selection
of features by the target, for one, makes noise look like knowledge.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import issparse, vstack
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, check_consistent_length, get_tags, indexable

from skhyper._sklearn import InvalidParameterError, check_method_params, safe_split
from skhyper.estimators._inputs import read_target
from skhyper.estimators._network import NeuralNetwork
from skhyper.estimators._recipe import draw_seed
from skhyper.estimators._shares import (
    check_steps,
    shares_of,
    transform_arguments,
    transform_by,
)

__all__ = ["HoldoutPipeline", "fit_with_holdout"]


class HoldoutPipeline(Pipeline):
    """A Pipeline that sets rows for early stopping aside before it is fitted.

    scikit-learn's Pipeline, but for ``fit``: if its last step is a network of this
    package that stops early, or a Pipeline that ends so, the rows that the network
    would set aside are left out where the transformers in front of it are fitted. They
    are then transformed as new rows would be. So they tell honestly when to stop, and
    what ``validation_scores_`` shows is not flattered. The searches of this package fit
    every Pipeline so.

    Parameters
    ----------
    steps : list of tuple of (str, estimator)
        Names and steps, as in Pipeline.
    transform_input : list of str, default=None
        As in Pipeline.
    memory : str or object with the joblib.Memory interface, default=None
        Keeps the fitted transformers, as in Pipeline.
    verbose : bool, default=False
        As in Pipeline.

    Attributes
    ----------
    named_steps : Bunch
        The steps by their names.
    classes_ : ndarray of shape (n_classes,)
        The classes, of a classifier.
    n_features_in_ : int
        Number of features seen by the first step.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, if the first step knows them.

    See Also
    --------
    sklearn.pipeline.Pipeline : Fits the transformers on all rows.

    Examples
    --------
    Features without any meaning, of which those are selected that look best:

    >>> import numpy as np
    >>> from sklearn.feature_selection import SelectKBest
    >>> from skhyper import HoldoutPipeline, MLPClassifier
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(200, 2000)), np.arange(200) % 2
    >>> net = MLPClassifier(
    ...     early_stopping=True, validation_fraction=0.5, random_state=0
    ... )
    >>> honest = HoldoutPipeline([("select", SelectKBest(k=20)), ("net", net)])
    >>> honest.fit(X, y)[-1].validation_scores_[-1] < 0.65
    True
    """

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Fit the transformers and the network behind them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data, as the first step takes it.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target.
        **params : dict of str to object
            As for Pipeline: arguments of steps as ``step__argument``, or metadata that
            steps request. With `X_val` for the network no rows are set aside.

        Returns
        -------
        self : object
            The fitted Pipeline.

        Raises
        ------
        InvalidParameterError
            If the last step is no network; it is a ValueError.
        ValueError
            If an argument is for a step that there is not, or the rows are too few to
            set some aside; or whatever a step raises.
        """
        if self.steps and not isinstance(_last(self), NeuralNetwork):
            last = _last(self)
            raise InvalidParameterError(
                f"The 'steps' parameter of {type(self).__name__} must end in a network "
                "of skhyper, or in a Pipeline that does. Got "
                f"{last if isinstance(last, str) else type(last).__name__!r}; use "
                "scikit-learn's Pipeline for it."
            )
        check_steps(self, params)
        X, y = indexable(X, y)
        holdout = _holdout_of(self, y, params)
        if holdout is None:
            super().fit(X, y, **params)
        else:
            _fit_steps(self, X, y, holdout, params)
        return self


def fit_with_holdout(
    estimator: BaseEstimator, X: Any, y: Any, params: dict[str, Any]
) -> None:
    """Fit an estimator, setting rows aside first if it is a Pipeline that needs some.

    Parameters
    ----------
    estimator : estimator object
        What to fit.
    X, y : array-like
        Rows; `y` may be None.
    params : dict of str to object
        Arguments of its ``fit``.
    """
    holdout = _holdout_of(estimator, y, params)
    if holdout is None:
        estimator.fit(X, *(() if y is None else (y,)), **params)
    else:
        _fit_steps(estimator, X, y, holdout, params)


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
        return np.concatenate([train, valid])[order]


def _holdout_of(
    estimator: BaseEstimator, y: Any, params: Mapping[str, Any]
) -> Holdout | None:
    """Draw the rows to set aside; None where there is nothing to set them aside for."""
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


def _last(pipeline: Pipeline) -> Any:
    """Find what a Pipeline ends in, through those inside it."""
    last: Any = pipeline
    while isinstance(last, Pipeline) and last.steps:
        last = last.steps[-1][1]
    return last


def _is_plain(estimator: Any) -> bool:
    return type(estimator) in (Pipeline, HoldoutPipeline) and bool(estimator.steps)


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


def _fit_steps(
    pipeline: Pipeline, X: Any, y: Any, holdout: Holdout, params: Mapping[str, Any]
) -> None:
    """Fit the transformers without the rows set aside, and the last step on all."""
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
        _fit_steps(last, X, y, holdout, own)
    else:
        # It takes no others, nor `y_val` alone.
        signature(last.fit).bind(X, y, **own)
        weight, y_val = own.get("sample_weight"), own.get("y_val")
        last._fit_by(holdout.seed, X, y, weight, None, y_val)
