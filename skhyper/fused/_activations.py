"""The activations of a stack, and their derivatives."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from skhyper._torch import aten
from skhyper.fused._tape import Tape

__all__ = ["ACTIVATIONS", "Rule", "is_whole"]

# What torch.selu is made of.
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805

# A vector of any processor, unrolled, divides so many numbers: then a tensor has no
# last few that are computed one by one, by other instructions.
WHOLE_VECTORS = 64


class Forward(Protocol):
    """An activation."""

    def __call__(self, x: Tensor, /, *, out: Tensor) -> object:
        """Write the values."""


class Backward(Protocol):
    """The derivative of an activation."""

    def __call__(self, gradient: Tensor, kept: Tensor, /, *, out: Tensor) -> object:
        """Write the gradient of the input; ``out`` may be that of the output."""


class Rule(NamedTuple):
    """An activation: its value, its derivative, and what the derivative needs.

    ``backward`` is given the result where ``keeps_result`` is true, else the input.
    ``is_plain`` says that every number is computed alike, wherever it stands in a
    tensor; ``is_closed`` that the function takes another way for a tensor with gaps.
    """

    forward: Forward
    backward: Backward
    keeps_result: bool = False
    is_plain: bool = False
    is_closed: bool = False

    def apply(self, tape: Tape, x: Tensor) -> tuple[Tensor, Tensor]:
        """Put the activation on a tape, with the bits of each lane by itself.

        Parameters
        ----------
        tape : Tape
            The tape.
        x : torch.Tensor of shape (n_lanes, *)
            The input, which is of no other use.

        Returns
        -------
        result : torch.Tensor of shape (n_lanes, *)
            The values.
        kept : torch.Tensor of shape (n_lanes, *)
            What the derivative needs.
        """
        x = self._laid_out(tape, x)
        result = (
            x
            if self.keeps_result
            else torch.empty_strided(
                x.shape, x.stride(), dtype=x.dtype, device=x.device
            )
        )
        self._put(tape, self.forward, x, out=result)
        return result, x

    def derive(self, tape: Tape, gradient: Tensor, kept: Tensor) -> Tensor:
        """Put the derivative on a tape, with the bits of each lane by itself.

        Parameters
        ----------
        tape : Tape
            The tape.
        gradient : torch.Tensor of shape (n_lanes, *)
            Gradient of the values, which is of no other use.
        kept : torch.Tensor of shape (n_lanes, *)
            What the derivative needs.

        Returns
        -------
        gradient : torch.Tensor of shape (n_lanes, *)
            Gradient of the input.
        """
        gradient = self._laid_out(tape, gradient)
        self._put(tape, self.backward, gradient, kept, out=gradient)
        return gradient

    def _laid_out(self, tape: Tape, stack: Tensor) -> Tensor:
        if self.is_plain or is_whole(stack):
            return stack
        return tape.aligned(stack) if self.is_closed else tape.apart(stack)

    def _put(
        self, tape: Tape, function: Callable[..., object], *stacks: Tensor, out: Tensor
    ) -> None:
        if self.is_closed and not is_whole(out):
            for *lanes, target in zip(*stacks, out, strict=True):
                tape.call(function, *lanes, out=target)
        else:
            tape.call(function, *stacks, out=out)


def _mish_backward(gradient: Tensor, x: Tensor, *, out: Tensor) -> object:
    return out.copy_(aten.mish_backward(gradient, x))


ACTIVATIONS: dict[type[nn.Module], Rule] = {
    nn.ReLU: Rule(
        lambda x, *, out: torch.clamp_min(x, 0, out=out),
        lambda g, y, *, out: aten.threshold_backward.grad_input(
            g, y, 0, grad_input=out
        ),
        keeps_result=True,
        is_plain=True,
    ),
    nn.LeakyReLU: Rule(
        lambda x, *, out: aten.leaky_relu.out(x, 0.01, out=out),
        lambda g, x, *, out: aten.leaky_relu_backward.grad_input(
            g, x, 0.01, False, grad_input=out
        ),
        is_plain=True,
    ),
    nn.ELU: Rule(
        lambda x, *, out: aten.elu.out(x, out=out),
        lambda g, x, *, out: aten.elu_backward.grad_input(
            g, 1.0, 1, 1, False, x, grad_input=out
        ),
    ),
    nn.SELU: Rule(
        lambda x, *, out: aten.elu.out(x, SELU_ALPHA, SELU_SCALE, out=out),
        lambda g, x, *, out: aten.elu_backward.grad_input(
            g, SELU_ALPHA, SELU_SCALE, 1, False, x, grad_input=out
        ),
    ),
    nn.GELU: Rule(
        lambda x, *, out: aten.gelu.out(x, out=out),
        lambda g, x, *, out: aten.gelu_backward.grad_input(g, x, grad_input=out),
        is_closed=True,
    ),
    nn.SiLU: Rule(
        lambda x, *, out: aten.silu.out(x, out=out),
        lambda g, x, *, out: aten.silu_backward.grad_input(g, x, grad_input=out),
    ),
    nn.Mish: Rule(lambda x, *, out: aten.mish.out(x, out=out), _mish_backward),
    nn.Tanh: Rule(
        lambda x, *, out: torch.tanh(x, out=out),
        lambda g, y, *, out: aten.tanh_backward.grad_input(g, y, grad_input=out),
        keeps_result=True,
    ),
    nn.Sigmoid: Rule(
        lambda x, *, out: torch.sigmoid(x, out=out),
        lambda g, y, *, out: aten.sigmoid_backward.grad_input(g, y, grad_input=out),
        keeps_result=True,
    ),
}
"""The rule of every activation of ``skhyper.modules`` that does anything."""


def is_whole(stack: Tensor) -> bool:
    """Tell whether every number of a stack is computed by the vector instructions.

    Parameters
    ----------
    stack : torch.Tensor of shape (n_lanes, *)
        The stack.

    Returns
    -------
    answer : bool
        Whether no lane, by itself, would have a last few numbers left over.
    """
    return stack.is_cuda or not stack[0].numel() % WHOLE_VECTORS
