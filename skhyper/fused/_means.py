"""The losses of the rows of an epoch, and the means that they make."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Bounds", "EpochLosses", "mean_losses"]

Bounds = Sequence[tuple[int, int]]
"""Start and stop of each batch, all of one size but the last."""


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


class Room(NamedTuple):
    """Where the losses of a batch are kept, and the weights of its rows if any."""

    losses: Tensor
    weight: Tensor | None

    def keep(self, losses: Tensor, weight: Tensor | None) -> None:
        """Keep what a batch has given."""
        self.losses.copy_(losses)
        if self.weight is not None and weight is not None:
            self.weight.copy_(weight)


class EpochLosses:
    """Keeps the losses of all rows until the epoch ends.

    One mean of a few numbers costs about what the means of all batches cost.

    Parameters
    ----------
    n_lanes, n_rows : int
        Lanes, and the rows of those that have most.
    like : torch.Tensor
        A tensor of the type and on the device of the losses.
    is_weighted : bool
        Whether rows have weights.
    """

    def __init__(
        self, n_lanes: int, n_rows: int, like: Tensor, is_weighted: bool
    ) -> None:
        self.losses = like.new_zeros((n_lanes, n_rows))
        self.weight = like.new_zeros((n_lanes, n_rows)) if is_weighted else None

    def room(self, lanes: slice, start: int, stop: int) -> Room:
        """Give where those of a batch of some lanes are kept."""
        of_batch = lanes, slice(start, stop)
        weight = None if self.weight is None else self.weight[of_batch]
        return Room(self.losses[of_batch], weight)

    def means(self, lanes: slice, bounds: Bounds) -> list[float]:
        """Average the means of the batches.

        Parameters
        ----------
        lanes : slice
            Lanes whose batches have the same bounds.
        bounds : sequence of (int, int)
            These bounds.

        Returns
        -------
        means : list of float
            What skorch records of each lane: batches count by their rows, or by the
            weights of these.
        """
        losses = self.losses[lanes, : bounds[-1][1]]
        if self.weight is None:
            means, shares = _of_batches(losses, bounds)
        else:
            means, shares = _of_weighted(losses, self.weight[lanes], bounds)
        averages: list[float] = mean_losses(means, shares).tolist()
        return averages


def _of_batches(losses: Tensor, bounds: Bounds) -> tuple[Tensor, Tensor]:
    """Give the means of the batches and their rows; all whole batches at once."""
    sizes = [stop - start for start, stop in bounds]
    n_whole = sizes.count(sizes[0])
    end = n_whole * sizes[0]
    means = losses[:, :end].unflatten(1, (n_whole, sizes[0])).mean(2)
    if n_whole < len(sizes):
        means = torch.cat([means, losses[:, end:].mean(1, keepdim=True)], 1)
    return means, losses.new_tensor(sizes).expand_as(means)


def _of_weighted(
    losses: Tensor, weight: Tensor, bounds: Bounds
) -> tuple[Tensor, Tensor]:
    """Give the means of the batches and their weights."""
    parts = [(losses[:, a:b], weight[:, a:b]) for a, b in bounds]
    means = torch.stack([mean_losses(*part) for part in parts], 1)
    return means, torch.stack([of_rows.sum(1) for _, of_rows in parts], 1)
