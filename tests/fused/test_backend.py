"""Whatever runs in joblib meets in the backend, and gives what it gives without it."""

import multiprocessing as mp
import threading
import time

import joblib
import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import FitFailedWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import RFECV, SequentialFeatureSelector
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    permutation_test_score,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skopt import BayesSearchCV as SkoptBayesSearchCV

import skhyper
from skhyper import MLPClassifier, MLPRegressor
from skhyper.exceptions import FusionWarning
from skhyper.fused import _backend, _scheduler
from skhyper.fused._request import Request
from skhyper.fused._scheduler import Scheduler
from skhyper.fused._trainer import train_together
from skhyper.training import Halt, driver_in_force

X, Y = load_iris(return_X_y=True)
X_DIABETES, Y_DIABETES = load_diabetes(return_X_y=True)
NET = MLPClassifier((4,), max_epochs=3, random_state=0)
PIPELINE = make_pipeline(StandardScaler(), NET)
LR = "mlpclassifier__lr"
RATES = loguniform(0.01, 1)


@pytest.fixture
def groups(monkeypatch):
    """Record how many fits have met each time."""
    sizes = []
    train_together = _backend.train_together

    def record(requests, *how):
        sizes.append(len(requests))
        return train_together(requests, *how)

    monkeypatch.setattr(_backend, "train_together", record)
    return sizes


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = threading.active_count()
    yield
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("max_tasks", "expected"), [(300, [300]), (64, [64] * 4 + [44]), (2, [2] * 150)]
)
def test_a_grid_meets_in_as_many_groups_as_there_have_to_be(
    groups, max_tasks, expected
):
    grid = {LR: np.linspace(0.001, 0.1, 60)}
    with joblib.parallel_config("fused", max_tasks=max_tasks):
        GridSearchCV(PIPELINE, grid, cv=5, refit=False).fit(X, Y)
    assert groups == expected


def test_a_small_memory_makes_small_groups(groups):
    with (
        joblib.parallel_config("fused", memory=1),
        pytest.warns(FusionWarning, match="4 of 4 .* memory lets too few runs meet"),
    ):
        cross_val_score(PIPELINE, X, Y, cv=4)
    assert groups == [1] * 4


def scores_of(search):
    return search.fit(X, Y).cv_results_["mean_test_score"]


def importance(pipeline):
    weight = pipeline[-1].net_.module_[0].weight
    return weight.detach().abs().sum(0).numpy()


def probabilities(estimator):
    return estimator.fit(X, Y).predict_proba(X)


CALLS = {
    "GridSearchCV": lambda: scores_of(GridSearchCV(PIPELINE, {LR: [0.01, 0.1]}, cv=2)),
    "RandomizedSearchCV": lambda: scores_of(
        RandomizedSearchCV(
            PIPELINE, {LR: loguniform(0.01, 1)}, n_iter=3, random_state=0
        )
    ),
    "HalvingRandomSearchCV": lambda: scores_of(
        HalvingRandomSearchCV(PIPELINE, {LR: RATES}, min_resources=40, random_state=0)
    ),
    "our GridSearchCV": lambda: scores_of(
        skhyper.GridSearchCV(PIPELINE, {LR: [0.01, 0.1]}, cv=2)
    ),
    "our BayesSearchCV": lambda: scores_of(
        skhyper.BayesSearchCV(
            PIPELINE, {LR: (0.01, 1.0)}, n_iter=6, n_points=3, cv=2, random_state=0
        )
    ),
    "skopt's BayesSearchCV": lambda: scores_of(
        SkoptBayesSearchCV(
            PIPELINE, {LR: (0.01, 1.0)}, n_iter=8, n_points=8, cv=2, random_state=0
        )
    ),
    "cross_validate": lambda: cross_validate(PIPELINE, X, Y)["test_score"],
    "cross_val_predict": lambda: cross_val_predict(
        PIPELINE, X, Y, method="predict_proba"
    ),
    "learning_curve": lambda: learning_curve(
        PIPELINE, X, Y, train_sizes=[40, 80], shuffle=True, random_state=0
    )[2],
    "validation_curve": lambda: validation_curve(
        PIPELINE, X, Y, param_name=LR, param_range=[0.01, 0.1]
    )[1],
    "permutation_test_score": lambda: permutation_test_score(
        PIPELINE, X, Y, n_permutations=4, random_state=0
    )[1],
    "RFECV": lambda: scores_of(RFECV(PIPELINE, cv=2, importance_getter=importance)),
    "SequentialFeatureSelector": lambda: (
        SequentialFeatureSelector(PIPELINE, n_features_to_select=2, cv=2)
        .fit(X, Y)
        .get_support()
    ),
    "BaggingClassifier": lambda: probabilities(
        BaggingClassifier(PIPELINE, 4, random_state=0)
    ),
    "BaggingRegressor": lambda: (
        BaggingRegressor(MLPRegressor((4,), max_epochs=3), 4, random_state=0)
        .fit(X_DIABETES, Y_DIABETES)
        .predict(X_DIABETES)
    ),
    "VotingClassifier": lambda: probabilities(
        VotingClassifier([("a", PIPELINE), ("b", PIPELINE)], voting="soft")
    ),
    "StackingClassifier": lambda: probabilities(
        StackingClassifier([("a", PIPELINE), ("b", PIPELINE)], LogisticRegression())
    ),
    "OneVsRestClassifier": lambda: probabilities(OneVsRestClassifier(PIPELINE)),
    "MultiOutputClassifier": lambda: (
        MultiOutputClassifier(PIPELINE).fit(X, np.c_[Y, Y[::-1]]).predict(X)
    ),
    "CalibratedClassifierCV": lambda: probabilities(CalibratedClassifierCV(PIPELINE)),
}


@pytest.mark.filterwarnings("ignore:The objective has been evaluated")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_results_are_those_without_the_backend_and_fits_meet(call, groups):
    with joblib.parallel_config("threading", n_jobs=1):
        expected = call()
    assert groups == []
    with joblib.parallel_config("fused"):
        np.testing.assert_array_equal(call(), expected)
    assert max(groups) > 1


def test_a_search_inside_a_search_meets_across_its_folds(groups):
    inner = skhyper.GridSearchCV(PIPELINE, {LR: [0.01, 0.1]}, cv=3, random_state=0)
    with joblib.parallel_config("threading", n_jobs=1):
        expected = cross_val_score(inner, X, Y, cv=4)
    with joblib.parallel_config("fused"):
        np.testing.assert_array_equal(cross_val_score(inner, X, Y, cv=4), expected)
    # All inner fits of all outer folds, then the refits.
    assert groups == [4 * 3 * 2, 4]


def test_bagging_inside_a_grid_meets(groups):
    bagging = BaggingClassifier(PIPELINE, 3, random_state=0)
    grid = {f"estimator__{LR}": [0.01, 0.1]}
    expected = scores_of(GridSearchCV(bagging, grid, cv=2, refit=False))
    with joblib.parallel_config("fused"):
        scores = scores_of(GridSearchCV(bagging, grid, cv=2, refit=False))
    np.testing.assert_array_equal(scores, expected)
    assert max(groups) == 12


def test_tasks_without_fits_simply_run(groups):
    with joblib.parallel_config("fused"):
        results = joblib.Parallel()(joblib.delayed(pow)(n, 2) for n in range(1000))
        score = cross_val_score(LogisticRegression(max_iter=1000), X, Y).mean()
    assert results == [n**2 for n in range(1000)]
    assert score > 0.9
    assert groups == []


def test_an_error_ends_the_fit_that_made_it_only(groups):
    grid = {LR: [0.01, 1e38, 0.1]}
    search = GridSearchCV(PIPELINE, grid, cv=2, refit=False, error_score=-1.0)
    with (
        joblib.parallel_config("fused"),
        pytest.warns(FitFailedWarning, match="2 fits failed") as caught,
    ):
        scores = scores_of(search)
    assert "with lr=1e+38" in str(caught[0].message)
    assert "lr=0.01" not in str(caught[0].message)
    assert (scores == -1.0).tolist() == [False, True, False]
    assert groups == [6]


def request_of(net):
    """Give what a network hands in when it is fitted."""

    class HandedInError(Exception):
        pass

    def hand_in(*run):
        raise HandedInError(*run)

    with driver_in_force(hand_in), pytest.raises(HandedInError) as caught:
        net.fit(X, Y)
    return Request(*caught.value.args)


class HaltInTime(Halt):
    """A halt that is called when it has been asked after for some batches."""

    n_asked = 0

    @property
    def called(self):
        self.n_asked += 1
        return self.n_asked > 200


def test_runs_that_have_ended_are_handed_over_when_the_rest_is_given_up():
    short, endless = NET, MLPClassifier((4,), max_epochs=10**6, random_state=0)
    runs = [request_of(net) for net in (endless, short, endless)]
    results = train_together(runs, 1, HaltInTime())
    assert isinstance(results[0], KeyboardInterrupt)
    assert len(results[1].history) == 3
    assert isinstance(results[2], KeyboardInterrupt)


def test_tasks_of_a_task_that_is_given_up_wait_for_nobody():
    def nest():
        joblib.Parallel()(joblib.delayed(time.sleep)(1.5) for _ in range(100))

    with joblib.parallel_config("fused", n_jobs=1), pytest.raises(mp.TimeoutError):
        joblib.Parallel(timeout=0.5)([joblib.delayed(nest)()] * 2)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"max_tasks": 0}, "max_tasks"),
        ({"max_tasks": "x"}, "max_tasks"),
        ({"memory": "1G"}, "memory"),
        ({"memory": -1}, "memory"),
        ({"max_tasks": 1.5, "memory": 0}, "(?s)max_tasks.*\n.*memory"),
        ({"memory": 1e9}, "must be an int of at least 1, in bytes, .* Got 1000000000"),
        ({"max_tasks": 10**6}, "'max_tasks' .* must be an int from 1 to 100,000"),
    ],
)
def test_what_cannot_be_used_is_refused(options, named):
    with (
        pytest.raises(ValueError, match=named),
        joblib.parallel_config("fused", **options),
    ):
        cross_val_score(NET, X, Y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_task": 3}, "no parameter 'max_task'.*Did you mean 'max_tasks'"),
        ({"memory_": 3}, "no parameter 'memory_'.*Did you mean 'memory'"),
        ({"lanes": 3}, "no parameter 'lanes'; it has 'max_tasks', 'memory', 'over'"),
        ({"ovr": "loky"}, "no parameter 'ovr'.*Did you mean 'over'"),
        ({"a": 1, "b": 2}, "(?s)'a'.*\n.*'b'"),
        ({"max_task": 1, "memory": "b"}, "(?s)'max_task'; .*\n.*'memory' .* Got 'b'"),
    ],
)
def test_a_mistyped_option_is_named(options, message):
    with pytest.raises(TypeError, match=message):
        joblib.parallel_config("fused", **options)


def test_workers_are_asked_for_where_backends_are_chosen():
    rule = r"(?s)'over' is a parameter of joblib.parallel_config.* Got 'loky'\.\n.*-1"
    with pytest.raises(ValueError, match=rule):
        skhyper.FusedBackend(over="loky", max_tasks=-1)
    assert skhyper.FusedBackend(over=None).max_tasks == 512


@pytest.mark.parametrize("at_once", [2, 512])
@pytest.mark.parametrize("in_turns", [True, False])
def test_generators_of_results_do_not_wait_for_each_other(
    monkeypatch, in_turns, at_once
):
    broken = []
    break_stall = Scheduler._break_stall

    def note(scheduler):
        broken.append(scheduler)
        break_stall(scheduler)

    monkeypatch.setattr(Scheduler, "_break_stall", note)
    monkeypatch.setattr(_scheduler, "STALL", 0.5)

    def fit(seed):
        net = MLPClassifier((4,), max_epochs=2, random_state=seed)
        return net.fit(X, Y).loss_curve_[-1]

    def begin():
        fits = (joblib.delayed(fit)(seed) for seed in range(6))
        return joblib.Parallel(return_as="generator")(fits)

    with joblib.parallel_config("fused", n_jobs=2, max_tasks=at_once):
        both = begin(), begin()
        if in_turns:
            both = zip(*zip(*both, strict=True), strict=True)
        results = [list(losses) for losses in both]
    assert results == [[fit(seed) for seed in range(6)]] * 2
    assert not broken


def test_no_rows_are_cut_out_for_fits_there_is_no_memory_for(groups):
    cut = []

    class Counting(MLPClassifier):
        def fit(self, X, y):
            cut.append(len(groups))
            return super().fit(X, y)

    net = Counting((4,), max_epochs=3, random_state=0)
    with (
        joblib.parallel_config("fused", memory=1, n_jobs=1),
        pytest.warns(FusionWarning, match="memory lets too few runs meet"),
    ):
        GridSearchCV(net, {"lr": [0.01, 0.02, 0.03]}, cv=2, refit=False).fit(X, Y)
    # While one is trained the next may begin, but no more than that.
    assert all(number <= n_trained + 1 for number, n_trained in enumerate(cut))
