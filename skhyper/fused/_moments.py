"""Stacked Adam, AdamW, NAdam and RAdam."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, ClassVar

import torch
from torch import Tensor

from skhyper._torch import (
    foreach_add_,
    foreach_addcdiv_,
    foreach_div_,
    foreach_lerp_,
    foreach_mul_,
    foreach_reciprocal_,
    foreach_sub_,
)
from skhyper.fused._series import Numbers, Series
from skhyper.fused._span import Span, into, pick
from skhyper.fused._stepping import LanesAtOnce

__all__ = ["Adam", "NAdam", "RAdam"]


def _of_adam(beta1: float, beta2: float) -> Iterator[tuple[float, ...]]:
    """Count the corrections of bias, that of the squares as a root."""
    for step in count(1):
        yield 1 - beta1**step, (1 - beta2**step) ** 0.5


def _of_nadam(
    beta1: float, beta2: float, momentum_decay: float
) -> Iterator[tuple[float, ...]]:
    """Count the correction of bias and Nesterov's momenta."""
    # A tensor of torch's default type, as in torch.
    product = torch.tensor(1.0)
    for step in count(1):
        now, ahead = (
            beta1 * (1.0 - 0.5 * (0.96 ** (s * momentum_decay)))
            for s in (step, step + 1)
        )
        product *= now
        yield 1 - beta2**step, now, ahead, product.item()


def _of_radam(beta1: float, beta2: float) -> Iterator[tuple[float, ...]]:
    """Count the corrections; a rectification of zero stands for none."""
    longest = 2 / (1 - beta2) - 1
    for step in count(1):
        bias = 1 - beta2**step
        length = longest - 2 * step * (beta2**step) / bias
        rectification = 0.0
        if length > 5.0:
            rectification = (
                (length - 4)
                * (length - 2)
                * longest
                / ((longest - 4) * (longest - 2) * length)
            ) ** 0.5
        yield 1 - beta1**step, bias**0.5, rectification


class Moments(LanesAtOnce):
    """An optimizer that corrects averages of gradients and of their squares."""

    fixed = ("coupled", "1-beta1", "beta2", "1-beta2", "eps")
    slots = {"exp_avg": None, "exp_avg_sq": None}
    counted: ClassVar[tuple[str, ...]] = ("beta1", "beta2")
    """The knobs that the corrections depend on."""
    corrections: ClassVar[Callable[..., Iterator[tuple[float, ...]]]]
    """Counts the numbers of each step that do not depend on the rate."""

    def __init__(
        self,
        optimizer: type[torch.optim.Optimizer],
        parameters: Sequence[Tensor],
        keywords: Sequence[Mapping[str, Any]],
    ) -> None:
        super().__init__(optimizer, parameters, keywords)
        self.series = Series(
            self.corrections, [self.knobs[name] for name in self.counted]
        )

    @abstractmethod
    def correct(
        self, span: Span, rates: Numbers, numbers: Numbers
    ) -> Sequence[Numbers]:
        """Work out the moving numbers, but for the first, the decoupled decay.

        Parameters
        ----------
        span : Span
            The lanes.
        rates : numpy.ndarray of float64 of shape (n_stepped,)
            Their learning rates.
        numbers : numpy.ndarray of float64 of shape (n_numbers, n_stepped)
            The corrections.

        Returns
        -------
        moving : sequence of numpy.ndarray of shape (n_stepped,)
            The moving numbers.
        """

    def prepare(self, span: Span, rates: Numbers) -> None:
        """Correct the rates for the step."""
        numbers = self.series.at(self.steps, span.lanes)
        moving = self.correct(span, rates, numbers)
        # A factor of one leaves the weights of the other lanes as they are.
        span.move(1 - rates * span.knobs["decoupled"], *moving)

    def moments(self, gradients: Sequence[Tensor], span: Span) -> list[Tensor]:
        """Decay the weights and update the averages.

        Parameters
        ----------
        gradients : sequence of torch.Tensor of shape (n_stepped, *)
            A gradient for each parameter; they are written over.
        span : Span
            The lanes.

        Returns
        -------
        gradients : list of torch.Tensor of shape (n_stepped, *)
            With the weight decay that belongs to them.
        """
        if span.flags["decoupled"] is not False:
            foreach_mul_(span["parameters"], span["shrinkage"])
        gradients = span.decay(gradients)
        foreach_lerp_(span["exp_avg"], gradients, span["1-beta1"])
        span.average_squares("exp_avg_sq", gradients, "beta2")
        return gradients

    def keep(self, parameters: Sequence[Tensor], lanes: Tensor) -> None:
        """Go on with some of the lanes."""
        super().keep(parameters, lanes)
        self.series.keep(lanes)


class Adam(Moments):
    """Stacked ``torch.optim.Adam`` and ``AdamW``."""

    moving = ("shrinkage", "root", "-rate")
    switches = ("amsgrad",)
    slots = {**Moments.slots, "max_exp_avg_sq": "amsgrad"}

    corrections = staticmethod(_of_adam)

    def correct(
        self, span: Span, rates: Numbers, numbers: Numbers
    ) -> Sequence[Numbers]:
        """Correct the rates."""
        bias, root = numbers
        return root, -(rates / bias)

    def update(self, gradients: Sequence[Tensor], span: Span) -> None:
        """Divide the average by the root of that of the squares."""
        gradients = self.moments(gradients, span)
        squares, amsgrad = span["exp_avg_sq"], span.flags["amsgrad"]
        if amsgrad is not False:
            peaks = span["max_exp_avg_sq"]
            into(peaks, torch.maximum, peaks, squares)
            squares = pick(amsgrad, peaks, squares, span["scratch"])
        roots = span.roots(squares)
        foreach_div_(roots, span["root"])
        foreach_add_(roots, span["eps"])
        steps = into(gradients, torch.mul, span["exp_avg"], span["-rate"])
        foreach_addcdiv_(span["parameters"], steps, roots)


class NAdam(Moments):
    """Stacked ``torch.optim.NAdam``."""

    moving = ("shrinkage", "bias", "-rate", "-next_rate")
    counted = ("beta1", "beta2", "momentum_decay")

    corrections = staticmethod(_of_nadam)

    def correct(
        self, span: Span, rates: Numbers, numbers: Numbers
    ) -> Sequence[Numbers]:
        """Share the rates between the gradients and their average."""
        bias, now, ahead, product = numbers
        return (
            bias,
            -rates * (1.0 - now) / (1.0 - product),
            -rates * ahead / (1.0 - product * ahead),
        )

    def update(self, gradients: Sequence[Tensor], span: Span) -> None:
        """Divide gradients and average by the root of the average of the squares."""
        gradients = self.moments(gradients, span)
        means = into(span["scratch"], torch.div, span["exp_avg_sq"], span["bias"])
        roots = span.roots(means)
        foreach_add_(roots, span["eps"])
        foreach_mul_(gradients, span["-rate"])
        foreach_addcdiv_(span["parameters"], gradients, roots)
        steps = into(gradients, torch.mul, span["exp_avg"], span["-next_rate"])
        foreach_addcdiv_(span["parameters"], steps, roots)

    def counts(self, lane: int) -> dict[str, float]:
        """Give the steps and the product of the momenta."""
        product = self.series.at(self.steps, slice(lane, lane + 1))[-1].item()
        return {**super().counts(lane), "mu_product": product}


class RAdam(Moments):
    """Stacked ``torch.optim.RAdam``."""

    moving = ("shrinkage", "bias", "rate", "root", "rectification")

    corrections = staticmethod(_of_radam)

    def correct(
        self, span: Span, rates: Numbers, numbers: Numbers
    ) -> Sequence[Numbers]:
        """Find the lanes whose squares have been averaged for long enough."""
        bias, root, rectification = numbers
        span.set_flag("rectified", rectification != 0)
        return bias, rates, root, rectification

    def update(self, gradients: Sequence[Tensor], span: Span) -> None:
        """Divide the average by the root of that of the squares, where it is known."""
        gradients = self.moments(gradients, span)
        steps = into(gradients, torch.div, span["exp_avg"], span["bias"])
        foreach_mul_(steps, span["rate"])
        rectified = span.flags["rectified"]
        if rectified is not False:
            scales = span.roots(span["exp_avg_sq"])
            foreach_add_(scales, span["eps"])
            foreach_reciprocal_(scales)
            foreach_mul_(scales, span["root"])
            foreach_mul_(scales, steps)
            foreach_mul_(scales, span["rectification"])
            steps = pick(rectified, scales, steps, steps)
        foreach_sub_(span["parameters"], steps)
