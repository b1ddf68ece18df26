"""Searches, and trainings, that end when their time is up."""

import time
from contextlib import suppress
from functools import partial
from typing import ClassVar

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skopt.learning import ExtraTreesRegressor
from skopt.space import Real

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
from skhyper.search._flat import FlatSpace
from skhyper.search._stopwatch import Stopwatch
from skhyper.search._subsearch import Subsearch
from skhyper.training import (
    Checkpoints,
    Deadline,
    OutOfTime,
    checkpoints_in_force,
    deadline_here,
    deadline_in_force,
)
from tests.comparing import same_weights

# How many epochs a refit has in its share of the time is another matter.
pytestmark = pytest.mark.filterwarnings("ignore:The time was up in the refit")

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


def endless_net(**params):
    return MLPClassifier(
        **{"hidden_layer_sizes": (16,), "max_epochs": ENDLESS, "random_state": 0}
        | params
    )


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


WIDE = ["regularization", "optimizer", "dropout"]


@pytest.mark.parametrize(
    "search",
    [
        partial(BayesSearchCV, n_points=32),
        partial(OptunaSearchCV, sampler="gp", n_points=32),
        partial(HyperoptSearchCV, n_points=32),
    ],
)
@pytest.mark.filterwarnings("ignore:.*experimental")
def test_an_engine_that_is_slow_is_asked_for_less(search, digits):
    net = MLPClassifier((4,), max_epochs=5, random_state=0)
    search = search(net, WIDE, n_iter=5000, cv=2, random_state=0, max_time=SECONDS)
    began = time.perf_counter()
    search.fit(*digits)
    # The model that is fitted last may take longer than the one before.
    assert time.perf_counter() - began < 1.2 * SECONDS
    assert 10 < len(search.cv_results_["params"]) < 5000
    assert search.best_estimator_.n_iter_ == 5


@pytest.mark.parametrize("n_known", [5, 15])
def test_there_is_a_candidate_however_much_the_model_knows_before(n_known, digits):
    rates = np.geomspace(0.002, 0.09, n_known)
    known = {"params": [{"lr": one} for one in rates], "mean_test_score": -rates}
    search = SEARCHES["bayes"](
        endless_net(), cv=2, random_state=0, max_time=0.01, warm_start_from=known
    )
    assert len(search.fit(*digits).cv_results_["params"]) == 1


def test_a_step_may_take_as_long_as_the_longest_of_the_last_ones():
    stopwatch = Stopwatch()
    with deadline_in_force(Deadline(time.time() + 60)):
        for seconds in (0.4, 0.2):
            with stopwatch.running():
                time.sleep(seconds)
    with deadline_in_force(Deadline(time.time() + 0.35)):
        assert not stopwatch.has_time()


def test_a_step_that_was_slow_but_once_is_forgotten():
    stopwatch = Stopwatch()
    with deadline_in_force(Deadline(time.time() + 60)):
        with stopwatch.running():
            time.sleep(0.4)
        with stopwatch.running():
            pass
    with deadline_in_force(Deadline(time.time() + 0.35)):
        assert stopwatch.has_time()


class TimedTrees(ExtraTreesRegressor):
    """Notes what share of the time that is left it may take."""

    end = 0.0
    shares: ClassVar[list[float]] = []

    def fit(self, X, y):
        left = self.end - time.time()
        self.shares.append(deadline_here().left / left)
        return super().fit(X, y)


def test_no_model_may_take_all_the_time_that_is_left(digits):
    model = {"base_estimator": TimedTrees(n_estimators=2), "n_initial_points": 2}
    search = BayesSearchCV(
        endless_net(max_epochs=1),
        RANGE,
        n_iter=8,
        cv=2,
        random_state=0,
        max_time=60,
        optimizer_kwargs=model,
    )
    TimedTrees.end = time.time() + 60
    TimedTrees.shares.clear()
    search.fit(*digits)
    assert len(TimedTrees.shares) > 6
    assert max(TimedTrees.shares) < 0.51


class SlowTrees(ExtraTreesRegressor):
    def fit(self, X, y):
        time.sleep(0.5)
        return super().fit(X, y)


def test_no_step_is_begun_that_would_be_late():
    space = FlatSpace({"x": Real(0.0, 1.0)})
    model = {"base_estimator": SlowTrees(n_estimators=2), "n_initial_points": 1}
    known = [({"x": n / 9}, float(n)) for n in range(9)]
    subsearch = Subsearch(space, 99, np.random.RandomState(0), model, known)
    subsearch.begin()
    stopwatch, counts = Stopwatch(), []
    for seconds in (1.3, 0.9, 0.3):
        with deadline_in_force(Deadline(time.time() + seconds)):
            counts.append(len(subsearch.ask(8, set(), stopwatch)))
    # A step takes half a second, or more where the machine is busy.
    assert 1 <= counts[0] <= 2
    assert counts[1] <= 1
    assert counts[2] == 0


def test_the_first_step_is_always_taken_and_no_other_that_would_be_late():
    stopwatch = Stopwatch()
    with deadline_in_force(Deadline(0.0)):
        assert stopwatch.has_time()
    with stopwatch.running():
        time.sleep(0.2)
    assert stopwatch.has_time()
    for seconds, is_enough in ((0.1, False), (60, True)):
        with deadline_in_force(Deadline(time.time() + seconds)):
            assert stopwatch.has_time() is is_enough


def test_what_is_cut_off_equals_a_training_that_pauses_there(digits):
    X, y = digits
    params = {"dropout": 0.1, "early_stopping": True}
    net = endless_net(patience=ENDLESS, **params)
    search = GridSearchCV(
        net, {"lr": [0.003, 0.03]}, cv=KFold(2), random_state=0, max_time=3
    ).fit(X, y)
    train, test = next(KFold(2).split(X))
    for number, candidate in enumerate(search.cv_results_["params"]):
        # Both splits are in one stack, so their mean is the number of each.
        n_epochs = int(search.cv_results_["mean_n_epochs"][number])
        alone = endless_net(patience=ENDLESS, **params, **candidate)
        with checkpoints_in_force(Checkpoints(n_epochs)):
            alone.fit(X[train], y[train])
        score = search.cv_results_["split0_test_score"][number]
        assert alone.score(X[test], y[test]) == score
    best = search.best_estimator_
    alone = endless_net(patience=ENDLESS, **params, **search.best_params_)
    with checkpoints_in_force(Checkpoints(best.n_iter_)):
        alone.fit(X, y)
    assert same_weights(best, alone)
    assert (best.predict_proba(X) == alone.predict_proba(X)).all()


@pytest.mark.parametrize("fused", [True, False])
def test_time_enough_changes_nothing(fused, digits):
    net = endless_net(max_epochs=12, scheduler="onecycle", early_stopping=True)
    plain, timed = (
        RandomizedSearchCV(
            net, RANGE, n_iter=3, cv=2, random_state=0, fused=fused, max_time=max_time
        ).fit(*digits)
        for max_time in (None, 3600)
    )
    for column in ("mean_test_score", "mean_n_epochs", "split0_stop_reason"):
        assert (timed.cv_results_[column] == plain.cv_results_[column]).all()
    assert timed.best_estimator_.stop_reason_ == plain.best_estimator_.stop_reason_
    assert same_weights(timed.best_estimator_, plain.best_estimator_)


@pytest.mark.parametrize("fused", [True, False])
def test_a_store_goes_on_from_where_the_time_was_up(fused, digits, tmp_path):
    net = endless_net(max_epochs=800, scheduler="cosine")
    search = RandomizedSearchCV(
        net, RANGE, n_iter=2, cv=2, random_state=0, fused=fused, refit=False
    )
    plain = search.fit(*digits).cv_results_
    search.set_params(memory=tmp_path, max_time=0.2)
    search.fit(*digits)
    assert "max_time" in search.cv_results_["split0_stop_reason"]
    [*files] = tmp_path.glob("**/*.safetensors")
    assert files
    after = search.set_params(max_time=None).fit(*digits).cv_results_
    assert (after["mean_test_score"] == plain["mean_test_score"]).all()
    assert (after["mean_n_epochs"] == 800).all()


@pytest.mark.parametrize("name", ["hyperband", "asha", "pruner"])
def test_the_table_tells_how_far_each_got(name, digits):
    search = {**SEARCHES, "pruner": pruned}[name](
        endless_net(), cv=2, random_state=0, max_time=3, refit=False
    )
    results = search.fit(*digits).cv_results_
    assert (results["n_resources"] <= results["mean_n_epochs"]).all()
    # Those that were trained together got equally far.
    assert (results["n_resources"] > results["mean_n_epochs"] - 1).all()
    by_rank = np.lexsort((-results["mean_test_score"], -results["n_resources"]))
    assert (np.diff(results["rank_test_score"][by_rank]) >= 0).all()


def pruned(net, **settings):
    epochs = {"max_epochs": ENDLESS, "min_epochs": ENDLESS // 3}
    return OptunaSearchCV(net, RANGE, n_iter=4, pruner="median", **epochs, **settings)


@pytest.mark.parametrize("name", ["optuna", "hyperopt"])
def test_kept_trials_go_on_from_where_the_time_was_up(name, digits, tmp_path):
    kept = {
        "optuna": {"storage": f"sqlite:///{tmp_path / 'db'}", "study_name": "study"},
        "hyperopt": {"trials": tmp_path / "trials.json"},
    }[name]
    net = endless_net(max_epochs=500)
    settings = {"cv": 2, "random_state": 0, "refit": False}
    search = SEARCHES[name](net, memory=tmp_path / "memory", **kept, **settings)
    ended = clone(search).set_params(max_time=1).fit(*digits)
    assert "max_time" in set(ended.cv_results_["split0_stop_reason"])
    if name == "optuna":
        assert ended.front_
    results = search.fit(*digits).cv_results_
    assert results["mean_n_epochs"].tolist() == [500] * 4
    whole = SEARCHES[name](net, **settings).fit(*digits).cv_results_
    assert results["params"] == whole["params"]
    np.testing.assert_array_equal(results["mean_test_score"], whole["mean_test_score"])


@pytest.mark.parametrize("kept", [False, True])
def test_trials_of_hyperopt_tell_what_was_scored_when_the_time_was_up(
    kept, digits, tmp_path
):
    trials = tmp_path / "trials.json" if kept else None
    settings = {"cv": 2, "random_state": 0, "refit": False}
    net = endless_net(max_epochs=500)
    search = SEARCHES["hyperopt"](
        net, memory=tmp_path / "memory", trials=trials, max_time=1, **settings
    )
    scores = search.fit(*digits).cv_results_["mean_test_score"]
    losses = [loss for loss in search.trials_.losses() if loss is not None]
    np.testing.assert_array_equal(losses, -scores)
    # These trials are gone on with, as they stand and from their file.
    search.set_params(max_time=None, trials=trials or search.trials_)
    results = search.fit(*digits).cv_results_
    whole = SEARCHES["hyperopt"](net, **settings).fit(*digits).cv_results_
    assert results["mean_n_epochs"].tolist() == whole["mean_n_epochs"].tolist()
    np.testing.assert_array_equal(results["mean_test_score"], whole["mean_test_score"])


def test_a_kept_trial_without_a_score_has_failed(digits, tmp_path):
    kept = {"storage": f"sqlite:///{tmp_path / 'db'}", "study_name": "study"}
    search = SEARCHES["optuna"](
        endless_net(),
        cv=2,
        random_state=0,
        refit=False,
        scoring=lambda estimator, X, y: float("nan"),
        memory=tmp_path / "memory",
        max_time=SECONDS,
        **kept,
    )
    with pytest.warns(UserWarning, match="non-finite"):
        search.fit(*digits)
    assert {trial.state.name for trial in search.study_.trials} == {"FAIL"}


@pytest.mark.parametrize("fused", [True, False])
def test_fits_that_have_not_begun_are_left_out(fused, digits):
    space = {"lr": np.linspace(0.001, 0.1, 2000).tolist()}
    search = GridSearchCV(
        endless_net(max_epochs=100), space, cv=2, fused=fused, max_time=10
    ).fit(*digits)
    n_candidates = len(search.cv_results_["params"])
    assert 1 <= n_candidates < 2000
    assert set(search.cv_results_["split0_stop_reason"]) <= {"max_time", "max_epochs"}


@pytest.mark.parametrize("name", SEARCHES)
def test_however_short_the_time_there_is_a_result(name, digits):
    search = SEARCHES[name](endless_net(), cv=2, max_time=0.001, random_state=0)
    search.fit(*digits)
    assert search.cv_results_["mean_n_epochs"].tolist() == [1]
    assert search.best_estimator_.n_iter_ == 1
    assert 0 <= search.best_score_ <= 1


class SlowRegression(LogisticRegression):
    """Takes its time."""

    def fit(self, X, y, sample_weight=None):
        time.sleep(0.3)
        return super().fit(X, y, sample_weight)


def test_other_estimators_end_behind_the_fits_they_are_at(digits):
    space = {"C": np.geomspace(0.001, 10, 200).tolist()}
    began = time.time()
    search = GridSearchCV(SlowRegression(), space, cv=2, max_time=3).fit(*digits)
    # All would take two minutes.
    assert time.time() - began < 60
    assert 1 <= len(search.cv_results_["params"]) < 200
    assert search.score(*digits) > 0.5


def test_worker_processes_heed_it(digits):
    search = RandomizedSearchCV(
        endless_net(), RANGE, n_iter=40, cv=2, random_state=0, max_time=12, n_jobs=2
    )
    with joblib.parallel_config("loky"):
        # To start the processes may take longer than that.
        start = clone(search).set_params(estimator=endless_net(max_epochs=1), n_iter=2)
        start.fit(*digits)
        search.fit(*digits)
    assert set(search.cv_results_["split1_stop_reason"]) == {"max_time"}
    assert len(search.cv_results_["params"]) < 40


@pytest.mark.parametrize("fused", [True, False])
def test_networks_inside_others(fused, digits):
    bagging = BaggingClassifier(endless_net(), n_estimators=2, random_state=0)
    pipeline = make_pipeline(StandardScaler(), bagging)
    search = GridSearchCV(
        pipeline, {"lr": [0.01, 0.02]}, cv=2, random_state=0, fused=fused, max_time=4
    ).fit(*digits)
    assert search.cv_results_["split0_stop_reason"][0] == "max_time"
    assert search.score(*digits) > 0.5


@pytest.mark.parametrize("fused", ["auto", False])
def test_a_search_ends_at_the_deadline_around_it(fused, digits):
    search = GridSearchCV(
        endless_net(), {"lr": [0.01] * 40}, cv=2, fused=fused, random_state=0
    )
    for max_time in (None, 3600):
        search.set_params(max_time=max_time)
        with (
            deadline_in_force(Deadline(time.time() + 2)),
            suppress(OutOfTime),
        ):
            search.fit(*digits)
        # Whatever came to an end did so by that deadline: none has so many epochs.
        reasons = getattr(search, "cv_results_", {}).get("split0_stop_reason", [])
        assert set(reasons) <= {"max_time"}
        if fused is False:
            # One process trains one after the other.
            assert len(reasons) < 40


def test_regression_with_several_metrics(digits):
    X, y = digits
    search = RandomizedSearchCV(
        MLPRegressor((8,), max_epochs=ENDLESS, random_state=0),
        RANGE,
        n_iter=3,
        cv=2,
        scoring=["r2", "neg_mean_absolute_error"],
        refit="r2",
        random_state=0,
        max_time=SECONDS,
        return_train_score=True,
    ).fit(X, y.astype(float))
    assert set(search.cv_results_["split0_stop_reason"]) == {"max_time"}
    assert search.best_score_ > 0.5


def test_a_deadline_holds_for_its_thread_and_the_earliest_counts(digits):
    now = time.time()
    with (
        deadline_in_force(Deadline(now - 1)),
        deadline_in_force(Deadline(now + 3600)),
        pytest.raises(OutOfTime),
    ):
        endless_net(max_epochs=2).fit(*digits)
    assert endless_net(max_epochs=2).fit(*digits).stop_reason_ == "max_epochs"
    with deadline_in_force(Deadline(now - 1, grants_an_epoch=True)):
        net = endless_net().fit(*digits)
    assert (net.n_iter_, net.stop_reason_) == (1, "max_time")


def test_fits_that_stop_early_leave_more_time_to_others(digits):
    net = endless_net(early_stopping=True, patience=3)
    rates = {"lr": np.linspace(0.03, 0.1, 5000).tolist()}
    search = GridSearchCV(net, rates, cv=2, random_state=0, max_time=SECONDS)
    clone(search).set_params(param_grid={"lr": [0.1]}).fit(*digits)
    began = time.time()
    search.fit(*digits)
    # For a refit of so many epochs half of the time would be kept.
    assert time.time() - began > 0.7 * SECONDS
    # A refit for which no time is kept has one epoch. So has one whose part of a second
    # the machine spends on other things, which it hardly does three times.
    for _ in range(2):
        if search.best_estimator_.n_iter_ == 1:
            search.fit(*digits)
    assert search.best_estimator_.n_iter_ > 1


def test_a_refit_of_fewer_epochs_than_the_splits_had_is_warned_of():
    X, y = load_digits(return_X_y=True)
    # The split has one batch of rows, of fifteen in all, and most of the time.
    few = [(np.arange(100), np.arange(100, 300))]
    search = GridSearchCV(
        endless_net(), {"lr": [0.01]}, cv=few, random_state=0, max_time=SECONDS
    )
    with pytest.warns(ConvergenceWarning, match="in the refit of GridSearchCV after"):
        search.fit(X, y)
    assert search.best_estimator_.n_iter_ < search.cv_results_["mean_n_epochs"][0]
    search.set_params(refit="ensemble").fit(X, y)


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize("max_time", [0, -1, "1h", float("nan")])
def test_wrong_times_are_refused(name, max_time, digits):
    search = SEARCHES[name](endless_net(), max_time=max_time)
    with pytest.raises(ValueError, match="'max_time' parameter of"):
        search.fit(*digits)
