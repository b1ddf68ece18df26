"""What goes wrong in one fit is raised there, and nowhere else."""

import subprocess
import sys
import warnings
from dataclasses import replace

import joblib
import numpy as np
import pytest
from sklearn.exceptions import FitFailedWarning

from skhyper import GridSearchCV, MLPRegressor
from skhyper.exceptions import FusionWarning
from skhyper.fused import _trainer
from skhyper.fused._request import Footprint
from skhyper.fused._tile import Tile
from skhyper.fused._trainer import train_together
from skhyper.training import Halt, train_alone
from tests.fused.runs import differences, make_requests

X = np.random.default_rng(0).normal(size=(60, 4))
Y = X[:, 0]

# torch divides by the length of a phase, which has no step here.
NO_PHASE = {
    "max_epochs": 2,
    "scheduler": "onecycle",
    "scheduler_params": {"pct_start": 0.5},
}
LIST = {"scheduler": "onecycle", "scheduler_params": {"max_lr": [0.1]}}
HUGE = {"lr": 1.7e308, "precision": "float64"}


def result_of(params):
    """Fit, and give the predictions or the error."""
    settings = {"hidden_layer_sizes": (4,), "max_epochs": 3, "batch_size": 64}
    net = MLPRegressor(**{**settings, "random_state": 0, **params})
    try:
        return net.fit(X, Y).predict(X).tolist()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.filterwarnings("ignore::skhyper.exceptions.FusionWarning")
@pytest.mark.parametrize("odd", [NO_PHASE, LIST, HUGE], ids=["phase", "list", "huge"])
def test_each_fit_ends_as_it_does_alone(odd):
    same = {"precision": odd.get("precision", "auto")}
    fits = [same, odd, {**same, "lr": 0.1}, {**same, "hidden_layer_sizes": (5,)}]
    alone = [result_of(params) for params in fits]
    with joblib.parallel_config("fused", n_jobs=1):
        together = joblib.Parallel()(joblib.delayed(result_of)(p) for p in fits)
    assert together == alone
    assert [isinstance(result, str) for result in alone] == [
        False,
        odd is not LIST,
        False,
        False,
    ]


def test_list_among_the_arguments_of_a_schedule_does_not_keep_from_stacking():
    with joblib.parallel_config("fused", n_jobs=1), warnings.catch_warnings():
        warnings.simplefilter("error", FusionWarning)
        results = joblib.Parallel()(joblib.delayed(result_of)(LIST) for _ in range(3))
    assert not any(isinstance(result, str) for result in results)


def test_a_schedule_that_fails_costs_its_candidate_only():
    space = [
        {"scheduler": [None, "cosine"]},
        {"scheduler": ["onecycle"], "scheduler_params": [{"pct_start": 0.5}]},
    ]
    net = MLPRegressor((4,), batch_size=64, max_epochs=2, random_state=0)
    scores = []
    for fused in (False, True):
        search = GridSearchCV(
            net, space, cv=3, fused=fused, refit=False, error_score=-1.0
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FitFailedWarning)
            warnings.simplefilter("ignore", FusionWarning)
            scores.append(search.fit(X, Y).cv_results_["mean_test_score"])
    np.testing.assert_array_equal(*scores)
    assert (scores[1] == -1.0).tolist() == [False, False, True]


TOO_LARGE = """
import joblib, numpy as np
from skhyper import MLPRegressor

X = np.random.default_rng(0).normal(size=(40, 3))

def fit(sizes):
    try:
        return MLPRegressor(sizes, max_epochs=1).fit(X, X[:, 0]).n_iter_
    except RuntimeError:
        return "too large"

with joblib.parallel_config("fused", n_jobs=1):
    sizes = [(4,), (2**20, 2**22), (4,), (4,)]
    print(joblib.Parallel()(joblib.delayed(fit)(each) for each in sizes))
"""


def test_a_network_too_large_to_be_made_keeps_nobody_waiting():
    shown = subprocess.run(
        [sys.executable, "-c", TOO_LARGE],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert shown.stdout.strip() == "[1, 'too large', 1, 1]"


def test_a_lane_that_breaks_its_stack_breaks_no_other(monkeypatch):
    requests = make_requests([{"lr": 0.05}, {"lr": 0.1}], sizes=(40, 41, 38))
    train_epoch = Tile._train_epoch

    def fail(tile, epoch):
        if any(lane.number == 4 for lane in tile.lanes):
            raise ZeroDivisionError("in lane 4")
        train_epoch(tile, epoch)

    monkeypatch.setattr(_trainer.Tile, "_train_epoch", fail)
    results = train_together(requests, 1, Halt())
    assert isinstance(results.pop(4), ZeroDivisionError)
    del requests[4]
    for request, result in zip(requests, results, strict=True):
        assert not differences(result, train_alone(request.recipe, request.data))


def test_all_that_was_counted_is_counted_no_more():
    origin = object()
    requests = [
        replace(request, data=replace(request.data, origin=origin))
        for request in make_requests([{}], sizes=(600, 60))
    ]
    footprint = Footprint()
    for _ in range(3):
        for request in requests:
            footprint.add(request)
        for request in requests:
            footprint.remove(request)
    assert footprint.n_bytes == 0
