"""A search that was killed or widened trains what is missing, and gives the same."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from sklearn.datasets import load_iris

from skhyper import ASHASearchCV, GridSearchCV, MLPClassifier, RandomizedSearchCV
from skhyper.training.checkpoints import EPOCHS_BETWEEN
from tests.search.kill import PIPELINE, make_search

SCRIPT = Path(__file__).with_name("kill.py")
MOMENTS = Path(__file__).with_name("kill_moments.py")
# The most networks that each of the killed searches trains at once.
N_LANES = {"grid": 18, "bayes": 12, "hyperband": 51}
X, Y = load_iris(return_X_y=True)
# Seconds, of those that a whole search takes, in which Python is still importing.
IMPORTS = 0.4


def start(kind, memory):
    command = [sys.executable, str(SCRIPT), kind, str(memory)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def steps_kept(folder):
    """Count the steps that the latest file of each run has behind it."""
    n_steps = 0
    for run in folder.iterdir():
        epochs = [int(path.stem) for path in run.glob("[0-9]*.safetensors")]
        # 100 rows are two batches of 64.
        n_steps += 2 * max(epochs, default=0)
    return n_steps


@pytest.mark.parametrize("kind", ["grid", "bayes", "hyperband"])
def test_a_search_that_is_killed_again_and_again_goes_on(kind, tmp_path):
    began = time.monotonic()
    whole = json.loads(start(kind, "none").communicate()[0])
    seconds = time.monotonic() - began
    draw = random.Random(kind)
    n_killed = 0
    for _ in range(5):
        process = start(kind, tmp_path)
        time.sleep(draw.uniform(IMPORTS, 1.0) * seconds)
        n_killed += process.poll() is None
        process.kill()
        process.communicate()
    assert n_killed
    kept = steps_kept(tmp_path)
    resumed = json.loads(start(kind, tmp_path).communicate()[0])
    assert resumed["table"] == whole["table"]
    # The refit is none of the report's, but its steps may be kept.
    assert resumed["steps"] <= max(0, whole["steps"] - kept + 2 * 60)
    again = json.loads(start(kind, tmp_path).communicate()[0])
    assert again["table"] == whole["table"]
    assert again["steps"] == 0


@pytest.mark.parametrize("n_kills", [2, pytest.param(20, marks=pytest.mark.long)])
@pytest.mark.parametrize("kind", N_LANES)
def test_a_kill_at_any_moment_costs_the_epochs_since_the_last_file(kind, n_kills):
    command = [sys.executable, str(MOMENTS), kind, str(n_kills)]
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    (whole, *kills) = map(json.loads, output.stdout.splitlines())
    assert len(kills) == n_kills
    for kill in kills:
        assert kill["table"]
        assert kill["again"] == whole["whole"] - kill["kept"]
        assert 0 <= kill["begun"] - kill["kept"] <= EPOCHS_BETWEEN * N_LANES[kind]


def test_the_same_search_in_several_processes_at_once(tmp_path):
    processes = [start("grid", tmp_path) for _ in range(2)]
    tables = [json.loads(p.communicate()[0])["table"] for p in processes]
    assert tables[0] == tables[1]
    assert not list(tmp_path.rglob(".*"))


def n_trained(search):
    report = search.fusion_report_
    steps = (report["seconds"] * report["lane_steps_per_second"]).sum()
    return round(steps / 2)


def test_a_wider_grid_trains_only_what_is_new(tmp_path):
    common = {"cv": 3, "random_state": 0, "memory": tmp_path}
    net = MLPClassifier((4,), max_epochs=6)
    GridSearchCV(net, {"lr": [0.01, 0.1]}, **common).fit(X, Y)
    wider = GridSearchCV(net, {"lr": [0.01, 0.05, 0.1]}, **common).fit(X, Y)
    assert n_trained(wider) == 3 * 6
    alone = GridSearchCV(net, {"lr": [0.01, 0.05, 0.1]}, cv=3, random_state=0)
    expected = alone.fit(X, Y).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(wider.cv_results_["mean_test_score"], expected)
    np.testing.assert_array_equal(wider.predict_proba(X), alone.predict_proba(X))


@pytest.mark.parametrize("search", [RandomizedSearchCV, ASHASearchCV])
def test_more_candidates_train_only_what_is_new(search, tmp_path):
    common = {"cv": 3, "random_state": 0, "memory": str(tmp_path), "refit": False}
    space = {"lr": [10 ** (-k / 8) for k in range(32)]}
    more = {} if search is RandomizedSearchCV else {"max_epochs": 6, "min_epochs": 6}
    net = MLPClassifier((4,), max_epochs=6)
    few = search(net, space, n_iter=3, **more, **common).fit(X, Y)
    many = search(net, space, n_iter=5, **more, **common).fit(X, Y)
    known = few.cv_results_["params"]
    new = [params for params in many.cv_results_["params"] if params not in known]
    assert n_trained(many) == 3 * 6 * len(new)


def test_other_data_and_other_parameters_are_trained(tmp_path):
    common = {"cv": 3, "random_state": 0, "memory": tmp_path, "refit": False}
    net, grid = MLPClassifier((4,), max_epochs=6), {"lr": [0.01, 0.1]}
    GridSearchCV(net, grid, **common).fit(X, Y)
    for estimator, rows in [
        (net, X + 1e-9),
        (net.__sklearn_clone__().set_params(dropout=0.1), X),
        (net.__sklearn_clone__().set_params(max_epochs=7), X),
    ]:
        search = GridSearchCV(estimator, grid, **common).fit(rows, Y)
        assert n_trained(search) == 6 * estimator.max_epochs
        again = GridSearchCV(estimator, grid, **common).fit(rows, Y)
        assert n_trained(again) == 0


def test_nothing_in_a_memory_is_pickled(tmp_path):
    make_search("grid", tmp_path).set_params(estimator=PIPELINE).fit(X, Y)
    paths = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert paths
    for path in paths:
        with safe_open(path, framework="np") as file:
            json.loads(file.metadata()["document"])
