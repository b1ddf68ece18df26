"""The arguments of all estimators: kept, set and checked."""

from abc import abstractmethod
from functools import cache
from numbers import Integral
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator
from torch import nn

from skhyper.estimators._parameters import CONSTRAINTS, as_sizes, check_parameters
from skhyper.exceptions import did_you_mean

__all__ = ["Arguments"]


class Arguments(BaseEstimator):
    """Base class of the estimators, as far as it is about their arguments."""

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

    @classmethod
    @cache
    def _get_param_names(cls) -> tuple[str, ...]:
        """Name the arguments, which are looked up once and asked for in every fit."""
        return tuple(super()._get_param_names())

    def _keep(self, arguments: dict[str, Any]) -> None:
        """Store the constructor's arguments untouched, under their own names.

        They are more than ``get_params`` lists in a subclass whose own constructor
        takes fewer and passes on the rest.
        """
        del arguments["self"]
        self.__dict__.update(arguments)

    def _arguments(self) -> dict[str, Any]:
        """Return all arguments that there is a rule for, listed or not."""
        return {
            name: getattr(self, name) for name in sorted(self._parameter_constraints)
        }

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

    def _layers(self) -> dict[str, Any]:
        """Return the arguments of the dense layers; those not in use are left out."""
        sizes = as_sizes(self.hidden_layer_sizes)
        layers = {
            # One layer is the same structure however its width is written.
            "hidden_layer_sizes": (sizes,) if isinstance(sizes, Integral) else sizes,
            "activation": self.activation,
            "normalizer": self.normalizer,
        }
        if self.normalizer == "group":
            layers["n_groups"] = self.n_groups
        return layers

    def _check_parameters(self) -> None:
        check_parameters(type(self), self._arguments(), self._module_mistakes)
