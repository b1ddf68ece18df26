"""The table of results, beyond what scikit-learn's has."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skhyper.estimators import MLPClassifier
from skhyper.search import GridSearchCV
from skhyper.search._results import _rank


@pytest.fixture
def iris():
    return load_iris(return_X_y=True)


@pytest.mark.parametrize(
    ("means", "failed", "ranks"),
    [
        ([0.1, 0.3, 0.2], [], [3, 1, 2]),
        ([0.3, 0.3, 0.2], [], [1, 1, 3]),
        ([-5.0, 0.0, -1.0], [1], [2, 3, 1]),
        ([-5.0, np.nan, -1.0], [1], [2, 3, 1]),
        ([0.5, np.nan, np.nan, 0.0], [1, 2], [1, 3, 3, 2]),
        ([np.nan, np.nan], [0, 1], [1, 1]),
        ([0.5, np.nan], [], [1, 2]),
        ([-np.inf, np.nan, 0.0], [1], [2, 3, 1]),
        # Where no candidate is whole, the scores say which is least bad.
        ([0.1, 0.2], [0, 1], [2, 1]),
    ],
)
def test_failures_are_ranked_behind_all_else(means, failed, ranks):
    mask = np.isin(np.arange(len(means)), failed)
    result = _rank(np.array(means), np.ones(len(means)), mask)
    assert result.tolist() == ranks
    assert result.dtype == np.int32


def test_training_is_reported_where_networks_were_trained(iris):
    network = MLPClassifier(
        hidden_layer_sizes=(8,),
        early_stopping=True,
        patience=1,
        lr=0.5,
        random_state=0,
    )
    X, y = iris
    search = GridSearchCV(network, {"max_epochs": [2, 50]}, cv=2).fit(X / 10, y)
    results = search.cv_results_
    assert results["mean_n_epochs"].dtype == np.float64
    assert results["mean_n_epochs"][0] <= 2
    assert results["mean_n_epochs"][1] < 50
    assert (results["mean_best_epoch"] <= results["mean_n_epochs"]).all()
    assert isinstance(results["split1_stop_reason"][1], str)


def test_training_is_not_reported_of_other_estimators(iris):
    search = GridSearchCV(LogisticRegression(max_iter=1000), {"C": [1.0]}).fit(*iris)
    assert "mean_n_epochs" not in search.cv_results_
    assert not any("stop_reason" in name for name in search.cv_results_)


def test_frame_says_why_training_stopped_and_what_failed(iris):
    network = MLPClassifier(hidden_layer_sizes=(4,), max_epochs=2)
    settings = {"cv": 2, "random_state": 0, "error_score": 0.0}
    search = GridSearchCV(network, {"lr": [0.1, -1.0]}, **settings)
    with pytest.warns(FitFailedWarning):
        search.fit(*iris)
    first, last = search.results_frame()["stop_reason"]
    assert first == "max_epochs"
    assert "The 'lr' parameter of MLPClassifier must be" in last


def test_frame_shows_none_as_none(iris):
    network = MLPClassifier(hidden_layer_sizes=(4,), max_epochs=1)
    grid = {"normalizer": [None, "batch"], "class_weight": [None], "lr": [0.1]}
    frame = GridSearchCV(network, grid, cv=2).fit(*iris).results_frame()
    assert set(frame["normalizer"]) == {None, "batch"}
    assert set(frame["class_weight"]) == {None}
    assert frame["lr"].dtype == np.float64


def test_frame_says_what_failed_in_other_estimators(iris):
    estimator = LogisticRegression(max_iter=1000)
    search = GridSearchCV(estimator, {"C": [1.0, -1.0]}, cv=2, error_score=0.0)
    with pytest.warns(FitFailedWarning):
        search.fit(*iris)
    reasons = search.results_frame()["stop_reason"]
    assert reasons[0] == ""
    assert "The 'C' parameter of LogisticRegression must be" in reasons[1]


def test_frame_is_sorted_by_rank_and_has_short_names(iris):
    pipeline = Pipeline(
        [
            ("scale", StandardScaler()),
            ("net", MLPClassifier(hidden_layer_sizes=(4,), max_epochs=5)),
        ]
    )
    grid = {"lr": [1e-9, 0.1], "scale__with_std": [True]}
    search = GridSearchCV(pipeline, grid, cv=2, random_state=0).fit(*iris)
    frame = search.results_frame()
    assert isinstance(frame, pd.DataFrame)
    assert frame.index.name == "candidate"
    assert frame.index.tolist() == [1, 0]
    assert frame["rank_test_score"].tolist() == [1, 2]
    assert frame.columns[:3].tolist() == ["rank_test_score", "lr", "with_std"]
    assert frame["lr"].tolist() == [0.1, 1e-9]
    assert frame["lr"].dtype == np.float64
    assert not any(name.startswith("param") for name in frame.columns)
    np.testing.assert_array_equal(
        frame.sort_index()["mean_test_score"], search.cv_results_["mean_test_score"]
    )


def test_names_that_end_alike_stay_whole(iris):
    pipeline = Pipeline(
        [
            ("first", SelectKBest()),
            ("second", SelectKBest()),
            ("clf", LogisticRegression(max_iter=1000)),
        ]
    )
    grid = {"first__k": [2, 3], "second__k": [1], "clf__C": [1.0]}
    frame = GridSearchCV(pipeline, grid, cv=2).fit(*iris).results_frame()
    assert {"first__k", "second__k", "C"} <= {*frame.columns}


def test_parameter_that_does_not_apply_is_none(iris):
    grid = [{"hidden_layer_sizes": [(3,), (4,)]}, {"lr": [0.1]}]
    network = MLPClassifier(max_epochs=1)
    frame = GridSearchCV(network, grid, cv=2).fit(*iris).results_frame().sort_index()
    assert frame["hidden_layer_sizes"].tolist() == [(3,), (4,), None]
    assert frame["lr"].tolist() == [None, None, 0.1]


def test_frame_before_fit_says_that_there_is_none():
    with pytest.raises(NotFittedError):
        GridSearchCV(LogisticRegression(), {"C": [1.0]}).results_frame()


def test_single_splits_are_shown_on_demand(iris):
    search = GridSearchCV(LogisticRegression(max_iter=1000), {"C": [1.0]}, cv=2)
    search.fit(*iris)
    brief = search.results_frame()
    assert not [name for name in brief.columns if name.startswith("split")]
    whole = search.results_frame(splits=True)
    assert [*whole.columns] == [
        *brief.columns,
        "split0_test_score",
        "split1_test_score",
    ]


def test_what_was_trained_for_longer_is_ranked_first():
    means, resources = np.array([0.9, 0.5, 0.7, 0.7, 1.0]), np.array([1, 9, 3, 3, 9])
    failed = np.array([False, False, False, False, True])
    assert _rank(means, resources, failed).tolist() == [4, 1, 2, 2, 5]
