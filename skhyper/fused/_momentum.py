"""Stacked optimizers whose numbers depend on the rate alone, and Adagrad."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from skhyper._torch import (
    foreach_add_,
    foreach_addcdiv_,
    foreach_addcmul_,
    foreach_copy_,
    foreach_lerp_,
    foreach_mul_,
)
from skhyper.fused._series import Numbers
from skhyper.fused._span import Span, into, pick
from skhyper.fused._stepping import LanesAtOnce

__all__ = ["SGD", "Adagrad", "RMSprop"]

_less_product = partial(torch.addcmul, value=-1)


class AtRate(LanesAtOnce):
    """An optimizer whose numbers change with the rate only."""

    moving = ("-rate",)

    def prepare(self, span: Span, rates: Numbers) -> None:
        """Set the rates where they are new."""
        if not (self.rates[span.lanes] == rates).all():
            self.rates[span.lanes] = rates
            span.move(-rates)

    def _lay_out(self, parameters: Sequence[Tensor]) -> None:
        super()._lay_out(parameters)
        self.rates = np.full(len(self.steps), np.nan)


class SGD(AtRate):
    """Stacked ``torch.optim.SGD``."""

    fixed = ("coupled", "momentum", "1-dampening")
    switches = ("momentum", "nesterov", "dampening")
    slots = {"momentum_buffer": "momentum"}

    def prepare(self, span: Span, rates: Numbers) -> None:
        """Set new rates, and find the lanes that take their first step."""
        super().prepare(span, rates)
        if span.flags.get("first") is not False:
            span.set_flag("first", self.steps[span.lanes] == 1)

    def update(self, gradients: Sequence[Tensor], span: Span) -> None:
        """Follow the gradients, or their momentum."""
        gradients = span.decay(gradients)
        momentum = span.flags["momentum"]
        if momentum is not False:
            heavy = _direction(gradients, span)
            gradients = pick(momentum, heavy, gradients, gradients)
        foreach_addcmul_(span["parameters"], gradients, span["-rate"])

    def counts(self, lane: int) -> dict[str, float]:
        """Give nothing: this optimizer does not count its steps."""
        return {}


def _direction(gradients: list[Tensor], span: Span) -> list[Tensor]:
    """Add the gradients to the momentum, and say where it leads to."""
    buffer, is_first = span["momentum_buffer"], span.flags["first"]
    if is_first is True:
        foreach_copy_(buffer, gradients)
    else:
        foreach_mul_(buffer, span["momentum"])
        if span.flags["dampening"] is False:
            foreach_add_(buffer, gradients)
        else:
            foreach_addcmul_(buffer, gradients, span["1-dampening"])
        pick(is_first, gradients, buffer, buffer)
    nesterov, scratch = span.flags["nesterov"], span["scratch"]
    if nesterov is False:
        return buffer
    ahead = into(scratch, torch.addcmul, gradients, buffer, span["momentum"])
    return pick(nesterov, ahead, buffer, scratch)


class RMSprop(AtRate):
    """Stacked ``torch.optim.RMSprop``."""

    fixed = ("coupled", "alpha", "1-alpha", "eps", "momentum")
    switches = ("momentum", "centered")
    slots = {
        "square_avg": None,
        "momentum_buffer": "momentum",
        "grad_avg": "centered",
    }

    def update(self, gradients: Sequence[Tensor], span: Span) -> None:
        """Divide the gradients by the root of their mean square."""
        gradients = span.decay(gradients)
        span.average_squares("square_avg", gradients, "alpha")
        roots = span.roots(_centered(gradients, span))
        foreach_add_(roots, span["eps"])
        momentum, weights = span.flags["momentum"], span["parameters"]
        if momentum is not False:
            buffer = span["momentum_buffer"]
            foreach_mul_(buffer, span["momentum"])
            foreach_addcdiv_(buffer, gradients, roots)
        if momentum is True:
            foreach_addcmul_(weights, buffer, span["-rate"])
            return
        foreach_mul_(gradients, span["-rate"])
        if momentum is False:
            foreach_addcdiv_(weights, gradients, roots)
            return
        light = into(gradients, torch.addcdiv, weights, gradients, roots)
        heavy = into(roots, torch.addcmul, weights, buffer, span["-rate"])
        pick(momentum, heavy, light, weights)


def _centered(gradients: list[Tensor], span: Span) -> list[Tensor]:
    """Give the mean squares, or the variances of the lanes that take these."""
    squares, centered = span["square_avg"], span.flags["centered"]
    if centered is False:
        return squares
    means, scratch = span["grad_avg"], span["scratch"]
    foreach_lerp_(means, gradients, span["1-alpha"])
    variances = into(scratch, _less_product, squares, means, means)
    return pick(centered, variances, squares, scratch)


class Adagrad(LanesAtOnce):
    """Stacked ``torch.optim.Adagrad``."""

    moving = ("-rate",)
    fixed = ("coupled", "eps")
    slots = {"sum": None}
    begins_with_state = True

    def __init__(
        self,
        optimizer: type[torch.optim.Optimizer],
        parameters: Sequence[Tensor],
        keywords: Sequence[Mapping[str, Any]],
    ) -> None:
        super().__init__(optimizer, parameters, keywords)
        initial = self.knobs["initial_accumulator_value"].tolist()
        for stack in self.state["sum"]:
            for lane, value in zip(stack, initial, strict=True):
                lane.fill_(value)

    def prepare(self, span: Span, rates: Numbers) -> None:
        """Let the rates fall."""
        past = self.steps[span.lanes] - 1
        span.move(-(rates / (1 + past * span.knobs["lr_decay"])))

    def update(self, gradients: Sequence[Tensor], span: Span) -> None:
        """Divide the gradients by the root of the sum of their squares."""
        gradients = span.decay(gradients)
        foreach_addcmul_(span["sum"], gradients, gradients)
        roots = span.roots(span["sum"])
        foreach_add_(roots, span["eps"])
        foreach_mul_(gradients, span["-rate"])
        foreach_addcdiv_(span["parameters"], gradients, roots)
