"""The optimizers of a stack, by name."""

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from skhyper.fused._by_lane import LaneByLane
from skhyper.fused._moments import Adam, NAdam, RAdam
from skhyper.fused._momentum import SGD, Adagrad, RMSprop
from skhyper.fused._series import Numbers
from skhyper.fused._stepping import LanesAtOnce
from skhyper.rules import OPTIMIZERS

__all__ = ["STACKED", "StackedOptimizer", "agree", "make_optimizer"]

STACKED: dict[str, type[LanesAtOnce]] = {
    "sgd": SGD,
    "adam": Adam,
    "adamw": Adam,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "nadam": NAdam,
    "radam": RAdam,
}

# What is tried on a processor: as few options as possible, and as many.
PROBES: dict[str, dict[str, Any]] = {
    "sgd": {"momentum": 0.9, "nesterov": True},
    "adam": {"amsgrad": True},
    "adamw": {"amsgrad": True},
    "rmsprop": {"momentum": 0.9, "centered": True},
    "adagrad": {"lr_decay": 0.1},
    "nadam": {},
    "radam": {"betas": (0.9, 0.95)},
}


class Stepped(Protocol):
    """Lanes that are stepped together."""

    @property
    def mode(self) -> Hashable | None:
        """What the operations of the step depend on; None where lanes differ in it."""


class StackedOptimizer(Protocol):
    """Steps the lanes of a stack."""

    def stepped(self, lanes: slice) -> Stepped:
        """Give lanes that are stepped together."""

    def advance(self, stepped: Any, rates: Numbers) -> None:
        """Make lanes ready for their step: what is done beside the device."""

    def update(self, gradients: Sequence[Tensor], stepped: Any) -> None:
        """Step lanes that are ready: what is done on the device."""

    def keep(self, parameters: Sequence[Tensor], lanes: Tensor) -> None:
        """Go on with some of the lanes."""

    def lane_state(self, lane: int) -> list[dict[str, Tensor]]:
        """Copy the state of a lane."""

    def go_on(
        self, lane: int, n_steps: int, states: Mapping[int, Mapping[str, Any]]
    ) -> None:
        """Let a lane go on from the state of another optimizer."""


def make_optimizer(
    name: str, parameters: Sequence[Tensor], keywords: Sequence[Mapping[str, Any]]
) -> StackedOptimizer:
    """Make the optimizer of a stack.

    Parameters
    ----------
    name : str
        A key of ``skhyper.rules.OPTIMIZERS``.
    parameters : sequence of torch.Tensor of shape (n_lanes, *)
        The stacked parameters, contiguous, which are changed in place.
    keywords : sequence of mapping of length n_lanes
        What torch's class would be called with in each lane, without ``lr``.

    Returns
    -------
    optimizer : StackedOptimizer
        On a CPU, each lane gets the bits of torch's class.

    Raises
    ------
    KeyError
        When there is no optimizer of that name.
    """
    optimizer, first = OPTIMIZERS[name].optimizer, parameters[0]
    if first.device.type == "cpu" and not agree(name, first.dtype):
        return LaneByLane(optimizer, parameters, keywords)
    return STACKED[name](optimizer, parameters, keywords)


@lru_cache
def agree(name: str, dtype: torch.dtype) -> bool:
    """Try whether stacked steps have torch's bits.

    They do where the compiler has joined the same products and sums in all of torch's
    kernels, which is not the same on all processors.

    Parameters
    ----------
    name : str
        A key of ``skhyper.rules.OPTIMIZERS``.
    dtype : torch.dtype
        Type of the weights.

    Returns
    -------
    answer : bool
        True when they have.
    """
    optimizer = OPTIMIZERS[name].optimizer
    keywords = [{}, {"weight_decay": 0.01}, {"weight_decay": 0.1, **PROBES[name]}]
    generator = torch.Generator().manual_seed(0)
    draws = torch.randn(9, 3, 67, generator=generator, dtype=dtype)
    at_once, by_lane = draws[0].clone(), draws[0].clone()
    both: list[StackedOptimizer] = [
        STACKED[name](optimizer, [at_once], keywords),
        LaneByLane(optimizer, [by_lane], keywords),
    ]
    for gradient in draws[1:]:
        for each in both:
            stepped = each.stepped(slice(None))
            each.advance(stepped, np.array([0.1, 0.03, 0.07]))
            each.update([gradient.clone()], stepped)
    return torch.equal(at_once, by_lane)
