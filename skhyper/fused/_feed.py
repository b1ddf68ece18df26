"""The rows of a tile's lanes, batch by batch, and what is drawn beside them."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import torch
from torch import Tensor

from skhyper.fused._alignment import empty_stack
from skhyper.fused._layers import Draw
from skhyper.fused._losses import Targets
from skhyper.rules import Noise
from skhyper.training import Rows, batch_bounds

__all__ = ["Feed", "Source"]


class Source:
    """Rows that lanes of one seed share.

    Parameters
    ----------
    train : Rows
        Rows to learn from.
    valid : Rows or None
        Rows to watch.
    seed : int
        Seed of the runs.
    batch_size : int
        Rows per step.
    """

    def __init__(
        self, train: Rows, valid: Rows | None, seed: int, batch_size: int
    ) -> None:
        self.train = train
        self.valid = valid
        self.noise = Noise(seed)
        self.seed = seed
        self.n_rows = len(train)
        self.bounds = batch_bounds(len(train), batch_size)


class Feed:
    """Serves the training batches of lanes.

    Parameters
    ----------
    sources : sequence of Source of length n_lanes
        Where the rows of each lane come from; the longest first, and lanes of the
        same source beside each other.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self.of_lanes = sources
        self.distinct = list(dict.fromkeys(sources))
        place = {source: number for number, source in enumerate(self.distinct)}
        first = self.distinct[0].train
        self.device = first.X.device
        self.places = [place[source] for source in sources]
        self.which = torch.tensor(self.places, device=self.device)
        assert first.y is not None, "nothing is learned without a target"
        self.X = self._storage(first.X)
        self.y = self._storage(first.y)
        self.weight = None if first.weight is None else self._storage(first.weight)
        # Lanes of one seed and as many rows draw the same numbers.
        self.keys = [(source.seed, source.n_rows) for source in sources]
        self.generators: dict[tuple[int, int], torch.Generator] = {}

    def begin_epoch(self, epoch: int) -> None:
        """Shuffle the rows of every source, as its seed says for this epoch."""
        for number, source in enumerate(self.distinct):
            rows, n_rows = source.train, source.n_rows
            key = (source.seed, n_rows)
            self.generators[key] = source.noise.generator("dropout", epoch, self.device)
            order = None
            # A batch of all rows needs no shuffling: its gradient is the same sum.
            if len(source.bounds) > 1:
                order = source.noise.order(n_rows, epoch).to(self.device)
            for shuffled, part in (
                (self.X, rows.X),
                (self.y, rows.y),
                (self.weight, rows.weight),
            ):
                if shuffled is not None and part is not None:
                    part = part if order is None else part[order]
                    for batch, (start, stop) in enumerate(source.bounds):
                        shuffled[number, batch, : stop - start] = part[start:stop]

    def steps(self) -> Iterator[tuple[int, slice, int]]:
        """Go through the steps of an epoch.

        Yields
        ------
        batch : int
            Number of the batch in the lanes' epoch.
        lanes : slice
            Lanes whose batches are of the same size.
        n_rows : int
            That size.
        """
        for batch in range(len(self.of_lanes[0].bounds)):
            active = [
                source.bounds[batch]
                for source in self.of_lanes
                if batch < len(source.bounds)
            ]
            start = 0
            for bounds, lanes in groupby(active):
                stop = start + len(list(lanes))
                yield batch, slice(start, stop), bounds[1] - bounds[0]
                start = stop

    def batch(self, batch: int, lanes: slice, n_rows: int) -> tuple[Tensor, Targets]:
        """Give the features and targets of a step.

        Parameters
        ----------
        batch : int
            Number of the batch in the lanes' epoch.
        lanes : slice
            The lanes.
        n_rows : int
            Rows of the batch.

        Returns
        -------
        x : torch.Tensor of shape (n_lanes, n_rows, n_features)
            Features.
        targets : Targets
            Targets and weights.
        """
        weight = None
        if self.weight is not None:
            weight = self._spread(self.weight[:, batch, :n_rows], lanes)
        targets = Targets(self._spread(self.y[:, batch, :n_rows], lanes), weight)
        return self._spread(self.X[:, batch, :n_rows], lanes), targets

    def draw(self, lanes: slice) -> Draw:
        """Make what draws the uniform numbers of a step's dropout."""

        def uniforms(n_rows: int, n_units: int) -> Tensor:
            keys = self.keys[lanes]
            distinct = list(dict.fromkeys(keys))
            drawn = {
                key: torch.rand(
                    (n_rows, n_units),
                    generator=self.generators[key],
                    dtype=torch.float32,
                    device=self.device,
                )
                for key in distinct
            }
            if len(distinct) == 1:
                return drawn[distinct[0]].unsqueeze(0)
            return torch.stack([drawn[key] for key in keys])

        return uniforms

    def _storage(self, part: Tensor) -> Tensor:
        """Make room for the shuffled rows, so that every batch is aligned."""
        bounds = [source.bounds for source in self.distinct]
        n_rows = max(stop - start for batches in bounds for start, stop in batches)
        size = (len(bounds), len(bounds[0]))
        shape = (n_rows, *part.shape[1:])
        stack = empty_stack(size[0] * size[1], shape, part.dtype, self.device)
        return stack.unflatten(0, size)

    def _spread(self, part: Tensor, lanes: slice) -> Tensor:
        """Give each lane the rows of its source, without a copy where that can be."""
        first, last = self.places[lanes.start], self.places[lanes.stop - 1]
        part = part[first : last + 1]
        n_lanes = lanes.stop - lanes.start
        if len(part) == n_lanes:
            return part
        if len(part) == 1:
            return part.expand(n_lanes, *part.shape[1:])
        return part.index_select(0, self.which[lanes] - first)
