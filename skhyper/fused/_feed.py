"""The order in which lanes read their rows, and what is drawn beside them."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from skhyper.fused._pool import Batch, Pool
from skhyper.fused._runs import numbered, runs_of
from skhyper.fused._tape import Tape
from skhyper.rules import Noise
from skhyper.training import Rows, batch_bounds

__all__ = ["Feed", "Source", "Turn"]


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


class Turn(NamedTuple):
    """Lanes that take a step together: their batches have the same bounds.

    ``numbers`` has those of the rows, for every source.
    """

    batch: int
    lanes: slice
    start: int
    stop: int
    numbers: Tensor


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
        self.distinct, places = numbered(sources)
        self.pool = Pool([source.train for source in self.distinct], places)
        self.device = self.distinct[0].train.X.device
        # Lanes of one seed and as many rows draw the same numbers.
        self.keys = [(source.seed, source.n_rows) for source in sources]
        self.generators = {
            key: torch.Generator(self.device) for key in dict.fromkeys(self.keys)
        }
        shape = len(self.distinct), self.distinct[0].n_rows
        self.orders = torch.zeros(shape, dtype=torch.int64, device=self.device)
        self.turns = self._turns()

    def begin_epoch(self, epoch: int) -> None:
        """Shuffle the rows of every source, as its seed says for this epoch."""
        orders = torch.zeros(self.orders.shape, dtype=torch.int64)
        for source, order in zip(self.distinct, orders, strict=True):
            n_rows = source.n_rows
            key = (source.seed, n_rows)
            self.generators[key].manual_seed(source.noise.seed_for("dropout", epoch))
            # A batch of all rows needs no shuffling: its gradient is the same sum.
            is_shuffled = len(source.bounds) > 1
            order[:n_rows] = (
                source.noise.order(n_rows, epoch)
                if is_shuffled
                else torch.arange(n_rows)
            )
        self.orders.copy_(orders)

    def batch(self, turn: Turn) -> Batch:
        """Make room for the batches of turns like this one."""
        return self.pool.batch(turn.stop - turn.start, turn.lanes)

    def draw(self, tape: Tape, n_rows: int, n_units: int) -> list[Tensor]:
        """Put on a tape that the uniform numbers of a dropout are drawn.

        Parameters
        ----------
        tape : Tape
            The tape.
        n_rows, n_units : int
            Shape of the values that are dropped from.

        Returns
        -------
        uniforms : list of torch.Tensor of shape (n_lanes_of_part, n_rows, n_units)
            Where they will be, as float32, in parts: lanes beside each other.
        """
        keys, shape = self.keys[tape.lanes], (n_rows, n_units)
        drawn = {}
        for key in dict.fromkeys(keys):
            drawn[key] = torch.empty(shape, device=self.device)
            generator = self.generators[key]
            tape.call(torch.rand, shape, generator=generator, out=drawn[key])
        return [
            drawn[key].expand(lanes.stop - lanes.start, *shape)
            for key, lanes in runs_of(keys)
        ]

    def _turns(self) -> list[Turn]:
        turns = []
        for batch in range(len(self.of_lanes[0].bounds)):
            active = [
                source.bounds[batch]
                for source in self.of_lanes
                if batch < len(source.bounds)
            ]
            turns += [
                Turn(batch, lanes, start, stop, self.orders[:, start:stop])
                for (start, stop), lanes in runs_of(active)
            ]
        return turns
