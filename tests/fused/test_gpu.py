"""On a CUDA device: the stack gives what each run gives alone, within a tolerance."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from skhyper.fused import _tile
from skhyper.fused._request import Request
from skhyper.fused._trainer import train_together
from skhyper.modules import CNN, MLP
from skhyper.rules import OPTIMIZERS
from skhyper.training import Data, Halt, Knobs, Recipe, Rows, Structure, train_alone

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]

# On a GPU a library chooses its kernels by the size of the stack, and they add up in
# another order: after 6 epochs of 8 steps the rounding of float32 has grown to this.
TOLERANCE = {"rtol": 1e-3, "atol": 1e-4}


def make_requests(lanes, kind="mlp", optimizer="sgd", **module_params):
    generator = torch.Generator().manual_seed(0)
    shape = {"input_shape": (1, 8, 8), "channels": (4, 8)}
    mine = shape if kind == "cnn" else {"n_features": 64}
    mine |= {"n_outputs": 3, "hidden_layer_sizes": (32,), **module_params}
    structure = Structure(
        CNN if kind == "cnn" else MLP,
        tuple(mine.items()),
        "cross_entropy",
        optimizer,
        32,
        torch.float32,
        "cuda",
    )
    X = torch.randn(250, 64, generator=generator)
    y = X[:, :3].argmax(1)
    train, valid = (
        Rows(X[:200].cuda(), y[:200].cuda()),
        Rows(X[200:].cuda(), y[200:].cuda()),
    )
    defaults = {"lr": 0.02, "max_epochs": 6, "seed": 0}
    return [
        Request(Recipe(structure, Knobs(**(defaults | knobs))), Data(train, valid))
        for knobs in lanes
    ]


RATES = [{"lr": lr} for lr in (0.001, 0.003, 0.01, 0.03)]
KNOBS = [
    {"dropout": 0.3, "l1": 1e-3},
    {"dropout": 0.5, "weight_decay": 0.01, "seed": 1},
    {"scheduler": "cosine", "label_smoothing": 0.1},
    {"patience": 2, "tol": 1e-2, "lr": 0.05},
]


def check(requests):
    results = train_together(requests, 1, Halt())
    alone = [train_alone(request.recipe, request.data) for request in requests]
    for ours, theirs in zip(results, alone, strict=True):
        assert (ours.best_epoch, ours.stop_reason) == (
            theirs.best_epoch,
            theirs.stop_reason,
        )
        states = ours.module.state_dict(), theirs.module.state_dict()
        for name in states[1]:
            torch.testing.assert_close(states[0][name], states[1][name], **TOLERANCE)
    losses = [
        [outcome.history["valid_loss"].iloc[-1] for outcome in outcomes]
        for outcomes in (results, alone)
    ]
    np.testing.assert_array_equal(np.argsort(losses[0]), np.argsort(losses[1]))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer(optimizer):
    check(make_requests(RATES, optimizer=optimizer))


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
@pytest.mark.parametrize("normalizer", [None, "batch", "layer", "group"])
def test_every_normalizer(kind, normalizer):
    check(make_requests(KNOBS, kind, normalizer=normalizer, n_groups=2))


def test_bfloat16_learns():
    requests = [
        replace(r, recipe=replace(r.recipe, structure=structure))
        for r in make_requests(RATES)
        for structure in [replace(r.recipe.structure, autocast=True)]
    ]
    for outcome in train_together(requests, 1, Halt()):
        losses = outcome.history["train_loss"]
        assert losses.iloc[-1] < losses.iloc[0]


def test_steps_are_replayed_as_graphs(monkeypatch):
    graphs = []
    leave = _tile.Tile._leave

    def keep(tile):
        graphs.extend(step.graphs for step in tile.steps.values())
        leave(tile)

    monkeypatch.setattr(_tile.Tile, "_leave", keep)
    train_together(make_requests(KNOBS), 1, Halt())
    # The first step of all goes on as long as no lane has ended.
    assert graphs[0].captured


def test_dropout_draws_in_a_graph_what_it_draws_without():
    lanes = [{"dropout": 0.5, "lr": lr} for lr in (0.01, 0.02)]
    check(make_requests(lanes))


@pytest.fixture
def little_memory():
    """Give this process 800 MiB of the memory of the device."""
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(800 * 2**20 / total)
    yield
    torch.cuda.set_per_process_memory_fraction(1.0)


def test_stack_that_finds_no_memory_is_halved(little_memory, monkeypatch):
    sizes = []
    train = _tile.Tile.train

    def watch(tile):
        sizes.append(len(tile.lanes))
        train(tile)

    monkeypatch.setattr(_tile.Tile, "train", watch)
    lanes = [{"lr": lr, "dropout": 0.2} for lr in np.linspace(0.001, 0.002, 32)]
    wide = {"optimizer": "adam", "hidden_layer_sizes": (1024, 1024)}
    results = train_together(make_requests(lanes, **wide), 1, Halt())
    assert [result for result in results if isinstance(result, BaseException)] == []
    assert len(sizes) > 1
