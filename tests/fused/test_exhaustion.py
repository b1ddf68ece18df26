"""A stack that a device has no memory for is halved, and goes on."""

import weakref

import pytest
import torch

from skhyper.fused import _trainer
from skhyper.fused._tile import Tile
from skhyper.fused._trainer import train_together
from skhyper.training import Halt, train_alone
from tests.fused.runs import differences, make_requests

# The lanes of the second kind end while the others go on.
LANES = [{"lr": 0.05, "max_epochs": 6}, {"lr": 0.1, "max_epochs": 2, "dropout": 0.2}]


@pytest.fixture
def small_device(monkeypatch):
    """Have a device that can hold three lanes, and notices it in the third epoch."""
    sizes = []
    train_epoch = Tile._train_epoch

    def run_out(tile, epoch):
        if epoch == 0:
            sizes.append(len(tile.lanes))
        if epoch == 3 and len(tile.lanes) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        train_epoch(tile, epoch)

    monkeypatch.setattr(Tile, "_train_epoch", run_out)
    return sizes


def test_halves_give_what_the_whole_would(small_device):
    requests = make_requests(LANES, sizes=(40, 40, 41, 38, 37))
    results = train_together(requests, 1, Halt())
    # Half of the ten lanes have ended before the memory does.
    assert small_device == [10, 3, 2]
    for request, result in zip(requests, results, strict=True):
        assert not differences(result, train_alone(request.recipe, request.data))


def test_a_single_lane_that_is_too_large_raises_the_error(monkeypatch):
    def run_out(tile, epoch):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Tile, "_train_epoch", run_out)
    results = train_together(make_requests(LANES), 1, Halt())
    assert all(isinstance(result, torch.OutOfMemoryError) for result in results)


def test_last_lane_of_a_stack_gets_a_try_alone(monkeypatch):
    lane_numbers = []
    outcome_of = _trainer.outcome_of

    def run_out(lane, place, tile):
        lane_numbers.append(lane.number)
        if len(lane_numbers) == 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return outcome_of(lane, place, tile)

    monkeypatch.setattr(_trainer, "outcome_of", run_out)
    requests = make_requests([{"lr": 0.05}, {"lr": 0.1}], sizes=(40,))
    results = train_together(requests, 1, Halt())
    assert lane_numbers == [0, 1, 1]
    for request, result in zip(requests, results, strict=True):
        assert not differences(result, train_alone(request.recipe, request.data))


@pytest.mark.parametrize("kind", [torch.OutOfMemoryError, ZeroDivisionError])
def test_an_error_that_is_kept_holds_no_stack(monkeypatch, kind):
    tiles = []

    def fail(tile, epoch):
        tiles.append(weakref.ref(tile))
        raise kind("in the middle")

    monkeypatch.setattr(Tile, "_train_epoch", fail)
    results = train_together(make_requests(LANES), 1, Halt())
    assert all(isinstance(result, kind) for result in results)
    assert [tile() for tile in tiles] == [None] * len(tiles)
