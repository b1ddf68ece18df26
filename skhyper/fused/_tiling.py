"""How many lanes are stepped at once."""

import math
from collections.abc import Sequence

from skhyper.fused._lanes import Lane

__all__ = ["cut_tiles"]

TILE_LANES = 32


def cut_tiles(lanes: Sequence[Lane], n_threads: int) -> list[list[Lane]]:
    """Cut the lanes of a stack into tiles.

    Parameters
    ----------
    lanes : sequence of Lane
        The lanes, in their order.
    n_threads : int
        How many tiles are trained side by side.

    Returns
    -------
    tiles : list of list of Lane
        All of the lanes.
    """
    n_tiles = math.ceil(len(lanes) / TILE_LANES)
    # As many tiles for each thread, and as many lanes for each tile.
    n_tiles = n_threads * math.ceil(n_tiles / n_threads)
    size = math.ceil(len(lanes) / n_tiles)
    return [list(lanes[i : i + size]) for i in range(0, len(lanes), size)]
