"""Every combination of what a run may have, in a stack and alone: the same bits."""

from itertools import product

import pytest
import torch

from skhyper.rules import OPTIMIZERS, SCHEDULES
from skhyper.training import StopReason
from tests.fused.runs import check, make_requests

# The form of the networks, and the normalizers that it allows.
KINDS = {
    "mlp": {"hidden_layer_sizes": (12, 6)},
    "cnn": {"hidden_layer_sizes": (6,), "channels": (4,)},
}
NORMALIZERS = {
    "mlp": (None, "batch", "layer", "group"),
    "cnn": (None, "batch", "layer", "instance", "group"),
}
STRUCTURES = [(kind, name) for kind in KINDS for name in NORMALIZERS[kind]]
PENALTIES = ({}, {"l1": 1e-3}, {"l2": 1e-2}, {"weight_decay": 0.05})
DROPOUTS = (0.0, 0.3)
# So that a rate falls within a few epochs.
SCHEDULE_PARAMS = {"plateau": (("patience", 0),)}
# They go round the lanes. With a large tolerance hardly any epoch is better than the
# one before, with none most are.
RATES, TOLERANCES = (0.002, 0.03, 0.3), (0.0, 0.1)


def make_knobs(schedules, dropouts, *, stopping):
    combinations = product(schedules, PENALTIES, dropouts)
    lanes = []
    for number, (scheduler, penalty, dropout) in enumerate(combinations):
        lane = {"lr": RATES[number % 3], "dropout": dropout, "max_epochs": 2}
        if stopping:
            lane |= {
                "max_epochs": 3,
                "patience": 1,
                "tol": TOLERANCES[number // 3 % 2],
            }
        params = SCHEDULE_PARAMS.get(scheduler, ())
        lane |= {"scheduler": scheduler, "scheduler_params": params}
        lanes.append(lane | penalty)
    return lanes


def check_table(kind, normalizer, optimizer, schedules, dropouts, dtype):
    """Check all lanes of a structure in one call.

    Those that may stop have validation rows, the others have none.
    """
    form = {"kind": kind, "optimizer": optimizer, "dtype": dtype, "sizes": (40,)}
    form |= {"normalizer": normalizer, "n_groups": 2, "batch_size": 24, **KINDS[kind]}
    running = make_knobs(schedules, dropouts, stopping=False)
    stopping = make_knobs(schedules, dropouts, stopping=True)
    results = check(
        make_requests(running, **form) + make_requests(stopping, valid=True, **form)
    )
    return [result.stop_reason for result in results]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(("kind", "normalizer"), STRUCTURES)
def test_every_combination(kind, normalizer, optimizer):
    reasons = check_table(
        kind, normalizer, optimizer, (None, *SCHEDULES), DROPOUTS, torch.float32
    )
    assert len(reasons) == 112
    assert set(reasons[:56]) == {StopReason.MAX_EPOCHS}
    assert set(reasons[56:]) == {StopReason.MAX_EPOCHS, StopReason.EARLY_STOPPING}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(("kind", "normalizer"), STRUCTURES)
def test_combinations_in_double_precision(kind, normalizer, optimizer):
    check_table(kind, normalizer, optimizer, ("plateau",), (0.3,), torch.float64)
