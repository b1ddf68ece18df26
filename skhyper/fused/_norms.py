"""The normalizations of a stack."""

import torch
from torch import Tensor

from skhyper._torch import aten
from skhyper.fused._layers import Gradients
from skhyper.fused._tape import Tape

__all__ = ["BatchNorm", "GroupNorm", "LayerNorm"]


# The kernel computes so many channels at once, or a part of them; what is left over it
# computes one by one, by other instructions.
VECTORS = 32


class BatchNorm:
    """Batch normalization of vectors, with the running statistics of each lane.

    The units of all lanes stand side by side, as those of one wide network.

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
        n_lanes, n_rows, n_units = x.shape
        # The units of all lanes side by side.
        self.wide = x.new_empty((n_rows, n_lanes * n_units))
        side_by_side = self.wide.view(n_rows, n_lanes, n_units)
        tape.call(side_by_side.copy_, x.transpose(0, 1))
        output = tape.empty((n_rows, n_units), x.dtype)
        tape.call(self._normalize, self.wide, output, tape.lanes, tape.is_training)
        return output

    def backward(self, gradient: Tensor, tape: Tape) -> Gradients:
        """Give the gradients of the input, the scale and the shift."""
        n_units = gradient.shape[2]
        of_parameters = [tape.empty((n_units,)), tape.empty((n_units,))]
        tape.call(self._derive, gradient, self.wide, of_parameters, tape.lanes)
        return gradient, of_parameters

    def _normalize(
        self, wide: Tensor, output: Tensor, lanes: slice, training: bool
    ) -> None:
        if training:
            self.n_batches[lanes] += 1
        weight, bias, running_mean, running_var = self._parameters(lanes)
        normalized, *self.saved = aten.native_batch_norm(
            wide,
            weight,
            bias,
            running_mean,
            running_var,
            training,
            self.momentum,
            self.eps,
        )
        if training:
            self.mean[lanes] = running_mean.view_as(self.mean[lanes])
            self.var[lanes] = running_var.view_as(self.var[lanes])
        n_lanes, n_rows, n_units = output.shape
        output.copy_(normalized.view(n_rows, n_lanes, n_units).transpose(0, 1))

    def _derive(
        self,
        gradient: Tensor,
        wide: Tensor,
        of_parameters: list[Tensor],
        lanes: slice,
    ) -> None:
        n_lanes, n_rows, n_units = gradient.shape
        maps = [gradient.transpose(0, 1), wide.view(n_rows, n_lanes, n_units)]
        weight, _, mean, var = self._parameters(lanes)
        statistics = [
            part.view(n_lanes, n_units) for part in (weight, mean, var, *self.saved)
        ]
        whole = n_units if gradient.is_cuda else n_units // VECTORS * VECTORS
        results = [gradient, *of_parameters]
        if whole:
            of_input, *others = self._kernel(
                *(part[..., :whole].flatten(1) for part in maps),
                *(part[:, :whole].flatten() for part in statistics),
            )
            of_input = of_input.view(n_rows, n_lanes, whole).transpose(0, 1)
            for result, part in zip(results, (of_input, *others), strict=True):
                result[..., :whole] = part.reshape(result[..., :whole].shape)
        if whole < n_units:
            rest = [part[..., whole:].transpose(0, 1).contiguous() for part in maps]
            rest += [part[:, whole:].contiguous() for part in statistics]
            of_lanes = [self._kernel(*lane) for lane in zip(*rest, strict=True)]
            for result, parts in zip(results, zip(*of_lanes, strict=True), strict=True):
                result[..., whole:] = torch.stack(parts)

    def _parameters(self, lanes: slice) -> list[Tensor]:
        stacks = (self.weight, self.bias, self.mean, self.var)
        # Copies: the lanes of a stack need not lie side by side.
        return [stack[lanes].flatten().clone() for stack in stacks]

    def _kernel(self, *operands: Tensor) -> list[Tensor]:
        derivatives: list[Tensor] = aten.native_batch_norm_backward(
            *operands, True, self.eps, [True, True, True]
        )
        return derivatives


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
