"""The layers of a stack: all lanes forward, all lanes backward."""

from typing import Protocol

import torch
from torch import Tensor

from skhyper.fused._activations import Rule, apply_rule
from skhyper.fused._alignment import aligned
from skhyper.fused._products import affine, input_gradient, weight_gradient

__all__ = ["Activation", "Draw", "Dropout", "Gradients", "Layer", "Linear", "Pass"]

Gradients = tuple[Tensor | None, list[Tensor]]
"""Of the input, if any is wanted, and of the parameters."""


class Pass:
    """One pass through the layers: which lanes, and what they draw.

    Parameters
    ----------
    lanes : slice
        The lanes of the stack that take part.
    training : bool
        Whether it is a pass of the training.
    uniforms : callable or None
        Draws the numbers of a dropout, called as ``uniforms(n_rows, n_units)``; they
        have the shape ``(n_lanes or 1, n_rows, n_units)``.
    """

    def __init__(
        self, lanes: slice, training: bool, uniforms: "Draw | None" = None
    ) -> None:
        self.lanes = lanes
        self.training = training
        self.uniforms = uniforms


class Draw(Protocol):
    """Draws uniform numbers for the lanes of a pass."""

    def __call__(self, n_rows: int, n_units: int) -> Tensor:
        """Draw the next ones."""


class Layer(Protocol):
    """A layer of all lanes; what the way back needs it keeps from the way there."""

    def forward(self, x: Tensor, at: Pass) -> Tensor:
        """Compute the output of shape ``(n_lanes, n_rows, *)``."""

    def backward(self, gradient: Tensor, at: Pass) -> Gradients:
        """Compute the gradients of the input, if any is wanted, and the parameters."""


class Linear:
    """A linear layer.

    Parameters
    ----------
    weight : torch.Tensor of shape (n_lanes, n_outputs, n_inputs)
        Weights.
    bias : torch.Tensor of shape (n_lanes, n_outputs)
        Biases.
    is_first : bool
        Whether nobody wants the gradient of its input.
    """

    def __init__(self, weight: Tensor, bias: Tensor, is_first: bool) -> None:
        self.weight = weight
        self.bias = bias
        self.is_first = is_first

    def forward(self, x: Tensor, at: Pass) -> Tensor:
        """Multiply and add."""
        self.x = x = aligned(x)
        return affine(x, self.weight[at.lanes], self.bias[at.lanes])

    def backward(self, gradient: Tensor, at: Pass) -> Gradients:
        """Give the gradients of the input, the weights and the biases."""
        gradient = aligned(gradient)
        gradients = [weight_gradient(gradient, self.x), gradient.sum(1)]
        if self.is_first:
            return None, gradients
        return input_gradient(gradient, self.weight[at.lanes]), gradients


class Activation:
    """An activation.

    Parameters
    ----------
    rule : Rule
        What it computes.
    """

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def forward(self, x: Tensor, at: Pass) -> Tensor:
        """Apply the function."""
        result = apply_rule(self.rule, self.rule.forward, x)
        self.kept = result if self.rule.keeps_result else x
        return result

    def backward(self, gradient: Tensor, at: Pass) -> Gradients:
        """Apply the derivative."""
        rule = self.rule
        return apply_rule(rule, rule.backward, gradient, self.kept), []


class Dropout:
    """Dropout with a probability for each lane, from draws that lanes may share.

    Parameters
    ----------
    p : list of float of length n_lanes
        The probabilities.
    dtype : torch.dtype
        Type of the values.
    device : str
        Where they lie.
    """

    def __init__(self, p: list[float], dtype: torch.dtype, device: str) -> None:
        # The draws are float32 whatever the type of the values.
        self.p = torch.tensor(p, dtype=torch.float32, device=device).view(-1, 1, 1)
        scale = [1 / (1 - probability) for probability in p]
        self.scale = torch.tensor(scale, dtype=dtype, device=device).view(-1, 1, 1)
        self.is_on = any(p)

    def forward(self, x: Tensor, at: Pass) -> Tensor:
        """Drop values in a pass of the training."""
        if at.uniforms is None or not self.is_on:
            return x
        uniforms = at.uniforms(*x.shape[1:])
        keep = torch.empty(x.shape, dtype=torch.float32, device=x.device)
        torch.ge(uniforms, self.p[at.lanes], out=keep)
        self.factor = keep.to(x.dtype).mul_(self.scale[at.lanes])
        return x * self.factor

    def backward(self, gradient: Tensor, at: Pass) -> Gradients:
        """Pass the gradient of what was kept."""
        return (gradient * self.factor if self.is_on else gradient), []
