"""Stacks go to the workers of loky, Dask and Ray, with the results of one process."""

import builtins
import gc
import multiprocessing as mp
import os
import pickle
import signal
import subprocess
import sys
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
        settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
        with LocalCluster(**settings) as cluster, Client(cluster):
            yield "dask"
    else:
        # It would put a function of its own in the place of print.
        os.environ["RAY_TQDM_PATCH_PRINT"] = "0"
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
        yield "ray"
        ray.shutdown()
        assert builtins.print is PRINT
    gc.collect()


# Every call has Ray start two processes anew, which takes six seconds.
WITHOUT_RAY = pytest.mark.parametrize(
    "over", ["loky", "dask"], indirect=True, scope="module"
)


def scores_of(search):
    return search.fit(X, Y).cv_results_


def assert_same_scores(one, other):
    names = [name for name in one if "test_" in name]
    assert names
    for name in names:
        np.testing.assert_array_equal(one[name], other[name])


SEARCHES = {
    "randomized": lambda: scores_of(
        skhyper.RandomizedSearchCV(PIPELINE, GRID, n_iter=4, cv=2, random_state=0)
    ),
    "rounds": lambda: scores_of(
        skhyper.HyperbandSearchCV(PIPELINE, GRID, max_epochs=4, random_state=0)
    ),
    "cross_validate": lambda: cross_validate(
        PIPELINE, X, Y, scoring=["accuracy", "neg_log_loss"]
    ),
    "no network": lambda: scores_of(
        GridSearchCV(LogisticRegression(max_iter=1000), {"C": [0.1, 1.0]})
    ),
}


def test_our_grid_is_one_stack_for_each_worker_with_the_same_scores(over):
    expected = skhyper.GridSearchCV(PIPELINE, GRID, cv=3, fused=False).fit(X, Y)
    with joblib.parallel_config("fused", over=over, n_jobs=2):
        search = skhyper.GridSearchCV(PIPELINE, GRID, cv=3).fit(X, Y)
    assert_same_scores(search.cv_results_, expected.cv_results_)
    assert search.fusion_report_["lanes"].tolist() == [9, 9]
    assert search.fusion_report_["group"].tolist() == [0, 1]


def test_grid_of_scikit_learn_has_the_same_scores(over):
    expected = scores_of(GridSearchCV(PIPELINE, GRID, cv=3))
    with joblib.parallel_config("fused", over=over, n_jobs=2):
        assert_same_scores(scores_of(GridSearchCV(PIPELINE, GRID, cv=3)), expected)


@WITHOUT_RAY
@pytest.mark.parametrize("call", SEARCHES.values(), ids=SEARCHES)
def test_scores_are_those_of_one_process_bit_for_bit(over, call):
    with joblib.parallel_config("threading", n_jobs=1):
        expected = call()
    with joblib.parallel_config("fused", over=over, n_jobs=2):
        assert_same_scores(call(), expected)


def wait_for_two(folder):
    """Wait until a task of each of two workers is under way."""
    (folder / str(os.getpid())).touch()
    deadline = time.monotonic() + 60
    while len(list(folder.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)


def test_tasks_of_a_worker_share_their_array(over, tmp_path):
    rows = np.zeros((400, 1_000))

    def look(rows):
        wait_for_two(tmp_path)
        return os.getpid(), id(rows)

    with joblib.parallel_config("fused", over=over, n_jobs=2):
        seen = joblib.Parallel()(joblib.delayed(look)(rows) for _ in range(8))
    assert len(set(seen)) == len({pid for pid, _ in seen}) == 2


@WITHOUT_RAY
def test_workers_are_two_other_processes(over, tmp_path):
    def look():
        wait_for_two(tmp_path)
        return os.getpid()

    with joblib.parallel_config("fused", over=over, n_jobs=2):
        pids = joblib.Parallel()(joblib.delayed(look)() for _ in range(6))
    assert len(set(pids)) == 2
    assert os.getpid() not in pids


@WITHOUT_RAY
def test_stacks_have_no_more_lanes_than_max_tasks(over):
    report = Report()
    config = joblib.parallel_config("fused", over=over, n_jobs=2, max_tasks=4)
    with report_in_force(report), config:
        GridSearchCV(PIPELINE, GRID, cv=3, refit=False).fit(X, Y)
    lanes = report.frame()["lanes"]
    assert lanes.sum() == 18
    assert lanes.max() == 4


def test_a_killed_worker_costs_a_retry_of_its_stack(over, tmp_path):
    score = killer(tmp_path / "killed")
    expected = scores_of(skhyper.GridSearchCV(PIPELINE, GRID, cv=3, refit=False))
    search = skhyper.GridSearchCV(PIPELINE, GRID, cv=3, refit=False, scoring=score)
    with joblib.parallel_config("fused", over=over, n_jobs=2):
        assert_same_scores(search.fit(X, Y).cv_results_, expected)
    assert (tmp_path / "killed").exists()


def test_a_worker_that_dies_while_it_is_given_arrays_costs_a_retry():
    expected = scores_of(skhyper.GridSearchCV(PIPELINE, GRID, cv=3, refit=False))
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(**settings) as cluster, Client(cluster) as client:
        pids = client.run(os.getpid)
        with joblib.parallel_config("fused", over="dask"):
            # The scheduler does not know yet that it has died.
            os.kill(min(pids.values()), signal.SIGKILL)
            search = skhyper.GridSearchCV(PIPELINE, GRID, cv=3, refit=False)
            assert_same_scores(search.fit(X, Y).cv_results_, expected)


def killer(path):
    """Make a scorer that kills its process the first time it is called."""

    def score(estimator, X, y):
        if not Path(path).exists():
            Path(path).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return float(np.mean(estimator.predict(X) == y))

    return score


def test_a_stack_that_kills_every_worker_is_given_up():
    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    with (
        joblib.parallel_config("fused", over="loky", n_jobs=2),
        pytest.raises(TerminatedWorkerError, match="sent 3 times"),
    ):
        joblib.Parallel()(joblib.delayed(die)() for _ in range(2))


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


@WITHOUT_RAY
@pytest.mark.parametrize("pre_dispatch", ["2*n_jobs", 3, "all"])
def test_results_come_in_order_whatever_is_dispatched(over, pre_dispatch):
    with joblib.parallel_config("fused", over=over, n_jobs=2, max_tasks=2):
        squares = joblib.Parallel(pre_dispatch=pre_dispatch)(
            joblib.delayed(pow)(number, 2) for number in range(13)
        )
    assert squares == [number**2 for number in range(13)]


@WITHOUT_RAY
def test_what_cannot_be_pickled_is_told(over):
    with (
        joblib.parallel_config("fused", over=over, n_jobs=2),
        pytest.raises((TypeError, pickle.PicklingError), match="pickle"),
    ):
        joblib.Parallel()(joblib.delayed(type)(threading.Lock()) for _ in range(2))


@WITHOUT_RAY
def test_results_come_as_they_end(over):
    with joblib.parallel_config("fused", over=over, n_jobs=2, max_tasks=2):
        results = joblib.Parallel(return_as="generator_unordered")(
            joblib.delayed(abs)(number) for number in range(9)
        )
        assert sorted(results) == [*range(9)]


@WITHOUT_RAY
def test_large_arrays_are_read_where_they_are(over):
    rows = np.random.default_rng(0).normal(size=(4_000, 40))
    labels = (rows[:, 0] > 0).astype(int)
    net = MLPClassifier((4,), max_epochs=1, batch_size=512, random_state=0)
    expected = cross_validate(net, rows, labels, cv=3)["test_score"]
    with joblib.parallel_config("fused", over=over, n_jobs=2):
        scores = cross_validate(net, rows, labels, cv=3)["test_score"]
    np.testing.assert_array_equal(scores, expected)


@pytest.mark.parametrize(("wrong", "meant"), [("locky", "'loky'"), (3, "'dask'")])
def test_a_misspelt_backend_is_named(wrong, meant):
    with pytest.raises(
        ValueError, match=f"'over' parameter .* {meant}.* Got {wrong!r}"
    ):
        joblib.parallel_config("fused", over=wrong)


def test_a_misspelt_argument_is_named():
    with pytest.raises(
        TypeError, match=r"no parameter 'scater'.*Did you mean 'scatter'"
    ):
        joblib.parallel_config("fused", over="dask", scater=[X])


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"over": "loky", "max_tasks": 0}, ValueError, ["max_tasks"]),
        (
            {"over": "lok", "max_tasks": 0, "memory": "b"},
            ValueError,
            ["over", "max_tasks", "memory"],
        ),
        (
            {"over": "dask", "scater": 1, "memory": 0},
            TypeError,
            ["scater", "memory"],
        ),
    ],
)
def test_all_mistakes_are_told_together(options, error, told):
    with pytest.raises(error) as caught:
        joblib.parallel_config("fused", **options)
    lines = str(caught.value).splitlines()
    assert all(f"{name!r}" in line for name, line in zip(told, lines, strict=True))


@pytest.mark.parametrize(
    ("over", "module"), [("dask", "distributed"), ("ray", "ray.util.joblib")]
)
def test_a_missing_package_is_named(over, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"skhyper\[{over}\]"):
        joblib.parallel_config("fused", over=over)


def test_one_worker_is_this_process():
    with joblib.parallel_config("fused", over="loky", n_jobs=1):
        pids = joblib.Parallel()(joblib.delayed(os.getpid)() for _ in range(3))
    assert set(pids) == {os.getpid()}


@pytest.mark.parametrize(("seen", "own"), [(None, "1"), ("4,2,7", "2")])
def test_each_process_of_loky_has_a_gpu_of_its_own(seen, own, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", seen or "")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(mp.current_process(), "name", "LokyProcess-4")
    _engines.take_gpu()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == own


def test_an_interrupt_ends_the_search_and_its_workers():
    code = """
import os, signal, threading, time, joblib
def wait(): time.sleep(60)
threading.Timer(4, os.kill, (os.getpid(), signal.SIGINT)).start()
with joblib.parallel_config("fused", over="loky", n_jobs=2):
    joblib.Parallel()(joblib.delayed(wait)() for _ in range(4))
"""
    code = "import skhyper\n" + code
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "KeyboardInterrupt" in done.stderr
    assert time.monotonic() - began < 30
