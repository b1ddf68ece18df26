"""Whatever is stacked, each lane has the bits of the same run alone."""

import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from skhyper.exceptions import TrainingDiverged
from skhyper.fused._trainer import train_together
from skhyper.rules import OPTIMIZERS, SCHEDULES
from skhyper.training import Halt, train_alone
from tests.fused.runs import differences, make_requests

ACTIVATIONS = ["relu", "leaky_relu", "elu", "gelu", "silu", "mish", "tanh", "identity"]
FORMS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["mlp", "mlp", "mlp", "cnn"]),
        "loss": st.sampled_from(
            ["cross_entropy", "binary_cross_entropy", "squared_error"]
        ),
        "optimizer": st.sampled_from([*OPTIMIZERS]),
        "dtype": st.sampled_from([torch.float32, torch.float64]),
        "sizes": st.lists(st.integers(2, 90), min_size=1, max_size=4),
        "batch_size": st.integers(2, 20),
        "valid": st.booleans(),
        "n_valid": st.integers(2, 30),
        "n_features": st.sampled_from([1, 2, 7, 16, 33]),
        "n_outputs": st.sampled_from([2, 3, 17]),
        "weighted": st.booleans(),
        "hidden_layer_sizes": st.lists(
            st.sampled_from([2, 3, 5, 8, 32, 100]), max_size=2
        ).map(tuple),
        "normalizer": st.sampled_from([None, "batch", "layer"]),
        "activation": st.sampled_from(ACTIVATIONS),
    }
)
KNOBS = st.fixed_dictionaries(
    {"lr": st.sampled_from([0.001, 0.01, 0.1]), "max_epochs": st.integers(1, 4)},
    optional={
        "seed": st.integers(0, 1),
        "dropout": st.sampled_from([0.1, 0.5]),
        "l1": st.sampled_from([1e-4, 1e-2]),
        "l2": st.sampled_from([1e-4, 1e-2]),
        "weight_decay": st.sampled_from([1e-3, 0.1]),
        "momentum": st.just(0.9),
        "scheduler": st.sampled_from([*SCHEDULES]),
        "patience": st.integers(1, 2),
    },
)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    form=FORMS,
    lanes=st.lists(KNOBS, min_size=1, max_size=8),
    n_threads=st.integers(1, 3),
    left_out=st.sets(st.integers(0, 31)),
)
def test_a_lane_has_the_bits_of_its_run_alone(form, lanes, n_threads, left_out):
    if form["normalizer"] == "batch":
        # A batch of a single row has no variance.
        assume(all(n_rows % form["batch_size"] != 1 for n_rows in form["sizes"]))
    if not form["valid"]:
        lanes = [{**lane, "patience": None} for lane in lanes]
    requests = make_requests(lanes, **form)
    kept = [request for n, request in enumerate(requests) if n not in left_out]
    results = train_together(kept, n_threads, Halt())
    for request, result in zip(kept, results, strict=True):
        try:
            alone = train_alone(request.recipe, request.data)
        except TrainingDiverged:
            assert isinstance(result, TrainingDiverged)
        else:
            assert not differences(result, alone)
