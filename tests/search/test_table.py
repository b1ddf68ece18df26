"""Every search with every kind of estimator and run: the table in the documentation.

The tests below are the columns of that table, the searches its rows. Its source is read
when the documentation is built, so that the names up to ``ELSEWHERE`` are literals.
"""

import gc
import os
from pathlib import Path

import joblib
import numpy as np
import optuna
import pytest
import ray
from distributed import Client, LocalCluster
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skhyper
from skhyper import CNNClassifier, MLPClassifier, MLPRegressor, SearchSpace
from skhyper.spaces import Float
from tests.search.test_rungs import assert_same

# The rows, with what each search is told besides what all are told.
SEARCHES = {
    "GridSearchCV": {},
    "RandomizedSearchCV": {"n_iter": 6},
    "BayesSearchCV": {"n_iter": 6, "n_points": 2},
    "HyperbandSearchCV": {"max_epochs": 3},
    "ASHASearchCV": {"n_iter": 8, "n_points": 2, "max_epochs": 3},
    "OptunaSearchCV": {"n_iter": 6, "n_points": 2},
    "HyperoptSearchCV": {"n_iter": 6, "n_points": 2},
    "RayTuneSearchCV": {"n_iter": 2},
}
COLUMNS = {
    "MLP": "test_mlp",
    "CNN": "test_cnn",
    "Pipeline": "test_pipeline",
    "regression": "test_regression",
    "several metrics": "test_several_metrics",
    "resume": "test_resume",
    "fused": "test_fused",
    "distributed": "test_distributed",
}
# Trials of Ray Tune run in processes of its own: for what is particular there.
ELSEWHERE = {
    ("RayTuneSearchCV", "resume"): (
        "tests/search/test_ray.py::test_runs_go_on_that_were_killed"
    ),
    ("RayTuneSearchCV", "fused"): (
        "tests/search/test_ray.py::test_folds_of_a_trial_are_trained_together"
    ),
    ("RayTuneSearchCV", "distributed"): (
        "tests/search/test_ray.py::test_trials_run_in_processes_of_their_own"
    ),
}

EPOCHS = 3
X, Y = load_iris(return_X_y=True)
NET = MLPClassifier((6,), max_epochs=EPOCHS, dropout=0.1, random_state=0)
PIPELINE = make_pipeline(StandardScaler(), NET)
SPACE = SearchSpace(lr=Float(1e-3, 1, log=True), l2=[0.0, 1e-3])

optuna.logging.set_verbosity(optuna.logging.WARNING)

# Ray and Dask leave files and sockets open.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def every_search(test):
    """Run a test for each search that has no other one in its column."""
    [column] = [title for title, name in COLUMNS.items() if name == test.__name__]
    names = [name for name in SEARCHES if (name, column) not in ELSEWHERE]
    return pytest.mark.parametrize("name", names)(test)


@pytest.fixture(scope="module")
def ray_cluster():
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture(autouse=True)
def ray_where_it_is_needed(request):
    if "RayTuneSearchCV" in request.node.name:
        request.getfixturevalue("ray_cluster")
    yield
    gc.collect()


@pytest.fixture(scope="module")
def dask_cluster():
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(**settings) as cluster, Client(cluster):
        yield


def make(name, estimator=PIPELINE, **settings):
    common = {"cv": 2, "random_state": 0, **SEARCHES[name]}
    return getattr(skhyper, name)(estimator, SPACE, **{**common, **settings})


def assert_scores_are_those_of_scikit_learn(search, X, y):
    """Compare those that were trained to their end with scikit-learn's own loop."""
    results = search.cv_results_
    epochs = results.get("n_resources", np.full(len(results["params"]), EPOCHS))
    places = np.flatnonzero(epochs == EPOCHS)
    assert len(places)
    metrics = search.scoring or ["score"]
    for place in places:
        alone = clone(search.estimator).set_params(**results["params"][place])
        expected = cross_validate(alone, X, y, cv=2, scoring=search.scoring)
        for metric in metrics:
            scores = [results[f"split{k}_test_{metric}"][place] for k in range(2)]
            np.testing.assert_array_equal(scores, expected[f"test_{metric}"])
    np.testing.assert_array_equal(search.predict(X), search.best_estimator_.predict(X))
    assert search.best_index_ in places


@every_search
def test_mlp(name):
    search = make(name, NET).fit(X, Y)
    assert_scores_are_those_of_scikit_learn(search, X, Y)
    assert set(search.best_params_) == {"lr", "l2"}


@every_search
def test_cnn(name, tiny_images):
    net = CNNClassifier(channels=(2,), max_epochs=EPOCHS, random_state=0)
    search = make(name, net).fit(*tiny_images)
    assert_scores_are_those_of_scikit_learn(search, *tiny_images)


@every_search
def test_pipeline(name):
    search = make(name, PIPELINE).fit(X, Y)
    assert_scores_are_those_of_scikit_learn(search, X, Y)
    assert set(search.best_params_) == {"mlpclassifier__lr", "mlpclassifier__l2"}


@every_search
def test_regression(name):
    rows, target = load_diabetes(return_X_y=True)
    net = MLPRegressor((6,), max_epochs=EPOCHS, random_state=0)
    search = make(name, net).fit(rows, target)
    assert_scores_are_those_of_scikit_learn(search, rows, target)


@every_search
def test_several_metrics(name):
    metrics = ["accuracy", "neg_log_loss"]
    search = make(name, scoring=metrics, refit="neg_log_loss").fit(X, Y)
    assert_scores_are_those_of_scikit_learn(search, X, Y)
    ranks = search.cv_results_["rank_test_neg_log_loss"]
    assert ranks[search.best_index_] == 1


class CutOff(Exception):
    pass


class CutOffAt:
    """A scorer whose n-th call is the end."""

    def __init__(self, n_calls):
        self.n_calls = n_calls
        self.n_scored = 0

    def __call__(self, estimator, X, y):
        if self.n_scored == self.n_calls:
            raise CutOff
        self.n_scored += 1
        return estimator.score(X, y)


def in_fours():
    """Have four fits trained at a time, so that there are some when all is over."""
    return joblib.parallel_config("fused", max_tasks=4, n_jobs=1)


@every_search
def test_resume(name, tmp_path):
    # Optuna and Hyperopt keep their own trials besides.
    own = {
        "OptunaSearchCV": {
            "storage": f"sqlite:///{tmp_path}/study.db",
            "study_name": "cut off",
        },
        "HyperoptSearchCV": {"trials": tmp_path / "trials.json"},
    }
    kept = {"memory": tmp_path / "memory", **own.get(name, {})}
    scorer = CutOffAt(6)

    def score(estimator, X, y):
        return scorer(estimator, X, y) if cuts else estimator.score(X, y)

    # What goes on has the scoring of what it goes on with.
    whole = make(name, scoring=score)
    going_on = make(name, scoring=score, **kept)
    cut_off = make(name, scoring=score, error_score="raise", **kept)
    with in_fours():
        cuts = False
        whole.fit(X, Y)
        cuts = True
        with pytest.raises(CutOff):
            cut_off.fit(X, Y)
        cuts = False
        going_on.fit(X, Y)
    for search in (whole, going_on):
        # A trial that was left behind has another number when it is taken up.
        search.cv_results_.pop("trial", None)
    assert_same(going_on, whole)
    assert scorer.n_scored == 6
    n_new, n_all = (s.fusion_report_["lanes"].sum() for s in (going_on, whole))
    assert n_new <= n_all - scorer.n_scored


@every_search
def test_fused(name):
    fused, alone = make(name).fit(X, Y), make(name, fused=False).fit(X, Y)
    assert_same(fused, alone)
    assert fused.fusion_report_["lanes"].max() > 1
    assert alone.fusion_report_.empty
    np.testing.assert_array_equal(fused.predict_proba(X), alone.predict_proba(X))


def leaving_its_process(folder):
    """Make a scorer that leaves the number of its process behind."""

    def score(estimator, X, y):
        Path(folder, str(os.getpid())).touch()
        return estimator.score(X, y)

    return score


@every_search
def test_distributed(name, dask_cluster, tmp_path):
    here = make(name).fit(X, Y)
    # Else BayesSearchCV would have one job, as in skopt.
    search = make(name, scoring=leaving_its_process(tmp_path), n_jobs=2)
    for over in ("loky", "dask"):
        with joblib.parallel_config("fused", over=over):
            assert_same(search.fit(X, Y), here)
        assert search.fusion_report_["lanes"].max() > 1
    pids = {path.name for path in tmp_path.iterdir()}
    assert 2 <= len(pids) <= 4
    assert str(os.getpid()) not in pids
