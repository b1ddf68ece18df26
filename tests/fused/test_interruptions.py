"""What may happen to tasks that meet: nobody waits for ever."""

import faulthandler
import json
import multiprocessing as mp
import os
import signal
import subprocess
import sys
import textwrap
import time

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score

from skhyper import MLPClassifier

X, Y = load_iris(return_X_y=True)
NET = MLPClassifier((4,), max_epochs=2, random_state=0)

# Seconds after which a test that hangs is ended, with the stacks of all threads.
PATIENCE = 120


@pytest.fixture(autouse=True)
def watchdog():
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


def fit(lr=0.01):
    return NET.__sklearn_clone__().set_params(lr=lr).fit(X, Y).loss_curve_[-1]


def fail_before():
    raise ValueError("before")


def fail_in_fit():
    MLPClassifier(lr=-1.0).fit(X, Y)


def fail_after():
    fit()
    raise ValueError("after")


def fit_twice():
    return fit() + fit(0.1)


def nothing():
    return 0


def nested():
    return sum(joblib.Parallel()(joblib.delayed(fit)(lr) for lr in (0.01, 0.1)))


def nested_failure():
    joblib.Parallel()(joblib.delayed(f)() for f in (fit, fail_after, fit))


def search():
    grid = GridSearchCV(NET, {"lr": [0.01, 0.1]}, cv=2, refit=False).fit(X, Y)
    return grid.cv_results_["mean_test_score"].sum()


def bagging():
    return BaggingClassifier(NET, 2, random_state=0).fit(X, Y).score(X, Y)


TASKS = [
    fit,
    fail_before,
    fail_in_fit,
    fail_after,
    fit_twice,
    nothing,
    nested,
    nested_failure,
    search,
    bagging,
]


def caught(task):
    try:
        return task()
    except ValueError as error:
        return str(error)


@pytest.mark.filterwarnings("ignore::skhyper.exceptions.FusionWarning")
@settings(max_examples=40, deadline=None)
@given(
    tasks=st.lists(st.sampled_from(TASKS), min_size=1, max_size=10),
    max_tasks=st.integers(2, 12),
    n_jobs=st.sampled_from([-1, 1, 2, 3]),
    memory=st.sampled_from([None, 1, 20_000]),
)
def test_any_mix_of_tasks_ends_as_it_does_without_meeting(
    tasks, max_tasks, n_jobs, memory
):
    expected = [caught(task) for task in tasks]
    options = {"max_tasks": max_tasks, "memory": memory, "n_jobs": n_jobs}
    with joblib.parallel_config("fused", **options):
        results = joblib.Parallel()(joblib.delayed(caught)(task) for task in tasks)
    assert results == expected


@pytest.mark.parametrize("task", [fail_before, fail_in_fit, fail_after, nested_failure])
def test_an_error_of_a_task_is_raised_by_the_call(task):
    with joblib.parallel_config("fused"), pytest.raises(ValueError, match=r"\w"):
        joblib.Parallel()(joblib.delayed(f)() for f in [fit, task, fit, search])
    # Nothing of it is left behind.
    with joblib.parallel_config("fused"):
        assert np.isfinite(cross_val_score(NET, X, Y)).all()


def test_a_timeout_ends_the_call():
    endless = MLPClassifier((4,), max_epochs=10**6, random_state=0)
    began = time.monotonic()
    with joblib.parallel_config("fused"), pytest.raises(mp.TimeoutError):
        joblib.Parallel(timeout=1)(joblib.delayed(endless.fit)(X, Y) for _ in range(4))
    assert time.monotonic() - began < 30


def test_a_cached_fit_meets(tmp_path):
    cached = MLPClassifier((4,), max_epochs=2, random_state=0, memory=str(tmp_path))
    expected = cross_val_score(NET, X, Y)
    with joblib.parallel_config("fused"):
        for _ in range(2):
            np.testing.assert_array_equal(cross_val_score(cached, X, Y), expected)


def test_a_managed_call_serves_several_times():
    with joblib.parallel_config("fused"), joblib.Parallel() as parallel:
        for _ in range(3):
            losses = parallel(joblib.delayed(fit)(lr) for lr in (0.01, 0.1))
            assert losses == [fit(0.01), fit(0.1)]


CTRL_C = """
    import json, os, signal, sys, threading, time
    import joblib, numpy as np
    from sklearn.datasets import load_iris
    from sklearn.model_selection import GridSearchCV as Theirs
    from skhyper import GridSearchCV, MLPClassifier
    kind = {"ours": GridSearchCV, "theirs": Theirs}[sys.argv[1]]
    endless = MLPClassifier((4,), max_epochs=10**6, random_state=0)
    search = kind(endless, {"lr": [1e-3, 1e-2]}, cv=2)
    threading.Timer(3, os.kill, (os.getpid(), signal.SIGINT)).start()
    began, ended = time.monotonic(), "normally"
    try:
        with joblib.parallel_config("fused"):
            search.fit(*load_iris(return_X_y=True))
    except KeyboardInterrupt:
        ended = "KeyboardInterrupt"
    print(json.dumps([ended, time.monotonic() - began]))
"""


@pytest.mark.parametrize("kind", ["ours", "theirs"])
def test_ctrl_c_ends_the_training(kind):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CTRL_C), kind],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert done.returncode == 0, done.stderr
    ended, seconds = json.loads(done.stdout)
    assert ended == "KeyboardInterrupt"
    assert seconds < 10
