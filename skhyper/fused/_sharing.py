"""Which runs learn from the same rows."""

import threading
from collections import defaultdict
from collections.abc import Hashable, Sequence
from weakref import WeakSet

import torch
from torch import Tensor

from skhyper.fused._feed import Source
from skhyper.fused._lanes import Lane
from skhyper.fused._request import Request
from skhyper.training import Data, Rows

__all__ = ["KnownRows", "make_lanes"]


class KnownRows:
    """The rows that runs hold, each of them once.

    A search cuts the same rows out for every candidate. Whoever waits for its training
    holds on to rows that are known instead of to those it has cut out.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: defaultdict[Hashable, WeakSet[Rows]] = defaultdict(WeakSet)

    def share(self, data: Data) -> Data:
        """Give equal rows that somebody holds, or make these known.

        Parameters
        ----------
        data : Data
            The rows of a run.

        Returns
        -------
        data : Data
            Equal rows, of the same origin.
        """
        valid = None if data.valid is None else self._like(data.valid)
        return Data(self._like(data.train), valid, data.origin)

    def _like(self, rows: Rows) -> Rows:
        hint = _hint(rows)
        with self._lock:
            known = self._known[hint]
            equal = next((each for each in known if _are_equal(each, rows)), rows)
            known.add(equal)
            return equal


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
    sources: dict[Hashable, Source] = {}
    lanes = []
    for number in numbers:
        request = requests[number]
        recipe, data = request.recipe, request.data
        seed, batch_size = recipe.knobs.seed, recipe.structure.batch_size
        key = (seed, data.train, data.valid)
        if key not in sources:
            sources[key] = Source(data.train, data.valid, seed, batch_size)
        history = request.paused.history if request.paused else ()
        lanes.append(Lane(number, recipe, sources[key], history))
    order = {lane.source: place for place, lane in enumerate(lanes)}
    return sorted(lanes, key=lambda lane: (-lane.source.n_rows, order[lane.source]))


def _hint(rows: Rows) -> Hashable:
    """Give what tells most of different rows apart, at little cost."""
    assert rows.y is not None, "nothing is learned without a target"
    return (
        rows.X.shape,
        float(rows.X[0].sum()),
        hash(rows.y.numpy(force=True).tobytes()),
    )


def _are_equal(one: Rows, other: Rows) -> bool:
    pairs = ((one.X, other.X), (one.y, other.y), (one.weight, other.weight))
    return all(a is b or _is_same(a, b) for a, b in pairs)


def _is_same(a: Tensor | None, b: Tensor | None) -> bool:
    if a is None or b is None:
        return False
    # Of other types, equal numbers are other bits.
    return a.dtype == b.dtype and a.device == b.device and torch.equal(a, b)
