"""Targets that are classes or labels."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d
from torch import Tensor
from torch.nn.functional import logsigmoid

from skhyper.estimators._class_weight import balanced_weight, given_weight
from skhyper.estimators._inputs import read_target
from skhyper.estimators._network import NeuralNetwork
from skhyper.rules import predictions

__all__ = ["NeuralClassifier"]


class NeuralClassifier(ClassifierMixin, NeuralNetwork):
    """Base class of the classifiers; not to be used by itself."""

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> Self:
        """Train for one epoch on the given rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target.
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever occur. Needed in the first call, unless its
            `y` holds them all; for multilabel targets the columns' numbers.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the rows.

        Returns
        -------
        self : estimator
            The estimator, trained for one more epoch. It goes on with the arguments
            of the first call; a warning names those that have been changed since.

        Raises
        ------
        InvalidParameterError
            If arguments of the estimator are wrong.
        TypeError
            If `X` is sparse or has no rows at all.
        ValueError
            If the data are unfit, the structure has changed, `y` holds an unknown
            class, or the estimator has ``early_stopping=True`` or
            ``class_weight="balanced"``.
        TrainingDiverged
            If the loss or a weight stops being finite; it is a ValueError.
        KeyboardInterrupt
            At Ctrl-C, within one batch. The estimator stays as it was.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                f"{type(self).__name__}.partial_fit does not support "
                "class_weight='balanced': it has not seen all rows of the classes. "
                "Give the weights as a dict."
            )
        if classes is not None:
            known = self._read_classes(classes)
            if self.__sklearn_is_fitted__() and not np.array_equal(
                known, self.classes_
            ):
                raise ValueError(
                    f"`classes={classes!r}` is not the same as on the last call to "
                    f"{type(self).__name__}.partial_fit: {self.classes_!r}."
                )
            self._announced = known
        try:
            return self._partial_fit(X, y, sample_weight)
        finally:
            self.__dict__.pop("_announced", None)

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Predict the probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            A column a class, in the order of ``classes_``; for multilabel targets
            the probability of each label.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted; it is a ValueError.
        TypeError
            If `X` is sparse or has no rows at all.
        ValueError
            If `X` is not finite, too large, or of another shape or other names than
            in ``fit``.
        """
        output = self._output(X)
        return predictions(self._loss, output).cpu().numpy()

    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Predict the logarithms of the classes' probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            Natural logarithms, computed without forming the probabilities.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted; it is a ValueError.
        TypeError
            If `X` is sparse or has no rows at all.
        ValueError
            If `X` is not finite, too large, or of another shape or other names than
            in ``fit``.
        """
        output = self._output(X)
        log = logsigmoid(output) if self._multilabel else output.log_softmax(-1)
        return log.cpu().numpy()

    def decision_function(self, X: Any) -> NDArray[Any]:
        """Compute the net's output before it becomes probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes the log-odds of the second, else a column a class.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted; it is a ValueError.
        TypeError
            If `X` is sparse or has no rows at all.
        ValueError
            If `X` is not finite, too large, or of another shape or other names than
            in ``fit``.
        """
        output = self._output(X)
        if not self._multilabel and len(self.classes_) == 2:
            output = output[:, 1] - output[:, 0]
        return output.cpu().numpy()

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Measure the accuracy of the predictions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
            The share of rows whose prediction is right; for multilabel targets, with
            all of their labels.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted; it is a ValueError.
        TypeError
            If `X` is sparse or has no rows at all.
        ValueError
            If `X` is not finite, too large, or of another shape or other names than
            in ``fit``, or `y` is unfit.
        """
        is_plain = isinstance(y, np.ndarray) and _are_plain_classes(y)
        if sample_weight is not None or not is_plain:
            return super().score(X, y, sample_weight)
        predicted = self.predict(X)
        if predicted.dtype.kind not in "biu" or predicted.shape != y.shape:
            return super().score(X, y)
        # The accuracy of scikit-learn without its checks, which would find nothing.
        return float(np.mean(predicted == y))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    @property
    def _loss(self) -> str:
        return "binary_cross_entropy" if self._multilabel else "cross_entropy"

    @property
    def _n_outputs(self) -> int:
        return len(self.classes_)

    def _check_target(self, y: Any) -> NDArray[Any]:
        name = type(self).__name__
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if not _are_plain_classes(y):
            check_classification_targets(y)
        if y.ndim == 2 and type_of_target(y) == "multiclass-multioutput":
            raise ValueError(
                f"{name} takes several labels a row as a matrix of zeros and ones. "
                f"Got a multiclass-multioutput target of shape {y.shape}; fit one "
                "estimator a column, for example with MultiOutputClassifier."
            )
        if y.ndim == 2 and not np.isin(y, (0, 1)).all():
            raise ValueError(
                f"{name} takes several labels a row as a matrix of zeros and ones. Got "
                f"the values {np.unique(y).tolist()}; write 1 for a label that a row "
                "has and 0 for one that it has not."
            )
        return y

    def _read_classes(self, classes: Any) -> NDArray[Any]:
        name = type(self).__name__
        known = np.asarray(read_target(name, classes, "classes"))
        missing = known.dtype.kind == "f" and np.isnan(known).any()
        if known.ndim != 1 or not known.size or missing:
            raise ValueError(
                f"The classes of {name}.partial_fit must be a list of one or more "
                f"labels. Got {classes!r}."
            )
        return np.unique(known)

    def _learn_target(self, y: NDArray[Any], weight: NDArray[Any] | None) -> None:
        self._multilabel = y.ndim == 2
        found = np.arange(y.shape[1]) if self._multilabel else np.unique(y)
        self.classes_ = getattr(self, "_announced", found)

    def _encode(self, y: NDArray[Any]) -> NDArray[Any]:
        name = type(self).__name__
        if (y.ndim == 2) != self._multilabel or (
            self._multilabel and y.shape[1] != len(self.classes_)
        ):
            expected = f"{len(self.classes_)} " + (
                "labels a row" if self._multilabel else "classes, one a row"
            )
            raise ValueError(
                f"{name} was fitted for {expected}. Got y of shape {y.shape}."
            )
        if self._multilabel:
            return y.astype(np.float64)
        index = np.searchsorted(self.classes_, y).clip(max=len(self.classes_) - 1)
        unknown = self.classes_[index] != y
        if unknown.any():
            raise ValueError(
                f"y contains classes that {name} does not know: "
                f"{np.unique(y[unknown]).tolist()}. Known are "
                f"{self.classes_.tolist()}."
            )
        return index

    def _decode(self, output: Tensor) -> NDArray[Any]:
        if self._multilabel:
            return (output > 0).cpu().numpy().astype(np.int64)
        return self.classes_[output.argmax(-1).cpu().numpy()]

    def _strata(self, y: NDArray[Any]) -> NDArray[Any] | None:
        return y if y.ndim == 1 else None

    def _class_weight(
        self, y: NDArray[Any], y_train: NDArray[Any] | None = None
    ) -> NDArray[Any] | None:
        if self.class_weight is None:
            return None
        if y.ndim == 2 and self.class_weight != "balanced":
            raise ValueError(
                f"The 'class_weight' parameter of {type(self).__name__} must be "
                "'balanced' or None for multilabel targets, whose rows have no single "
                f"class. Got {self.class_weight!r}; weigh the rows by sample_weight."
            )
        if self.class_weight == "balanced":
            return balanced_weight(y, y_train)
        classes = getattr(self, "_announced", None)
        if classes is None and self.__sklearn_is_fitted__():
            classes = self.classes_
        if classes is None:
            classes = np.unique(y if y_train is None else y_train)
        return given_weight(type(self).__name__, self.class_weight, y, classes)


def _are_plain_classes(y: NDArray[Any]) -> bool:
    """Tell of a target in which scikit-learn would find nothing to remark.

    It warns of integers only where there are many different ones.
    """
    if y.ndim != 1 or y.dtype.kind not in "biu":
        return False
    return 2 * len(np.unique(y)) <= len(y)
