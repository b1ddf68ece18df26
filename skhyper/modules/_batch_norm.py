"""Batch normalization of vectors, alone and stacked by the same operations."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

__all__ = [
    "BatchNorm1d",
    "BatchStatistics",
    "average_statistics",
    "batch_norm",
    "batch_norm_backward",
    "batch_norm_by",
]


class BatchStatistics(NamedTuple):
    """What a batch tells of each unit.

    Parameters
    ----------
    mean : torch.Tensor of shape (..., 1, n_units)
        Means over the rows.
    var : torch.Tensor of shape (..., 1, n_units)
        Mean squares of the distances from them.
    inverse : torch.Tensor of shape (..., 1, n_units)
        One over the standard deviations.
    """

    mean: Tensor
    var: Tensor
    inverse: Tensor


def batch_norm(
    x: Tensor, weight: Tensor, bias: Tensor, eps: float, centred: Tensor, out: Tensor
) -> BatchStatistics:
    """Normalize the units over the rows, then scale and shift them.

    Parameters
    ----------
    x : torch.Tensor of shape (..., n_rows, n_units)
        Values of one network or of many.
    weight, bias : torch.Tensor of shape (..., 1, n_units)
        Scale and shift.
    eps : float
        Added to the variance.
    centred : torch.Tensor of shape (..., n_rows, n_units)
        Where the values less their means are put; may be `x` itself.
    out : torch.Tensor of shape (..., n_rows, n_units)
        Where the result is put.

    Returns
    -------
    statistics : BatchStatistics
        What the units were normalized by.

    Examples
    --------
    >>> import torch
    >>> from skhyper.modules import batch_norm
    >>> x = torch.tensor([[1.0], [3.0]])
    >>> one, zero, out = torch.ones(1, 1), torch.zeros(1, 1), torch.empty(2, 1)
    >>> batch_norm(x, one, zero, 0.0, x, out).mean
    tensor([[2.]])
    >>> out
    tensor([[-1.],
            [ 1.]])
    """
    n_rows = x.shape[-2]
    mean = x.sum(-2, keepdim=True).div_(n_rows)
    torch.sub(x, mean, out=centred)
    torch.mul(centred, centred, out=out)
    var = out.sum(-2, keepdim=True).div_(n_rows)
    inverse = (var + eps).rsqrt_()
    torch.addcmul(bias, centred, weight * inverse, out=out)
    return BatchStatistics(mean, var, inverse)


def batch_norm_backward(
    gradient: Tensor,
    centred: Tensor,
    weight: Tensor,
    inverse: Tensor,
    scratch: Tensor,
    out: Tensor,
) -> tuple[Tensor, Tensor]:
    """Compute the derivatives of :func:`batch_norm`.

    Parameters
    ----------
    gradient : torch.Tensor of shape (..., n_rows, n_units)
        Gradient of its result.
    centred : torch.Tensor of shape (..., n_rows, n_units)
        What it has put there.
    weight : torch.Tensor of shape (..., 1, n_units)
        Scale.
    inverse : torch.Tensor of shape (..., 1, n_units)
        As it has given it.
    scratch : torch.Tensor of shape (..., n_rows, n_units)
        What is written over.
    out : torch.Tensor of shape (..., n_rows, n_units)
        Where the gradient of its input is put; may be `gradient` itself.

    Returns
    -------
    of_weight, of_bias : torch.Tensor of shape (..., 1, n_units)
        Gradients of the scale and the shift.

    Examples
    --------
    >>> import torch
    >>> from skhyper.modules import batch_norm, batch_norm_backward
    >>> x = torch.tensor([[1.0], [3.0]])
    >>> one, zero, out = torch.ones(1, 1), torch.zeros(1, 1), torch.empty(2, 1)
    >>> inverse = batch_norm(x, one, zero, 0.0, x, out).inverse
    >>> gradient = torch.tensor([[1.0], [2.0]])
    >>> batch_norm_backward(gradient, x, one, inverse, out, gradient)
    (tensor([[1.]]), tensor([[3.]]))
    """
    n_rows = gradient.shape[-2]
    torch.mul(gradient, centred, out=scratch)
    of_weight = scratch.sum(-2, keepdim=True).mul_(inverse)
    of_bias = gradient.sum(-2, keepdim=True)
    # The gradient less its mean and less its part along the normalized values.
    scale = weight * inverse
    share = scale / -n_rows
    torch.addcmul(of_bias * share, centred, of_weight * inverse * share, out=scratch)
    torch.addcmul(scratch, gradient, scale, out=out)
    return of_weight, of_bias


def average_statistics(
    mean: Tensor,
    var: Tensor,
    statistics: BatchStatistics,
    n_rows: int,
    momentum: float,
) -> None:
    """Take the statistics of a batch into running ones.

    Parameters
    ----------
    mean, var : torch.Tensor of shape (..., n_units)
        The running statistics, which are changed.
    statistics : BatchStatistics
        Those of the batch.
    n_rows : int
        Rows of the batch.
    momentum : float
        Share of the batch.

    Examples
    --------
    >>> import torch
    >>> from skhyper.modules import BatchStatistics, average_statistics
    >>> mean, var, one = torch.zeros(1), torch.ones(1), torch.ones(1, 1)
    >>> average_statistics(mean, var, BatchStatistics(one, one, one), 2, 0.1)
    >>> mean, var
    (tensor([0.1000]), tensor([1.1000]))
    """
    mean.mul_(1 - momentum).add_(statistics.mean.squeeze(-2) * momentum)
    of_sample = momentum * n_rows / (n_rows - 1)
    var.mul_(1 - momentum).add_(statistics.var.squeeze(-2) * of_sample)


def batch_norm_by(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    mean: Tensor,
    var: Tensor,
    eps: float,
    out: Tensor | None = None,
) -> Tensor:
    """Normalize units by statistics that are given, then scale and shift them.

    Parameters
    ----------
    x : torch.Tensor of shape (..., n_rows, n_units)
        Values of one network or of many.
    weight, bias, mean, var : torch.Tensor of shape (..., 1, n_units)
        Scale and shift, and the statistics.
    eps : float
        Added to the variance.
    out : torch.Tensor of shape (..., n_rows, n_units) or None, default=None
        Where the result is put; None for a new tensor.

    Returns
    -------
    result : torch.Tensor of shape (..., n_rows, n_units)
        The result.

    Examples
    --------
    >>> import torch
    >>> from skhyper.modules import batch_norm_by
    >>> one = torch.ones(1, 1)
    >>> batch_norm_by(torch.tensor([[3.0]]), one, one, one, one, 0.0)
    tensor([[3.]])
    """
    scale = weight * (var + eps).rsqrt()
    return torch.addcmul(bias - mean * scale, x, scale, out=out)


class BatchNorm1d(torch.nn.BatchNorm1d):
    """Normalize each unit over the rows of a batch.

    This is :class:`torch.nn.BatchNorm1d` by other operations where it normalizes
    vectors on a CPU: those of :func:`batch_norm`. Many networks that are stacked into
    one tensor get by them the very bits that each of them gets alone. On another device
    it computes what its base class does.

    Parameters
    ----------
    num_features : int
        Number of units.
    eps : float, default=1e-5
        Added to the variance.
    momentum : float, default=0.1
        Share of a batch in the running statistics, in [0, 1].
    dtype : torch.dtype or None, default=None
        Floating-point type of the parameters; None means torch's default.

    Notes
    -----
    Shape: input and output are ``(n_samples, num_features)``.

    References
    ----------
    .. [1] S. Ioffe, C. Szegedy, "Batch Normalization: Accelerating Deep Network
       Training by Reducing Internal Covariate Shift", ICML 2015, arXiv:1502.03167.

    Examples
    --------
    >>> import torch
    >>> from skhyper.modules import BatchNorm1d
    >>> BatchNorm1d(1)(torch.tensor([[1.0], [3.0]])).detach().round()
    tensor([[-1.],
            [ 1.]])
    """

    # They are always kept.
    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    momentum: float

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        *,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(num_features, eps, momentum, dtype=dtype)

    def forward(self, input: Tensor) -> Tensor:
        """Normalize, scale and shift.

        Parameters
        ----------
        input : Tensor of shape ``(n_samples, num_features)``
            Values.

        Returns
        -------
        Tensor of shape ``(n_samples, num_features)``
            Normalized values.

        Raises
        ------
        ValueError
            If there is a single row to learn from.
        """
        if input.device.type != "cpu" or input.dim() != 2:
            return super().forward(input)
        x = input.to(self.weight.dtype).contiguous()
        weight, bias = self.weight.unsqueeze(0), self.bias.unsqueeze(0)
        mean, var = self.running_mean, self.running_var
        if not self.training:
            return batch_norm_by(x, weight, bias, mean, var, self.eps)
        if len(x) < 2:
            raise ValueError(
                "BatchNorm1d needs 2 rows or more to learn from. Got an input of the "
                f"shape {tuple(input.shape)}. Pass larger batches, or call eval()."
            )
        output, *statistics = _BatchNorm.apply(x, weight, bias, self.eps)
        self.num_batches_tracked += 1
        average_statistics(
            mean, var, BatchStatistics(*statistics), len(x), self.momentum
        )
        return output


class _BatchNorm(torch.autograd.Function):
    """The function and its derivative, as autograd wants them."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float
    ) -> tuple[Tensor, ...]:
        centred, output = torch.empty_like(x), torch.empty_like(x)
        statistics = batch_norm(x, weight, bias, eps, centred, output)
        ctx.save_for_backward(centred, weight, statistics.inverse)
        ctx.mark_non_differentiable(*statistics)
        return output, *statistics

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        centred, weight, inverse = ctx.saved_tensors
        scratch, of_input = torch.empty_like(centred), torch.empty_like(centred)
        of_parameters = batch_norm_backward(
            gradient.contiguous(), centred, weight, inverse, scratch, of_input
        )
        return of_input, *of_parameters, None
