"""RayTuneSearchCV: Ray Tune suggests, schedules and restores real trials."""

import builtins
import gc
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import ray
from ray import tune
from scipy.stats import loguniform
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhyper import GridSearchCV, MLPClassifier, MLPRegressor, RayTuneSearchCV
from skhyper.exceptions import TrainingDiverged
from skhyper.fused._report import report_here
from skhyper.search._ray_engine import as_mutations, check_resources, keep_inside
from skhyper.search._ray_runs import ORIGIN
from tests.search.test_optuna import SPACES

# Ray Tune leaves files open.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

X, Y = load_iris(return_X_y=True)
PRINT = builtins.print
PIPELINE = make_pipeline(StandardScaler(), MLPClassifier((6,), max_epochs=6))
SPACE = {"lr": loguniform(1e-3, 1), "optimizer": ["adam", "sgd"]}


@pytest.fixture(scope="module", autouse=True)
def cluster():
    """Start Ray on two processors."""
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()
    assert builtins.print is PRINT


@pytest.fixture(autouse=True)
def files_closed_where_the_warning_is_ignored():
    """Collect the files that Ray Tune leaves open, lest another test does."""
    yield
    gc.collect()


def make(space=SPACE, estimator=PIPELINE, **settings):
    common = {"n_iter": 5, "cv": 3, "random_state": 0}
    return RayTuneSearchCV(estimator, space, **{**common, **settings})


def scores_of(search):
    return search.cv_results_["mean_test_score"]


def test_trials_score_what_a_grid_of_the_same_candidates_does():
    search = make().fit(X, Y)
    grid = [{name: [v] for name, v in p.items()} for p in search.cv_results_["params"]]
    assert len(list(ParameterGrid(grid))) == 5
    # The seed of the networks is drawn after that of the algorithm.
    alone = GridSearchCV(clone(PIPELINE), grid, cv=3, fused=False)
    alone.set_params(estimator__mlpclassifier__random_state=seed_of(search))
    np.testing.assert_array_equal(scores_of(search), scores_of(alone.fit(X, Y)))
    assert search.best_estimator_.score(X, Y) > 0.8
    reported = {r.metrics["trial_id"]: r.metrics["score"] for r in search.results_}
    assert reported == dict(
        zip(search.cv_results_["trial"], scores_of(search), strict=True)
    )


def where_trained(estimator, X, y):
    """Score, and tell in which process, with how many others together."""
    lanes = report_here().frame()["lanes"].max()
    return {"score": estimator.score(X, y), "lanes": lanes, "process": os.getpid()}


def test_folds_of_a_trial_are_trained_together():
    settings = {"scoring": where_trained, "refit": "score", "n_iter": 2}
    search, alone = make(**settings).fit(X, Y), make(n_iter=2, fused=False).fit(X, Y)
    results = search.cv_results_
    np.testing.assert_array_equal(results["mean_test_lanes"], [3, 3])
    np.testing.assert_array_equal(results["mean_test_score"], scores_of(alone))


def test_trials_run_in_processes_of_their_own():
    settings = {"scoring": where_trained, "refit": "score", "n_iter": 6}
    results = make(**settings).fit(X, Y).cv_results_
    # All folds of a trial are in one process.
    assert (results["std_test_process"] == 0).all()
    assert os.getpid() not in results["mean_test_process"]
    assert len(set(results["mean_test_process"])) == 2
    expected = scores_of(make(n_iter=6, n_jobs=1).fit(X, Y))
    np.testing.assert_array_equal(results["mean_test_score"], expected)


def seed_of(search):
    return search.best_estimator_[-1].random_state


def test_the_same_seed_gives_the_same_search():
    first, second = make().fit(X, Y), make().fit(X, Y)
    np.testing.assert_array_equal(scores_of(first), scores_of(second))
    assert first.cv_results_["params"] == second.cv_results_["params"]
    assert pickle.loads(pickle.dumps(first)).best_params_ == first.best_params_


@pytest.mark.parametrize("algorithm", ["optuna", "hyperopt"])
def test_every_algorithm(algorithm):
    search = make(algorithm=algorithm, n_jobs=1, n_iter=4).fit(X, Y)
    again = make(algorithm=algorithm, n_jobs=1, n_iter=4).fit(X, Y)
    np.testing.assert_array_equal(scores_of(search), scores_of(again))


@pytest.mark.parametrize("scheduler", ["asha", "hyperband", "median"])
def test_every_scheduler_that_ends_trials(scheduler):
    search = make(scheduler=scheduler, max_epochs=9, n_iter=8).fit(X, Y)
    table = search.cv_results_
    assert set(table["n_resources"]) <= {1, 2, 3, 4, 5, 6, 7, 8, 9}
    assert table["n_resources"].min() < table["n_resources"].max() == 9
    # No epoch was trained twice.
    np.testing.assert_array_equal(table["mean_n_epochs"], table["n_resources"])
    assert table["n_resources"][search.best_index_] == 9
    assert search.best_estimator_[-1].n_iter_ == 9


def test_a_trial_that_goes_on_is_as_if_it_had_not_paused():
    search = make(scheduler="asha", max_epochs=9, n_iter=6).fit(X, Y)
    table = search.cv_results_
    ended = np.flatnonzero(table["n_resources"] == 9)
    grid = [{n: [v] for n, v in table["params"][place].items()} for place in ended]
    whole = make_pipeline(StandardScaler(), MLPClassifier((6,), max_epochs=9))
    whole.set_params(mlpclassifier__random_state=seed_of(search))
    alone = GridSearchCV(whole, grid, cv=3).fit(X, Y)
    np.testing.assert_array_equal(scores_of(search)[ended], scores_of(alone))


def test_population_based_training_hands_weights_on():
    space = {"lr": loguniform(1e-6, 1), "dropout": [0.0, 0.1], "activation": ["relu"]}
    settings = {"scheduler": "pbt", "max_epochs": 20, "min_epochs": 5, "n_iter": 6}
    search = make(space, **settings).fit(X, Y)
    assert (search.cv_results_["n_resources"] == 20).all()
    # Most rates are far too small to learn anything, but all go on from the best.
    untold = make(space, **{**settings, "scheduler": None}).fit(X, Y)
    assert scores_of(search).mean() > scores_of(untold).mean() + 0.05
    for params in search.cv_results_["params"]:
        assert 1e-6 <= params["mlpclassifier__lr"] <= 1
        assert params["mlpclassifier__dropout"] in (0.0, 0.1)


def test_population_based_training_of_many_steps():
    # By itself, one goes on from the same epoch of the other for ever, or from what is
    # not there any more.
    net = MLPClassifier((4,), random_state=0)
    settings = {"scheduler": "pbt", "n_iter": 2, "cv": 2, "error_score": "raise"}
    search = make({"lr": [0.001, 0.01, 0.1]}, net, **settings, max_epochs=24)
    search.set_params(max_time=120).fit(X, Y)
    assert (search.cv_results_["n_resources"] == 24).all()


def test_population_based_training_stays_within_the_space():
    rate, half, steps = tune.uniform(0, 1), tune.choice([0.0, 0.5]), tune.randint(0, 5)
    space = {"lr": rate, "dropout": half, "l2": steps}
    mutations = as_mutations(space)
    assert mutations == {"lr": rate, "dropout": [0.0, 0.5], "l2": steps}
    explore = keep_inside(tune, space)
    beyond = {"lr": 1.2, "dropout": 0.5, "l2": 6}
    assert explore(beyond) == {"lr": 1, "dropout": 0.5, "l2": 4}


def test_objects_of_ray_tune():
    algorithm = tune.search.BasicVariantGenerator(random_state=1)
    scheduler = tune.schedulers.ASHAScheduler("n_epochs", max_t=6, grace_period=2)
    search = make(
        algorithm=algorithm, scheduler=scheduler, max_epochs=6, min_epochs=2
    ).fit(X, Y)
    assert set(search.cv_results_["n_resources"]) <= {2, 4, 6}


@pytest.mark.parametrize("kind", ["alternatives", "presets", "search space"])
def test_every_kind_of_space(kind):
    search = make(SPACES[kind], n_iter=3).fit(X, Y)
    assert np.isfinite(scores_of(search)).all()
    assert all(name.startswith("mlpclassifier__") for name in search.best_params_)


def test_what_holds_print_can_be_pickled_afterwards():
    stopping = MLPClassifier((6,), max_epochs=6, early_stopping=True)
    search = make(estimator=stopping, n_iter=1).fit(X, Y)
    assert builtins.print is PRINT
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    np.testing.assert_array_equal(again.predict(X), search.predict(X))


def test_regression_with_several_metrics():
    data = load_diabetes(return_X_y=True)
    net = MLPRegressor((8,), max_epochs=5)
    metrics = ["r2", "neg_mean_absolute_error"]
    search = make({"lr": [0.1, 0.01]}, net, scoring=metrics, refit="r2", n_iter=3).fit(
        *data
    )
    assert {"mean_test_r2", "mean_test_neg_mean_absolute_error"} <= {
        *search.cv_results_
    }
    reported = {result.metrics["score"] for result in search.results_}
    assert reported == {*search.cv_results_["mean_test_r2"]}


# Of 6 epochs with a rate like that none ends in numbers.
RUINOUS = {"lr": [0.01, 1e38], "optimizer": ["sgd"]}


FAILS = pytest.mark.filterwarnings("ignore:(?s).*(fits failed|non-finite)")


@FAILS
@pytest.mark.parametrize("scheduler", [None, "asha"])
def test_candidates_that_fail_are_ranked_last(scheduler):
    search = make(RUINOUS, n_iter=6, scheduler=scheduler, max_epochs=6)
    search.fit(X, Y)
    rates = np.array([p["mlpclassifier__lr"] for p in search.cv_results_["params"]])
    failed = np.isnan(scores_of(search))
    np.testing.assert_array_equal(failed, rates == 1e38)
    assert 0 < failed.sum() < 6
    ranks = search.cv_results_["rank_test_score"]
    assert ranks[failed].min() > ranks[~failed].max()


def test_an_error_can_end_the_search():
    with pytest.raises(TrainingDiverged, match="1e\\+38"):
        make(RUINOUS, n_iter=6, error_score="raise").fit(X, Y)


class Mortal(TransformerMixin, BaseEstimator):
    """Kills its process the first so many times that it is fitted."""

    def __init__(self, folder=None, n_deaths=1):
        self.folder = folder
        self.n_deaths = n_deaths

    def fit(self, X, y=None):
        for number in range(self.n_deaths):
            marker = Path(self.folder) / str(number)
            if not marker.exists():
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return self

    def transform(self, X):
        return X


def test_a_trial_that_loses_its_process_is_tried_again(tmp_path):
    mortal = make_pipeline(Mortal(tmp_path), MLPClassifier((6,), max_epochs=6))
    search = make({"lr": [0.01]}, mortal, n_iter=2, n_jobs=1).fit(X, Y)
    assert np.isfinite(scores_of(search)).all()


def test_a_trial_that_loses_its_process_again_and_again_has_failed(tmp_path):
    mortal = make_pipeline(Mortal(tmp_path, 2), MLPClassifier((6,), max_epochs=6))
    search = make({"lr": [0.01]}, mortal, n_iter=1, refit=False)
    with pytest.raises(ValueError, match="All the 3 fits failed"):
        search.fit(X, Y)


CUT_OFF = """
import sys
import ray
from tests.search.test_ray import X, Y, make
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
make(storage=sys.argv[1], name="runs", n_iter=12, n_jobs=1).fit(X, Y)
"""


def test_runs_go_on_that_were_killed(tmp_path):
    folder = tmp_path / "runs"
    process = subprocess.Popen(
        [sys.executable, "-c", CUT_OFF, str(tmp_path)], start_new_session=True
    )
    begun = time.monotonic()
    while time.monotonic() < begun + 120 and len(list(folder.glob("Trial_*"))) < 4:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    settings = {"n_iter": 12, "n_jobs": 1}
    resumed = make(storage=tmp_path, name="runs", **settings).fit(X, Y)
    whole = make(**settings).fit(X, Y)
    assert resumed.cv_results_["params"] == whole.cv_results_["params"]
    np.testing.assert_array_equal(scores_of(resumed), scores_of(whole))


class Marking(TransformerMixin, BaseEstimator):
    """Leaves a file behind each time that it is fitted."""

    def __init__(self, folder=None):
        self.folder = folder

    def fit(self, X, y=None):
        Path(self.folder, uuid4().hex).touch()
        return self

    def transform(self, X):
        return X


WAIT_AND_INTERRUPT = """
import os, pathlib, signal, sys, time
while len(list(pathlib.Path(sys.argv[2]).iterdir())) < 12:
    time.sleep(0.02)
os.kill(int(sys.argv[1]), signal.SIGINT)
"""


def test_ctrl_c_keeps_what_has_ended(tmp_path):
    waiting = [sys.executable, "-c", WAIT_AND_INTERRUPT, str(os.getpid()), tmp_path]
    marking = make_pipeline(Marking(tmp_path), MLPClassifier((6,), max_epochs=50))
    search = make({"lr": [0.01]}, marking, n_iter=60, n_jobs=1)
    with subprocess.Popen(waiting), pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    assert 0 < len(scores_of(search)) < 60
    # Ctrl-C is what it was before.
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.filterwarnings("ignore:The time was up in the refit")
def test_trials_end_in_time():
    endless = make_pipeline(StandardScaler(), MLPClassifier((6,), max_epochs=10**6))
    # The first report of a trial is its last, but for its end in time.
    rungs = {"scheduler": "asha", "max_epochs": 10**6, "min_epochs": 10**6}
    search = make(estimator=endless, n_iter=50, max_time=60, **rungs).fit(X, Y)
    table = search.cv_results_
    assert 0 < len(table["params"]) < 50
    assert set(table["split0_stop_reason"]) == {"max_time"}
    assert search.best_estimator_[-1].stop_reason_ == "max_time"


def test_a_time_that_is_too_short_gives_a_trial_or_an_error():
    # Which of them depends on whether a process was there already.
    search, words = make(max_time=0.05), "No trial of RayTuneSearchCV has reported"
    try:
        search.fit(X, Y)
    except TimeoutError as error:
        words = str(error)
    n_candidates = len(getattr(search, "cv_results_", {"params": []})["params"])
    assert 1 <= n_candidates <= 5 or "reported within max_time=0.05" in words


def test_runs_with_other_splits_are_not_mistaken(tmp_path):
    settings = {"storage": tmp_path, "name": "runs", "n_iter": 2}
    make(**settings).fit(X, Y)
    with pytest.raises(ValueError, match=r"have other splits .* which has 4"):
        make(**settings, cv=4).fit(X, Y)


def test_runs_of_another_search_are_refused(tmp_path):
    settings = {"storage": tmp_path, "name": "runs", "n_iter": 2}
    make(**settings).fit(X, Y)
    other = PIPELINE[-1]
    course = "another n_iter, algorithm or scheduler"
    epochs = "another number of epochs"
    remedy = "Give another name, or delete the runs"
    for search, data, what in (
        (make(**settings), (X + 1, Y), "other data"),
        (make(**settings, estimator=other), (X, Y), "another space"),
        (make({"lr": loguniform(1e-4, 1)}, **settings), (X, Y), "another space"),
        (make(**settings, scoring="neg_log_loss"), (X, Y), "another scoring"),
        (make(**{**settings, "n_iter": 3}), (X, Y), course),
        (make(**settings, algorithm="optuna"), (X, Y), course),
        (make(**settings, scheduler="asha"), (X, Y), f"{epochs} and {course}"),
    ):
        words = f"'storage' and 'name' parameters .* have {what} than .* {remedy}"
        with pytest.raises(ValueError, match=words):
            search.fit(*data)
    again = make(**settings, n_jobs=1, refit=False).fit(X, Y)
    assert len(scores_of(again)) == 2
    # Nobody knows from what these were made.
    (tmp_path / "runs" / ORIGIN).unlink()
    with pytest.raises(ValueError, match=f"not hold runs .* name='runs'. {remedy}"):
        make(**settings).fit(X, Y)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scheduler": "asah"}, r"'scheduler' .* 'asah' .*Did you mean 'asha'\?"),
        ({"algorithm": "optune"}, r"'algorithm' .* Did you mean 'optuna'\?"),
        ({"storage": "here"}, "'storage' and 'name' .* belong together"),
        ({"storage": "s3://bucket", "name": "a"}, "'storage' .* no URI. Got 's3://b"),
        ({"storage": "here", "name": ""}, "'name' .* without its path. Got ''"),
        ({"storage": "here", "name": "a/b"}, "'name' .* without its path. Got 'a/b'"),
        ({"storage": "here", "name": "a/"}, "'name' .* without its path. Got 'a/'"),
        ({"storage": "here", "name": "."}, "'name' .* without its path. Got '.'"),
        ({"storage": "here", "name": ".."}, "'name' .* without its path. Got '..'"),
        ({"scheduler": "asha", "min_epochs": 99}, "'min_epochs' .* at most"),
        ({"scheduler": "pbt", "algorithm": "optuna"}, "'algorithm' .* 'random' .*pbt"),
        ({"n_iter": 0}, "'n_iter' parameter"),
        ({"scheduler": "asha", "space": {"max_epochs": [5]}}, "must not hold .*epochs"),
        ({"resources": 2}, "'resources' parameter"),
        ({"algorithm": 3}, "'algorithm' .* object of Ray Tune's. Got 3"),
        ({"algorithm": None}, "'algorithm' .* Got None"),
        ({"scheduler": object}, "'scheduler' .* Got <class 'object'>"),
        ({"n_jobs": -5}, "'n_jobs' .* at least 1, -1 or None. Got -5"),
        ({"cv": []}, "No fits were performed"),
    ],
)
def test_mistakes(settings, message):
    with pytest.raises(ValueError, match=message):
        make(**settings).fit(X, Y)


@pytest.mark.parametrize(
    ("resources", "messages"),
    [
        ({"cpus": 1}, ["Got 'cpus'. Did you mean 'cpu'?", "'cpu', 'gpu', 'memory'"]),
        ({"cpu": 64}, ["'resources' parameter", "Got 64 of 'cpu'", "at most 2"]),
        ({"gpu": 0.5}, ["Got 0.5 of 'gpu'", "at most 0"]),
        ({"cpu": "1", "gpu": -1}, ["Got '1' for 'cpu'", "Got -1 for 'gpu'"]),
        ({"cpus": 1, "CPU": 3}, ["Got 'cpus'", "Got 3 of 'CPU'"]),
        ({"cpu": True}, ["Got True for 'cpu'"]),
        ({"cpu": 0}, ["an amount above 0. Got {'cpu': 0}"]),
    ],
)
def test_resources_that_the_cluster_lacks_are_refused(resources, messages):
    # Ray Tune would wait for them for ever.
    with pytest.raises(ValueError, match="'resources' parameter of RayTune") as caught:
        make(resources=resources).fit(X, Y)
    for words in messages:
        assert words in str(caught.value)


def test_resources_that_the_cluster_has_are_taken():
    search = make(resources={"CPU": 2, "gpu": 0, "memory": 1e6}, n_iter=2)
    assert search.fit(X, Y).best_score_ > 0.3


def test_resources_must_be_on_one_machine():
    machines = [{"CPU": 2.0, "memory": 8.0}, {"CPU": 1.0, "tpu": 4.0}]
    search = make(resources={"cpu": 2, "tpu": 1})
    with pytest.raises(ValueError, match="no machine has all of"):
        check_resources(search, machines)
    check_resources(make(resources={"cpu": 1, "tpu": 4}), machines)


def test_a_relative_storage_is_found_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = {"storage": "kept", "name": "runs", "n_iter": 2}
    search = make(**settings).fit(X, Y)
    again = make(**settings).fit(X, Y)
    assert [*again.cv_results_["trial"]] == [*search.cv_results_["trial"]]


@FAILS
def test_a_population_goes_on_without_those_that_fail():
    net = MLPRegressor((4,), optimizer="sgd", random_state=0)
    settings = {"scheduler": "pbt", "max_epochs": 6, "cv": 2, "random_state": 1}
    search = make({"lr": [0.01, 1e30]}, net, **settings, n_iter=2, max_time=120)
    search.fit(X, Y.astype("float32"))
    assert [*search.cv_results_["n_resources"]] == [6, 1]
    assert [*np.isfinite(scores_of(search))] == [True, False]


def test_a_relative_memory_is_found_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    search = make(memory="kept", n_iter=2).fit(X, Y)
    kept = {*Path("kept").rglob("*.*")}
    assert len(kept) > search.n_splits_
    search.fit(X, Y)
    assert {*Path("kept").rglob("*.*")} == kept
