"""Searches, and trainings, that end when their time is up."""

import time

import joblib
import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
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
from skhyper.training import Deadline, OutOfTime, deadline_in_force

RATES = {"lr": [0.003, 0.03, 0.01, 0.1]}
RANGE = {"lr": (1e-3, 0.1, "log-uniform")}

# Longer than a fit of so many epochs takes on any machine.
ENDLESS = 1_000_000

# Seconds that are enough for a few epochs of all fits on a busy machine.
SECONDS = 6

SEARCHES = {
    "grid": lambda net, **kw: GridSearchCV(net, RATES, **kw),
    "random": lambda net, **kw: RandomizedSearchCV(net, RANGE, n_iter=4, **kw),
    "bayes": lambda net, **kw: BayesSearchCV(net, RANGE, n_iter=4, n_points=4, **kw),
    "optuna": lambda net, **kw: OptunaSearchCV(net, RANGE, n_iter=4, **kw),
    "hyperopt": lambda net, **kw: HyperoptSearchCV(net, RANGE, n_iter=4, **kw),
    "hyperband": lambda net, **kw: HyperbandSearchCV(
        net, RANGE, max_epochs=ENDLESS, min_epochs=ENDLESS // 3, **kw
    ),
    "asha": lambda net, **kw: ASHASearchCV(
        net, RANGE, n_iter=4, max_epochs=ENDLESS, min_epochs=ENDLESS // 3, **kw
    ),
}


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(n_class=4, return_X_y=True)
    return X[:240] / 16, y[:240]


def endless_net(**params):
    return MLPClassifier(
        **{"hidden_layer_sizes": (16,), "max_epochs": ENDLESS, "random_state": 0}
        | params
    )


def same_weights(one, other):
    pairs = zip(
        one.net_.module_.parameters(), other.net_.module_.parameters(), strict=True
    )
    return all(torch.equal(*pair) for pair in pairs)


@pytest.mark.parametrize("name", SEARCHES)
def test_every_search_ends_in_time_and_keeps_the_best(name, digits):
    search = SEARCHES[name](
        endless_net(), cv=2, random_state=0, max_time=SECONDS, error_score="raise"
    )
    search.fit(*digits)
    results = search.cv_results_
    assert set(results["split0_stop_reason"]) == {"max_time"}
    assert (results["mean_n_epochs"] >= 1).all()
    assert np.isfinite(results["mean_test_score"]).all()
    best = search.best_estimator_
    assert best.stop_reason_ == "max_time"
    assert 1 <= best.n_iter_ < ENDLESS
    assert search.score(*digits) > 0.5


def test_what_is_cut_off_equals_a_training_of_so_many_epochs(digits):
    X, y = digits
    params = {"scheduler": "exponential", "dropout": 0.1, "early_stopping": True}
    net = endless_net(patience=ENDLESS, **params)
    search = GridSearchCV(
        net, {"lr": [0.003, 0.03]}, cv=KFold(2), random_state=0, max_time=SECONDS
    ).fit(X, y)
    train, test = next(KFold(2).split(X))
    for number, candidate in enumerate(search.cv_results_["params"]):
        # Both splits are in one stack, so their mean is the number of each.
        n_epochs = int(search.cv_results_["mean_n_epochs"][number])
        alone = endless_net(patience=ENDLESS, **params, **candidate)
        alone.set_params(max_epochs=n_epochs).fit(X[train], y[train])
        score = search.cv_results_["split0_test_score"][number]
        assert alone.score(X[test], y[test]) == score
    best = search.best_estimator_
    alone = endless_net(patience=ENDLESS, **params, **search.best_params_)
    alone.set_params(max_epochs=best.n_iter_).fit(X, y)
    assert same_weights(best, alone)
    assert (best.predict_proba(X) == alone.predict_proba(X)).all()


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("memory", [True, False])
def test_a_run_that_goes_on_ends_as_if_it_had_not_been_cut_off(
    fused, memory, digits, tmp_path
):
    net = endless_net(max_epochs=40)
    if not memory:
        whole = RandomizedSearchCV(
            net, RANGE, n_iter=3, cv=2, random_state=0, fused=fused, max_time=3600
        )
        plain = RandomizedSearchCV(
            net, RANGE, n_iter=3, cv=2, random_state=0, fused=fused
        )
    else:
        # Cut off in the middle, then with all the time that it needs.
        X, y = digits
        with deadline_in_force(Deadline(time.time() + 0.3, grants_an_epoch=True)):
            endless_net(memory=tmp_path).fit(X, y)
        plain = endless_net(max_epochs=60).fit(X, y)
        whole = endless_net(max_epochs=60, memory=tmp_path).fit(X, y)
        assert whole.stop_reason_ == "max_epochs"
        assert same_weights(whole, plain)
        return
    whole.fit(*digits)
    plain.fit(*digits)
    for column in ("mean_test_score", "mean_n_epochs"):
        assert (whole.cv_results_[column] == plain.cv_results_[column]).all()
    assert whole.best_estimator_.stop_reason_ == "max_epochs"
    assert same_weights(whole.best_estimator_, plain.best_estimator_)
