"""The layers of a stack: all lanes forward, all lanes backward."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from skhyper.fused._activations import Rule
from skhyper.fused._products import affine, input_gradient, weight_gradient
from skhyper.fused._tape import Tape

__all__ = ["Activation", "Dropout", "FirstLayer", "Gradients", "Layer", "Linear"]

Gradients = tuple[Tensor | None, list[Tensor]]
"""Of the input, if any is wanted, and of the parameters."""


class Layer(Protocol):
    """A layer of all lanes, which puts on a tape what it computes.

    What the way back needs it keeps from the way there, until the next way there.
    """

    def forward(self, x: Tensor, tape: Tape) -> Tensor:
        """Give where the output will be, of shape ``(n_lanes, n_rows, *)``."""

    def backward(self, gradient: Tensor, tape: Tape) -> Gradients:
        """Give where the gradients will be; that of the output is of no other use."""


class FirstLayer(Protocol):
    """A layer that a network can begin with."""

    def begin(self, inputs: Sequence[Tensor], tape: Tape) -> Tensor:
        """Give where the output will be, of inputs in parts: lanes side by side."""

    def backward(self, gradient: Tensor, tape: Tape) -> Gradients:
        """Give where the gradients of the parameters will be; no other is wanted."""


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
    is_last : bool
        Whether its output is that of the network.
    is_transposed : bool
        Whether the transposed matrices are multiplied.
    """

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor,
        *,
        is_first: bool,
        is_last: bool,
        is_transposed: bool,
    ) -> None:
        self.weight = weight
        self.bias = bias
        self.is_transposed = is_transposed
        self.is_first = is_first
        self.is_last = is_last

    def forward(self, x: Tensor, tape: Tape) -> Tensor:
        """Multiply and add."""
        return self.begin([x], tape)

    def begin(self, inputs: Sequence[Tensor], tape: Tape) -> Tensor:
        """Multiply and add, from the inputs of the network."""
        self.dtype = inputs[0].dtype
        *self.inputs, self.multiplied, bias = (
            tape.cast(stack, tape.products)
            for stack in (
                *map(tape.aligned, inputs),
                self.weight[tape.lanes],
                self.bias[tape.lanes],
            )
        )
        output = affine(
            tape, self.inputs, self.multiplied, bias, is_transposed=self.is_transposed
        )
        return output if self.is_last else tape.contiguous(output)

    def backward(self, gradient: Tensor, tape: Tape) -> Gradients:
        """Give the gradients of the input, the weights and the biases."""
        gradient = tape.aligned(gradient)
        shape = (gradient.shape[2],)
        of_parameters = [
            weight_gradient(tape, self.inputs, gradient),
            tape.compute(torch.sum, shape, gradient, 1, dtype=gradient.dtype),
        ]
        of_parameters = [tape.cast(part, tape.dtype) for part in of_parameters]
        if self.is_first:
            return None, of_parameters
        of_input = input_gradient(tape, gradient, self.multiplied)
        return tape.cast(of_input, self.dtype), of_parameters


class Activation:
    """An activation.

    Parameters
    ----------
    rule : Rule
        What it computes.
    """

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def forward(self, x: Tensor, tape: Tape) -> Tensor:
        """Apply the function."""
        result, self.kept = self.rule.apply(tape, x)
        return result

    def backward(self, gradient: Tensor, tape: Tape) -> Gradients:
        """Apply the derivative."""
        return self.rule.derive(tape, gradient, self.kept), []


class Dropout:
    """Dropout with a probability for each lane, from draws that lanes may share.

    Parameters
    ----------
    p : list of float of length n_lanes
        The probabilities, not all of them zero.
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

    def forward(self, x: Tensor, tape: Tape) -> Tensor:
        """Drop values in a step of the training."""
        if tape.draw is None:
            return x
        shape = tuple(x.shape[1:])
        limits = self.p[tape.lanes]
        keep = tape.empty(shape, torch.float32)
        start = 0
        for uniforms in tape.draw(tape, *shape):
            part = slice(start, start + len(uniforms))
            tape.call(torch.ge, uniforms, limits[part], out=keep[part])
            start = part.stop
        self.factor = tape.cast(keep, x.dtype)
        tape.call(self.factor.mul_, self.scale[tape.lanes])
        return tape.compute(torch.mul, shape, x, self.factor, dtype=x.dtype)

    def backward(self, gradient: Tensor, tape: Tape) -> Gradients:
        """Pass the gradient of what was kept."""
        tape.call(gradient.mul_, self.factor)
        return gradient, []
