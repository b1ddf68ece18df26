"""What all estimators share: from arguments and data to a trained net."""

import secrets
from abc import ABCMeta, abstractmethod
from copy import deepcopy
from dataclasses import fields, replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, check_memory, validate_data
from torch import Tensor, nn

from skhyper._sklearn import check_sample_weight
from skhyper.estimators._parameters import (
    CONSTRAINTS,
    as_sizes,
    check_parameters,
    resolve_device,
)
from skhyper.estimators._persistence import Persistent
from skhyper.estimators._rows import (
    as_tensor,
    auto_batch_size,
    check_magnitude,
    split_rows,
)
from skhyper.exceptions import did_you_mean
from skhyper.training import (
    Data,
    Knobs,
    Outcome,
    Recipe,
    Rows,
    Structure,
    one_thread,
    train,
    train_on,
)

__all__ = ["NeuralNetwork"]

# As scikit-learn's HistGradientBoosting: below, the rows are worth more than the
# epochs that early stopping saves.
EARLY_STOPPING_ROWS = 10_000


class NeuralNetwork(Persistent, metaclass=ABCMeta):
    """Base class of the estimators; not to be used by itself.

    An estimator turns its arguments into a recipe and its data into rows, has the
    recipe trained, and keeps the outcome. What the subclasses add is a module and
    the meaning of the target.
    """

    family: ClassVar[str]
    """Kind of the module: ``"mlp"`` or ``"cnn"``."""

    structure_parameters: ClassVar[tuple[str, ...]] = (
        "hidden_layer_sizes",
        "activation",
        "normalizer",
        "n_groups",
        "optimizer",
        "batch_size",
        "device",
        "precision",
        "compile",
    )
    """Arguments in which two fits must agree to be trained together."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    hidden_layer_sizes: Any
    activation: str
    normalizer: str | None
    n_groups: int
    dropout: float
    l1: float
    l2: float
    weight_decay: float
    optimizer: str
    lr: float
    momentum: float
    nesterov: bool
    optimizer_params: dict[str, Any] | None
    scheduler: str | None
    scheduler_params: dict[str, Any] | None
    max_epochs: int
    batch_size: int | str
    early_stopping: bool | str
    patience: int
    tol: float
    validation_fraction: float
    restore_best: bool
    callbacks: Any
    device: str
    precision: str
    compile: bool
    memory: Any
    warm_start: bool
    random_state: Any
    verbose: int

    def _keep(self, arguments: dict[str, Any]) -> None:
        """Store the constructor's arguments untouched, under their own names."""
        vars(self).update({name: arguments[name] for name in self._get_param_names()})

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
        ValueError
            If the data are unfit: empty, not finite, too large, of the wrong
            shape or type.
        TrainingDiverged
            If the loss or a weight stops being finite.
        """
        self._check_parameters()
        X, y = self._read(X, y, reset=True)
        start = self._outcome if self.warm_start and hasattr(self, "net_") else None
        weight = self._read_weight(sample_weight, X, y)
        if start is None:
            self._learn_target(y, weight)
        seed = self._seed()
        data = self._data(self._rows(X, y, weight), X_val, y_val, seed)
        recipe = self._recipe(data, seed)
        if start is not None:
            self._check_same_structure(recipe.structure)
        cached = check_memory(self.memory).cache(train)
        return self._adopt(cached(recipe, data, start), recipe)

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        """Train one more epoch, on the given rows."""
        self._check_parameters()
        if self.early_stopping is True:
            raise ValueError(
                f"{type(self).__name__}.partial_fit trains on all the rows it is "
                "given: it does not support early_stopping=True."
            )
        first = not hasattr(self, "net_")
        X, y = self._read(X, y, reset=first)
        weight = self._read_weight(sample_weight, X, y)
        if first:
            self._learn_target(y, weight)
        data = Data(self._rows(X, y, weight))
        recipe = self._recipe(data, self._seed() if first else self.net_.seed)
        if not first:
            self._check_same_structure(recipe.structure)
        outcome = train_on(recipe, data, None if first else self._outcome)
        return self._adopt(outcome, recipe if first else self._net_recipe)

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
        """
        return self._decode(self._output(X))

    def set_params(self, **params: Any) -> Self:
        """Set arguments of the estimator.

        Parameters
        ----------
        **params : dict
            Arguments by name.

        Returns
        -------
        self : estimator
            The estimator itself.

        Raises
        ------
        ValueError
            If there is no such argument; the nearest one is named.
        """
        known = self.get_params()
        unknown = [name for name in params if name not in known]
        if unknown:
            wrong = "".join(
                f" Got {name!r}.{did_you_mean(name, known)}" for name in unknown
            )
            raise ValueError(
                f"Invalid parameter {unknown[0]!r} for estimator {self}. Parameters "
                f"of {type(self).__name__} are: {sorted(known)}.{wrong}"
            )
        return super().set_params(**params)

    @abstractmethod
    def _module(self) -> tuple[type[nn.Module], dict[str, Any]]:
        """Return the module's class and its arguments that form the structure."""

    @abstractmethod
    def _module_mistakes(self) -> list[str]:
        """Say what is wrong with the module's arguments."""

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

    def _class_weight(self, y: NDArray[Any]) -> NDArray[Any] | None:
        """Return the weights that the rows have from their classes."""
        return None

    def _layers(self) -> dict[str, Any]:
        """Return the arguments of the dense layers; those not in use are left out."""
        layers = {
            "hidden_layer_sizes": as_sizes(self.hidden_layer_sizes),
            "activation": self.activation,
            "normalizer": self.normalizer,
        }
        if self.normalizer == "group":
            layers["n_groups"] = self.n_groups
        return layers

    def _flatten(self, X: Any, *, reset: bool) -> Any:
        """Bring features of more dimensions into flat rows."""
        return X

    def _check_parameters(self) -> None:
        check_parameters(
            type(self).__name__,
            self.get_params(deep=False),
            self._parameter_constraints,
            self._module_mistakes,
        )

    def _read(self, X: Any, y: Any, *, reset: bool) -> tuple[NDArray[Any], Any]:
        X = self._flatten(X, reset=reset)
        X, y = validate_data(
            self,
            X,
            y,
            reset=reset,
            dtype=[np.float32, np.float64],
            order="C",
            multi_output=True,
        )
        check_magnitude(type(self).__name__, X)
        if self.normalizer == "batch" and reset and len(X) == 1:
            raise ValueError(
                f"{type(self).__name__} with normalizer='batch' needs at least two "
                "rows to normalize over. Got n_samples = 1."
            )
        return X, self._check_target(y)

    def _read_weight(
        self, sample_weight: Any, X: NDArray[Any], y: NDArray[Any]
    ) -> NDArray[Any] | None:
        class_weight = self._class_weight(y)
        if sample_weight is None:
            return class_weight
        weight = check_sample_weight(
            sample_weight, X, dtype=np.float64, ensure_non_negative=True
        )
        if not weight.any():
            raise ValueError(
                "Sample weights must contain at least one non-zero number. Got "
                f"sample_weight={sample_weight!r} in {type(self).__name__}.fit."
            )
        return weight if class_weight is None else weight * class_weight

    def _rows(
        self, X: NDArray[Any], y: NDArray[Any], weight: NDArray[Any] | None
    ) -> Rows:
        """Put rows on the device, without those of weight zero."""
        if weight is not None and not weight.all():
            X, y, weight = X[weight > 0], y[weight > 0], weight[weight > 0]
        device = resolve_device(type(self).__name__, self.device)
        dtype = self._dtype(X, device)
        target = self._encode(y)
        integer = np.issubdtype(target.dtype, np.integer)
        return Rows(
            as_tensor(X, dtype, device),
            as_tensor(target, torch.int64 if integer else dtype, device),
            None if weight is None else as_tensor(weight, dtype, device),
        )

    def _dtype(self, X: NDArray[Any], device: str) -> torch.dtype:
        if self.precision == "auto":
            double = X.dtype == np.float64 and device == "cpu"
            return torch.float64 if double else torch.float32
        return torch.float64 if self.precision == "float64" else torch.float32

    def _data(self, rows: Rows, X_val: Any, y_val: Any, seed: int) -> Data:
        if (X_val is None) != (y_val is None):
            missing = "X_val" if X_val is None else "y_val"
            raise ValueError(
                f"{type(self).__name__}.fit takes X_val and y_val together. Got "
                f"no {missing}."
            )
        if X_val is not None:
            X, y = self._read(X_val, y_val, reset=False)
            return Data(rows, self._rows(X, y, self._class_weight(y)))
        stopping = self.early_stopping
        if stopping == "auto":
            stopping = len(rows) > EARLY_STOPPING_ROWS
        if not stopping:
            return Data(rows)
        target = rows.y.cpu().numpy()  # type: ignore[union-attr]
        strata = self._strata(target)
        name = type(self).__name__
        return Data(*split_rows(name, rows, self.validation_fraction, strata, seed))

    def _seed(self) -> int:
        if self.random_state is None:
            return secrets.randbits(31)
        if isinstance(self.random_state, np.random.RandomState):
            return int(check_random_state(self.random_state).randint(2**31 - 1))
        return int(self.random_state)

    def _recipe(self, data: Data, seed: int) -> Recipe:
        module, module_params = self._module()
        rows = data.train
        batch_size = self.batch_size
        if batch_size == "auto":
            batch_size = auto_batch_size(len(rows))
        structure = Structure(
            module=module,
            module_params=tuple(module_params.items()),
            loss=self._loss,
            optimizer=self.optimizer,
            batch_size=min(int(batch_size), len(rows)),
            dtype=rows.X.dtype,
            device=str(rows.X.device),
            autocast=self.precision == "bfloat16",
            compile=bool(self.compile),
        )
        stopping = data.valid is not None and self.early_stopping is not False
        knobs = Knobs(
            lr=float(self.lr),
            max_epochs=int(self.max_epochs),
            seed=seed,
            momentum=float(self.momentum),
            nesterov=bool(self.nesterov),
            weight_decay=float(self.weight_decay),
            l1=float(self.l1),
            l2=float(self.l2),
            dropout=float(self.dropout),
            label_smoothing=float(getattr(self, "label_smoothing", 0.0)),
            optimizer_params=tuple((self.optimizer_params or {}).items()),
            scheduler=self.scheduler,
            scheduler_params=tuple((self.scheduler_params or {}).items()),
            patience=int(self.patience) if stopping else None,
            tol=float(self.tol),
            restore_best=bool(self.restore_best),
        )
        callbacks = tuple(deepcopy(list(self.callbacks or ())))
        return Recipe(structure, knobs, callbacks, int(self.verbose))

    def _check_same_structure(self, structure: Structure) -> None:
        before = replace(
            self._net_recipe.structure,
            batch_size=structure.batch_size,
            device=self.net_.device,
        )
        if structure != before:
            changed = [
                field.name
                for field in fields(structure)
                if getattr(structure, field.name) != getattr(before, field.name)
            ]
            raise ValueError(
                f"{type(self).__name__} can only go on training a net of the same "
                f"structure. Changed since the last fit: {', '.join(changed)}. Fit "
                "a clone, or set warm_start=False."
            )

    def _adopt(self, outcome: Outcome, recipe: Recipe) -> Self:
        self._outcome = outcome
        self._net_recipe = recipe
        history = outcome.history
        self.net_ = outcome.net
        self.history_ = history
        self.n_iter_ = len(history)
        self.best_epoch_ = outcome.best_epoch
        self.stop_reason_ = str(outcome.stop_reason)
        self.device_ = outcome.net.device
        self.loss_curve_ = history["train_loss"].tolist()
        validated = history["valid_score"].notna().any()
        self.validation_scores_ = history["valid_score"].tolist() if validated else None
        return self

    def _output(self, X: Any) -> Tensor:
        check_is_fitted(self, "net_")
        X = self._flatten(X, reset=False)
        X = validate_data(
            self, X, reset=False, dtype=[np.float32, np.float64], order="C"
        )
        dtype = next(self.net_.module_.parameters()).dtype
        rows = as_tensor(X, dtype, self.net_.device)
        with one_thread():
            return self.net_.forward(rows)
