"""Targets that are numbers."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import column_or_1d
from torch import Tensor

from skhyper.estimators._network import NeuralNetwork

__all__ = ["NeuralRegressor"]


class NeuralRegressor(RegressorMixin, NeuralNetwork):
    """Base class of the regressors; not to be used by itself."""

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on the given rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target. With ``scale_target=True`` the first call decides about the
            scale.
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
            If the data are unfit, the structure has changed, or the estimator has
            ``early_stopping=True``.
        TrainingDiverged
            If the loss or a weight stops being finite; it is a ValueError.
        KeyboardInterrupt
            At Ctrl-C, within one batch. The estimator stays as it was.
        """
        return self._partial_fit(X, y, sample_weight)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Measure the share of the target's variance that is predicted.

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
            :math:`R^2`, at most 1; averaged over several outputs.

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
        return super().score(X, y, sample_weight)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    @property
    def _loss(self) -> str:
        return "squared_error"

    @property
    def _n_outputs(self) -> int:
        return len(self.target_mean_)

    def _check_target(self, y: Any) -> NDArray[Any]:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        try:
            if y.dtype.kind not in "biufO":
                raise TypeError
            numbers = y.astype(np.float64)
        except (TypeError, ValueError):
            kind = type(y.ravel()[0]).__name__
            raise ValueError(
                f"The target of {type(self).__name__} must be numbers. Got "
                f"{y.ravel()[0]!r} of type {kind}."
            ) from None
        if not np.isfinite(numbers).all():
            raise ValueError(
                f"Input y contains NaN or infinity. {type(self).__name__} needs a "
                "finite number for every row."
            )
        return numbers

    def _learn_target(self, y: NDArray[Any], weight: NDArray[Any] | None) -> None:
        self._one_dimensional = y.ndim == 1
        columns = y.reshape(len(y), -1)
        if not self.scale_target:
            self.target_mean_ = np.zeros(columns.shape[1])
            self.target_scale_ = np.ones(columns.shape[1])
            return
        # Relative to the largest number the squares cannot overflow.
        unit = np.abs(columns).max(axis=0)
        unit[unit == 0] = 1.0
        mean = np.average(columns / unit, axis=0, weights=weight)
        spread = np.average((columns / unit - mean) ** 2, axis=0, weights=weight)
        scale = np.sqrt(spread) * unit
        # A constant keeps its unit; what is left of rounding is not a spread.
        constant = np.sqrt(spread) <= 10 * np.finfo(np.float64).eps * np.abs(mean)
        scale[constant] = 1.0
        self.target_mean_ = mean * unit
        self.target_scale_ = scale

    def _encode(self, y: NDArray[Any]) -> NDArray[Any]:
        columns = y.reshape(len(y), -1)
        if columns.shape[1] != self._n_outputs:
            raise ValueError(
                f"{type(self).__name__} was fitted for {self._n_outputs} outputs. "
                f"Got y of shape {y.shape}."
            )
        return (columns - self.target_mean_) / self.target_scale_

    def _decode(self, output: Tensor) -> NDArray[Any]:
        numbers = output.double().cpu().numpy()
        numbers = numbers * self.target_scale_ + self.target_mean_
        return numbers[:, 0] if self._one_dimensional else numbers
