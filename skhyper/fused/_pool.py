"""The rows that lanes read, held once, and the batches that are gathered from them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from skhyper.fused._losses import Targets
from skhyper.fused._runs import runs_of
from skhyper.training import Rows

__all__ = ["Batch", "Pool"]

# Rows that fewer lanes share are copied for each of them, which costs less than to
# multiply so few lanes at a time.
SHORTEST_RUN = 4


class Batch:
    """Where the rows of a batch lie: those that lanes beside each other share, once.

    Parameters
    ----------
    columns : sequence of torch.Tensor of shape (n_rows_of_pool, *) or None
        Features, targets and weights of the rows that are gathered from.
    places : sequence of int of length n_lanes
        The source of each lane.
    n_rows : int
        Rows of a batch.

    Attributes
    ----------
    inputs : list of torch.Tensor of shape (n_lanes_of_part, n_rows, n_features)
        Where the features of the lanes will be, in parts: lanes beside each other.
    targets : Targets
        Where the targets and weights of all lanes will be.
    """

    def __init__(
        self, columns: Sequence[Tensor | None], places: Sequence[int], n_rows: int
    ) -> None:
        device = next(column.device for column in columns if column is not None)
        runs = _runs(places, device)
        self.n_lanes = len(places)
        self.lengths = [length for _, length in runs]
        of_lane = [
            run for run, length in enumerate(self.lengths) for _ in range(length)
        ]
        self.run_of_lane = torch.tensor(of_lane, device=device)
        self.source_of_run = torch.tensor([place for place, _ in runs], device=device)
        rooms = [
            None
            if column is None
            else column.new_empty((len(runs), n_rows, *column.shape[1:]))
            for column in columns
        ]
        self.gathered = [
            (column, room.flatten(0, 1))
            for column, room in zip(columns, rooms, strict=True)
            if column is not None and room is not None
        ]
        self.repeated: list[tuple[Tensor, Tensor]] = []
        x, y, weight = rooms
        assert x is not None, "rows have features"
        assert y is not None, "nothing is learned without a target"
        self.inputs = self._in_parts(x)
        self.targets = Targets(
            self._of_lanes(y), None if weight is None else self._of_lanes(weight)
        )

    def fill(self, numbers: Tensor) -> None:
        """Gather the rows.

        Parameters
        ----------
        numbers : torch.Tensor of int64 of shape (n_sources, n_rows)
            Their numbers in the pool, for every source of it.
        """
        wanted = numbers.index_select(0, self.source_of_run).reshape(-1)
        for column, room in self.gathered:
            torch.index_select(column, 0, wanted, out=room)
        for room, stack in self.repeated:
            torch.index_select(room, 0, self.run_of_lane, out=stack)

    def _in_parts(self, room: Tensor) -> list[Tensor]:
        if len(room) == self.n_lanes:
            return [room]
        return [
            rows.expand(length, *rows.shape)
            for rows, length in zip(room, self.lengths, strict=True)
        ]

    def _of_lanes(self, room: Tensor) -> Tensor:
        if len(room) in (1, self.n_lanes):
            return room.expand(self.n_lanes, *room.shape[1:])
        stack = room.new_empty((self.n_lanes, *room.shape[1:]))
        self.repeated.append((room, stack))
        return stack


def _runs(places: Sequence[int], device: torch.device) -> list[tuple[int, int]]:
    """Give the source and the number of the lanes of each run that shares its rows."""
    runs = [(place, lanes.stop - lanes.start) for place, lanes in runs_of(places)]
    # Another device than a CPU takes hardly longer for many lanes than for few.
    is_cut = device.type == "cpu" and len(places) >= SHORTEST_RUN * len(runs)
    if len(runs) == 1 or is_cut:
        return runs
    return [(place, 1) for place in places]


class Pool:
    """Rows of several sources, one after the other.

    Parameters
    ----------
    parts : sequence of Rows of length n_sources
        The rows of each source; they are not copied if it is only one.
    places : sequence of int of length n_lanes
        The source of each lane.
    """

    def __init__(self, parts: Sequence[Rows], places: Sequence[int]) -> None:
        columns = [(part.X, part.y, part.weight) for part in parts]
        self.columns = [
            None if column[0] is None else _joined(column)
            for column in zip(*columns, strict=True)
        ]
        self.places = places
        sizes = [len(part) for part in parts]
        self.first = torch.tensor([0, *sizes[:-1]]).cumsum(0)

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
        return Batch(self.columns, self.places[lanes], n_rows)


def _joined(column: Sequence[Tensor | None]) -> Tensor:
    parts = [part for part in column if part is not None]
    return parts[0] if len(parts) == 1 else torch.cat(parts)
