"""Domains as lists of values, for grids."""

import math
from typing import Any

from skhyper.spaces._choices import Choice, Domain
from skhyper.spaces._ranges import Int, Range, tidy

__all__ = ["grid_values"]


def grid_values(domain: Domain, points: int = 3) -> list[Any]:
    """List evenly spread values of a domain.

    Parameters
    ----------
    domain : Float or Int or Choice
        The domain.
    points : int, default=3
        How many values of a range, at least 1. Two or more contain both ends; one is
        the default alone. Zero beside a range comes on top. A narrow range of
        integers has fewer. A Choice gives all of its values unless `points` is 1.

    Returns
    -------
    values : list
        The values, ascending for a range, in their own order for a Choice.

    Raises
    ------
    ValueError
        If `points` is not an integer of at least 1.

    Examples
    --------
    >>> from skhyper.spaces import Float, Int
    >>> from skhyper.spaces._grid import grid_values
    >>> grid_values(Float(0.001, 0.1, log=True))
    [0.001, 0.01, 0.1]
    >>> grid_values(Int(1, 2), points=5)
    [1, 2]
    """
    if not isinstance(points, int) or isinstance(points, bool) or points < 1:
        raise ValueError(
            f"The 'points' parameter of a grid must be an integer >= 1. Got {points!r}."
        )
    if points == 1:
        return [domain.default]
    if isinstance(domain, Choice):
        return list(domain.values)
    values = _stepped(domain, points) if domain.n_steps else _spread(domain, points)
    if domain.zero and 0.0 not in values:
        values.insert(0, 0.0)
    return values


def _stepped(domain: Range, points: int) -> list[Any]:
    last = domain.n_steps - 1
    picked = {round(last * i / (points - 1)) for i in range(points)}
    return [domain.nth(index) for index in sorted(picked)]


def _spread(domain: Range, points: int) -> list[Any]:
    low, high = domain.low, domain.high
    if domain.log:
        start, stop = math.log10(low), math.log10(high)
        inner = [10 ** _between(start, stop, i / (points - 1)) for i in range(points)]
    else:
        inner = [_between(low, high, i / (points - 1)) for i in range(points)]
    if isinstance(domain, Int):
        return sorted({low, *map(round, inner[1:-1]), high})
    return [low, *(min(max(tidy(x), low), high) for x in inner[1:-1]), high]


def _between(start: float, stop: float, share: float) -> float:
    return start * (1 - share) + stop * share
