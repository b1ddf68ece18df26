"""How the lanes of a stack are cut into tiles."""

from dataclasses import replace

import pytest

from skhyper.fused._sharing import make_lanes
from skhyper.fused._tiling import cut_tiles, tile_lanes
from skhyper.training import Deadline
from tests.fused.runs import make_requests


def cut(n_candidates, n_folds, n_threads, widths=(256,)):
    requests = make_requests(
        [{"lr": 0.01 * n} for n in range(1, n_candidates + 1)],
        sizes=(300,) * n_folds,
        batch_size=128,
        hidden_layer_sizes=widths,
    )
    lanes = make_lanes(requests, range(len(requests)))
    tiles = cut_tiles(lanes, n_threads)
    assert [lane for tile in tiles for lane in tile] == lanes
    assert {lane.number for tile in tiles for lane in tile} == {*range(len(requests))}
    assert sum(map(len, tiles)) == len(requests)
    return tiles


def fitting(widths=(256,)):
    [request] = make_requests(
        [{}], sizes=(300,), batch_size=128, hidden_layer_sizes=widths
    )
    return tile_lanes(request.recipe.structure)


def test_lanes_of_the_same_rows_stay_together():
    n_candidates = fitting() * 2 // 3
    tiles = cut(n_candidates, 5, 1)
    assert [len(tile) for tile in tiles] == [n_candidates] * 5
    assert all(len({lane.source for lane in tile}) == 1 for tile in tiles)


@pytest.mark.parametrize("n_threads", [2, 3])
@pytest.mark.parametrize("share", [0.4, 0.7, 1.0, 2.3, 7.0])
def test_threads_have_as_many_tiles_and_tiles_as_many_lanes(share, n_threads):
    sizes = [len(tile) for tile in cut(int(share * fitting()), 5, n_threads)]
    assert len(sizes) % n_threads == 0
    assert max(sizes) - min(sizes) <= 1


def test_small_runs_share_a_tile():
    assert len(cut(2, 3, 1)) == 1


def test_no_tile_is_much_larger_than_what_fits():
    sizes = [len(tile) for tile in cut(3 * fitting(), 2, 1)]
    assert max(sizes) <= 1.5 * fitting()
    assert min(sizes) >= fitting() // 2


def test_a_few_lanes_too_many_make_no_tile_of_their_own():
    n_candidates = fitting() // 5 + 1
    n_lanes = 5 * n_candidates
    assert fitting() < n_lanes < 1.5 * fitting()
    assert [len(tile) for tile in cut(n_candidates, 5, 1)] == [n_lanes]


@pytest.mark.parametrize("n_threads", [2, 3, 4])
def test_threads_have_as_much_to_do_and_in_few_tiles(n_threads):
    sizes = [len(tile) for tile in cut(fitting(), n_threads + 1, n_threads)]
    assert len(sizes) == n_threads
    assert max(sizes) < 2 * fitting()


def test_few_lanes_are_not_torn_apart():
    assert len(cut(2, 1, 4)) == 1


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_threads_have_tiles_each_also_before_a_deadline(n_threads):
    [request] = make_requests([{}], sizes=(300,), batch_size=128)
    timed = replace(request, recipe=replace(request.recipe, deadline=Deadline(0.0)))
    n_lanes = tile_lanes(request.recipe.structure) * 4 // 5
    lanes = make_lanes([timed] * n_lanes, range(n_lanes))
    tiles = cut_tiles(lanes, n_threads)
    assert len(tiles) == n_threads
    numbers = [lane.number for tile in tiles for lane in tile]
    assert numbers == [*range(n_lanes)]


def test_narrow_networks_have_larger_tiles_than_wide_ones():
    assert fitting((8,)) > fitting((256,)) >= fitting((4096,))
