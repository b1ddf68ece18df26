"""The best candidate trained on all rows for the splits' median best epoch."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhyper import (
    ASHASearchCV,
    BayesSearchCV,
    GridSearchCV,
    HyperbandSearchCV,
    HyperoptSearchCV,
    MLPClassifier,
    MLPRegressor,
    OptunaSearchCV,
    RandomizedSearchCV,
)

RATES = {"lr": [0.003, 0.03]}


def stopping_net(**params):
    return MLPClassifier(
        **{
            "hidden_layer_sizes": (16,),
            "max_epochs": 60,
            "early_stopping": True,
            "patience": 4,
            "scheduler": "cosine",
            "batch_size": 32,
        }
        | params
    )


def weights(network):
    return [*network.net_.module_.parameters()]


def best_epochs(search, X, y):
    """Train what the search chose on each of its splits again, alone."""
    splitter = ShuffleSplit(3, random_state=0)
    return [
        clone(search.estimator)
        .set_params(**search.best_params_)
        .fit(X[train], y[train])
        .best_epoch_
        for train, _ in splitter.split(X, y)
    ]


@pytest.mark.parametrize("scheduler", [None, "cosine", "onecycle", "step"])
def test_all_rows_for_the_median_best_epoch(scheduler, digits):
    net = stopping_net(scheduler=scheduler, random_state=3)
    cv = ShuffleSplit(3, random_state=0)
    search = GridSearchCV(net, RATES, cv=cv, refit_epochs="median").fit(*digits)
    best = search.best_estimator_
    middle = int(np.median(best_epochs(search, *digits)))
    assert best.n_iter_ == best.best_epoch_ == middle
    assert 1 < middle < 60
    assert best.validation_scores_ is None
    assert search.predict(digits[0]).shape == (240,)

    # As a net that never stops, whose epochs are laid out as on the splits.
    whole = clone(net).set_params(early_stopping=False, **search.best_params_)
    whole.fit(*digits)
    rates = whole.history_["lr"][:middle]
    np.testing.assert_array_equal(best.history_["lr"], rates)
    losses = whole.history_["train_loss"][:middle]
    np.testing.assert_array_equal(best.history_["train_loss"], losses)


def test_the_same_as_training_that_many_epochs(digits):
    net = stopping_net(scheduler=None, random_state=3)
    search = GridSearchCV(net, RATES, cv=3, refit_epochs="median").fit(*digits)
    n_epochs = search.best_estimator_.n_iter_
    by_hand = clone(net).set_params(
        early_stopping=False, max_epochs=n_epochs, **search.best_params_
    )
    by_hand.fit(*digits)
    for one, other in zip(
        weights(search.best_estimator_), weights(by_hand), strict=True
    ):
        assert torch.equal(one, other)


def test_without_early_stopping_all_epochs(digits):
    net = stopping_net(early_stopping=False, max_epochs=7, random_state=3)
    plain = GridSearchCV(net, RATES, cv=3).fit(*digits)
    search = GridSearchCV(net, RATES, cv=3, refit_epochs="median").fit(*digits)
    assert search.best_estimator_.stop_reason_ == "max_epochs"
    for one, other in zip(
        weights(search.best_estimator_), weights(plain.best_estimator_), strict=True
    ):
        assert torch.equal(one, other)


def test_a_median_between_two_epochs_is_rounded_up(digits):
    net = stopping_net(random_state=3)
    rows, cv = np.arange(240), []
    for seed in range(8):
        order = np.random.default_rng(seed).permutation(rows)
        cv.append((order[:160], order[160:]))
    found = set()
    for first in range(7):
        pair = cv[first : first + 2]
        search = GridSearchCV(net, {"lr": [0.03]}, cv=pair, refit_epochs="median")
        search.fit(*digits)
        middle = search.cv_results_["mean_best_epoch"][0]
        assert search.best_estimator_.n_iter_ == int(np.floor(middle + 0.5))
        found.add(middle % 1)
    assert found == {0.0, 0.5}


@pytest.mark.parametrize(
    ("search", "params"),
    [
        (RandomizedSearchCV, {"n_iter": 2}),
        (BayesSearchCV, {"n_iter": 2}),
        (OptunaSearchCV, {"n_iter": 2}),
        (HyperoptSearchCV, {"n_iter": 2}),
        (HyperbandSearchCV, {"max_epochs": 27}),
        (ASHASearchCV, {"max_epochs": 27, "n_iter": 6}),
    ],
)
def test_every_search_has_it_in_a_pipeline(search, params, digits):
    space = {"lr": (1e-3, 0.1, "log-uniform")}
    net = make_pipeline(StandardScaler(), stopping_net())
    common = {"cv": 2, "random_state": 0, "fused": False, "refit_epochs": "median"}
    fitted = search(net, space, **common, **params).fit(*digits)
    network = fitted.best_estimator_[-1]
    # Of two splits, the median is the mean.
    mean = fitted.cv_results_["mean_best_epoch"][fitted.best_index_]
    assert network.early_stopping is False
    assert network.n_iter_ == int(np.floor(mean + 0.5))
    assert network.max_epochs == params.get("max_epochs", 60)
    assert fitted.score(*digits) > 0.8


def test_several_metrics_a_callable_and_regression(digits):
    X = digits[0]
    net = MLPRegressor((8,), max_epochs=30, early_stopping=True, random_state=0)
    search = GridSearchCV(
        net,
        RATES,
        scoring=["r2", "neg_mean_absolute_error"],
        refit=lambda results: 1,
        refit_epochs="median",
        cv=2,
    ).fit(X[:, :-1], X[:, 20])
    mean = search.cv_results_["mean_best_epoch"][1]
    assert search.best_estimator_.n_iter_ == int(np.floor(mean + 0.5))


def test_kept_in_memory_and_found_again(digits, tmp_path):
    net = stopping_net(random_state=3)
    search = GridSearchCV(net, RATES, cv=3, refit_epochs="median", memory=tmp_path)
    first = weights(clone(search).fit(*digits).best_estimator_)
    again = weights(clone(search).fit(*digits).best_estimator_)
    for one, other in zip(first, again, strict=True):
        assert torch.equal(one, other)


def test_nothing_to_count():
    X, y = np.random.default_rng(0).normal(size=(30, 3)), np.arange(30) % 2
    search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, refit_epochs="median")
    message = "refit_epochs='median' of GridSearchCV.* needs a network of skhyper"
    with pytest.raises(ValueError, match=message):
        search.fit(X, y)
    with pytest.raises(ValueError, match=f"refit='1se' .*\n{message}"):
        clone(search).set_params(refit="1se").fit(X, y)
    assert search.set_params(refit=False).fit(X, y).best_params_ == {"C": 1.0}


def test_a_typo_is_named(digits):
    search = GridSearchCV(stopping_net(), RATES, refit_epochs="mean")
    with pytest.raises(ValueError, match="'refit_epochs' parameter of GridSearchCV"):
        search.fit(*digits)
