"""How many lanes are stepped at once."""

import math
from collections.abc import Sequence
from itertools import groupby, pairwise

from skhyper.fused._lanes import Lane
from skhyper.fused._request import size_of
from skhyper.training import Structure

__all__ = ["bucket", "cut_tiles"]

# So much of a step stays in a cache near the core; with few lanes the time goes to the
# calls, with many the gain of one more is gone.
TILE_BYTES = 12 * 2**20
FEWEST_LANES, MOST_LANES = 8, 256

# Threads that step fewer lanes than this part of a tile wait for each other.
SMALLEST_PART = 1 / 4

# Of each: weights, gradients and two moments; inputs, outputs and their gradients.
COPIES_OF_WEIGHTS, COPIES_OF_ROWS = 4, 2


def bucket(n_lanes: int) -> int:
    """Round a number of lanes up to one of a few sizes that stacks have.

    Parameters
    ----------
    n_lanes : int
        Lanes that are still trained.

    Returns
    -------
    size : int
        A power of two, or one and a half of it.

    Examples
    --------
    >>> from skhyper.fused._tiling import bucket
    >>> [bucket(n) for n in (0, 1, 3, 5, 7, 9, 13, 17, 25)]
    [0, 1, 3, 6, 8, 12, 16, 24, 32]
    """
    power = 1 << max(0, n_lanes - 1).bit_length()
    fitting = (size for size in (n_lanes and power * 3 // 4, power) if size >= n_lanes)
    return next(fitting)


def cut_tiles(lanes: Sequence[Lane], n_threads: int) -> list[list[Lane]]:
    """Cut the lanes of a stack into tiles.

    One thread has tiles of lanes of the same rows; several have as many tiles of about
    the same size, unless the lanes are too few for it. Where there is a deadline, lanes
    that were handed in one after the other stay together: tiles that begin too late
    then cost some candidates of a search, not a split of each.

    Parameters
    ----------
    lanes : sequence of Lane
        The lanes, those of the same rows beside each other.
    n_threads : int
        How many tiles are trained side by side.

    Returns
    -------
    tiles : list of list of Lane
        All of the lanes.
    """
    if not lanes:
        return []
    structure = lanes[0].recipe.structure
    if structure.device != "cpu":
        # What a step costs there is hardly more for many lanes than for few.
        return [list(lanes)]
    fitting = tile_lanes(structure)
    most = max(1, int(len(lanes) / (fitting * SMALLEST_PART)))
    if any(lane.recipe.deadline is not None for lane in lanes):
        in_order = sorted(lanes, key=lambda lane: lane.number)
        places = {id(lane): place for place, lane in enumerate(lanes)}
        n_tiles = max(math.ceil(len(lanes) / fitting), min(n_threads, most))
        pieces = _parts(in_order, n_tiles)
        return [sorted(piece, key=lambda lane: places[id(lane)]) for piece in pieces]
    if n_threads == 1:
        return _along_sources(lanes, fitting)
    # Threads hold each other up from call to call: the fewer calls, the less they do.
    n_tiles = n_threads * max(1, len(lanes) // (fitting * n_threads))
    return _parts(list(lanes), min(n_tiles, most))


def _along_sources(lanes: Sequence[Lane], fitting: int) -> list[list[Lane]]:
    """Cut lanes so that those of the same rows stay together where a tile holds them.

    Then they take all of their steps together, and read the same rows.
    """
    tiles: list[list[Lane]] = []
    # A few lanes too many are less trouble than a tile of a few lanes.
    largest = max(fitting, math.ceil(len(lanes) / max(1, round(len(lanes) / fitting))))
    for _, run in groupby(lanes, key=lambda lane: lane.source):
        of_source = list(run)
        for piece in _parts(of_source, max(1, round(len(of_source) / fitting))):
            if tiles and len(tiles[-1]) + len(piece) <= largest:
                tiles[-1] += piece
            else:
                tiles.append(piece)
    return tiles


def _parts(lanes: list[Lane], n_parts: int) -> list[list[Lane]]:
    """Cut lanes into parts of about the same size."""
    bounds = [len(lanes) * part // n_parts for part in range(n_parts + 1)]
    return [lanes[start:stop] for start, stop in pairwise(bounds)]


def tile_lanes(structure: Structure) -> int:
    """Give the number of lanes whose steps are fast together; tiles have about as many.

    Parameters
    ----------
    structure : Structure
        Their structure.

    Returns
    -------
    n_lanes : int
        Between 8 and 256.
    """
    n_weights, n_values = size_of(structure)
    n_numbers = (
        COPIES_OF_WEIGHTS * n_weights + COPIES_OF_ROWS * structure.batch_size * n_values
    )
    fitting = TILE_BYTES // (structure.dtype.itemsize * n_numbers)
    return min(max(fitting, FEWEST_LANES), MOST_LANES)
