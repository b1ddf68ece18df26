"""The models of all folds, averaged."""

from collections.abc import Sequence
from typing import Any, Self

import pandas as pd
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import check_array, indexable

from skhyper._sklearn import check_method_params, safe_split
from skhyper.estimators._holdout import fit_with_holdout
from skhyper.search._average import (
    Averaging,
    AveragingClassifier,
    AveragingRegressor,
)

__all__ = ["FoldEnsembleClassifier", "FoldEnsembleRegressor"]


class FoldEnsemble(Averaging, BaseEstimator):
    """What both kinds share: a model for each fold, and their average.

    Parameters
    ----------
    estimator : estimator object
        What is fitted on the training rows of each fold.
    cv : int, splitter or iterable, default=None
        Folds, as in scikit-learn; None for 5.
    """

    def __init__(self, estimator: Any, cv: Any = None) -> None:
        self.estimator = estimator
        self.cv = cv

    def fit(self, X: Any, y: Any, groups: Any = None, **params: Any) -> Self:
        """Fit a clone of the estimator on the training rows of each fold.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target.
        groups : array-like of shape (n_samples,), default=None
            Group of each row, for a splitter that keeps groups together.
        **params : dict of str to object
            Arguments of the estimator's ``fit``; arrays with one entry per sample are
            cut along.

        Returns
        -------
        self : object
            The fitted ensemble.

        Raises
        ------
        ValueError
            If `y` is None or not finite, if `X` does not have as many rows, if there
            are no folds or, for a classifier, no ``predict_proba``, or whatever a fit
            raises.
        """
        name = type(self).__name__
        if y is None:
            raise ValueError(
                f"{name} requires y to be passed, but the target y is None."
            )
        self._check_can_average()
        X, y, groups = indexable(X, y, groups)
        check_array(y, ensure_2d=False, dtype=None, input_name="y")
        splitter = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        models = []
        for train, _ in splitter.split(X, y, groups):
            X_train, y_train = safe_split(self.estimator, X, y, train)
            given = check_method_params(X, params, indices=train)
            models.append(clone(self.estimator))
            fit_with_holdout(models[-1], X_train, y_train, given)
        if not models:
            raise ValueError(
                f"The 'cv' parameter of {name} must give at least one fold. Got "
                f"{self.cv!r}. Set cv=None for 5."
            )
        splits = pd.RangeIndex(len(models), name="split")
        return self._adopt(models, y, pd.DataFrame(index=splits))

    def _unfitted(self) -> Sequence[Any]:
        return [self.estimator]


class FoldEnsembleClassifier(AveragingClassifier, FoldEnsemble):
    """Average the probabilities of classifiers fitted on the folds' training rows.

    Parameters
    ----------
    estimator : estimator object
        A classifier with ``predict_proba``, fitted on the training rows of each fold.
    cv : int, splitter or iterable, default=None
        Folds, as in scikit-learn; None for 5.

    Attributes
    ----------
    estimators_ : list of estimator
        The fitted classifiers, by fold.
    members_ : DataFrame
        A row for each of them, indexed by ``split``. If a search has made the ensemble,
        what it knows of them: the score on the rows that the split had left out, and of
        networks of this package the epochs and why training stopped.
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
    >>> search = GridSearchCV(net, {"lr": [0.01, 0.1]}, cv=3, refit="ensemble")
    >>> search.fit(X, y).best_estimator_.predict_proba(X).shape
    (150, 3)
    >>> len(search.best_estimator_.members_)
    3
    """


class FoldEnsembleRegressor(AveragingRegressor, FoldEnsemble):
    """Average the predictions of regressors fitted on the folds' training rows.

    Parameters
    ----------
    estimator : estimator object
        A regressor, fitted on the training rows of each fold.
    cv : int, splitter or iterable, default=None
        Folds, as in scikit-learn; None for 5.

    Attributes
    ----------
    estimators_ : list of estimator
        The fitted regressors, by fold.
    members_ : DataFrame
        A row for each of them, indexed by ``split``. If a search has made the ensemble,
        what it knows of them: the score on the rows that the split had left out, and of
        networks of this package the epochs and why training stopped.
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
    >>> search = GridSearchCV(net, {"lr": [0.01, 0.1]}, cv=3, refit="ensemble")
    >>> search.fit(X, y).best_estimator_.predict(X).shape
    (442,)
    """
