"""The rows that are watched, after each epoch of a stack."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import torch
from torch import Tensor

from skhyper.fused._lanes import Lane
from skhyper.fused._layers import Pass
from skhyper.fused._losses import StackedLoss, Targets, mean_losses
from skhyper.fused._network import Network
from skhyper.rules import score
from skhyper.training import Rows, evaluation_batches

__all__ = ["runs_of", "validate"]


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


def validate(lanes: Sequence[Lane], network: Network, loss: StackedLoss) -> None:
    """Record each lane's loss and score of the rows it watches, if there are any.

    Parameters
    ----------
    lanes : sequence of Lane
        The lanes.
    network : Network
        Their networks.
    loss : StackedLoss
        Their loss.
    """
    watched = [lane.source.valid for lane in lanes]
    sizes = [0 if rows is None else len(rows) for rows in watched]
    for size, run in runs_of(sizes):
        rows = [part for part in watched[run] if part is not None]
        if size:
            output, means, n_batches = _evaluate(rows, network, loss, run)
            for place, lane in enumerate(lanes[run]):
                _record(lane, rows[place], output[place], means[place], n_batches)


def _evaluate(
    rows: Sequence[Rows], network: Network, loss: StackedLoss, lanes: slice
) -> tuple[Tensor, list[float], int]:
    """Compute outputs and mean losses of lanes that watch as many rows."""
    distinct = list(dict.fromkeys(rows))
    place = {part: number for number, part in enumerate(distinct)}
    which = torch.tensor([place[part] for part in rows], device=rows[0].X.device)

    def spread(parts: list[Tensor]) -> Tensor:
        stack = torch.stack(parts)
        if len(parts) == 1:
            return stack.expand(len(rows), *stack.shape[1:])
        return stack[which]

    outputs, losses, shares = [], [], []
    bounds = evaluation_batches(distinct[0]).bounds
    for start, stop in bounds:
        batch = [part[start:stop] for part in distinct]
        weight = None
        y = [target for _, target in batch]
        if distinct[0].weight is not None:
            weight = spread([target[1] for target in y])
            y = [target[0] for target in y]
        output = network.forward(
            spread([x for x, _ in batch]), Pass(lanes, training=False)
        )
        outputs.append(output)
        losses.append(loss.of_evaluation(output, Targets(spread(y), weight)))
        n_rows = output.new_full((len(rows),), float(stop - start))
        shares.append(n_rows if weight is None else weight.sum(1))
    means = mean_losses(torch.stack(losses, 1), torch.stack(shares, 1))
    return torch.cat(outputs, 1), means.tolist(), len(bounds)


def _record(
    lane: Lane, rows: Rows, output: Tensor, loss: float, n_batches: int
) -> None:
    if not lane.is_over and lane.record("valid", loss, n_batches):
        assert rows.y is not None, "nothing is watched without a target"
        name = lane.recipe.structure.loss
        lane.history[-1]["valid_score"] = score(name, output, rows.y, rows.weight)
