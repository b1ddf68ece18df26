"""A lane of a stack has the bits of the same run trained alone."""

import itertools
from dataclasses import replace

import pytest
import torch

from skhyper.fused._trainer import train_together
from skhyper.rules import OPTIMIZERS, SCHEDULES
from skhyper.training import Halt, train_alone, train_on
from tests.fused.runs import check, differences, make_requests

LOSSES = ["cross_entropy", "binary_cross_entropy", "squared_error"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("scheduler", [None, *SCHEDULES])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_under_every_schedule(optimizer, scheduler, dtype):
    lanes = [{"lr": 0.01, "scheduler": scheduler}, {"lr": 0.03, "scheduler": scheduler}]
    check(make_requests(lanes, optimizer=optimizer, dtype=dtype))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("normalizer", [None, "batch", "layer", "group"])
@pytest.mark.parametrize("widths", [(12, 6), (32, 64), (100, 10)], ids=str)
def test_every_normalizer_of_vectors(normalizer, widths, dtype):
    lanes = [{"lr": 0.05}, {"lr": 0.1, "dropout": 0.3}, {"dropout": 0.5}]
    form = {"normalizer": normalizer, "n_groups": 2, "hidden_layer_sizes": widths}
    check(make_requests(lanes, dtype=dtype, **form))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(
    "activation",
    [
        "relu",
        "leaky_relu",
        "elu",
        "selu",
        "gelu",
        "silu",
        "mish",
        "tanh",
        "sigmoid",
        "identity",
    ],
)
@pytest.mark.parametrize("widths", [(13, 5), (64,)], ids=str)
def test_every_activation(activation, widths, dtype):
    lanes = [{"lr": 0.05}, {"lr": 0.1}]
    form = {"activation": activation, "hidden_layer_sizes": widths}
    check(make_requests(lanes, dtype=dtype, **form))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("valid", [False, True])
def test_every_loss(loss, smoothing, weighted, valid):
    lanes = [{"label_smoothing": smoothing}, {"lr": 0.1}]
    check(make_requests(lanes, loss=loss, weighted=weighted, valid=valid))


@pytest.mark.parametrize("restore", [True, False])
@pytest.mark.parametrize("scheduler", [None, "plateau", "cosine", "onecycle"])
def test_early_stopping(scheduler, restore):
    common = {"scheduler": scheduler, "max_epochs": 40, "restore_best": restore}
    lanes = [
        {"lr": 0.01, "patience": 3, "tol": 1e-3, **common},
        {"lr": 0.3, "patience": 2, "tol": 1e-2, **common},
        {"lr": 0.3, "patience": None, **common, "max_epochs": 7},
    ]
    results = check(make_requests(lanes, valid=True))
    assert len({len(result.history) for result in results}) > 3


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_penalties_and_decay(optimizer):
    lanes = [
        {"l1": 1e-3},
        {"l2": 1e-2, "weight_decay": 0.1},
        {"l1": 1e-4, "l2": 1e-3, "momentum": 0.9, "nesterov": True},
        {},
    ]
    check(make_requests(lanes, optimizer=optimizer))


@pytest.mark.parametrize("normalizer", [None, "batch", "layer", "instance", "group"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_convolutional_networks(normalizer, dtype):
    lanes = [{"dropout": 0.2}, {"lr": 0.1, "l1": 1e-3}]
    form = {"normalizer": normalizer, "n_groups": 1}
    check(make_requests(lanes, kind="cnn", dtype=dtype, valid=True, **form))


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
@pytest.mark.parametrize("normalizer", [None, "batch", "layer", "group"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
@pytest.mark.parametrize("widths", [(12, 6), (32, 64)], ids=str)
def test_products_of_bfloat16(kind, normalizer, activation, widths):
    lanes = [{"lr": 0.05}, {"dropout": 0.3, "l1": 1e-3}]
    form = {"normalizer": normalizer, "activation": activation, "kind": kind}
    form["n_groups"] = 1 if kind == "cnn" else 2
    requests = make_requests(lanes, hidden_layer_sizes=widths, valid=True, **form)
    structure = replace(requests[0].recipe.structure, autocast=True)
    check([replace(r, recipe=replace(r.recipe, structure=structure)) for r in requests])


@pytest.mark.parametrize("sizes", [(16, 17, 18), (33, 32, 31, 100), (5, 5, 6), (2, 3)])
def test_folds_of_any_size(sizes):
    check(make_requests([{"dropout": 0.1}, {"lr": 0.1}], sizes=sizes))


@pytest.mark.parametrize("n_threads", [1, 2])
def test_seeds_and_epochs_of_their_own(n_threads):
    lanes = [
        {"seed": seed, "max_epochs": 2 + seed, "dropout": 0.3} for seed in range(5)
    ]
    check(make_requests(lanes), n_threads)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("widths", [(), (2,), (6,)], ids=str)
@pytest.mark.parametrize("n_features", [1, 2, 7])
def test_few_features(n_features, widths, loss, dtype):
    form = {"n_features": n_features, "hidden_layer_sizes": widths, "loss": loss}
    check(make_requests([{}, {"lr": 0.1}], dtype=dtype, sizes=(57, 57, 200), **form))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(
    ("loss", "n_outputs"),
    [*itertools.product(LOSSES, [3]), *itertools.product(LOSSES[1:], [1])],
)
@pytest.mark.parametrize("activation", ["identity", "relu", "tanh"])
@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_batches_and_validation_of_a_single_row(
    kind, n_outputs, activation, loss, dtype
):
    lanes = [{"patience": 2, "scheduler": "plateau"}, {"lr": 0.1, "max_epochs": 9}]
    # The last batch of 16 has one row, as has what the first fold watches.
    form = {"sizes": (17, 33), "valid": True, "n_valid": 1, "loss": loss}
    widths = {"activation": activation, "hidden_layer_sizes": (8,)}
    form |= {"kind": kind, "n_outputs": n_outputs, "dtype": dtype}
    check(make_requests(lanes, **form, **widths))


@pytest.mark.parametrize("patience", [None, 2])
@pytest.mark.parametrize("scheduler", [None, *SCHEDULES])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_run_goes_on_from_a_lane_as_from_a_run_alone(optimizer, scheduler, patience):
    common = {"scheduler": scheduler, "patience": patience}
    lanes = [{"lr": 0.01, **common}, {"lr": 0.03, **common}]
    form = {"sizes": (40, 41), "valid": patience is not None}
    requests = make_requests(lanes, optimizer=optimizer, **form)
    results = train_together(requests, 1, Halt())
    for request, result in zip(requests, results, strict=True):
        alone = train_alone(request.recipe, request.data)
        ours = train_on(request.recipe, request.data, result)
        theirs = train_on(request.recipe, request.data, alone)
        assert not differences(ours, theirs)


def test_a_run_starts_from_another_one():
    requests = make_requests([{"lr": 0.01}, {"lr": 0.03}])
    first = train_together(requests, 1, Halt())
    going_on = [
        replace(request, start=start)
        for request, start in zip(requests, first, strict=True)
    ]
    for request, result in zip(
        going_on, train_together(going_on, 1, Halt()), strict=True
    ):
        alone = train_alone(request.recipe, request.data, request.start)
        assert not differences(result, alone)
