"""What a run gives: its history, and whether its numbers are finite."""

import builtins
import copy
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from skorch.callbacks import Callback

from skhyper import MLPClassifier
from skhyper.training.evaluation import is_finite

X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)


class StopInEpoch(Callback):
    """End the training within its third epoch."""

    def on_batch_end(self, net, training=True, **kwargs):
        if training and len(net.history) == 3:
            raise KeyboardInterrupt


def fitted(**params):
    return MLPClassifier((4,), **{"max_epochs": 5, "random_state": 0, **params}).fit(
        X, Y
    )


@pytest.mark.parametrize("backend", ["sequential", "fused"])
def test_history_is_made_when_it_is_asked_for(backend):
    with joblib.parallel_config(backend):
        # Two, as a fit that nobody shares a structure with is trained by skorch.
        net, _ = joblib.Parallel()([joblib.delayed(fitted)()] * 2)
    net.score(X, Y)
    assert "history" not in vars(net._outcome)
    history = net.history_
    assert history["epoch"].tolist() == [1, 2, 3, 4, 5]
    assert history["train_loss"].tolist() == net.loss_curve_
    assert net.history_ is net._outcome.history is history


def test_history_is_that_of_the_run_whatever_becomes_of_its_net():
    net, other = fitted(), fitted()
    for _ in range(2):
        net.net_.partial_fit(torch.from_numpy(X), torch.from_numpy(Y))
    assert len(net.net_.history) == 15
    columns = ["epoch", "train_loss", "lr"]
    pd.testing.assert_frame_equal(net.history_[columns], other.history_[columns])


@pytest.mark.parametrize(
    "way", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))]
)
@pytest.mark.parametrize("asked_before", [False, True])
def test_copies_have_the_history(way, asked_before):
    net = fitted(early_stopping=True)
    if asked_before:
        assert len(net.history_) == 5
    again = way(net)
    assert again.validation_scores_ == net.validation_scores_
    assert again.history_["valid_score"].tolist() == net.validation_scores_
    pd.testing.assert_frame_equal(again.history_, net.history_)


def test_an_epoch_that_a_callback_has_ended_half_way_is_not_counted():
    net = fitted(callbacks=[StopInEpoch()])
    assert net.stop_reason_ == "callback"
    assert len(net.net_.history) == 3
    assert net.n_iter_ == len(net.history_) == len(net.loss_curve_) == 2
    assert net.validation_scores_ is None


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, -2.0], True),
        ([], True),
        ([torch.inf], False),
        ([torch.inf, -torch.inf], False),
        ([0.0, torch.nan], False),
    ],
)
def test_numbers_are_finite_if_each_of_them_is(values, expected, dtype):
    assert is_finite(torch.tensor(values, dtype=dtype, requires_grad=True)) is expected


def test_numbers_are_finite_even_if_their_sum_is_not():
    largest = torch.finfo(torch.float32).max
    assert is_finite(torch.tensor([largest, largest]))
    assert not is_finite(torch.tensor([largest, largest, torch.nan]))


@pytest.mark.parametrize("verbose", [0, 1])
def test_nets_can_be_pickled_when_print_is_another(verbose, monkeypatch):
    net = fitted(early_stopping=True, verbose=verbose)
    monkeypatch.setattr(builtins, "print", lambda *words: None)
    again = pickle.loads(pickle.dumps(net))
    assert again.history_.equals(net.history_)


def test_only_a_verbose_net_says_that_it_stopped_early(capsys):
    fitted(early_stopping=True, max_epochs=50, patience=1, tol=10.0)
    assert not capsys.readouterr().out
    fitted(early_stopping=True, max_epochs=50, patience=1, tol=10.0, verbose=1)
    assert "Stopping since valid_loss" in capsys.readouterr().out
