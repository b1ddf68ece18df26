"""The rows of several runs, held once, and the batches that are gathered from them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from skhyper.fused._losses import Targets
from skhyper.training import Rows

__all__ = ["Batch", "Pool"]

Columns = Sequence[Tensor | None]
"""Features, targets and weights, row by row."""


class Batch:
    """Where the rows of a batch lie, those of each lane or of all at once.

    Parameters
    ----------
    columns : Columns
        Features, targets and weights of the rows that are gathered from.
    n_runs : int
        For how many lanes; 1 where all have the same rows.
    n_rows : int
        Rows of a batch.
    """

    def __init__(self, columns: Columns, n_runs: int, n_rows: int) -> None:
        self.n_runs = n_runs
        parts = [
            None if part is None else part.new_empty((n_runs, n_rows, *part.shape[1:]))
            for part in columns
        ]
        self.x, self.y, self.weight = parts
        self.gathered = [
            (column, part.flatten(0, 1))
            for column, part in zip(columns, parts, strict=True)
            if column is not None and part is not None
        ]

    def fill(self, numbers: Tensor) -> None:
        """Gather the rows.

        Parameters
        ----------
        numbers : torch.Tensor of int64 of shape (n_runs * n_rows,)
            Their numbers in the pool, lane by lane.
        """
        for column, part in self.gathered:
            torch.index_select(column, 0, numbers, out=part)

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
            for part in (self.x, self.y, self.weight)
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
        return Batch(self.columns, n_runs, n_rows)


def _joined(column: Sequence[Tensor | None]) -> Tensor:
    parts = [part for part in column if part is not None]
    return parts[0] if len(parts) == 1 else torch.cat(parts)
