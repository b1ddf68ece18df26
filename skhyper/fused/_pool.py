"""The rows that lanes read, and the batches that are gathered from them."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from skhyper.fused._alignment import empty_stack
from skhyper.fused._losses import Targets
from skhyper.fused._runs import runs_of
from skhyper.training import Rows

__all__ = ["Batch", "Pool"]

# Rows that fewer lanes share on average are copied for each of them, which costs less
# than to gather and to multiply for so few lanes at a time.
SHORTEST_RUN = 4

Columns = tuple[Tensor, Tensor, Tensor | None]
"""Features, targets and weights, row by row."""


class Batch(Protocol):
    """Where the rows of a batch lie.

    ``inputs`` are the features of the lanes, in parts: lanes beside each other, of the
    shape ``(n_lanes_of_part, n_rows, n_features)``. ``targets`` are those of all lanes.
    """

    inputs: list[Tensor]
    targets: Targets

    def fill(self, numbers: Tensor) -> None:
        """Gather the rows.

        Parameters
        ----------
        numbers : torch.Tensor of int64 of shape (n_sources, n_rows)
            Their numbers, for every source of the pool.
        """


class SharedBatch:
    """Rows that lanes beside each other share lie there once.

    Parameters
    ----------
    sources : sequence of Columns of length n_runs
        What is gathered from for each run of such lanes.
    places : sequence of int of length n_runs
        Which source of the pool that is.
    lengths : sequence of int of length n_runs
        How many lanes they are.
    n_rows : int
        Rows of a batch.
    """

    def __init__(
        self,
        sources: Sequence[Columns],
        places: Sequence[int],
        lengths: Sequence[int],
        n_rows: int,
    ) -> None:
        def room(column: Tensor) -> Tensor:
            shape = (n_rows, *column.shape[1:])
            return empty_stack(len(sources), shape, column.dtype, column.device)

        x, y, weight = rooms = _each(room, sources[0])
        self.gathered = [
            (column, place, target[run])
            for run, (place, columns) in enumerate(zip(places, sources, strict=True))
            for column, target in zip(columns, rooms, strict=True)
            if column is not None and target is not None
        ]
        runs = torch.arange(len(sources), device=x.device)
        self.run_of_lane = runs.repeat_interleave(torch.tensor(lengths).to(runs.device))
        self.repeated: list[tuple[Tensor, Tensor]] = []
        self.inputs = [
            rows.expand(length, *rows.shape)
            for rows, length in zip(x, lengths, strict=True)
        ]
        y = y.expand(sum(lengths), *y.shape[1:]) if len(y) == 1 else self._repeat(y)
        # One weight that stood for those of all lanes would be added up in another
        # order than those of a lane by itself.
        self.targets = Targets(y, None if weight is None else self._repeat(weight))

    def fill(self, numbers: Tensor) -> None:
        """Gather the rows of each run, and repeat what its lanes have by themselves."""
        of_source = numbers.unbind()
        for column, place, room in self.gathered:
            torch.index_select(column, 0, of_source[place], out=room)
        for room, stack in self.repeated:
            torch.index_select(room, 0, self.run_of_lane, out=stack)

    def _repeat(self, room: Tensor) -> Tensor:
        stack = room.new_empty((len(self.run_of_lane), *room.shape[1:]))
        self.repeated.append((room, stack))
        return stack


class OwnBatch:
    """Each lane has its rows to itself.

    Parameters
    ----------
    columns : Columns
        The rows of all sources, one source after the other.
    places : sequence of int of length n_lanes
        The source of each lane.
    first : torch.Tensor of int64 of shape (n_sources,)
        Number of the first row of each source.
    n_rows : int
        Rows of a batch.
    """

    def __init__(
        self, columns: Columns, places: Sequence[int], first: Tensor, n_rows: int
    ) -> None:
        def room(column: Tensor) -> Tensor:
            return column.new_empty((len(places), n_rows, *column.shape[1:]))

        x, y, weight = rooms = _each(room, columns)
        self.gathered = [
            (column, target.flatten(0, 1))
            for column, target in zip(columns, rooms, strict=True)
            if column is not None and target is not None
        ]
        self.places = torch.tensor(places, device=first.device)
        self.first = first[self.places, None]
        self.inputs = [x]
        self.targets = Targets(y, weight)

    def fill(self, numbers: Tensor) -> None:
        """Gather the rows of each lane."""
        wanted = numbers.index_select(0, self.places).add_(self.first).flatten()
        for column, room in self.gathered:
            torch.index_select(column, 0, wanted, out=room)


def _each(function: Callable[[Tensor], Tensor], columns: Columns) -> Columns:
    x, y, weight = columns
    return function(x), function(y), None if weight is None else function(weight)


class Pool:
    """The rows of the sources that lanes read.

    Parameters
    ----------
    parts : sequence of Rows of length n_sources
        The rows of each source.
    places : sequence of int of length n_lanes
        The source of each lane.
    """

    def __init__(self, parts: Sequence[Rows], places: Sequence[int]) -> None:
        self.sources = [_columns(part) for part in parts]
        self.places = places

    def batch(self, n_rows: int, lanes: slice = slice(None)) -> Batch:
        """Make room for batches.

        Parameters
        ----------
        n_rows : int
            Rows of a batch.
        lanes : slice, default=slice(None)
            The lanes that read them.

        Returns
        -------
        batch : Batch
            The room.
        """
        here = self.places[lanes]
        runs = [(place, run.stop - run.start) for place, run in runs_of(here)]
        # Another device than a CPU takes hardly longer for many lanes than for few.
        is_cut = self.device.type == "cpu" and len(here) >= SHORTEST_RUN * len(runs)
        if len(runs) > 1 and not is_cut:
            return OwnBatch(self.joined, here, self.first, n_rows)
        places, lengths = zip(*runs, strict=True)
        sources = [self.sources[place] for place in places]
        return SharedBatch(sources, places, lengths, n_rows)

    @property
    def device(self) -> torch.device:
        """Where the rows are."""
        return self.sources[0][0].device

    @cached_property
    def joined(self) -> Columns:
        """The rows of all sources, one source after the other."""
        x, y, weight = zip(*self.sources, strict=True)
        weights = [each for each in weight if each is not None]
        return torch.cat(x), torch.cat(y), torch.cat(weights) if weights else None

    @cached_property
    def first(self) -> Tensor:
        """Where each source begins among them."""
        sizes = [len(x) for x, _, _ in self.sources]
        return torch.tensor([0, *sizes[:-1]], device=self.device).cumsum(0)


def _columns(rows: Rows) -> Columns:
    assert rows.y is not None, "nothing is learned without a target"
    return rows.X, rows.y, rows.weight
