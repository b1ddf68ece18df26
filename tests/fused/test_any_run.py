"""Whatever is stacked, each lane has the bits of the same run alone."""

import random

import pytest
import torch

from skhyper.exceptions import TrainingDiverged
from skhyper.fused._trainer import train_together
from skhyper.rules import OPTIMIZERS, SCHEDULES
from skhyper.training import Halt, train_alone
from tests.fused.runs import differences, make_requests

ACTIVATIONS = ["relu", "leaky_relu", "elu", "gelu", "silu", "mish", "tanh", "identity"]
LOSSES = ["cross_entropy", "binary_cross_entropy", "squared_error"]
WIDTHS = [2, 3, 4, 5, 8, 12, 16, 32, 64, 100]


def draw_form(draw):
    batch_size = draw.choice([2, 3, 4, 5, 6, 7, 8, 9, 13, 16])
    sizes = [draw.randint(2, 90) for _ in range(draw.choice([1, 1, 1, 2, 3]))]
    normalizers = [None, "layer"]
    if all(n_rows % batch_size != 1 for n_rows in sizes):
        # A batch of a single row has no variance.
        normalizers.append("batch")
    return {
        "kind": draw.choice(["mlp", "mlp", "mlp", "cnn"]),
        "loss": draw.choice(LOSSES),
        "optimizer": draw.choice([*OPTIMIZERS]),
        "dtype": draw.choice([torch.float32, torch.float64]),
        "sizes": sizes,
        "batch_size": batch_size,
        "valid": draw.choice([False, True]),
        "n_valid": draw.randint(2, 30),
        "n_features": draw.choice([1, 2, 7, 16, 33]),
        "n_outputs": draw.choice([2, 3, 17]),
        "weighted": draw.choice([False, True]),
        "hidden_layer_sizes": tuple(draw.choices(WIDTHS, k=draw.randint(0, 2))),
        "normalizer": draw.choice(normalizers),
        "activation": draw.choice(ACTIVATIONS),
    }


def draw_knobs(draw, valid):
    choices = {
        "seed": [0, 1],
        "dropout": [0.1, 0.5],
        "l1": [1e-4, 1e-2],
        "l2": [1e-4, 1e-2],
        "weight_decay": [1e-3, 0.1],
        "momentum": [0.9],
        "scheduler": [*SCHEDULES],
        "patience": [1, 2] if valid else [None],
    }
    drawn = {name: draw.choice(values) for name, values in choices.items()}
    names = [name for name in drawn if draw.random() < 0.3]
    knobs = {"lr": draw.choice([0.001, 0.01, 0.1]), "max_epochs": draw.randint(1, 4)}
    return knobs | {name: drawn[name] for name in names}


@pytest.mark.parametrize("number", range(120))
def test_a_lane_has_the_bits_of_its_run_alone(number):
    draw = random.Random(number)
    form = draw_form(draw)
    lanes = [draw_knobs(draw, form["valid"]) for _ in range(draw.randint(2, 9))]
    requests = make_requests(lanes, **form)
    if draw.random() < 0.5:
        requests = draw.sample(requests, draw.randint(1, len(requests)))
    results = train_together(requests, draw.choice([1, 1, 2, 3]), Halt())
    for request, result in zip(requests, results, strict=True):
        try:
            alone = train_alone(request.recipe, request.data)
        except TrainingDiverged:
            assert isinstance(result, TrainingDiverged)
        else:
            assert not differences(result, alone)
