"""Which runs of a stack learn from the same rows."""

from collections.abc import Hashable, Sequence

import torch
from torch import Tensor

from skhyper.fused._feed import Source
from skhyper.fused._lanes import Lane
from skhyper.fused._request import Request
from skhyper.training import Data, Rows

__all__ = ["make_lanes"]


def make_lanes(requests: Sequence[Request], numbers: Sequence[int]) -> list[Lane]:
    """Make the lanes of runs that are stacked.

    Parameters
    ----------
    requests : sequence of Request
        All runs.
    numbers : sequence of int
        Those that are stacked.

    Returns
    -------
    lanes : list of Lane
        Their lanes, the most rows first and those of the same rows beside each other.
    """
    sources: dict[Hashable, list[Source]] = {}
    lanes = []
    for number in numbers:
        recipe, data = requests[number].recipe, requests[number].data
        seed, batch_size = recipe.knobs.seed, recipe.structure.batch_size
        known = sources.setdefault((seed, _hint(data)), [])
        source = next((s for s in known if _has_rows(s, data.train, data.valid)), None)
        if source is None:
            source = Source(data.train, data.valid, seed, batch_size)
            known.append(source)
        lanes.append(Lane(number, recipe, source))
    order = {lane.source: place for place, lane in enumerate(lanes)}
    return sorted(lanes, key=lambda lane: (-lane.source.n_rows, order[lane.source]))


def _hint(data: Data) -> Hashable:
    """Give what tells most of different rows apart, at little cost."""
    rows = data.train
    assert rows.y is not None, "nothing is learned without a target"
    y = rows.y.numpy(force=True).tobytes()
    return len(rows), float(rows.X[0].sum()), y


def _has_rows(source: Source, train: Rows, valid: Rows | None) -> bool:
    return _same(source.train, train) and _same(source.valid, valid)


def _same(one: Rows | None, other: Rows | None) -> bool:
    if one is None or other is None:
        return one is other
    pairs = ((one.X, other.X), (one.y, other.y), (one.weight, other.weight))
    return all(a is b or _is_equal(a, b) for a, b in pairs)


def _is_equal(a: Tensor | None, b: Tensor | None) -> bool:
    return a is not None and b is not None and torch.equal(a, b)
