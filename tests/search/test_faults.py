"""Real signals to real processes: Ctrl-C in a search, and a worker that dies."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("faults.py")


def run(fault, search, n_jobs, backend="loky"):
    """Run the script in a process group of its own, so that signals stay in there."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), fault, search, str(n_jobs), backend],
        capture_output=True,
        text=True,
        timeout=300,
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    lines = done.stdout.splitlines()
    assert lines, done.stderr
    assert done.returncode == 0, done.stderr
    return json.loads(lines[-1])


@pytest.mark.slow
def test_candidate_that_kills_its_worker_is_failed_and_the_search_goes_on():
    search = run("kill", "grid", n_jobs=2)
    assert search["ended"] == "normally"
    assert search["values"] == [0, 1, 2, 3, 4, 5]
    failed = [math.isnan(score) for score in search["scores"]]
    assert failed == [False, False, False, True, False, False]
    assert search["ranks"][3] == 6


@pytest.mark.parametrize("kind", ["randomized", "bayes"])
def test_interrupt_that_the_estimator_swallows_stops_the_search(kind):
    search = run("swallow", kind, n_jobs=1)
    assert search["ended"] == "KeyboardInterrupt"
    assert 3 not in search["values"]
    assert all(score == pytest.approx(1 / 3) for score in search["scores"])


def test_interrupt_keeps_the_candidates_that_had_finished():
    search = run("swallow", "grid", n_jobs=1)
    assert search["ended"] == "KeyboardInterrupt"
    assert search["values"] == [0, 1, 2]


@pytest.mark.slow
def test_interrupt_with_two_workers_keeps_no_half_trained_candidate():
    search = run("swallow", "grid", n_jobs=2)
    assert search["ended"] == "KeyboardInterrupt"
    assert set(search["values"]) <= {0, 1, 2, 4, 5}
    assert len(search["values"]) >= 1


@pytest.mark.parametrize("backend", ["loky", "none"])
@pytest.mark.parametrize("kind", ["grid", "bayes"])
def test_interrupt_stops_a_network_within_an_epoch(kind, backend):
    search = run("epoch", kind, n_jobs=1, backend=backend)
    assert search["ended"] == "KeyboardInterrupt"
    if kind == "grid":
        assert search["values"] == [0.01, 0.02]
        assert search["epochs"] == [3.0, 3.0]


def test_interrupt_ends_the_fits_of_all_threads():
    search = run("threads", "grid", n_jobs=2, backend="threading")
    assert search["ended"] == "KeyboardInterrupt"
    assert 10**6 not in search["values"]
    assert search["epochs_after_the_end"] == 0


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_interrupt_ends_a_stack_within_an_epoch_and_keeps_what_had_ended(n_jobs):
    search = run("stack", "grid", n_jobs, backend="none")
    assert search["ended"] == "KeyboardInterrupt"
    assert search["seconds"][0] < 3
    assert search["values"] == [3, 4]
    assert search["epochs"] == [3.0, 4.0]
    assert sum(search["lanes"]) == 6
    assert search["threads"] == ["MainThread"]


def test_interrupt_ends_searches_that_have_met():
    search = run("stack", "nested", n_jobs=1, backend="fused")
    assert search["ended"] == "KeyboardInterrupt"
    assert search["seconds"][0] < 3
    assert search["values"] == []
    assert search["threads"] == ["MainThread"]
