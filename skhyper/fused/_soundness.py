"""Whether the networks of lanes that have ended are of any use."""

from collections.abc import Sequence

import torch
from torch import Tensor

from skhyper.fused._lanes import Lane
from skhyper.fused._network import Network
from skhyper.fused._passes import EvaluationPass
from skhyper.fused._pool import Pool
from skhyper.fused._runs import numbered
from skhyper.training import TRIED_ROWS

__all__ = ["fail_unsound"]


@torch.no_grad()
def fail_unsound(lanes: Sequence[Lane], network: Network) -> None:
    """End with an error the runs whose weights or outputs are not finite.

    As ``skhyper.training.flaw_of``, for all lanes at once.

    Parameters
    ----------
    lanes : sequence of Lane
        All lanes of a network; those are looked at that have just ended well.
    network : Network
        Their networks.
    """
    ended = [lane.stop_reason is not None and not lane.is_gone for lane in lanes]
    if not any(ended):
        return
    weights = torch.stack([_are_finite(stack) for stack in network.parameters])
    weights_are_finite = weights.all(0).tolist()
    outputs_are_finite = _are_finite(_outputs(lanes, network)).tolist()
    for place, lane in enumerate(lanes):
        if ended[place] and not weights_are_finite[place]:
            lane.fail("a weight is not finite")
        elif ended[place] and not outputs_are_finite[place]:
            lane.fail("the output is not finite")


def _outputs(lanes: Sequence[Lane], network: Network) -> Tensor:
    """Compute the outputs for the first rows of each lane, over again if too few."""
    sources, places = numbered([lane.source for lane in lanes])
    pool = Pool([source.train for source in sources], places)
    numbers = torch.stack(
        [torch.arange(TRIED_ROWS) % source.n_rows for source in sources]
    )
    every = slice(0, len(lanes))
    trial = EvaluationPass(network, every, pool, TRIED_ROWS)
    trial.take(numbers.to(sources[0].train.X.device))
    return trial.output


def _are_finite(stack: Tensor) -> Tensor:
    """Tell of each lane whether all of its numbers are finite."""
    return stack.flatten(1).isfinite().all(1)
