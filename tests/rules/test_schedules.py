"""Learning-rate schedules over the epochs of a run."""

import inspect
import math

import pytest
import torch

from skhyper.rules import OPTIMIZERS, SCHEDULES


def rates(name, *, max_epochs=9, n_batches=4, lr=0.1, **params):
    """Drive the scheduler by hand; a rate an epoch, or a batch."""
    rule = SCHEDULES[name]
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=lr)
    keywords = rule.keywords(params, lr=lr, max_epochs=max_epochs, n_batches=n_batches)
    scheduler = rule.scheduler(optimizer, **keywords)
    seen = []
    for _ in range(max_epochs * (n_batches if rule.every == "batch" else 1)):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(*([1.0] if name == "plateau" else []))
    return seen


def test_step_falls_by_ten_in_three_equal_plateaus():
    assert rates("step") == pytest.approx([0.1] * 3 + [0.01] * 3 + [0.001] * 3)


def test_exponential_ends_near_a_hundredth():
    seen = rates("exponential", max_epochs=50)
    assert seen[-1] * seen[1] / seen[0] == pytest.approx(0.001)


def test_cosine_is_half_way_down_in_the_middle_and_nearly_zero_at_the_end():
    seen = rates("cosine", max_epochs=10)
    assert seen[5] == pytest.approx(0.05)
    assert seen[-1] == pytest.approx(0.05 * (1 + math.cos(math.pi * 0.9)))


def test_linear_falls_to_a_tenth():
    seen = rates("linear", max_epochs=10)
    assert seen[0] == 0.1
    assert seen[-1] == pytest.approx(0.1 - 0.09 * 0.9)


def test_plateau_halves_after_its_patience_without_improvement():
    assert rates("plateau", max_epochs=20, patience=3)[:6] == pytest.approx(
        [0.1] * 5 + [0.05]
    )


def test_onecycle_peaks_at_lr_after_a_warm_up_of_batches():
    seen = rates("onecycle", max_epochs=10, n_batches=5)
    assert max(seen) == pytest.approx(0.1)
    assert seen[0] == pytest.approx(0.1 / 25)
    assert seen.index(max(seen)) == round(0.3 * 50) - 1
    assert seen[-1] < seen[0] / 1000


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("max_epochs", [1, 2])
def test_the_shortest_runs_have_a_schedule(name, max_epochs):
    assert all(rate >= 0 for rate in rates(name, max_epochs=max_epochs, n_batches=1))


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_arguments_are_those_of_torch(name):
    rule = SCHEDULES[name]
    known = set(inspect.signature(rule.scheduler).parameters)
    assert set(rule.arguments) <= known
    assert set(rule.defaults(0.1, 10, 5)) <= known


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_arguments_of_optimizers_are_those_of_torch(name):
    rule = OPTIMIZERS[name]
    known = set(inspect.signature(rule.optimizer).parameters)
    assert set(rule.arguments) <= known
    assert {"lr", "weight_decay"} <= known
