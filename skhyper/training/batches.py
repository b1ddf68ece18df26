"""Batches cut from rows that already lie on the device."""

from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor

from skhyper.training.recipe import Rows

__all__ = ["Batches", "batch_bounds"]


def batch_bounds(n_rows: int, batch_size: int) -> list[tuple[int, int]]:
    """Cut rows into batches, none of them a single row.

    A remainder of one row joins the batch before it: batch normalization has
    nothing to normalize in a single row.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    batch_size : int
        Rows per batch.

    Returns
    -------
    bounds : list of (int, int)
        Start and stop of each batch.

    Examples
    --------
    >>> from skhyper.training.batches import batch_bounds
    >>> batch_bounds(7, 3)
    [(0, 3), (3, 7)]
    >>> batch_bounds(8, 3)
    [(0, 3), (3, 6), (6, 8)]
    """
    starts = list(range(0, n_rows, batch_size))
    if len(starts) > 1 and n_rows - starts[-1] == 1:
        starts.pop()
    return list(zip(starts, [*starts[1:], n_rows], strict=True))


class Batches:
    """Iterate over rows in batches.

    Parameters
    ----------
    rows : Rows
        What to iterate over.
    batch_size : int
        Rows per batch.
    order : callable or None, default=None
        Gives the order of an epoch, a tensor of shape ``(n_rows,)``, called with
        the number of rows when an iteration begins. None keeps the rows' order.
    """

    def __init__(
        self,
        rows: Rows,
        batch_size: int,
        order: Callable[[int], Tensor] | None = None,
    ) -> None:
        self.rows = rows
        self.bounds = batch_bounds(len(rows), batch_size)
        self.order = order

    def __len__(self) -> int:
        return len(self.bounds)

    def __iter__(self) -> Iterator[tuple[Tensor, Any]]:
        # A batch of all rows needs no shuffling: its gradient is the same sum.
        if self.order is None or len(self.bounds) == 1:
            for start, stop in self.bounds:
                yield self.rows[start:stop]
            return
        order = self.order(len(self.rows)).to(self.rows.X.device)
        for start, stop in self.bounds:
            yield self.rows.take(order[start:stop])
