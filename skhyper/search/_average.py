"""The weighted average of estimators that are fitted already."""

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import Tags, get_tags
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

__all__ = ["Averaging", "AveragingClassifier", "AveragingRegressor"]


class Averaging:
    """What classifiers and regressors that average share; not to be used by itself."""

    estimators_: list[Any]
    _weights: list[float]

    def _unfitted(self) -> Sequence[Any]:
        """Give the estimators of which clones are fitted."""
        raise NotImplementedError

    def _check_can_average(self) -> None:
        """Raise an error if what is fitted will not give what is averaged."""

    def _adopt(
        self,
        models: Sequence[Any],
        y: Any,
        members: pd.DataFrame,
        weights: Sequence[float] | None = None,
    ) -> Self:
        """Take models that have learned of a target, and a table that explains them."""
        self.estimators_ = list(models)
        self.members_ = members
        self._weights = [1] * len(models) if weights is None else list(weights)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(models[0], name):
                setattr(self, name, getattr(models[0], name))
        return self

    def _average(self, predictions: Iterable[NDArray[Any]]) -> NDArray[Any]:
        total: Any = sum(
            weight * given
            for weight, given in zip(self._weights, predictions, strict=True)
        )
        return total / sum(self._weights)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimators_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        inner = get_tags(self._unfitted()[0])
        tags.input_tags, tags.target_tags = inner.input_tags, inner.target_tags
        tags.classifier_tags = inner.classifier_tags
        tags.regressor_tags = inner.regressor_tags
        return tags


class AveragingClassifier(Averaging, ClassifierMixin):
    """Averages probabilities; not to be used by itself."""

    def _check_can_average(self) -> None:
        lacking = [
            type(estimator).__name__
            for estimator in self._unfitted()
            if not hasattr(estimator, "predict_proba")
        ]
        if lacking:
            raise ValueError(
                f"{type(self).__name__} averages what predict_proba gives. Got "
                f"{', '.join(lacking)} without one. Take another classifier, or one of "
                "its parameters."
            )

    def _adopt(
        self,
        models: Sequence[Any],
        y: Any,
        members: pd.DataFrame,
        weights: Sequence[float] | None = None,
    ) -> Self:
        self._has_labels = type_of_target(y).startswith("multilabel")
        seen = [model.classes_ for model in models]
        # Estimators of several outputs have a list: the classes of each output.
        self.classes_: Any = (
            [_union(output) for output in zip(*seen, strict=True)]
            if isinstance(seen[0], list)
            else _union(seen)
        )
        return super()._adopt(models, y, members, weights)

    def predict_proba(self, X: Any) -> Any:
        """Average the probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), or a list of them
            Of each class, or of each label where several can be true. A list, one for
            each output, where the estimators give one.

        Raises
        ------
        NotFittedError
            If the ensemble is not fitted.
        """
        check_is_fitted(self)
        given = [model.predict_proba(X) for model in self.estimators_]
        seen = [model.classes_ for model in self.estimators_]
        if not isinstance(self.classes_, list):
            return self._average(map(_align, given, seen, repeat(self.classes_)))
        return [
            self._average(
                _align(probabilities[output], of_model[output], classes)
                for probabilities, of_model in zip(given, seen, strict=True)
            )
            for output, classes in enumerate(self.classes_)
        ]

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the class that is likeliest on average, or the labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Classes; or, of each label, 1 where its probability is above one half.

        Raises
        ------
        NotFittedError
            If the ensemble is not fitted.
        """
        probabilities = self.predict_proba(X)
        if isinstance(probabilities, list):
            outputs = zip(self.classes_, probabilities, strict=True)
            return np.column_stack([c[p.argmax(axis=1)] for c, p in outputs])
        if self._has_labels:
            return (probabilities > 0.5).astype(np.int64)
        return self.classes_[probabilities.argmax(axis=1)]


class AveragingRegressor(Averaging, RegressorMixin):
    """Averages predictions; not to be used by itself."""

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
        given = [np.asarray(model.predict(X)) for model in self.estimators_]
        # Of a single output some make a column and others do not.
        return self._average(one.reshape(given[0].shape) for one in given)


def _union(classes: Iterable[Any]) -> NDArray[Any]:
    return np.unique(np.concatenate([np.asarray(seen) for seen in classes]))


def _align(given: Any, seen: Any, classes: NDArray[Any]) -> NDArray[Any]:
    """Lay probabilities out by all classes; what was not seen is impossible."""
    given = np.asarray(given)
    aligned = np.zeros((len(given), len(classes)), dtype=given.dtype)
    aligned[:, np.searchsorted(classes, seen)] = given
    return aligned
