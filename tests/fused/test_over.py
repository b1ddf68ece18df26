"""Stacks go to the workers of loky, Dask and Ray, with the results of one process."""

import builtins
import gc
import os
import signal
import threading
import time
from pathlib import Path

import joblib
import numpy as np
import pytest
import ray
import torch
from distributed import Client, LocalCluster
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skhyper
from skhyper import MLPClassifier
from skhyper._joblib import TerminatedWorkerError
from skhyper.fused import Report, _engines, report_in_force

# Ray and Dask leave files and sockets open.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

X, Y = load_iris(return_X_y=True)
NET = MLPClassifier((4,), max_epochs=4, random_state=0)
PIPELINE = make_pipeline(StandardScaler(), NET)
GRID = {"mlpclassifier__lr": [0.001, 0.01, 0.1], "mlpclassifier__dropout": [0.0, 0.2]}
PRINT = builtins.print


@pytest.fixture(scope="module", params=["loky", "dask", "ray"])
def over(request):
    """Start two worker processes of each kind."""
    if request.param == "loky":
        yield "loky"
        joblib.externals.loky.get_reusable_executor().shutdown(kill_workers=True)
    elif request.param == "dask":
        settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
        with LocalCluster(**settings) as cluster, Client(cluster):
            yield "dask"
    else:
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
        yield "ray"
        ray.shutdown()
        assert builtins.print is PRINT
    gc.collect()


def scores_of(search):
    return search.fit(X, Y).cv_results_


def assert_same_scores(one, other):
    names = [name for name in one if "test_" in name]
    assert names
    for name in names:
        np.testing.assert_array_equal(one[name], other[name])


SEARCHES = {
    "ours": lambda: scores_of(skhyper.GridSearchCV(PIPELINE, GRID, cv=3)),
    "scikit-learn's": lambda: scores_of(GridSearchCV(PIPELINE, GRID, cv=3)),
    "cross_validate": lambda: cross_validate(
        PIPELINE, X, Y, scoring=["accuracy", "neg_log_loss"]
    ),
    "no network": lambda: scores_of(
        GridSearchCV(LogisticRegression(max_iter=1000), {"C": [0.1, 1.0]})
    ),
}


@pytest.mark.parametrize("call", SEARCHES.values(), ids=SEARCHES)
def test_scores_are_those_of_one_process_bit_for_bit(over, call):
    with joblib.parallel_config("threading", n_jobs=1):
        expected = call()
    with joblib.parallel_config("fused", over=over, n_jobs=2):
        assert_same_scores(call(), expected)


def test_tasks_are_cut_into_one_stack_for_each_worker(over):
    with joblib.parallel_config("fused", over=over, n_jobs=2):
        search = skhyper.GridSearchCV(PIPELINE, GRID, cv=3).fit(X, Y)
        pids = joblib.Parallel()(joblib.delayed(os.getpid)() for _ in range(6))
    assert search.fusion_report_["lanes"].tolist() == [9, 9]
    assert search.fusion_report_["group"].tolist() == [0, 1]
    assert len(set(pids)) == 2
    assert os.getpid() not in pids


def test_stacks_have_no_more_lanes_than_max_tasks(over):
    report = Report()
    config = joblib.parallel_config("fused", over=over, n_jobs=2, max_tasks=4)
    with report_in_force(report), config:
        GridSearchCV(PIPELINE, GRID, cv=3, refit=False).fit(X, Y)
    lanes = report.frame()["lanes"]
    assert lanes.sum() == 18
    assert lanes.max() == 4


def test_a_killed_worker_costs_a_retry_of_its_stack(over, tmp_path):
    score = killer(tmp_path / "killed", PIPELINE)
    expected = scores_of(skhyper.GridSearchCV(PIPELINE, GRID, cv=3, refit=False))
    search = skhyper.GridSearchCV(PIPELINE, GRID, cv=3, refit=False, scoring=score)
    with joblib.parallel_config("fused", over=over, n_jobs=2):
        assert_same_scores(search.fit(X, Y).cv_results_, expected)
    assert (tmp_path / "killed").exists()


def killer(path, _):
    """Make a scorer that kills its process the first time it is called."""

    def score(estimator, X, y):
        if not Path(path).exists():
            Path(path).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return float(np.mean(estimator.predict(X) == y))

    return score


def test_errors_of_a_task_reach_the_caller(over):
    def fail(number):
        if number == 3:
            raise LookupError(f"number {number}")
        return number

    with (
        joblib.parallel_config("fused", over=over, n_jobs=2),
        pytest.raises(LookupError, match="number 3"),
    ):
        joblib.Parallel()(joblib.delayed(fail)(number) for number in range(6))


@pytest.mark.parametrize("pre_dispatch", ["2*n_jobs", 3, "all"])
def test_results_come_in_order_whatever_is_dispatched(over, pre_dispatch):
    with joblib.parallel_config("fused", over=over, n_jobs=2, max_tasks=2):
        squares = joblib.Parallel(pre_dispatch=pre_dispatch)(
            joblib.delayed(pow)(number, 2) for number in range(13)
        )
    assert squares == [number**2 for number in range(13)]


def test_results_come_as_they_end(over):
    if over == "ray":
        pytest.skip("joblib's backend of Ray gives lists only")
    with joblib.parallel_config("fused", over=over, n_jobs=2, max_tasks=2):
        results = joblib.Parallel(return_as="generator_unordered")(
            joblib.delayed(abs)(number) for number in range(9)
        )
        assert sorted(results) == [*range(9)]


def test_large_arrays_are_read_where_they_are(over):
    rows = np.random.default_rng(0).normal(size=(4_000, 40))
    labels = (rows[:, 0] > 0).astype(int)
    net = MLPClassifier((4,), max_epochs=1, batch_size=512, random_state=0)
    expected = cross_validate(net, rows, labels, cv=3)["test_score"]
    with joblib.parallel_config("fused", over=over, n_jobs=2):
        scores = cross_validate(net, rows, labels, cv=3)["test_score"]
    np.testing.assert_array_equal(scores, expected)
