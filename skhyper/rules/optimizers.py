"""Optimizers by name, with the arguments that each of them takes."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

__all__ = ["OPTIMIZERS", "OptimizerRule"]


@dataclass(frozen=True)
class OptimizerRule:
    """An optimizer of torch and the arguments a user may set on it.

    Parameters
    ----------
    optimizer : type of torch.optim.Optimizer
        The class.
    arguments : tuple of str
        Names that ``optimizer_params`` may hold. Left out are those that have an
        argument of their own in the estimators and those that change how, not
        what, is computed (``foreach``, ``fused``, ``capturable`` and the like).
    takes_momentum : bool, default=False
        Whether the estimators' ``momentum`` and ``nesterov`` are passed on.
    """

    optimizer: type[torch.optim.Optimizer]
    arguments: tuple[str, ...]
    takes_momentum: bool = False

    def keywords(
        self,
        *,
        weight_decay: float,
        momentum: float,
        nesterov: bool,
        optimizer_params: Mapping[str, object],
    ) -> dict[str, object]:
        """Collect the keyword arguments of the optimizer, without ``lr``.

        Parameters
        ----------
        weight_decay, momentum : float
            As the estimators' arguments.
        nesterov : bool
            Whether the momentum is Nesterov's.
        optimizer_params : mapping of str to object
            Further arguments, which take precedence.

        Returns
        -------
        keywords : dict of str to object
            What the optimizer is called with.
        """
        keywords: dict[str, object] = {"weight_decay": weight_decay}
        if self.takes_momentum:
            keywords.update(momentum=momentum, nesterov=nesterov)
        return {**keywords, **optimizer_params}


OPTIMIZERS: dict[str, OptimizerRule] = {
    "sgd": OptimizerRule(torch.optim.SGD, ("dampening",), takes_momentum=True),
    "adam": OptimizerRule(torch.optim.Adam, ("betas", "eps", "amsgrad")),
    "adamw": OptimizerRule(torch.optim.AdamW, ("betas", "eps", "amsgrad")),
    "rmsprop": OptimizerRule(
        torch.optim.RMSprop, ("alpha", "eps", "momentum", "centered")
    ),
    "adagrad": OptimizerRule(
        torch.optim.Adagrad, ("lr_decay", "initial_accumulator_value", "eps")
    ),
    "nadam": OptimizerRule(
        torch.optim.NAdam,
        ("betas", "eps", "momentum_decay", "decoupled_weight_decay"),
    ),
    "radam": OptimizerRule(
        torch.optim.RAdam, ("betas", "eps", "decoupled_weight_decay")
    ),
}
