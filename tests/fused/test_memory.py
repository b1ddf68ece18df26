"""Memory grows with the lanes under way, not with the candidates of a search."""

import gc
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from weakref import WeakSet

import joblib
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV

from skhyper import MLPClassifier
from skhyper.fused import _tile
from skhyper.fused._sharing import KnownRows, make_lanes
from skhyper.fused._steps import TrainingStep
from skhyper.fused._trainer import train_together
from skhyper.training import Data, Halt, Outcome, Rows
from tests.fused.runs import make_requests

SCRIPT = Path(__file__).with_name("peak_memory.py")

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells a peak in a file"
)


def peak(**options):
    """Run a search in a process of its own, and give its peak in megabytes."""
    given = {"folds": 2, "width": 512, **options}
    words = [
        f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}")
        for name, value in given.items()
        if value is not False
    ]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@needs_proc
@pytest.mark.slow
def test_eight_times_the_candidates_need_no_more_memory():
    few = peak(candidates=50, max_tasks=32)
    many = peak(candidates=400, max_tasks=32)
    # What is allocated in one thread and freed in another leaves gaps. Were the
    # outcomes kept, it would be eight times as much.
    assert many < 2 * few


@needs_proc
@pytest.mark.slow
def test_fewer_lanes_under_way_need_less_memory():
    many = peak(candidates=64, max_tasks=128)
    few = peak(candidates=64, max_tasks=8)
    within = peak(candidates=64, max_tasks=128, memory=8_000_000)
    assert few < 0.5 * many
    assert within < 0.8 * many


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("early_stopping", [False, True])
def test_rows_of_a_fold_lie_in_memory_once_however_many_fits_use_them(early_stopping):
    # 60,000 rows of 64 features are 15 MB, of which a fold trains on half. Each of
    # 60 more candidates would hold more than that twice.
    form = {"copies": 100, "width": 8, "ours": True, "early_stopping": early_stopping}
    few = peak(candidates=4, **form)
    many = peak(candidates=64, **form)
    assert many - few < 60 * 2 * 7.5 / 4


def outcomes():
    return [each for each in gc.get_objects() if type(each) is Outcome]


def test_no_outcome_of_a_search_waits_for_the_garbage_collector():
    X, y = load_iris(return_X_y=True)
    net = MLPClassifier((4,), max_epochs=1, random_state=0)
    search = GridSearchCV(net, {"lr": [0.001, 0.01, 0.1]}, cv=2, refit=False)
    with joblib.parallel_config("fused", n_jobs=1):
        # What torch imports at its first step keeps hold of whoever called it.
        search.fit(X, y)
        gc.collect()
        before = len(outcomes())
        gc.disable()
        try:
            search.fit(X, y)
            assert len(outcomes()) == before
        finally:
            gc.enable()


def test_threads_that_have_ended_are_not_kept():
    counts = []

    def count_threads(net, X, y):
        counts.append([type(o) for o in gc.get_objects()].count(threading.Thread))
        return 0.0

    net = MLPClassifier((4,), max_epochs=1, random_state=0)
    grid = {"lr": [0.001 * (n + 1) for n in range(20)]}
    search = GridSearchCV(net, grid, cv=2, refit=False, scoring=count_threads)
    with joblib.parallel_config("fused", n_jobs=1, max_tasks=4):
        search.fit(*load_iris(return_X_y=True))
    # One that has just ended may still be on its way out.
    assert len(counts) == 40
    assert max(counts) - min(counts) < 10


def copied(request):
    """Hand in a run with rows of its own, as the task of a search does."""
    rows = [
        None if part is None else Rows(part.X.clone(), part.y.clone())
        for part in (request.data.train, request.data.valid)
    ]
    return replace(request, data=Data(*rows))


def shared(requests):
    """Let runs hold equal rows once, as the backend does."""
    known = KnownRows()
    return [replace(each, data=known.share(each.data)) for each in requests]


@pytest.mark.parametrize("valid", [False, True])
def test_equal_rows_lie_in_memory_once(valid):
    knobs = [{"lr": lr} for lr in (0.01, 0.02, 0.03, 0.04)]
    requests = shared(copied(each) for each in make_requests(knobs, valid=valid))
    sources = {lane.source for lane in make_lanes(requests, range(len(requests)))}
    # A fold each, two of them of as many rows.
    assert sorted(source.n_rows for source in sources) == [58, 61, 61]
    assert len({source.train.X.data_ptr() for source in sources}) == 3


def test_rows_that_differ_in_one_number_are_not_shared():
    one, other = (copied(each) for each in make_requests([{}, {}], sizes=(61,)))
    other.data.train.X[-1, -1] += 1
    one, other = shared([one, other])
    lanes = {lane.number: lane for lane in make_lanes([one, other], range(2))}
    assert lanes[0].source.train is one.data.train
    assert lanes[1].source.train is other.data.train


def test_steps_of_many_lanes_are_gone_when_those_of_fewer_are_made(monkeypatch):
    n_others, alive = [], WeakSet()

    class Watched(TrainingStep):
        def __init__(self, turn, *parts):
            gc.collect()
            n_lanes = turn.lanes.stop
            n_others.append(sum(step.n_lanes != n_lanes for step in alive))
            super().__init__(turn, *parts)
            self.n_lanes = n_lanes
            alive.add(self)

    monkeypatch.setattr(_tile, "TrainingStep", Watched)
    lanes = [{"max_epochs": epochs} for epochs in (1,) * 6 + (2,) * 3]
    train_together(make_requests(lanes, sizes=(40,)), 1, Halt())
    assert len(n_others) > 2
    assert not any(n_others)
