"""The losses of a stack, and their derivatives."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from skhyper._torch import aten
from skhyper.fused._activations import is_whole
from skhyper.fused._tape import Tape
from skhyper.rules import has_few_classes

__all__ = ["StackedLoss", "Targets"]


class Targets(NamedTuple):
    """What the rows of a batch should give, and how much they count.

    ``y`` has the shape ``(n_lanes, n_rows)`` or ``(n_lanes, n_rows, n_outputs)``,
    ``weight`` has ``(n_lanes, n_rows)`` or is None.
    """

    y: Tensor
    weight: Tensor | None


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

    def of_evaluation(self, output: Tensor, targets: Targets, tape: Tape) -> Tensor:
        """Give where the loss of every row will be, as it is without smoothing."""
        losses, _ = self.rule(output, targets.y, None, None, tape)
        return losses

    def of_training(
        self, output: Tensor, targets: Targets, tape: Tape
    ) -> tuple[Tensor, Tensor]:
        """Give where the losses will be, and their mean's gradient by the output."""
        smoothing = None if self.smoothing is None else self.smoothing[tape.lanes]
        weight, shape = targets.weight, output.shape[1:2]
        if weight is None:
            one = torch.ones((), dtype=self.dtype, device=output.device)
            share = (one / shape[0]).expand(output.shape[:2])
        else:
            total = tape.compute(torch.sum, (1,), weight, 1, True)
            tape.call(total.reciprocal_)
            share = tape.compute(torch.mul, shape, weight, total)
        return self.rule(output, targets.y, share, smoothing, tape)


# Each rule gives where the loss of every row will be and, where the rows have a share
# in the mean, the gradient of the mean by the output.


def _cross_entropy(
    output: Tensor,
    y: Tensor,
    share: Tensor | None,
    smoothing: Tensor | None,
    tape: Tape,
) -> tuple[Tensor, Tensor]:
    if has_few_classes(output):
        output = tape.contiguous(output.transpose(1, 2))
        losses, gradient = _cross_entropy_along(1, output, y, share, smoothing, tape)
        return losses, gradient.transpose(1, 2)
    return _cross_entropy_along(2, output, y, share, smoothing, tape)


def _cross_entropy_along(
    axis: int,
    output: Tensor,
    y: Tensor,
    share: Tensor | None,
    smoothing: Tensor | None,
    tape: Tape,
) -> tuple[Tensor, Tensor]:
    """Put the loss on a tape where the classes stand along an axis."""
    shape, index = tuple(output.shape[1:]), y.unsqueeze(axis)
    scores = tape.compute(aten._log_softmax.out, shape, output, axis, False)
    picked = tape.compute(torch.gather, tuple(index.shape[1:]), scores, axis, index)
    losses = picked.squeeze(axis)
    tape.call(losses.neg_)
    if share is None:
        return losses, output
    upstream, share = tape.empty(shape), share.unsqueeze(axis)
    if smoothing is None:
        less = tape.compute(torch.neg, tuple(share.shape[1:]), share)
        tape.call(upstream.zero_)
        tape.call(upstream.scatter_, axis, index, less)
    else:
        kept = (1 - smoothing).to(output.dtype)
        spread = (smoothing / shape[axis - 1]).to(output.dtype)
        kept, spread = kept.view(-1, 1), spread.view(-1, 1)

        def smooth() -> None:
            losses.mul_(kept).add_(-scores.sum(axis) * spread)
            upstream.copy_(-(share * spread.unsqueeze(axis)).expand_as(scores))
            upstream.scatter_add_(axis, index, -(share * kept.unsqueeze(axis)))

        tape.call(smooth)
    backward = aten._log_softmax_backward_data.out
    gradient = tape.compute(backward, shape, upstream, scores, axis, output.dtype)
    return losses, gradient


def _squared_error(
    output: Tensor,
    y: Tensor,
    share: Tensor | None,
    smoothing: Tensor | None,
    tape: Tape,
) -> tuple[Tensor, Tensor]:
    output, shape = tape.contiguous(output), tuple(output.shape[1:])
    errors = tape.compute(aten.mse_loss.out, shape, output, y, 0)
    losses = tape.compute(torch.mean, shape[:1], errors, -1)
    if share is None:
        return losses, output
    upstream, gradient = tape.empty(shape[:1]), tape.empty(shape)
    tape.call(torch.div, share, shape[-1], out=upstream)
    upstream = upstream.unsqueeze(-1).expand_as(output)
    backward = aten.mse_loss_backward.grad_input
    tape.call(backward, upstream, output, y, 0, grad_input=gradient)
    return losses, gradient


def _binary_cross_entropy(
    output: Tensor,
    y: Tensor,
    share: Tensor | None,
    smoothing: Tensor | None,
    tape: Tape,
) -> tuple[Tensor, Tensor]:
    shape = tuple(output.shape[1:])
    losses, gradient = tape.empty(shape[:1]), tape.empty(shape)
    output = tape.contiguous(output)
    if not is_whole(output):
        output = tape.apart(output)
    target = y
    if smoothing is not None and share is not None:
        kept = (1 - smoothing).to(y.dtype).view(-1, 1, 1)
        spread = (smoothing / 2).to(y.dtype).view(-1, 1, 1)
        target = tape.compute(torch.mul, shape, y, kept)
        tape.call(target.add_, spread)

    def compute() -> None:
        with torch.inference_mode(False), torch.enable_grad():
            leaf = output.detach().requires_grad_(share is not None)
            each = F.binary_cross_entropy_with_logits(leaf, target, reduction="none")
            mean = each.mean(-1)
            losses.copy_(mean.detach())
            if share is not None:
                gradient.copy_(torch.autograd.grad(mean, leaf, share)[0])

    tape.call(compute)
    return losses, gradient
