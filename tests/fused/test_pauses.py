"""A run that is paused and goes on has the bits of one that is not."""

import pickle
from dataclasses import replace

import pytest
import torch

from skhyper.fused._trainer import train_together
from skhyper.rules import OPTIMIZERS, SCHEDULES
from skhyper.training import Halt, NetState, StopReason, train_alone, train_on
from tests.fused.runs import differences, make_requests

# How the legs between the pauses are trained.
LEGS = {
    "together": ["together"] * 4,
    "alone": ["alone"] * 4,
    "in turn": ["together", "alone", "together", "alone"],
    "by turns": ["alone", "together", "alone", "together"],
}


def train(requests, leg):
    if leg == "together":
        return train_together(requests, 1, Halt())
    return [train_alone(r.recipe, r.data, r.start) for r in requests]


def paused_at(request, pause, start):
    return replace(request, recipe=replace(request.recipe, pause=pause), start=start)


def train_in_legs(requests, pauses, legs):
    """Train with pauses; give the outcomes, in the order of the requests."""
    outcomes = dict.fromkeys(range(len(requests)))
    going = dict.fromkeys(outcomes)
    for pause, leg in zip([*pauses, None], legs, strict=False):
        batch = [paused_at(requests[n], pause, start) for n, start in going.items()]
        outcomes.update(zip(going, train(batch, leg), strict=True))
        states = {n: outcomes[n].paused for n in going}
        for number in going:
            is_paused = outcomes[number].stop_reason is StopReason.PAUSE
            assert is_paused == (states[number] is not None)
            assert not is_paused or len(outcomes[number].history) == pause
        going = {n: state for n, state in states.items() if state is not None}
    assert not going
    return [outcomes[number] for number in range(len(requests))]


def check_pauses(requests, pauses, legs):
    for request, ours in zip(
        requests, train_in_legs(requests, pauses, LEGS[legs]), strict=True
    ):
        theirs = train_alone(request.recipe, request.data)
        assert not differences(ours, theirs)
        # The optimizer and the schedule too are what they would have been.
        more, same = (train_on(request.recipe, request.data, o) for o in (ours, theirs))
        assert not differences(more, same)


@pytest.mark.parametrize("legs", ["in turn", "by turns"])
@pytest.mark.parametrize("scheduler", [None, *SCHEDULES])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_under_every_schedule(optimizer, scheduler, legs):
    common = {"scheduler": scheduler, "max_epochs": 5}
    lanes = [{"lr": 0.01, **common}, {"lr": 0.03, "weight_decay": 0.01, **common}]
    requests = make_requests(lanes, optimizer=optimizer, sizes=(40, 37))
    check_pauses(requests, [1, 3, 4], legs)


OPTIONS = {
    "sgd": {"momentum": 0.9, "nesterov": True},
    "adam": {"optimizer_params": (("amsgrad", True),)},
    "rmsprop": {"optimizer_params": (("momentum", 0.9), ("centered", True))},
    "adagrad": {"optimizer_params": (("lr_decay", 0.1),)},
}


@pytest.mark.parametrize("legs", LEGS)
@pytest.mark.parametrize("optimizer", OPTIONS)
def test_optimizers_with_more_state_in_one_lane_than_in_another(optimizer, legs):
    lanes = [{"lr": 0.01, **OPTIONS[optimizer]}, {"lr": 0.03}]
    check_pauses(make_requests(lanes, optimizer=optimizer), [2, 3], legs)


@pytest.mark.parametrize("legs", LEGS)
@pytest.mark.parametrize("restore", [True, False])
@pytest.mark.parametrize("scheduler", [None, "plateau", "cosine"])
def test_early_stopping(scheduler, restore, legs):
    common = {"scheduler": scheduler, "max_epochs": 30, "restore_best": restore}
    lanes = [
        {"lr": 0.01, "patience": 3, "tol": 1e-3, **common},
        {"lr": 0.3, "patience": 2, "tol": 1e-2, **common},
        {"lr": 0.3, "patience": None, **common, "max_epochs": 7},
    ]
    requests = make_requests(lanes, valid=True)
    check_pauses(requests, [3, 4, 9], legs)
    reasons = {o.stop_reason for o in train_in_legs(requests, [3], LEGS[legs])}
    assert reasons == {StopReason.MAX_EPOCHS, StopReason.EARLY_STOPPING}


@pytest.mark.parametrize("legs", LEGS)
@pytest.mark.parametrize("kind", ["mlp", "cnn"])
@pytest.mark.parametrize("normalizer", ["batch", "layer"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_everything_at_once(normalizer, kind, legs, dtype):
    lanes = [
        {"dropout": 0.3, "l1": 1e-3, "patience": 4, "scheduler": "onecycle"},
        {"dropout": 0.1, "l2": 1e-2, "seed": 4, "label_smoothing": 0.1},
    ]
    form = {"normalizer": normalizer, "kind": kind, "dtype": dtype, "valid": True}
    requests = make_requests(lanes, optimizer="adam", weighted=True, **form)
    check_pauses(requests, [2, 3], legs)


@pytest.mark.parametrize("optimizer", ["nadam", "adam", "radam"])
def test_long_after_the_first_step(optimizer):
    # The numbers of each step are counted from the first one.
    lanes = [{"lr": 0.001, "max_epochs": 33}, {"lr": 0.01, "max_epochs": 32}]
    requests = make_requests(lanes, optimizer=optimizer, batch_size=4, sizes=(40,))
    check_pauses(requests, [31], "together")


@pytest.mark.parametrize("leg", ["together", "alone"])
def test_a_state_is_not_changed_by_what_becomes_of_it(leg):
    common = {"patience": 1, "tol": 1.0, "max_epochs": 9}
    lanes = [{"lr": 0.1, **common, "patience": 5}, {"lr": 0.2, **common, "patience": 6}]
    requests = make_requests(lanes, optimizer="adam", valid=True)
    first = train([paused_at(r, 4, None) for r in requests], leg)
    states = [outcome.paused for outcome in first]
    before = pickle.dumps(states)
    results = []
    for _ in range(2):
        going_on = [
            paused_at(request, None, state)
            for request, state in zip(requests, states, strict=True)
        ]
        results.append(train(going_on, leg))
        for outcome, request in zip(results[-1], requests, strict=True):
            train_on(request.recipe, request.data, outcome)
    assert pickle.dumps(states) == before
    for one, other in zip(*results, strict=True):
        assert not differences(one, other)


@pytest.mark.parametrize("leg", ["together", "alone"])
def test_a_paused_run_gives_its_best_weights_so_far(leg):
    lanes = [{"lr": lr, "patience": 9, "max_epochs": 12} for lr in (0.3, 2.0)]
    requests = make_requests(lanes, valid=True)
    paused = train([paused_at(request, 8, None) for request in requests], leg)
    assert any(outcome.best_epoch < 8 for outcome in paused)
    for outcome, request in zip(paused, requests, strict=True):
        knobs = replace(request.recipe.knobs, max_epochs=8)
        whole = train_alone(replace(request.recipe, knobs=knobs), request.data)
        assert differences(outcome, whole) == ["stop_reason"]
        assert isinstance(outcome.paused, NetState)


def test_runs_that_were_paused_at_different_epochs_are_not_stacked():
    requests = make_requests([{"lr": 0.1}, {"lr": 0.2}], sizes=(40,))
    states = [
        train_alone(replace(r.recipe, pause=pause), r.data).paused
        for r, pause in zip(requests, (1, 2), strict=True)
    ]
    going_on = [paused_at(r, None, s) for r, s in zip(requests, states, strict=True)]
    for request, outcome in zip(requests, train(going_on, "together"), strict=True):
        assert not differences(outcome, train_alone(request.recipe, request.data))
