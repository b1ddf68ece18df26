"""Rows that lanes share lie in a batch once, and lanes have the bits of runs alone."""

from dataclasses import replace

import pytest
import torch

from skhyper.fused._pool import Pool
from skhyper.training import Rows
from tests.fused.runs import check, make_requests

DTYPES = [torch.float32, torch.float64]
# Enough lanes for each fold that their rows are not copied.
LANES = [
    {"lr": 0.02 * number, "dropout": 0.1 * (number % 3), "max_epochs": 3 + number % 2}
    for number in range(1, 6)
]


def make_parts(n_sources):
    return [
        Rows(torch.arange(8.0).view(4, 2) + 10 * source, torch.full((4,), source))
        for source in range(n_sources)
    ]


def make_pool(places):
    return Pool(make_parts(3), places)


@pytest.mark.parametrize(
    ("places", "n_lanes", "n_gathered"),
    [
        ([0], [1], 1),
        ([2] * 3, [3], 1),
        ([0] * 4 + [1] * 4, [4, 4], 2),
        ([0] * 6 + [2] * 2, [6, 2], 2),
        ([0] * 4 + [1] * 3, [7], 7),
        ([0, 1, 2], [3], 3),
    ],
)
def test_rows_lie_once_for_lanes_that_are_many(places, n_lanes, n_gathered):
    pool = make_pool(places)
    batch = pool.batch(2)
    batch.fill(torch.tensor([3, 1]).expand(3, -1))
    assert [len(part) for part in batch.inputs] == n_lanes
    storages = {lane.data_ptr() for part in batch.inputs for lane in part}
    assert len(storages) == n_gathered
    lanes = [lane for part in batch.inputs for lane in part]
    for place, x, y in zip(places, lanes, batch.targets.y, strict=True):
        assert x.tolist() == [
            [10.0 * place + 6, 10 * place + 7],
            [10 * place + 2, 10 * place + 3],
        ]
        assert y.tolist() == [place] * 2


def test_a_batch_of_some_lanes():
    pool = make_pool([0] * 5 + [1] * 5)
    batch = pool.batch(2, slice(5, 10))
    batch.fill(torch.tensor([0, 2]).expand(3, -1))
    [part] = batch.inputs
    assert part.shape == (5, 2, 2)
    assert part[4].tolist() == [[10.0, 11.0], [14.0, 15.0]]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("widths", [(), (12, 5), (64,)], ids=str)
@pytest.mark.parametrize("n_features", [1, 7, 32])
def test_shared_rows_of_vectors(n_features, widths, dtype):
    form = {"n_features": n_features, "hidden_layer_sizes": widths, "valid": True}
    check(make_requests(LANES, dtype=dtype, **form))


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "squared_error"])
@pytest.mark.parametrize("normalizer", [None, "batch"])
def test_shared_rows_that_have_weights(normalizer, loss):
    form = {"normalizer": normalizer, "weighted": True, "valid": True}
    check(make_requests(LANES, loss=loss, **form))


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
@pytest.mark.parametrize("autocast", [False, True])
def test_shared_rows_of_any_network(autocast, kind):
    requests = make_requests(LANES, kind=kind, valid=True)
    structure = replace(requests[0].recipe.structure, autocast=autocast)
    check([replace(r, recipe=replace(r.recipe, structure=structure)) for r in requests])


def test_shared_rows_of_lanes_that_leave():
    lanes = [{**lane, "max_epochs": 1 + number} for number, lane in enumerate(LANES)]
    check(make_requests(lanes + lanes, sizes=(40, 57)))


def test_the_rows_of_a_source_are_not_copied_for_lanes_that_are_many():
    parts = make_parts(3)
    batch = Pool(parts, [0] * 4 + [1] * 4).batch(2)
    columns = {column.data_ptr() for column, _, _ in batch.gathered}
    of_two = [part for rows in parts[:2] for part in (rows.X, rows.y)]
    assert columns == {part.data_ptr() for part in of_two}


@pytest.mark.parametrize("n_sources", [1, 2, 3])
@pytest.mark.parametrize("n_rows", range(1, 12))
def test_weights_of_small_batches(n_rows, n_sources):
    form = {"n_features": 1, "hidden_layer_sizes": (64,), "normalizer": "batch"}
    form |= {"loss": "binary_cross_entropy", "optimizer": "rmsprop", "weighted": True}
    sizes = (4 * n_rows, 4 * n_rows + 1, 4 * n_rows + 2)[:n_sources]
    # The last batch of a fold may have a single row, which has no variance.
    form |= {"normalizer": None} if n_rows == 1 or n_sources > 1 else {}
    check(make_requests(LANES, batch_size=n_rows, sizes=sizes, **form))


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_shared_rows_of_seeds_and_folds_of_any_size(n_threads):
    lanes = [{**lane, "seed": n % 2, "patience": 2} for n, lane in enumerate(LANES * 3)]
    requests = make_requests(lanes, sizes=(40, 57, 58), valid=True)
    # Not as many lanes of each fold.
    check(requests[:20] + requests[21::3], n_threads)
