"""The rows that are watched, after each epoch of a stack."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import torch
from torch import Tensor

from skhyper.fused._lanes import Lane
from skhyper.fused._losses import StackedLoss, mean_losses
from skhyper.fused._network import Network
from skhyper.fused._pool import Pool
from skhyper.rules import score
from skhyper.training import evaluation_batches

__all__ = ["Validation", "runs_of"]


def runs_of(keys: Sequence[int]) -> Iterator[tuple[int, slice]]:
    """Find the lanes beside each other that have the same key.

    Parameters
    ----------
    keys : sequence of int of length n_lanes
        A key for each lane.

    Yields
    ------
    key : int
        The key.
    lanes : slice
        Lanes that have it.

    Examples
    --------
    >>> from skhyper.fused._validation import runs_of
    >>> list(runs_of([5, 5, 3]))
    [(5, slice(0, 2, None)), (3, slice(2, 3, None))]
    """
    start = 0
    for key, run in groupby(keys):
        stop = start + len(list(run))
        yield key, slice(start, stop)
        start = stop


class Validation:
    """Records each lane's loss and score of the rows it watches, if there are any.

    Parameters
    ----------
    lanes : sequence of Lane
        The lanes.
    network : Network
        Their networks.
    loss : StackedLoss
        Their loss.
    """

    def __init__(
        self, lanes: Sequence[Lane], network: Network, loss: StackedLoss
    ) -> None:
        watched = [lane.source.valid for lane in lanes]
        sizes = [0 if rows is None else len(rows) for rows in watched]
        self.watches = [
            Watch(lanes[run], run, network, loss)
            for size, run in runs_of(sizes)
            if size
        ]

    def record(self) -> None:
        """Evaluate the networks as they are, and record it."""
        for watch in self.watches:
            watch.record()


class Watch:
    """Lanes that watch as many rows.

    Parameters
    ----------
    lanes : sequence of Lane
        These lanes.
    run : slice
        Which they are of the stack.
    network : Network
        The networks of the whole stack.
    loss : StackedLoss
        Their loss.
    """

    def __init__(
        self, lanes: Sequence[Lane], run: slice, network: Network, loss: StackedLoss
    ) -> None:
        self.lanes = lanes
        self.rows = [lane.source.valid for lane in lanes if lane.source.valid]
        distinct = list(dict.fromkeys(self.rows))
        self.pool = Pool(distinct)
        self.bounds = evaluation_batches(distinct[0]).bounds
        device = distinct[0].X.device
        place = {part: number for number, part in enumerate(distinct)}
        places = [place[part] for part in self.rows] if len(distinct) > 1 else [0]
        numbers = torch.arange(len(distinct[0])) + self.pool.first[places, None]
        self.numbers = numbers.to(device)
        sizes = dict.fromkeys(stop - start for start, stop in self.bounds)
        self.passes = {
            n_rows: _Pass(len(places), n_rows, self.pool, run, network, loss)
            for n_rows in sizes
        }

    def record(self) -> None:
        """Evaluate the networks as they are, and record it."""
        outputs, losses, shares = [], [], []
        for start, stop in self.bounds:
            part = self.passes[stop - start]
            self.pool.gather(self.numbers[:, start:stop], part.batch)
            part.tape.play()
            outputs.append(part.output.clone())
            losses.append(part.loss.clone())
            n_rows = part.loss.new_full((len(self.lanes),), float(stop - start))
            shares.append(n_rows if part.weight is None else part.weight.sum(1))
        means = mean_losses(torch.stack(losses, 1), torch.stack(shares, 1)).tolist()
        sound = [
            place
            for place, lane in enumerate(self.lanes)
            if not lane.is_over and lane.record("valid", means[place], len(self.bounds))
        ]
        scores = self._scores(torch.cat(outputs, 1), sound)
        for place, value in zip(sound, scores, strict=True):
            self.lanes[place].history[-1]["valid_score"] = value

    def _scores(self, output: Tensor, places: Sequence[int]) -> list[float]:
        name = self.lanes[0].recipe.structure.loss
        scores = []
        for place in places:
            rows = self.rows[place]
            assert rows.y is not None, "nothing is watched without a target"
            scores.append(score(name, output[place], rows.y, rows.weight))
        return scores


class _Pass:
    """A pass through the networks of some lanes, for batches of one size."""

    def __init__(
        self,
        n_runs: int,
        n_rows: int,
        pool: Pool,
        run: slice,
        network: Network,
        loss: StackedLoss,
    ) -> None:
        self.batch = pool.batch(n_runs, n_rows)
        n_lanes = run.stop - run.start
        x, targets = self.batch.spread(n_lanes)
        self.weight = targets.weight
        self.tape = network.tape(run)
        self.output = network.forward(x, self.tape)
        self.loss = loss.of_evaluation(self.output, targets, self.tape)
