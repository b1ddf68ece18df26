"""Candidates are run by whatever backend of joblib the user chose."""

import joblib
import numpy as np
import pytest
from joblib.parallel import ThreadingBackend
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from skhyper.estimators import MLPClassifier
from skhyper.search import (
    ASHASearchCV,
    BayesSearchCV,
    GridSearchCV,
    HyperbandSearchCV,
    HyperoptSearchCV,
    OptunaSearchCV,
    RandomizedSearchCV,
)
from skhyper.spaces import Float


class AllAtOnce(ThreadingBackend):
    """Hands back all results at the end, as joblib's multiprocessing backend does."""

    supports_return_generator = False


@pytest.fixture
def iris():
    return load_iris(return_X_y=True)


@pytest.mark.parametrize("pre_dispatch", ["2*n_jobs", "all", 1])
def test_backend_that_hands_back_all_at_once_is_used(pre_dispatch, iris):
    joblib.register_parallel_backend("all_at_once", AllAtOnce)
    grid = {"C": [0.1, 1.0, 10.0]}
    model = LogisticRegression(max_iter=1000)
    alone = GridSearchCV(model, grid).fit(*iris)
    with joblib.parallel_config("all_at_once", n_jobs=2):
        search = GridSearchCV(model, grid, pre_dispatch=pre_dispatch).fit(*iris)
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )


@pytest.mark.slow
def test_two_processes_give_what_one_gives(iris):
    network = MLPClassifier(hidden_layer_sizes=(4,), max_epochs=3)
    space = {"lr": (0.001, 0.1, "log-uniform")}
    settings = {"n_iter": 6, "n_points": 3, "cv": 2, "random_state": 0}
    one = BayesSearchCV(network, space, n_jobs=1, **settings).fit(*iris)
    two = BayesSearchCV(network, space, n_jobs=2, fused=False, **settings).fit(*iris)
    assert one.cv_results_["params"] == two.cv_results_["params"]
    np.testing.assert_array_equal(
        one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"]
    )


@pytest.mark.parametrize(
    ("search", "settings"),
    [
        (GridSearchCV, {}),
        (RandomizedSearchCV, {"n_iter": 2}),
        (BayesSearchCV, {"n_iter": 2}),
        (HyperbandSearchCV, {"max_epochs": 3}),
        (ASHASearchCV, {"n_iter": 2, "max_epochs": 3}),
        (OptunaSearchCV, {"n_iter": 2}),
        (HyperoptSearchCV, {"n_iter": 2}),
    ],
)
def test_search_without_a_seed_moves_no_global_state(
    search, settings, iris, unchanged_global_random_state
):
    network = MLPClassifier(hidden_layer_sizes=(4,), max_epochs=1)
    space = {"lr": [0.01, 0.1], "dropout": Float(0.0, 0.5)}
    if search is GridSearchCV:
        space["dropout"] = [0.0, 0.5]
    search(network, space, cv=2, **settings).fit(*iris)


def test_splitter_without_splits_is_refused(iris):
    search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=iter([]))
    with pytest.raises(ValueError, match="No fits were performed"):
        search.fit(*iris)
