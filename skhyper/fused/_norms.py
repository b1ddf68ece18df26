"""The normalizations of a stack."""

import torch
from torch import Tensor

from skhyper._torch import aten
from skhyper.fused._layers import Gradients, Pass

__all__ = ["BatchNorm", "GroupNorm", "LayerNorm"]


# The kernel computes so many channels at once; what is left over it computes one by
# one, by other instructions.
WHOLE_VECTORS = 32


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

    def forward(self, x: Tensor, at: Pass) -> Tensor:
        """Normalize, scale and shift."""
        n_lanes, n_rows, n_units = x.shape
        wide = _side_by_side(x)
        if at.training:
            self.n_batches[at.lanes] += 1
        weight, bias, running_mean, running_var = self._parameters(at)
        output, mean, inverse = aten.native_batch_norm(
            wide,
            weight,
            bias,
            running_mean,
            running_var,
            at.training,
            self.momentum,
            self.eps,
        )
        if at.training:
            self.wide, self.saved = wide, (mean, inverse)
            self.mean[at.lanes] = running_mean.view(n_lanes, n_units)
            self.var[at.lanes] = running_var.view(n_lanes, n_units)
        return output.view(n_rows, n_lanes, n_units).transpose(0, 1).contiguous()

    def backward(self, gradient: Tensor, at: Pass) -> Gradients:
        """Give the gradients of the input, the scale and the shift."""
        n_lanes, n_rows, n_units = gradient.shape
        weight, _, mean, var = self._parameters(at)
        operands = [_side_by_side(gradient), self.wide]
        statistics = [weight, mean, var, *self.saved]
        if gradient.is_cuda or not n_units % WHOLE_VECTORS:
            parts = [self._derive(operands, statistics)]
        else:
            lanes = [slice(i, i + n_units) for i in range(0, len(weight), n_units)]
            parts = [
                self._derive(
                    [operand[:, lane].contiguous() for operand in operands],
                    [statistic[lane] for statistic in statistics],
                )
                for lane in lanes
            ]
        of_input = torch.cat([part[0] for part in parts], 1)
        of_input = of_input.view(n_rows, n_lanes, n_units).transpose(0, 1).contiguous()
        of_weight, of_bias = (
            torch.cat([part[i] for part in parts]).view(n_lanes, n_units)
            for i in (1, 2)
        )
        return of_input, [of_weight, of_bias]

    def _parameters(self, at: Pass) -> list[Tensor]:
        stacks = (self.weight, self.bias, self.mean, self.var)
        # Copies: the lanes of a stack need not lie side by side.
        return [stack[at.lanes].flatten().clone() for stack in stacks]

    def _derive(self, operands: list[Tensor], statistics: list[Tensor]) -> list[Tensor]:
        derivatives: list[Tensor] = aten.native_batch_norm_backward(
            *operands, *statistics, True, self.eps, [True, True, True]
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

    def forward(self, x: Tensor, at: Pass) -> Tensor:
        """Normalize, scale and shift."""
        self.x = x
        self.normalized, *self.saved = self._normalize(x)
        return self.normalized * self.weight[at.lanes, None] + self.bias[at.lanes, None]

    def backward(self, gradient: Tensor, at: Pass) -> Gradients:
        """Give the gradients of the input, the scale and the shift."""
        gradients = [(gradient * self.normalized).sum(1), gradient.sum(1)]
        return self._derive(gradient * self.weight[at.lanes, None]), gradients

    def _normalize(self, x: Tensor) -> list[Tensor]:
        parts: list[Tensor] = aten.native_layer_norm(
            x, [x.shape[-1]], None, None, self.eps
        )
        return parts

    def _derive(self, gradient: Tensor) -> Tensor:
        shape = [gradient.shape[-1]]
        of_input: Tensor = aten.native_layer_norm_backward(
            gradient, self.x, shape, *self.saved, None, None, [True, False, False]
        )[0]
        return of_input


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

    def _normalize(self, x: Tensor) -> list[Tensor]:
        rows = x.flatten(0, 1)
        output, mean, inverse = aten.native_group_norm(
            rows, None, None, *rows.shape, 1, self.n_groups, self.eps
        )
        return [output.view_as(x), mean, inverse]

    def _derive(self, gradient: Tensor) -> Tensor:
        rows = self.x.flatten(0, 1)
        mask = [True, False, False]
        of_rows: Tensor = aten.native_group_norm_backward(
            gradient.flatten(0, 1),
            rows,
            *self.saved,
            None,
            *rows.shape,
            1,
            self.n_groups,
            mask,
        )[0]
        return of_rows.view_as(gradient)


def _side_by_side(x: Tensor) -> Tensor:
    """Put the units of all lanes into one row."""
    return x.transpose(0, 1).flatten(1)
