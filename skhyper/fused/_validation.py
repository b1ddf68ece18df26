"""The rows that are watched, after each epoch of a stack."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from skhyper.fused._lanes import Lane
from skhyper.fused._losses import StackedLoss
from skhyper.fused._means import EpochLosses, mean_losses
from skhyper.fused._network import Network
from skhyper.fused._passes import EvaluationPass
from skhyper.fused._pool import Pool
from skhyper.fused._runs import numbered, runs_of
from skhyper.rules import score
from skhyper.training import Rows, evaluation_batches

__all__ = ["Validation"]

# The widest layer of a pass has so many values at most, of all its lanes.
EVALUATION_NUMBERS = 2**21


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
            Watch(lanes[part], part, network, loss)
            for _, run in runs_of(sizes)
            if (rows := watched[run.start]) is not None
            for part in _parts(run, rows, network.width)
        ]

    def record(self) -> None:
        """Evaluate the networks as they are, and record it."""
        for watch in self.watches:
            watch.record()


def _parts(run: slice, rows: Rows, width: int) -> Iterator[slice]:
    """Cut lanes into as many as a pass over a batch of the rows has memory for."""
    n_rows = max(stop - start for start, stop in evaluation_batches(rows).bounds)
    n_lanes = max(1, EVALUATION_NUMBERS // (width * n_rows))
    for start in range(run.start, run.stop, n_lanes):
        yield slice(start, min(start + n_lanes, run.stop))


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
        self.run = run
        self.network = network
        self.loss = loss
        rows = [lane.source.valid for lane in lanes if lane.source.valid]
        distinct, places = numbered(rows)
        self.pool = Pool(distinct, places)
        self.bounds = evaluation_batches(distinct[0]).bounds
        n_rows, device = len(distinct[0]), distinct[0].X.device
        self.numbers = torch.arange(n_rows, device=device).expand(len(distinct), -1)
        self.passes: dict[int, EvaluationPass] = {}
        self.losses = EpochLosses(
            len(lanes),
            len(distinct[0]),
            network.parameters[0],
            is_weighted=distinct[0].weight is not None,
        )

    def record(self) -> None:
        """Evaluate the networks as they are, and record it."""
        outputs = [self._evaluate(start, stop) for start, stop in self.bounds]
        output = outputs[0] if len(outputs) == 1 else torch.cat(outputs, 1)
        means = self.losses.means(slice(0, len(self.lanes)), self.bounds)
        scores = self._scores(output)
        for lane, mean, value in zip(self.lanes, means, scores, strict=True):
            if not lane.is_over and lane.record("valid", mean, len(self.bounds)):
                lane.history[-1]["valid_score"] = value

    def _evaluate(self, start: int, stop: int) -> Tensor:
        """Give the outputs for some of the rows, and keep their losses."""
        n_rows = stop - start
        if n_rows not in self.passes:
            self.passes[n_rows] = EvaluationPass(
                self.network, self.run, self.pool, n_rows, self.loss
            )
        taken = self.passes[n_rows]
        taken.take(self.numbers[:, start:stop])
        assert taken.losses is not None, "a loss was asked for"
        room = self.losses.room(slice(0, len(self.lanes)), start, stop)
        room.keep(taken.losses, taken.weight)
        return taken.output if len(self.bounds) == 1 else taken.output.clone()

    def _scores(self, output: Tensor) -> list[float]:
        name = self.lanes[0].recipe.structure.loss
        watched = [lane.source.valid for lane in self.lanes]
        if name != "cross_entropy":
            return [
                score(name, lane, rows.y, rows.weight)
                for lane, rows in zip(output, watched, strict=True)
                if rows is not None and rows.y is not None
            ]
        sources = self.pool.sources
        if len(sources) > 1:
            sources = [sources[place] for place in self.pool.places]
        _, y, weight = zip(*sources, strict=True)
        hits = torch.eq(output.argmax(-1), torch.stack(y)).to(output.dtype)
        weights = None if weight[0] is None else torch.stack(weight)
        means: list[float] = mean_losses(hits, weights).tolist()
        return means
