"""Lanes beside each other that have something in common."""

from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

__all__ = ["runs_of"]

Key = TypeVar("Key", bound=Hashable)


def runs_of(keys: Sequence[Key]) -> Iterator[tuple[Key, slice]]:
    """Find the lanes beside each other that have the same key.

    Parameters
    ----------
    keys : sequence of hashable of length n_lanes
        A key for each lane.

    Yields
    ------
    key : hashable
        The key.
    lanes : slice
        Lanes that have it.

    Examples
    --------
    >>> from skhyper.fused._runs import runs_of
    >>> list(runs_of([5, 5, 3]))
    [(5, slice(0, 2, None)), (3, slice(2, 3, None))]
    """
    start = 0
    for key, run in groupby(keys):
        stop = start + len(list(run))
        yield key, slice(start, stop)
        start = stop
