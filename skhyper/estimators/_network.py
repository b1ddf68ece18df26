"""What all estimators share: from arguments and data to a trained net."""

from abc import ABCMeta, abstractmethod
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted, validate_data
from skorch import NeuralNet
from torch import Tensor

from skhyper._sklearn import check_sample_weight
from skhyper.estimators._arguments import Arguments
from skhyper.estimators._continuing import warn_of_changes, warn_of_spent_schedule
from skhyper.estimators._inputs import (
    as_validation,
    check_magnitude,
    checks_of,
    is_plain_features,
    is_plain_target,
    read_features,
    read_target,
    read_weight,
)
from skhyper.estimators._parameters import resolve_device
from skhyper.estimators._persistence import Persistent
from skhyper.estimators._recipe import check_same_structure, draw_seed, make_recipe
from skhyper.estimators._rows import as_tensor, draw_split, split_rows, weigh_rows
from skhyper.training import (
    Data,
    Outcome,
    Recipe,
    Rows,
    evaluate,
    is_finite,
    kept_in,
    one_thread,
    share,
    store_at,
    train,
    train_on,
)

__all__ = ["NeuralNetwork"]


class NeuralNetwork(Arguments, Persistent, metaclass=ABCMeta):
    """Base class of the estimators; not to be used by itself.

    An estimator turns its arguments into a recipe and its data into rows, has the
    recipe trained, and keeps the outcome. What the subclasses add is a module and
    the meaning of the target.
    """

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
    ) -> Self:
        """Train the net.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training features, finite and of moderate size: scale them first.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights. A row of weight 2 counts as two rows, one of
            weight 0 is left out. None counts every row once.
        X_val : array-like of shape (n_validation, n_features), default=None
            Features to validate on after each epoch, instead of rows set aside
            from `X`. With ``early_stopping="auto"`` they switch it on; with
            ``early_stopping=False`` they are watched only.
        y_val : array-like of shape (n_validation,) or (n_validation, n_outputs), \
                default=None
            Target of `X_val`.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        InvalidParameterError
            If arguments of the estimator are wrong; all mistakes are named.
        TypeError
            If `X` is sparse or has no rows at all.
        ValueError
            If the data are unfit: empty, not finite, too large, of the wrong
            shape or type; if `X_val` comes without `y_val`; or if a warm start finds
            another structure.
        TrainingDiverged
            If the loss or a weight stops being finite; it is a ValueError.
        KeyboardInterrupt
            At Ctrl-C, within one batch. No model is left behind.
        """
        self._check_parameters()
        seed = draw_seed(self.random_state)
        return self._fit_by(seed, X, y, sample_weight, X_val, y_val)

    def _fit_by(
        self, seed: int, X: Any, y: Any, weight: Any, X_val: Any, y_val: Any
    ) -> Self:
        if not self.warm_start:
            # A fit that fails leaves no model behind, not even the one before.
            self.__dict__.pop("_outcome", None)
        start = self.__dict__.get("_outcome")
        data = share(self._as_data(X, y, weight, X_val, y_val, seed))
        recipe = self._recipe(data, seed, "fit")
        has_seed = self.random_state is not None
        with kept_in(store_at(self.memory, type(self).__name__, has_seed=has_seed)):
            return self._adopt(train(recipe, data, start), recipe)

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        """Train one more epoch, on the given rows."""
        self._check_parameters()
        if self.early_stopping is True:
            raise ValueError(
                f"{type(self).__name__}.partial_fit does not support "
                "early_stopping=True: it trains on all the rows it is given. Set "
                "early_stopping='auto' or False."
            )
        first = not self.__sklearn_is_fitted__()
        data = Data(self._read_rows(X, y, sample_weight)[0])
        seed = draw_seed(self.random_state) if first else self._net_recipe.knobs.seed
        recipe = self._recipe(data, seed, "partial_fit")
        outcome = train_on(recipe, data, None if first else self._outcome)
        if not first:
            warn_of_changes(type(self).__name__, recipe.knobs, self._net_recipe.knobs)
            recipe = self._net_recipe
        warn_of_spent_schedule(type(self).__name__, recipe.knobs, outcome.epochs)
        return self._adopt(outcome, recipe)

    @property
    def net_(self) -> NeuralNet:
        """The trained net."""
        check_is_fitted(self)
        return self._outcome.net

    @property
    def history_(self) -> pd.DataFrame:
        """The history of the training, a row an epoch."""
        check_is_fitted(self)
        return self._outcome.history

    def __sklearn_is_fitted__(self) -> bool:
        return "_outcome" in vars(self)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the target.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predicted target, in the form it had in ``fit``.

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
        return self._decode(self._output(X))

    @abstractmethod
    def _check_target(self, y: Any) -> NDArray[Any]:
        """Refuse targets that cannot be learned, and bring the others in shape."""

    @abstractmethod
    def _learn_target(self, y: NDArray[Any], weight: NDArray[Any] | None) -> None:
        """Learn from the training target how to encode targets."""

    @abstractmethod
    def _encode(self, y: NDArray[Any]) -> NDArray[Any]:
        """Turn a target into what the loss expects."""

    @abstractmethod
    def _decode(self, output: Tensor) -> NDArray[Any]:
        """Turn the net's output into a prediction."""

    @property
    @abstractmethod
    def _loss(self) -> str:
        """Name of the loss."""

    @property
    @abstractmethod
    def _n_outputs(self) -> int:
        """Number of outputs of the net."""

    def _strata(self, y: NDArray[Any]) -> NDArray[Any] | None:
        """Return the encoded classes whose shares a split must keep."""
        return None

    def _class_weight(
        self, y: NDArray[Any], y_train: NDArray[Any] | None = None
    ) -> NDArray[Any] | None:
        """Return the weights that rows have from the classes of the training rows."""
        return None

    def _flatten(self, X: Any, *, reset: bool) -> Any:
        """Bring features of more dimensions into flat rows."""
        return X

    def _read(self, X: Any, y: Any, *, reset: bool) -> tuple[NDArray[Any], Any]:
        name = type(self).__name__
        X = self._flatten(read_features(name, X), reset=reset)
        y, checks = read_target(name, y), {"multi_output": True, **checks_of(X)}
        plain = is_plain_features(X) and is_plain_target(y, len(X))
        X, y = validate_data(self, X, y, reset=reset, skip_check_array=plain, **checks)
        check_magnitude(name, X)
        return X, self._check_target(y)

    def _read_weight(
        self, sample_weight: Any, X: NDArray[Any], y: NDArray[Any]
    ) -> NDArray[Any] | None:
        class_weight = self._class_weight(y)
        if sample_weight is None:
            return class_weight
        given = read_weight(type(self).__name__, sample_weight)
        weight = check_sample_weight(
            given, X, dtype=np.float64, ensure_non_negative=True
        )
        return weight if class_weight is None else weight * class_weight

    def _as_data(
        self, X: Any, y: Any, sample_weight: Any, X_val: Any, y_val: Any, seed: int
    ) -> Data:
        """Turn what the user gives into the rows to train on and to watch."""
        rows, target = self._read_rows(X, y, sample_weight)
        return Data(*self._split(rows, target, X_val, y_val, seed), origin=X)

    def _read_rows(self, X: Any, y: Any, sample_weight: Any) -> tuple[Rows, Any]:
        """Read training rows, and learn from the first ones what they are like."""
        first = not self.__sklearn_is_fitted__()
        X, y = self._read(X, y, reset=first)
        weight = self._read_weight(sample_weight, X, y)
        if first:
            self._learn_target(y, weight)
        return self._rows(X, y, weight, self._dtype(X)), y

    def _rows(
        self,
        X: NDArray[Any],
        y: NDArray[Any],
        weight: NDArray[Any] | None,
        dtype: torch.dtype,
    ) -> Rows:
        """Put rows on the device, without those of weight zero."""
        name = type(self).__name__
        device = resolve_device(name, self.device)
        target = self._encode(y)
        integer = np.issubdtype(target.dtype, np.integer)
        rows = Rows(
            as_tensor(X, dtype, device),
            as_tensor(target, torch.int64 if integer else dtype, device),
        )
        return rows if weight is None else weigh_rows(name, rows, weight)

    def _dtype(self, X: NDArray[Any]) -> torch.dtype:
        if self.precision != "auto":
            return torch.float64 if self.precision == "float64" else torch.float32
        if self.__sklearn_is_fitted__():
            return self._net_recipe.structure.dtype
        on_cpu = resolve_device(type(self).__name__, self.device) == "cpu"
        return torch.float64 if X.dtype == np.float64 and on_cpu else torch.float32

    def _split(
        self, rows: Rows, y: NDArray[Any], X_val: Any, y_val: Any, seed: int
    ) -> tuple[Rows, Rows | None]:
        if (X_val is None) != (y_val is None):
            missing = "X_val" if X_val is None else "y_val"
            raise ValueError(
                f"{type(self).__name__}.fit takes X_val and y_val together. Got "
                f"no {missing}."
            )
        if X_val is not None:
            with as_validation():
                X, y_val = self._read(X_val, y_val, reset=False)
                weight = self._class_weight(y_val, y)
                return rows, self._rows(X, y_val, weight, rows.X.dtype)
        index = self._set_aside(rows.y.cpu().numpy(), seed)  # type: ignore[union-attr]
        return (rows, None) if index is None else split_rows(rows, *index)

    def _set_aside(
        self, target: NDArray[Any], seed: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
        """Draw the rows to train on and to stop by, given what the net is to learn."""
        name, strata = type(self).__name__, self._strata(target)
        stopping, fraction = self.early_stopping, self.validation_fraction
        return draw_split(name, len(target), stopping, fraction, strata, seed)

    def _recipe(self, data: Data, seed: int, method: str) -> Recipe:
        name = type(self).__name__
        params = self._arguments()
        recipe = make_recipe(name, params, self._module(), self._loss, data, seed)
        if self.__sklearn_is_fitted__():
            before = self._net_recipe.structure
            check_same_structure(name, method, recipe.structure, before, self.device_)
        return recipe

    def _adopt(self, outcome: Outcome, recipe: Recipe) -> Self:
        self._outcome = outcome
        self._net_recipe = recipe
        self.n_weights_ = sum(w.numel() for w in outcome.module.parameters())
        self.n_iter_ = len(outcome.epochs)
        self.best_epoch_ = outcome.best_epoch
        self.stop_reason_ = str(outcome.stop_reason)
        self.device_ = recipe.structure.device
        self.loss_curve_ = [float(row["train_loss"]) for row in outcome.epochs]
        scores = [float(row.get("valid_score", np.nan)) for row in outcome.epochs]
        self.validation_scores_ = None if np.isnan(scores).all() else scores
        return self

    def _output(self, X: Any) -> Tensor:
        check_is_fitted(self)
        name = type(self).__name__
        X = self._flatten(read_features(name, X), reset=False)
        plain = is_plain_features(X)
        X = validate_data(self, X, reset=False, skip_check_array=plain, **checks_of(X))
        structure = self._net_recipe.structure
        # NumPy's own alignment: a copy of all rows would take its time.
        rows = as_tensor(X, structure.dtype, self.device_, alignment=16)
        with one_thread():
            output = evaluate(self._outcome.module, rows, structure.autocast)
        if not is_finite(output):
            raise ValueError(
                f"Input X contains a value too large for {name}, whose output is not "
                f"finite: the largest is {np.abs(X).max():g}. Scale the features as "
                "those it was fitted on."
            )
        return output
