"""A run goes on from where another one of its structure was, with its own knobs."""

import numpy as np
import pytest
import torch
from sklearn.base import clone

from skhyper import MLPClassifier
from skhyper.rules import SCHEDULES
from skhyper.training import Checkpoints, checkpoints_in_force

FIRST, ALL = 4, 9


def fit(net, data, checkpoints, pause):
    checkpoints.pause = pause
    with checkpoints_in_force(checkpoints):
        return clone(net).fit(*data)


def weights_of(net):
    return torch.cat([p.detach().ravel() for p in net.net_.module_.parameters()])


@pytest.fixture
def net():
    return MLPClassifier((8,), max_epochs=ALL, batch_size=32, random_state=0, lr=0.01)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "nadam"])
@pytest.mark.parametrize("scheduler", [None, *SCHEDULES])
def test_heir_with_the_same_knobs_is_the_run_itself(
    net, classification_data, optimizer, scheduler
):
    net.set_params(optimizer=optimizer, scheduler=scheduler)
    whole = clone(net).fit(*classification_data)
    checkpoints = Checkpoints()
    fit(net, classification_data, checkpoints, FIRST)
    checkpoints.leave_to_others()
    heir = fit(net, classification_data, checkpoints, None)
    assert torch.equal(weights_of(heir), weights_of(whole))
    assert checkpoints.n_epochs == ALL


@pytest.mark.parametrize("scheduler", [None, "cosine", "onecycle"])
def test_heir_has_its_own_knobs(net, classification_data, scheduler):
    net.set_params(scheduler=scheduler, optimizer="sgd")
    other = clone(net).set_params(lr=0.3, momentum=0.5, dropout=0.1)
    checkpoints = Checkpoints()
    fit(net, classification_data, checkpoints, FIRST)
    checkpoints.leave_to_others()
    heir = fit(other, classification_data, checkpoints, None)
    own = clone(other).fit(*classification_data)
    rates = heir.history_["lr"].to_numpy()
    np.testing.assert_array_equal(rates[FIRST:], own.history_["lr"][FIRST:])
    assert heir.n_iter_ == ALL
    group = heir.net_.optimizer_.param_groups[0]
    assert group["momentum"] == 0.5
    assert not torch.equal(weights_of(heir), weights_of(own))


def test_another_structure_inherits_nothing(net, classification_data):
    checkpoints = Checkpoints()
    fit(net, classification_data, checkpoints, FIRST)
    checkpoints.leave_to_others()
    wider = clone(net).set_params(hidden_layer_sizes=(9,))
    heir = fit(wider, classification_data, checkpoints, None)
    whole = clone(wider).fit(*classification_data)
    assert torch.equal(weights_of(heir), weights_of(whole))
    assert checkpoints.n_epochs == FIRST + ALL


def test_a_run_that_has_ended_leaves_its_weights(net, classification_data):
    checkpoints = Checkpoints()
    ended = fit(net, classification_data, checkpoints, None)
    checkpoints.leave_to_others()
    longer = clone(net).set_params(max_epochs=ALL + 3)
    heir = fit(longer, classification_data, checkpoints, None)
    assert heir.n_iter_ == ALL + 3
    assert heir.history_["train_loss"][ALL] < ended.history_["train_loss"][0]
