"""The losses of a stack, and their derivatives."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from skhyper._torch import aten
from skhyper.fused._activations import is_whole
from skhyper.fused._alignment import apart

__all__ = ["StackedLoss", "Targets", "mean_losses"]


class Targets(NamedTuple):
    """What the rows of a batch should give, and how much they count.

    ``y`` has the shape ``(n_lanes, n_rows)`` or ``(n_lanes, n_rows, n_outputs)``,
    ``weight`` has ``(n_lanes, n_rows)`` or is None.
    """

    y: Tensor
    weight: Tensor | None


def mean_losses(losses: Tensor, weight: Tensor | None) -> Tensor:
    """Average the losses in each lane by their weights.

    Parameters
    ----------
    losses : torch.Tensor of shape (n_lanes, n_losses)
        Losses.
    weight : torch.Tensor of shape (n_lanes, n_losses) or None
        Weights.

    Returns
    -------
    means : torch.Tensor of shape (n_lanes,)
        The bits of ``skhyper.rules.weighted_mean`` in each lane.
    """
    if weight is None:
        return losses.mean(1)
    return (losses * weight).sum(1) / weight.sum(1)


class StackedLoss:
    """A loss with a label smoothing for each lane.

    Parameters
    ----------
    name : {"cross_entropy", "binary_cross_entropy", "squared_error"}
        Which loss.
    smoothing : sequence of float of length n_lanes
        The label smoothing of each lane.
    dtype : torch.dtype
        Type of the outputs.
    device : str
        Where they lie.
    """

    def __init__(
        self, name: str, smoothing: Sequence[float], dtype: torch.dtype, device: str
    ) -> None:
        self.rule = {
            "cross_entropy": _cross_entropy,
            "binary_cross_entropy": _binary_cross_entropy,
            "squared_error": _squared_error,
        }[name]
        stack = torch.tensor(smoothing, dtype=torch.float64, device=device)
        self.smoothing = stack if any(smoothing) else None
        self.dtype = dtype

    def of_evaluation(self, output: Tensor, targets: Targets) -> Tensor:
        """Compute each lane's mean loss as it is after training: without smoothing."""
        return mean_losses(self.rule(output, targets.y, None, None)[0], targets.weight)

    def of_training(
        self, output: Tensor, targets: Targets, lanes: slice
    ) -> tuple[Tensor, Tensor]:
        """Compute each lane's mean loss, and its gradient by the output."""
        smoothing = None if self.smoothing is None else self.smoothing[lanes]
        weight = targets.weight
        if weight is None:
            share = torch.ones((), dtype=self.dtype, device=output.device)
            share = (share / output.shape[1]).expand(output.shape[:2])
        else:
            share = weight * weight.sum(1, keepdim=True).reciprocal()
        losses, gradient = self.rule(output, targets.y, share, smoothing)
        return mean_losses(losses, weight), gradient


# Each rule gives the loss of every row and, where the rows have a share in the mean,
# the gradient of the mean by the output.


def _cross_entropy(
    output: Tensor, y: Tensor, share: Tensor | None, smoothing: Tensor | None
) -> tuple[Tensor, Tensor]:
    scores = torch.log_softmax(output, -1)
    index = y.unsqueeze(-1)
    losses = -scores.gather(-1, index).squeeze(-1)
    if share is None:
        return losses, output
    if smoothing is None:
        upstream = torch.zeros_like(scores).scatter_(-1, index, -share.unsqueeze(-1))
    else:
        kept = (1 - smoothing).to(output.dtype).view(-1, 1)
        spread = (smoothing / output.shape[-1]).to(output.dtype).view(-1, 1)
        losses = kept * losses + -scores.sum(-1) * spread
        upstream = -(share * spread).unsqueeze(-1).expand_as(scores)
        upstream = upstream.scatter_add(-1, index, -(share * kept).unsqueeze(-1))
    return losses, aten._log_softmax_backward_data(upstream, scores, -1, output.dtype)


def _squared_error(
    output: Tensor, y: Tensor, share: Tensor | None, smoothing: Tensor | None
) -> tuple[Tensor, Tensor]:
    losses = F.mse_loss(output, y, reduction="none").mean(-1)
    if share is None:
        return losses, output
    upstream = (share / output.shape[-1]).unsqueeze(-1).expand_as(output)
    return losses, aten.mse_loss_backward(upstream, output, y, 0)


def _binary_cross_entropy(
    output: Tensor, y: Tensor, share: Tensor | None, smoothing: Tensor | None
) -> tuple[Tensor, Tensor]:
    if smoothing is not None and share is not None:
        kept, spread = (1 - smoothing).to(y.dtype), (smoothing / 2).to(y.dtype)
        y = y * kept.view(-1, 1, 1) + spread.view(-1, 1, 1)
    if not is_whole(output):
        output = apart(output)
    with torch.enable_grad():
        leaf = output.detach().requires_grad_()
        losses = F.binary_cross_entropy_with_logits(leaf, y, reduction="none").mean(-1)
        if share is None:
            return losses.detach(), output
        [gradient] = torch.autograd.grad(losses, leaf, share)
    return losses.detach(), gradient
