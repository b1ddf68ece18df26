"""The rows of several runs, held once, and the batches that are gathered from them."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from skhyper.fused._losses import Targets
from skhyper.training import Rows

__all__ = ["Batch", "Pool"]


class Batch(NamedTuple):
    """Where the rows of a batch lie, those of each lane or of all at once.

    ``x`` has the shape ``(n_lanes or 1, n_rows, n_features)``, the others are as
    in ``Targets``.
    """

    x: Tensor
    y: Tensor
    weight: Tensor | None

    def spread(self, n_lanes: int) -> tuple[Tensor, Targets]:
        """Give each lane its rows, without a copy.

        Parameters
        ----------
        n_lanes : int
            Number of lanes.

        Returns
        -------
        x : torch.Tensor of shape (n_lanes, n_rows, n_features)
            Features.
        targets : Targets
            Targets and weights.
        """
        x, y, weight = (
            None if part is None else part.expand(n_lanes, *part.shape[1:])
            for part in self
        )
        assert x is not None, "rows have features"
        assert y is not None, "nothing is learned without a target"
        return x, Targets(y, weight)


class Pool:
    """Rows of several runs, one after the other.

    Parameters
    ----------
    parts : sequence of Rows
        The rows of each run; they are not copied if it is only one.
    """

    def __init__(self, parts: Sequence[Rows]) -> None:
        columns = [(part.X, part.y, part.weight) for part in parts]
        self.columns = [
            None if column[0] is None else _joined(column)
            for column in zip(*columns, strict=True)
        ]
        sizes = [len(part) for part in parts]
        self.first = torch.tensor([0, *sizes[:-1]]).cumsum(0)

    def batch(self, n_runs: int, n_rows: int) -> Batch:
        """Make room for batches.

        Parameters
        ----------
        n_runs : int
            For how many lanes; 1 where all have the same rows.
        n_rows : int
            Rows of a batch.

        Returns
        -------
        batch : Batch
            The room.
        """
        x, y, weight = (
            None if part is None else part.new_empty((n_runs, n_rows, *part.shape[1:]))
            for part in self.columns
        )
        assert x is not None, "rows have features"
        assert y is not None, "nothing is learned without a target"
        return Batch(x, y, weight)

    def gather(self, numbers: Tensor, batch: Batch) -> None:
        """Fill a batch.

        Parameters
        ----------
        numbers : torch.Tensor of int64 of shape (n_runs, n_rows)
            Numbers of the rows in the pool.
        batch : Batch
            Where to put them.
        """
        flat = numbers.reshape(-1)
        for part, target in zip(self.columns, batch, strict=True):
            if part is not None and target is not None:
                torch.index_select(part, 0, flat, out=target.flatten(0, 1))


def _joined(column: Sequence[Tensor | None]) -> Tensor:
    parts = [part for part in column if part is not None]
    return parts[0] if len(parts) == 1 else torch.cat(parts)
