"""A lane depends on its recipe and its rows only, not on its companions."""

from functools import lru_cache

import pandas as pd
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from skhyper.exceptions import TrainingDiverged
from skhyper.fused._request import Request
from skhyper.fused._trainer import train_together
from skhyper.modules import MLP
from skhyper.training import (
    Data,
    Halt,
    Knobs,
    Recipe,
    Rows,
    Structure,
    train_alone,
)

STRUCTURE = Structure(
    MLP,
    (
        ("n_features", 5),
        ("n_outputs", 3),
        ("hidden_layer_sizes", (9, 4)),
        ("activation", "gelu"),
        ("normalizer", "batch"),
    ),
    "cross_entropy",
    "sgd",
    16,
    torch.float32,
    "cpu",
)
KNOBS = [
    {"lr": 0.01, "momentum": 0.9},
    {"lr": 0.1, "dropout": 0.4, "l1": 1e-3},
    {"lr": 0.3, "patience": 2, "tol": 1e-2, "scheduler": "cosine"},
    {"lr": 0.05, "seed": 4, "weight_decay": 0.01},
    {"lr": 0.2, "max_epochs": 3, "scheduler": "plateau", "l2": 1e-3},
    {"lr": 1e38},
]
SIZES = [50, 50, 47, 33]


def make_rows(n_rows, seed):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(n_rows, 5, generator=generator)
    return Rows(X, (X[:, :3] + torch.randn(n_rows, 3, generator=generator)).argmax(1))


@lru_cache
def make_request(lane):
    knobs, fold = divmod(lane, len(SIZES))
    defaults = {"max_epochs": 8, "seed": 3}
    data = Data(make_rows(SIZES[fold], fold), make_rows(17, 100 + fold))
    return Request(Recipe(STRUCTURE, Knobs(**(defaults | KNOBS[knobs]))), data, None)


@lru_cache
def alone(lane):
    request = make_request(lane)
    try:
        return train_alone(request.recipe, request.data)
    except TrainingDiverged as error:
        return error


@settings(max_examples=60, deadline=None)
@given(
    lanes=st.lists(
        st.integers(0, len(KNOBS) * len(SIZES) - 1),
        min_size=1,
        max_size=14,
        unique=True,
    ),
    n_threads=st.integers(1, 2),
)
def test_any_companions_in_any_order_change_nothing(lanes, n_threads):
    results = train_together([make_request(n) for n in lanes], n_threads, Halt())
    for lane, result in zip(lanes, results, strict=True):
        expected = alone(lane)
        if isinstance(expected, TrainingDiverged):
            assert isinstance(result, TrainingDiverged)
            assert str(result) == str(expected)
            continue
        assert (result.best_epoch, result.stop_reason) == (
            expected.best_epoch,
            expected.stop_reason,
        )
        ours, theirs = result.module.state_dict(), expected.module.state_dict()
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
        pd.testing.assert_frame_equal(
            result.history.drop(columns="seconds"),
            expected.history.drop(columns="seconds"),
            check_exact=True,
        )
