"""Lanes that have something in common."""

from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

__all__ = ["numbered", "runs_of"]

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


def numbered(things: Sequence[Key]) -> tuple[list[Key], list[int]]:
    """Find the different ones among what lanes have.

    Parameters
    ----------
    things : sequence of hashable of length n_lanes
        What each lane has.

    Returns
    -------
    distinct : list of hashable
        The different ones, in the order in which they come first.
    places : list of int of length n_lanes
        Where what each lane has is among them.

    Examples
    --------
    >>> from skhyper.fused._runs import numbered
    >>> numbered(["b", "a", "b"])
    (['b', 'a'], [0, 1, 0])
    """
    place = {thing: number for number, thing in enumerate(dict.fromkeys(things))}
    return list(place), [place[thing] for thing in things]
