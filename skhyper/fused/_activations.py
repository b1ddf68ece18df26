"""The activations of a stack, and their derivatives."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from skhyper._torch import aten
from skhyper.fused._alignment import aligned, apart

__all__ = ["ACTIVATIONS", "Rule", "apply_rule", "is_whole"]


# What torch.selu is made of.
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805

# A vector of any processor, unrolled, divides so many numbers: then a tensor has no
# last few that are computed one by one, by other instructions.
WHOLE_VECTORS = 64


class Rule(NamedTuple):
    """An activation: its value, its derivative, and what the derivative needs.

    ``backward(gradient, kept)`` is given the result where ``keeps_result`` is true,
    else the input. ``is_plain`` says that every number is computed alike, wherever it
    stands in a tensor; ``is_closed`` that the function takes another way for a tensor
    with gaps.
    """

    forward: Callable[[Tensor], Tensor]
    backward: Callable[[Tensor, Tensor], Tensor]
    keeps_result: bool = False
    is_plain: bool = False
    is_closed: bool = False


ACTIVATIONS: dict[type[nn.Module], Rule] = {
    nn.ReLU: Rule(
        torch.relu, lambda g, y: aten.threshold_backward(g, y, 0), True, is_plain=True
    ),
    nn.LeakyReLU: Rule(
        functional.leaky_relu,
        lambda g, x: aten.leaky_relu_backward(g, x, 0.01, False),
        is_plain=True,
    ),
    nn.ELU: Rule(
        functional.elu, lambda g, x: aten.elu_backward(g, 1.0, 1, 1, False, x)
    ),
    nn.SELU: Rule(
        functional.selu,
        lambda g, x: aten.elu_backward(g, SELU_ALPHA, SELU_SCALE, 1, False, x),
    ),
    nn.GELU: Rule(
        functional.gelu, lambda g, x: aten.gelu_backward(g, x), is_closed=True
    ),
    nn.SiLU: Rule(functional.silu, lambda g, x: aten.silu_backward(g, x)),
    nn.Mish: Rule(functional.mish, lambda g, x: aten.mish_backward(g, x)),
    nn.Tanh: Rule(torch.tanh, lambda g, y: aten.tanh_backward(g, y), True),
    nn.Sigmoid: Rule(torch.sigmoid, lambda g, y: aten.sigmoid_backward(g, y), True),
}
"""The rule of every activation of ``skhyper.modules`` that does anything."""


def apply_rule(rule: Rule, function: Callable[..., Tensor], *stacks: Tensor) -> Tensor:
    """Apply an activation or its derivative, with the bits of each lane by itself.

    Parameters
    ----------
    rule : Rule
        The activation.
    function : callable
        Its ``forward`` or its ``backward``.
    *stacks : torch.Tensor of shape (n_lanes, *)
        What the function is given, contiguous.

    Returns
    -------
    result : torch.Tensor of shape (n_lanes, *)
        The values.
    """
    if rule.is_plain or is_whole(stacks[0]):
        return function(*stacks)
    if rule.is_closed:
        lanes = zip(*map(aligned, stacks), strict=True)
        return torch.stack([function(*lane) for lane in lanes])
    return function(*map(apart, stacks))


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
