"""The models of all folds, averaged."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
    clone,
    is_classifier,
)
from sklearn.model_selection import check_cv
from sklearn.utils import Tags, check_array, get_tags, indexable
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from skhyper._sklearn import check_method_params, safe_split
from skhyper.estimators._holdout import fit_with_holdout

__all__ = ["ENSEMBLE", "FoldEnsembleClassifier", "FoldEnsembleRegressor", "ensemble_of"]

ENSEMBLE = "ensemble"
"""What ``refit`` of a search is to average the models of the splits."""


class FoldEnsemble(BaseEstimator):
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

    def fit(self, X: Any, y: Any, **params: Any) -> Self:
        """Fit a clone of the estimator on the training rows of each fold.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target.
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
            If `y` is None or not finite, if `X` does not have as many rows, or whatever
            a fit raises.
        """
        if y is None:
            name = type(self).__name__
            raise ValueError(
                f"{name} requires y to be passed, but the target y is None."
            )
        X, y = indexable(X, y)
        check_array(y, ensure_2d=False, dtype=None, input_name="y")
        splitter = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        models = []
        for train, _ in splitter.split(X, y):
            X_train, y_train = safe_split(self.estimator, X, y, train)
            given = check_method_params(X, params, indices=train)
            models.append(clone(self.estimator))
            fit_with_holdout(models[-1], X_train, y_train, given)
        return self._adopt(models, y, pd.DataFrame(index=range(len(models))))

    def _adopt(self, models: Sequence[Any], y: Any, members: pd.DataFrame) -> Self:
        """Take models that learned of a target, and a table with a row for each."""
        self.estimators_ = list(models)
        self.members_ = members.rename_axis("split")
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(models[0], name):
                setattr(self, name, getattr(models[0], name))
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimators_")

    def __sklearn_tags__(self) -> Tags:
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags.input_tags, tags.target_tags = inner.input_tags, inner.target_tags
        tags.classifier_tags = inner.classifier_tags
        tags.regressor_tags = inner.regressor_tags
        return tags


class FoldEnsembleClassifier(ClassifierMixin, FoldEnsemble):
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
    classes_ : ndarray of shape (n_classes,)
        All classes. What a classifier has not seen it holds for impossible.
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

    def _adopt(self, models: Sequence[Any], y: Any, members: pd.DataFrame) -> Self:
        self._has_labels = type_of_target(y).startswith("multilabel")
        seen = [np.asarray(model.classes_) for model in models]
        self.classes_ = np.unique(np.concatenate(seen))
        return super()._adopt(models, y, members)

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Average the probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Of each class, or of each label where several can be true.

        Raises
        ------
        NotFittedError
            If the ensemble is not fitted.
        """
        check_is_fitted(self)
        total: Any = 0.0
        for model in self.estimators_:
            given = np.asarray(model.predict_proba(X))
            places = np.searchsorted(self.classes_, model.classes_)
            aligned = np.zeros((len(given), len(self.classes_)), dtype=given.dtype)
            aligned[:, places] = given
            total = total + aligned
        return total / len(self.estimators_)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the class that is likeliest on average, or the labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Classes; or, of each label, 1 where its probability is above one half.

        Raises
        ------
        NotFittedError
            If the ensemble is not fitted.
        """
        probabilities = self.predict_proba(X)
        if self._has_labels:
            return (probabilities > 0.5).astype(np.int64)
        return self.classes_[probabilities.argmax(axis=1)]


class FoldEnsembleRegressor(RegressorMixin, FoldEnsemble):
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

    def predict(self, X: Any) -> NDArray[Any]:
        """Average the predictions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predicted target.

        Raises
        ------
        NotFittedError
            If the ensemble is not fitted.
        """
        check_is_fitted(self)
        total: Any = sum(np.asarray(model.predict(X)) for model in self.estimators_)
        return total / len(self.estimators_)


def ensemble_of(
    estimator: BaseEstimator,
    cv: Any,
    models: Sequence[Any],
    y: Any,
    members: pd.DataFrame,
) -> FoldEnsemble:
    """Make an ensemble of models that are fitted already.

    Parameters
    ----------
    estimator : estimator object
        What they are clones of.
    cv : int, splitter or iterable
        The folds that they were fitted on.
    models : sequence of estimator
        The fitted models, by fold.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The target of all folds.
    members : DataFrame
        What is known of them, a row for each.

    Returns
    -------
    ensemble : FoldEnsembleClassifier or FoldEnsembleRegressor
        The fitted ensemble.
    """
    kind = FoldEnsembleClassifier if is_classifier(estimator) else FoldEnsembleRegressor
    return kind(estimator, cv)._adopt(models, y, members)
