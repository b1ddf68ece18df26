"""What could keep tasks waiting for each other for ever, and does not."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score

from skhyper import MLPClassifier
from skhyper.fused import Report, report_in_force

X, Y = load_iris(return_X_y=True)
LOCK = threading.Lock()


def fit(seed):
    net = MLPClassifier((4,), max_epochs=2, random_state=seed)
    return net.fit(X, Y).score(X, Y)


def consume(_):
    """Fit between the results of tasks of its own."""
    scores = joblib.Parallel(return_as="generator")(
        joblib.delayed(fit)(seed) for seed in range(4)
    )
    return [score - fit(9) for score in scores]


@pytest.mark.parametrize("n_tasks", [1, 2, 4])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_task_that_fits_while_its_own_tasks_are_under_way(n_tasks, n_jobs):
    expected = [consume(0)] * n_tasks
    with joblib.parallel_config("fused", n_jobs=n_jobs):
        results = joblib.Parallel()(joblib.delayed(consume)(k) for k in range(n_tasks))
    assert results == expected


class Locked(ClassifierMixin, BaseEstimator):
    """Fits a network while nobody else may."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        with LOCK:
            net = MLPClassifier((4,), max_epochs=2, random_state=0)
            self.net_ = net.fit(X, y)
        return self

    def predict(self, X):
        return self.net_.predict(X)


def test_tasks_that_hold_a_lock_while_they_fit():
    expected = cross_val_score(Locked(), X, Y)
    began = time.monotonic()
    with joblib.parallel_config("fused", n_jobs=2):
        np.testing.assert_array_equal(cross_val_score(Locked(), X, Y), expected)
    # It is found out once that nothing moves any more.
    assert time.monotonic() - began < 60


def sleep_and_fit(seconds, seed):
    time.sleep(seconds)
    return fit(seed)


def test_tasks_that_only_take_their_time_are_waited_for():
    report = Report()
    with report_in_force(report), joblib.parallel_config("fused", n_jobs=2):
        joblib.Parallel()(
            joblib.delayed(sleep_and_fit)(seconds, 0) for seconds in (0, 0, 5, 0)
        )
    assert report.frame()["lanes"].tolist() == [4]


FEW_THREADS = """
import resource, sys
import numpy as np
import joblib
from sklearn.datasets import load_iris
from sklearn.model_selection import ShuffleSplit, cross_val_score
from skhyper import MLPClassifier
import threading
limit, start = int(sys.argv[1]), threading.Thread.start
def scarce(self):
    if threading.active_count() > limit:
        raise RuntimeError("can't start new thread")
    start(self)
X, y = load_iris(return_X_y=True)
net = MLPClassifier((8,), max_epochs=2, random_state=0)
cv = ShuffleSplit(40, random_state=0)
expected = cross_val_score(net, X, y, cv=cv)
threading.Thread.start = scarce
with joblib.parallel_config("fused", n_jobs=2):
    scores = cross_val_score(net, X, y, cv=cv)
assert np.array_equal(scores, expected)
sys.stdout.write("equal")
"""


@pytest.mark.parametrize("limit", [2, 3, 5, 10, 30])
def test_where_no_more_threads_can_be_started_fewer_fits_meet(limit):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FEW_THREADS, str(limit)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.stdout == "equal", done.stderr[-2000:]
