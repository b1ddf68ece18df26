"""Several candidates, averaged by weight."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_array, indexable

from skhyper.search._average import (
    Averaging,
    AveragingClassifier,
    AveragingRegressor,
)

__all__ = ["CandidateEnsembleClassifier", "CandidateEnsembleRegressor"]


class CandidateEnsemble(Averaging, BaseEstimator):
    """What both kinds share: estimators that differ, and their weighted average.

    Parameters
    ----------
    estimators : list of estimator
        What is averaged.
    weights : array-like of shape (n_estimators,), default=None
        How much each of them counts; None for all the same.
    """

    def __init__(self, estimators: Sequence[Any], weights: Any = None) -> None:
        self.estimators = estimators
        self.weights = weights

    def fit(self, X: Any, y: Any, **params: Any) -> Self:
        """Fit a clone of each estimator on all rows.

        The weights stay as they are.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target.
        **params : dict of str to object
            Arguments of the ``fit`` of each estimator.

        Returns
        -------
        self : object
            The fitted ensemble.

        Raises
        ------
        ValueError
            If there are no estimators, the weights are not as many or cannot be
            weights, a classifier has no ``predict_proba``, `y` is None or not finite,
            `X` does not have as many rows, or whatever a fit raises.
        """
        name = type(self).__name__
        if y is None:
            raise ValueError(
                f"{name} requires y to be passed, but the target y is None."
            )
        weights = self._checked_weights()
        self._check_can_average()
        X, y = indexable(X, y)
        check_array(y, ensure_2d=False, dtype=None, input_name="y")
        models = [clone(one).fit(X, y, **params) for one in self.estimators]
        members = pd.DataFrame({"weight": np.divide(weights, sum(weights))})
        return self._adopt(models, y, members, weights)

    def _checked_weights(self) -> list[float]:
        name, n = type(self).__name__, len(self.estimators)
        if not n:
            raise ValueError(
                f"estimators of {name} must not be empty. Got {self.estimators!r}. "
                "Give at least one."
            )
        if self.weights is None:
            return [1] * n
        weights = np.asarray(self.weights)
        is_sound = weights.shape == (n,) and np.issubdtype(weights.dtype, np.number)
        if not is_sound or not (weights >= 0).all() or not 0 < weights.sum() < np.inf:
            raise ValueError(
                f"weights of {name} must be {n} numbers from 0 up, one for each of "
                f"estimators, and not all 0. Got {self.weights!r}. Set weights=None "
                "for all the same."
            )
        return weights.tolist()

    def _unfitted(self) -> Sequence[Any]:
        return self.estimators


class CandidateEnsembleClassifier(AveragingClassifier, CandidateEnsemble):
    """Average the probabilities of different classifiers by weight.

    Parameters
    ----------
    estimators : list of estimator
        Classifiers with ``predict_proba``. Those of a search are of the kind
        FoldEnsembleClassifier, one for each candidate.
    weights : array-like of shape (n_estimators,), default=None
        How much each of them counts; None for all the same. Those of a search are how
        often the candidate was selected.

    Attributes
    ----------
    estimators_ : list of estimator
        The fitted classifiers.
    members_ : DataFrame
        A row for each of them, with its ``weight``, all of which add up to 1. If a
        search has made the ensemble, a row for each model: its ``weight``, its
        ``candidate`` and ``split``, the candidate's ``params`` and
        ``mean_test_score``, the ``test_score`` on the rows that the split had left
        out, and of networks of this package the epochs and why training stopped.
    selection_ : DataFrame
        If a search has made the ensemble: a row for each step of the selection, with
        the ``candidate`` that was added and the ``score`` of the average from then on,
        as ``mean_test_score`` is made.
    classes_ : ndarray of shape (n_classes,), or a list of them
        All classes. What a classifier has not seen it holds for impossible. A list, one
        for each output, where the classifiers have one.
    n_features_in_ : int
        Number of features, if the classifiers know it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, if the classifiers know them.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skhyper import GridSearchCV, MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPClassifier((8,), max_epochs=20)
    >>> search = GridSearchCV(
    ...     net, {"lr": [0.001, 0.01, 0.1]}, cv=3, refit="greedy_ensemble"
    ... )
    >>> ensemble = search.fit(X, y).best_estimator_
    >>> ensemble.predict_proba(X).shape
    (150, 3)
    >>> ensemble.selection_["score"].max() >= search.best_score_
    np.True_
    """


class CandidateEnsembleRegressor(AveragingRegressor, CandidateEnsemble):
    """Average the predictions of different regressors by weight.

    Parameters
    ----------
    estimators : list of estimator
        Regressors. Those of a search are of the kind FoldEnsembleRegressor, one for
        each candidate.
    weights : array-like of shape (n_estimators,), default=None
        How much each of them counts; None for all the same. Those of a search are how
        often the candidate was selected.

    Attributes
    ----------
    estimators_ : list of estimator
        The fitted regressors.
    members_ : DataFrame
        A row for each of them, with its ``weight``, all of which add up to 1. If a
        search has made the ensemble, a row for each model: its ``weight``, its
        ``candidate`` and ``split``, the candidate's ``params`` and
        ``mean_test_score``, the ``test_score`` on the rows that the split had left
        out, and of networks of this package the epochs and why training stopped.
    selection_ : DataFrame
        If a search has made the ensemble: a row for each step of the selection, with
        the ``candidate`` that was added and the ``score`` of the average from then on,
        as ``mean_test_score`` is made.
    n_features_in_ : int
        Number of features, if the regressors know it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, if the regressors know them.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skhyper import GridSearchCV, MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = MLPRegressor((8,), max_epochs=20)
    >>> search = GridSearchCV(
    ...     net, {"lr": [0.001, 0.01, 0.1]}, cv=3, refit="greedy_ensemble"
    ... )
    >>> ensemble = search.fit(X, y).best_estimator_
    >>> ensemble.predict(X).shape
    (442,)
    >>> ensemble.selection_["score"].max() >= search.best_score_
    np.True_
    """
