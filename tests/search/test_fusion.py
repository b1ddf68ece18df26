"""Searches train their fits together by themselves, and tell what was stacked."""

import warnings
from functools import partial

import joblib
import numpy as np
import pandas as pd
import pytest
from joblib.parallel import ThreadingBackend
from sklearn.callback import ProgressBar
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GroupKFold, ShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from skorch.callbacks import Callback

from skhyper._sklearn import InvalidParameterError
from skhyper.estimators import CNNClassifier, MLPClassifier
from skhyper.exceptions import FusionWarning
from skhyper.fused import _backend
from skhyper.search import BayesSearchCV, GridSearchCV, RandomizedSearchCV

SEARCHES = [GridSearchCV, RandomizedSearchCV, BayesSearchCV]
X, Y = load_iris(return_X_y=True)
NET = MLPClassifier((4,), max_epochs=3)
PIPELINE = make_pipeline(StandardScaler(), NET)
RATES = {"lr": [0.01, 0.1]}
ONE_SPLIT = ShuffleSplit(1, random_state=0)


def make(search, estimator, space, n_iter=4, **settings):
    """Make a search that tries every one of few candidates."""
    if search is not GridSearchCV:
        settings["n_iter"] = n_iter
    return search(estimator, space, **{"random_state": 0, "cv": 2, **settings})


CASES = {
    "several metrics": (
        PIPELINE,
        {"lr": [0.01, 0.1], "hidden_layer_sizes": [(4,), (8, 4)]},
        {
            "scoring": ["accuracy", "neg_log_loss"],
            "refit": "neg_log_loss",
            "return_train_score": True,
        },
    ),
    "everything on": (
        MLPClassifier(
            (8,),
            max_epochs=6,
            early_stopping=True,
            patience=1,
            dropout=0.2,
            normalizer="batch",
            scheduler="cosine",
        ),
        {"lr": [0.01, 0.3], "l1": [0.0, 0.01]},
        {"scoring": "neg_log_loss"},
    ),
    "candidates that fail and diverge": (
        PIPELINE,
        {"lr": [0.01, -1.0, 1e300, 0.1]},
        {"error_score": -7.0},
    ),
    "groups": (NET, {"lr": [0.01, 0.1, 0.2, 0.3]}, {"cv": GroupKFold(3)}),
    "a bagging": (
        BaggingClassifier(PIPELINE, 3, random_state=0),
        {"lr": [0.01, 0.1, 0.2, 0.3]},
        {"scoring": "neg_log_loss"},
    ),
}


def assert_same_results(one, other):
    assert one.cv_results_.keys() == other.cv_results_.keys()
    assert one.cv_results_["params"] == other.cv_results_["params"]
    for name, column in one.cv_results_.items():
        if not name.endswith("_time"):
            np.testing.assert_array_equal(column, other.cv_results_[name])
    assert one.best_params_ == other.best_params_


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("case", CASES)
def test_results_are_those_of_fits_one_by_one(search, n_jobs, case):
    estimator, space, settings = CASES[case]
    params = {"groups": np.arange(len(Y)) ** 2 % 7} if "cv" in settings else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitFailedWarning)
        fused = make(search, estimator, space, n_jobs=n_jobs, **settings)
        fused.fit(X, Y, **params)
        alone = make(search, estimator, space, fused=False, **settings)
        alone.fit(X, Y, **params)
    assert_same_results(fused, alone)
    np.testing.assert_array_equal(fused.predict_proba(X), alone.predict_proba(X))
    assert fused.fusion_report_["lanes"].max() > 1
    assert alone.fusion_report_.empty
    if "error_score" in settings:
        assert (fused.cv_results_["mean_test_score"] == -7.0).sum() == 2


@pytest.mark.parametrize("search", SEARCHES)
def test_results_of_images_are_those_of_fits_one_by_one(search, tiny_images):
    net = CNNClassifier(channels=(4,), hidden_layer_sizes=(8,), max_epochs=2)
    fused = make(search, net, RATES, 2).fit(*tiny_images)
    alone = make(search, net, RATES, 2, fused=False).fit(*tiny_images)
    assert_same_results(fused, alone)
    assert fused.fusion_report_["structure"].tolist() == [
        "CNN 1x8x8, channels 4, kernel 3, pool auto, 8-3 relu, adam, one batch, float32"
    ]


@pytest.mark.parametrize("search", SEARCHES)
def test_report_has_a_row_for_each_stack(search):
    space = {"lr": [0.01, 0.1], "hidden_layer_sizes": [(4,), (8,)]}
    fitted = make(search, PIPELINE, space).fit(X, Y)
    frame = fitted.fusion_report_
    assert frame.columns.tolist() == [
        "group",
        "lanes",
        "structure",
        "tile",
        "seconds",
        "lane_steps_per_second",
        "reason",
    ]
    assert frame["group"].tolist() == [0, 0]
    assert frame["lanes"].tolist() == [4, 4]
    assert frame["tile"].tolist() == [0, 1]
    assert set(frame["structure"]) == {
        "MLP 4-4-3 relu, adam, batch 64, float64",
        "MLP 4-8-3 relu, adam, batch 64, float64",
    }
    assert frame["reason"].tolist() == [None, None]
    # 75 rows are two batches, three epochs long.
    steps = frame["seconds"] * frame["lane_steps_per_second"]
    np.testing.assert_allclose(steps, [4 * 2 * 3] * 2)


def test_structures_that_look_alike_are_told_apart_where_they_are_not_stacked():
    space = {"early_stopping": [False, True], "lr": [0.01, 0.1]}
    search = GridSearchCV(NET, space, cv=2, random_state=0)
    search.fit(X, Y, sample_weight=np.linspace(0.5, 1.5, len(Y)))
    frame = search.fusion_report_
    assert frame["lanes"].tolist() == [4, 4]
    net = "MLP 4-4-3 relu, adam, batch 64, float64, weighted rows"
    assert frame["structure"].tolist() == [net, f"{net}, weighted validation"]


def test_groups_are_numbered_over_the_batches_of_a_search():
    space = {"lr": (0.01, 0.1)}
    search = BayesSearchCV(NET, space, n_iter=6, n_points=2, cv=2, random_state=0)
    frame = search.fit(X, Y).fusion_report_
    assert frame["group"].tolist() == [0, 1, 2]
    assert frame["lanes"].tolist() == [4, 4, 4]


def is_fused(**settings):
    search = GridSearchCV(NET, RATES, cv=2, refit=False, random_state=0, **settings)
    return not search.fit(X, Y).fusion_report_.empty


def test_a_search_is_fused_where_nobody_has_chosen_a_backend():
    assert is_fused()
    assert is_fused(fused=True)
    assert not is_fused(fused=False)
    with joblib.parallel_config(n_jobs=1, prefer="threads"):
        assert is_fused()


@pytest.mark.parametrize("backend", ["loky", "threading", "sequential"])
@pytest.mark.parametrize("choose", [joblib.parallel_config, joblib.parallel_backend])
def test_a_backend_that_somebody_has_chosen_is_left_alone(backend, choose):
    with choose(backend, n_jobs=1):
        assert not is_fused()
        assert is_fused(fused=True)


def test_a_default_that_somebody_has_set_is_left_alone(monkeypatch):
    joblib.register_parallel_backend("somebody's", ThreadingBackend)
    monkeypatch.setattr(joblib.parallel, "DEFAULT_BACKEND", "somebody's")
    assert not is_fused()


@pytest.mark.parametrize(
    "backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)]
)
def test_the_backend_of_a_task_is_left_alone(backend):
    tasks = [joblib.delayed(is_fused)()] * 2
    assert joblib.Parallel(2, backend=backend)(tasks) == [False, False]
    # A single job needs no backend.
    assert joblib.Parallel(1)(tasks) == [True, True]


def test_the_fused_backend_is_the_one_in_force():
    with joblib.parallel_config("fused", max_tasks=2, n_jobs=1):
        for fused, lanes in (("auto", [2, 2]), (True, [2, 2]), (False, [])):
            search = GridSearchCV(NET, RATES, cv=2, refit=False, fused=fused)
            assert search.fit(X, Y).fusion_report_["lanes"].tolist() == lanes


@pytest.mark.parametrize("fused", ["auto", True, False])
def test_estimators_without_a_network_are_searched_as_ever(fused):
    search = GridSearchCV(SVC(), {"C": [0.1, 1.0]}, fused=fused).fit(X, Y)
    assert search.best_score_ > 0.9
    assert not hasattr(search, "fusion_report_")


@pytest.mark.parametrize(
    ("n_jobs", "config", "n_threads"),
    [
        (None, {}, 1),
        (2, {}, 2),
        (None, {"n_jobs": 2}, 2),
        (1, {"n_jobs": 2}, 1),
        (None, {"backend": "threading"}, 1),
        (None, {"backend": "threading", "n_jobs": 2}, 2),
    ],
)
def test_jobs_are_threads(n_jobs, config, n_threads, monkeypatch):
    seen = []
    train_together = _backend.train_together

    def record(requests, n_threads, *more):
        seen.append(n_threads)
        return train_together(requests, n_threads, *more)

    monkeypatch.setattr(_backend, "train_together", record)
    search = GridSearchCV(NET, RATES, cv=2, refit=False, n_jobs=n_jobs, fused=True)
    with joblib.parallel_config(**config):
        search.fit(X, Y)
    assert seen == [n_threads]


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("fused", ["yes", None, 2])
def test_other_words_are_refused(search, fused):
    fitting = make(search, NET, RATES, 2, fused=fused)
    message = rf"The 'fused' parameter of {search.__name__} must be .* Got {fused!r}"
    with pytest.raises(InvalidParameterError, match=message):
        fitting.fit(X, Y)


CALLBACKS = {"callbacks": [None, [Callback()]]}


@pytest.mark.parametrize("search", SEARCHES)
def test_one_warning_tells_how_many_fits_were_trained_alone_and_why(search):
    with pytest.warns(FusionWarning) as caught:
        fitted = make(search, NET, CALLBACKS, 2).fit(X, Y)
    [warning] = caught
    assert str(warning.message) == (
        f"{search.__name__}: 2 of 4 fits were trained one after the other: "
        "2 because it has callbacks. See fusion_report_."
    )
    frame = fitted.fusion_report_
    assert frame["lanes"].tolist() == [2, 1, 1]
    assert frame["reason"].tolist() == [None, *["it has callbacks"] * 2]
    assert frame["tile"].tolist() == [0, 1, 2]
    assert (frame["lane_steps_per_second"] > 0).all()


def test_warning_has_every_reason_the_most_frequent_first(capsys):
    space = {"verbose": [0, 1], "hidden_layer_sizes": [(4,), (5,), (6,)]}
    with pytest.warns(FusionWarning) as caught:
        GridSearchCV(NET, space, cv=ONE_SPLIT).fit(X, Y)
    assert (
        "6 of 6 fits were trained one after the other: 3 because it prints its epochs, "
        "3 because no other run has its structure and kind of rows."
    ) in str(caught[0].message)
    assert "train_loss" in capsys.readouterr().out


@pytest.mark.parametrize("widths", [(1,), (3, 1), (3, 1, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_networks_with_a_layer_of_one_unit_have_the_scores_they_have_alone(
    widths, dtype
):
    rows, net = X.astype(dtype), MLPClassifier(widths, activation="gelu", max_epochs=7)
    rates = {"lr": [0.01, 0.05, 0.1, 0.3]}
    common = {"scoring": "neg_log_loss", "random_state": 0}
    with pytest.warns(FusionWarning, match="it has a hidden layer of one unit"):
        fused = GridSearchCV(net, rates, **common).fit(rows, Y)
    alone = GridSearchCV(net, rates, fused=False, **common).fit(rows, Y)
    assert_same_results(fused, alone)


@pytest.mark.parametrize("config", [{}, {"backend": "fused"}])
def test_nothing_is_said_where_it_is_not_wanted(config):
    with joblib.parallel_config(**config):
        GridSearchCV(NET, CALLBACKS, cv=2, fused=False).fit(X, Y)


def test_a_fit_that_could_not_meet_another_is_no_reason_to_warn():
    one = GridSearchCV(NET, {"lr": [0.1]}, cv=ONE_SPLIT).fit(X, Y)
    assert one.fusion_report_["reason"].tolist() == ["it met no other run"]
    space, settings = {"lr": (0.01, 0.1)}, {"cv": ONE_SPLIT, "random_state": 0}
    turns = BayesSearchCV(NET, space, n_iter=3, n_points=1, **settings).fit(X, Y)
    assert turns.fusion_report_["reason"].tolist() == ["it met no other run"] * 3
    assert turns.fusion_report_["group"].tolist() == [0, 1, 2]


LIMITS = {
    "pre_dispatch": (
        {"pre_dispatch": 1},
        {},
        "Raise pre_dispatch; its default, '2*n_jobs', is enough.",
    ),
    "max_tasks": (
        {},
        {"max_tasks": 1},
        "Raise it: joblib.parallel_config('fused', max_tasks=...).",
    ),
    "memory": (
        {},
        {"memory": 1},
        "Raise it above half of what is free, its default, or use fewer rows: "
        "joblib.parallel_config('fused', memory=...).",
    ),
}


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_that_keeps_all_fits_apart_is_told_with_what_to_do(
    search, n_jobs, limit
):
    settings, config, remedy = LIMITS[limit]
    fitting = make(search, NET, RATES, 2, n_jobs=n_jobs, **settings)
    with (
        joblib.parallel_config("fused", **config),
        pytest.warns(FusionWarning) as caught,
    ):
        fitting.fit(X, Y)
    [warning] = caught
    assert str(warning.message) == (
        f"{search.__name__}: 4 of 4 fits were trained one after the other: 4 because "
        f"{limit} lets too few runs meet. {remedy} See fusion_report_."
    )
    frame = fitting.fusion_report_
    assert frame["lanes"].tolist() == [1] * 4
    assert frame["reason"].tolist() == [f"{limit} lets too few runs meet"] * 4
    assert_same_results(fitting, make(search, NET, RATES, 2, fused=False).fit(X, Y))


@pytest.mark.parametrize("limit", ["pre_dispatch", "max_tasks"])
def test_a_limit_that_keeps_each_from_its_like_is_told(limit):
    space = {"lr": [0.01, 0.1, 0.2], "hidden_layer_sizes": [(4,), (5,)]}
    settings = {"pre_dispatch": 2} if limit == "pre_dispatch" else {}
    config = {"max_tasks": 2} if limit == "max_tasks" else {}
    # One structure after the other.
    search = GridSearchCV(
        NET, {"hidden_layer_sizes": [(4,), (5,)] * 3}, cv=ONE_SPLIT, **settings
    )
    with (
        joblib.parallel_config("fused", **config),
        pytest.warns(FusionWarning, match=f"6 because {limit} lets too few"),
    ):
        search.fit(X, Y)
    # Pairs of one structure, and a pair that is none.
    search = GridSearchCV(NET, space, cv=2, **settings)
    with joblib.parallel_config("fused", **config):
        search.fit(X, Y)
    assert search.fusion_report_["lanes"].tolist() == [2] * 6


@pytest.mark.parametrize(
    ("settings", "config"),
    [({"pre_dispatch": 2}, {}), ({}, {"max_tasks": 2}), ({"pre_dispatch": "1+1"}, {})],
)
def test_a_fit_that_is_left_over_is_no_reason_to_warn(settings, config):
    search = GridSearchCV(NET, {"lr": [0.1]}, cv=5, **settings)
    with joblib.parallel_config("fused", **config):
        search.fit(X, Y)
    assert search.fusion_report_["lanes"].tolist() == [2, 2, 1]


@pytest.mark.parametrize("config", [{"max_tasks": 1}, {"memory": 1}])
def test_a_limit_is_no_fault_where_there_is_one_task_at_a_time(config):
    space, settings = {"lr": (0.01, 0.1)}, {"cv": ONE_SPLIT, "random_state": 0}
    search = BayesSearchCV(NET, space, n_iter=3, n_points=1, **settings)
    with joblib.parallel_config("fused", **config):
        search.fit(X, Y)
    assert search.fusion_report_["reason"].tolist() == ["it met no other run"] * 3


def test_fits_that_follow_each_other_in_a_task_are_no_reason_to_warn():
    class Twice(MLPClassifier):
        """Trains more than once in a fit."""

        def fit(self, X, y):
            for _ in range(self.n_fits):
                super().fit(X, y)
            return self

        n_fits = 1

    class Often(Twice):
        n_fits = 4

    steps = {"mlpclassifier": [Twice((4,), max_epochs=2), Often((4,), max_epochs=2)]}
    pipeline = make_pipeline(MLPClassifier())
    search = GridSearchCV(pipeline, steps, cv=ONE_SPLIT, refit=False).fit(X, Y)
    assert search.fusion_report_["lanes"].tolist() == [2, 1, 1, 1]
    assert search.fusion_report_["reason"].isin([None, "it met no other run"]).all()


@pytest.mark.parametrize("n_jobs", [None, 1, 2])
def test_all_tasks_of_a_search_meet_however_many_jobs(n_jobs):
    grid = {"lr": np.linspace(0.01, 0.1, 100)}
    search = GridSearchCV(NET, grid, cv=2, n_jobs=n_jobs, refit=False).fit(X, Y)
    report = search.fusion_report_
    assert (report["group"] == 0).all()
    assert report["lanes"].sum() == 200


def test_searches_that_meet_have_reports_of_their_own():
    inner = GridSearchCV(PIPELINE, RATES, cv=3, random_state=0)
    reports = []

    def score(search, X, y):
        reports.append(search.fusion_report_)
        return search.score(X, y)

    with joblib.parallel_config("fused", n_jobs=1):
        cross_val_score(inner, X, Y, cv=4, scoring=score)
    assert len(reports) == 4
    for report in reports:
        # The fits of all four, which met once.
        assert report["lanes"].tolist() == [24]
        pd.testing.assert_frame_equal(report, reports[0])


def test_a_search_that_fails_keeps_its_report():
    search = GridSearchCV(NET, {"lr": [1e300]}, cv=2)
    with pytest.raises(ValueError, match="All the 2 fits failed"):
        search.fit(X, Y)
    assert search.fusion_report_["lanes"].tolist() == [2]
    search.set_params(param_grid=RATES, fused=False).fit(X, Y)
    assert search.fusion_report_.empty


def test_an_error_ends_the_search_where_it_is_asked_for():
    search = GridSearchCV(NET, {"lr": [0.01, 1e300]}, cv=2, error_score="raise")
    with pytest.raises(ValueError, match=r"with lr=1e\+300"):
        search.fit(X, Y)


@pytest.mark.parametrize("search", SEARCHES)
def test_fused_fits_move_no_global_state(search, unchanged_global_random_state):
    settings = {} if search is RandomizedSearchCV else {"random_state": None}
    make(search, NET, RATES, 2, **settings).fit(X, Y)


def test_progress_bar_of_scikit_learn_is_fed(capsys):
    search = GridSearchCV(NET, RATES, cv=2, refit=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the network itself takes no callbacks
        search.set_callbacks(ProgressBar()).fit(X, Y)
    assert search.fusion_report_["lanes"].tolist() == [4]


def test_every_fit_is_told_of_as_it_ends(capsys):
    GridSearchCV(NET, RATES, cv=2, refit=False, verbose=3).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Fitting 2 folds for each of 2 candidates")
    ends = [line for line in lines if line.startswith("[CV ") and " END " in line]
    assert len(ends) == 4


def test_candidates_may_bring_networks():
    bring = partial(GridSearchCV, cv=2, refit=False, random_state=0)
    pipeline = make_pipeline(StandardScaler(), SVC())
    nets = {"svc": [NET, MLPClassifier((8,), max_epochs=3)]}
    fused = bring(pipeline, nets, fused=True).fit(X, Y)
    alone = bring(pipeline, nets).fit(X, Y)
    np.testing.assert_array_equal(
        fused.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )
    assert fused.fusion_report_["lanes"].tolist() == [2, 2]
    assert not hasattr(alone, "fusion_report_")
