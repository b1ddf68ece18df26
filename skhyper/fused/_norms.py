"""The normalizations of a stack."""

import torch
from torch import Tensor

from skhyper._torch import aten
from skhyper.fused._layers import Gradients
from skhyper.fused._tape import Tape
from skhyper.modules import (
    average_statistics,
    batch_norm,
    batch_norm_backward,
    batch_norm_by,
)

__all__ = ["BatchNorm", "GroupNorm", "LayerNorm"]


class BatchNorm:
    """Batch normalization of vectors, with the running statistics of each lane.

    Parameters
    ----------
    weight, bias : torch.Tensor of shape (n_lanes, n_units)
        Scale and shift.
    mean, var : torch.Tensor of shape (n_lanes, n_units)
        Running statistics, which a pass of the training updates.
    n_batches : torch.Tensor of shape (n_lanes,)
        Batches seen, which a pass of the training counts.
    momentum : float
        Share of a batch in the running statistics.
    eps : float
        Added to the variance.
    """

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        var: Tensor,
        n_batches: Tensor,
        momentum: float,
        eps: float,
    ) -> None:
        self.weight = weight
        self.bias = bias
        self.mean = mean
        self.var = var
        self.n_batches = n_batches
        self.momentum = momentum
        self.eps = eps

    def forward(self, x: Tensor, tape: Tape) -> Tensor:
        """Normalize, scale and shift."""
        self.dtype = x.dtype
        self.centred = tape.cast(x, tape.dtype)
        self.output = tape.empty(tuple(x.shape[1:]))
        normalize = self._learn if tape.is_training else self._apply
        tape.call(normalize, self.centred, self.output, tape.lanes)
        return self.output

    def backward(self, gradient: Tensor, tape: Tape) -> Gradients:
        """Give the gradients of the input, the scale and the shift."""
        of_parameters = [tape.empty((gradient.shape[2],)) for _ in range(2)]
        # Nobody else has a use for the output any more.
        scratch, lanes = self.output, tape.lanes
        tape.call(self._derive, gradient, self.centred, scratch, of_parameters, lanes)
        return tape.cast(gradient, self.dtype), of_parameters

    def _learn(self, x: Tensor, output: Tensor, lanes: slice) -> None:
        weight, bias = self.weight[lanes, None], self.bias[lanes, None]
        statistics = batch_norm(x, weight, bias, self.eps, x, output)
        self.inverse = statistics.inverse
        self.n_batches[lanes] += 1
        average_statistics(
            self.mean[lanes], self.var[lanes], statistics, x.shape[1], self.momentum
        )

    def _apply(self, x: Tensor, output: Tensor, lanes: slice) -> None:
        weight, bias = self.weight[lanes, None], self.bias[lanes, None]
        mean, var = self.mean[lanes, None], self.var[lanes, None]
        batch_norm_by(x, weight, bias, mean, var, self.eps, output)

    def _derive(
        self,
        gradient: Tensor,
        centred: Tensor,
        scratch: Tensor,
        of_parameters: list[Tensor],
        lanes: slice,
    ) -> None:
        weight = self.weight[lanes, None]
        results = batch_norm_backward(
            gradient, centred, weight, self.inverse, scratch, gradient
        )
        for target, result in zip(of_parameters, results, strict=True):
            target.copy_(result.squeeze(1))


class LayerNorm:
    """Layer normalization of vectors.

    Parameters
    ----------
    weight, bias : torch.Tensor of shape (n_lanes, n_units)
        Scale and shift.
    eps : float
        Added to the variance.
    """

    def __init__(self, weight: Tensor, bias: Tensor, eps: float) -> None:
        self.weight = weight
        self.bias = bias
        self.eps = eps

    def forward(self, x: Tensor, tape: Tape) -> Tensor:
        """Normalize, scale and shift."""
        self.x = x
        shape = tuple(x.shape[1:])
        self.normalized = tape.empty(shape, x.dtype)
        tape.call(self._normalize, x, self.normalized)
        weight, bias = self.weight[tape.lanes, None], self.bias[tape.lanes, None]
        output = tape.compute(torch.mul, shape, self.normalized, weight)
        tape.call(output.add_, bias)
        return output

    def backward(self, gradient: Tensor, tape: Tape) -> Gradients:
        """Give the gradients of the input, the scale and the shift."""
        shape = tuple(gradient.shape[1:])
        products = tape.compute(torch.mul, shape, gradient, self.normalized)
        of_parameters = [
            tape.compute(torch.sum, shape[1:], stack, 1)
            for stack in (products, gradient)
        ]
        tape.call(gradient.mul_, self.weight[tape.lanes, None])
        of_input = tape.cast(gradient, self.x.dtype)
        tape.call(self._derive, of_input, self.x)
        return of_input, of_parameters

    def _normalize(self, x: Tensor, normalized: Tensor) -> None:
        values, *self.saved = aten.native_layer_norm(
            x, [x.shape[-1]], None, None, self.eps
        )
        normalized.copy_(values)

    def _derive(self, gradient: Tensor, x: Tensor) -> None:
        shape, mask = [gradient.shape[-1]], [True, False, False]
        of_input, _, _ = aten.native_layer_norm_backward(
            gradient, x, shape, *self.saved, None, None, mask
        )
        gradient.copy_(of_input)


class GroupNorm(LayerNorm):
    """Group normalization of vectors.

    Parameters
    ----------
    weight, bias : torch.Tensor of shape (n_lanes, n_units)
        Scale and shift.
    eps : float
        Added to the variance.
    n_groups : int
        Groups of units.
    """

    def __init__(self, weight: Tensor, bias: Tensor, eps: float, n_groups: int) -> None:
        super().__init__(weight, bias, eps)
        self.n_groups = n_groups

    def _normalize(self, x: Tensor, normalized: Tensor) -> None:
        rows = x.flatten(0, 1)
        values, *self.saved = aten.native_group_norm(
            rows, None, None, *rows.shape, 1, self.n_groups, self.eps
        )
        normalized.copy_(values.view_as(x))

    def _derive(self, gradient: Tensor, x: Tensor) -> None:
        rows, mask = x.flatten(0, 1), [True, False, False]
        of_rows, _, _ = aten.native_group_norm_backward(
            gradient.flatten(0, 1),
            rows,
            *self.saved,
            None,
            *rows.shape,
            1,
            self.n_groups,
            mask,
        )
        gradient.copy_(of_rows.view_as(gradient))
