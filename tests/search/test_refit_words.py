"""A string as ``refit`` is a choice or a metric, or it is refused before any fit."""

import re

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn import config_context
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, get_scorer, make_scorer

from skhyper import (
    ASHASearchCV,
    BayesSearchCV,
    GridSearchCV,
    HyperbandSearchCV,
    HyperoptSearchCV,
    MLPClassifier,
    OptunaSearchCV,
    RandomizedSearchCV,
    RayTuneSearchCV,
    nested_score,
)
from skhyper._sklearn import InvalidParameterError

SEARCHES = [
    ASHASearchCV,
    BayesSearchCV,
    GridSearchCV,
    HyperbandSearchCV,
    HyperoptSearchCV,
    OptunaSearchCV,
    RandomizedSearchCV,
]
SCORINGS = [None, "accuracy", make_scorer(accuracy_score), get_scorer("f1_macro")]
KINDS = ["none", "name", "made", "got"]
WORDS = [
    ("best", "Got 'best'. Set refit=True."),
    ("", "Got ''. Set refit=True."),
    ("1see", "Got '1see'. Did you mean '1se'?"),
    ("ensembel", "Got 'ensembel'. Did you mean 'ensemble'?"),
    ("greedy", "Got 'greedy'. Did you mean 'greedy_ensemble'?"),
    ("Score", "Got 'Score'. Did you mean 'score'?"),
]
METRICS = ["score", "f1_micro", "neg_log_loss"]


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


class NeverFitted(LogisticRegression):
    """Told of a wrong argument too late."""

    def fit(self, X, y, sample_weight=None):
        raise AssertionError("It is too late to refuse an argument.")


class FailsFirst:
    """Two metrics, of which the first two fits have none."""

    def __init__(self):
        self.n_calls = 0

    def __call__(self, estimator, X, y):
        self.n_calls += 1
        if self.n_calls <= 2:
            raise ArithmeticError("not yet")
        return two_scores(estimator, X, y)


def own_score(estimator, X, y):
    return estimator.score(X, y)


def two_scores(estimator, X, y):
    return {"own": estimator.score(X, y), "none": 0.0}


def made(kind, estimator=None, space=None, **settings):
    estimator = LogisticRegression() if estimator is None else estimator
    return kind(estimator, space or {"C": [1.0, 2.0]}, cv=2, **settings)


@pytest.mark.parametrize(("word", "told"), WORDS)
@pytest.mark.parametrize("scoring", SCORINGS, ids=KINDS)
@pytest.mark.parametrize("kind", [*SEARCHES, RayTuneSearchCV])
def test_other_words_are_refused_before_any_fit(kind, scoring, word, told, iris):
    search = made(kind, NeverFitted(), scoring=scoring, refit=word)
    message = f"'refit' parameter of {kind.__name__} must be .*{re.escape(told)}$"
    for call in (search.fit, search.plan):
        with pytest.raises(InvalidParameterError, match=message):
            call(*iris)


@pytest.mark.parametrize("scoring", [*SCORINGS, own_score], ids=[*KINDS, "callable"])
@pytest.mark.parametrize("refit", METRICS)
def test_the_name_of_another_metric_counts_as_true(refit, scoring, iris):
    search = made(GridSearchCV, scoring=scoring, refit=refit).fit(*iris)
    other = made(GridSearchCV, scoring=scoring).fit(*iris)
    assert search.best_score_ == other.best_score_
    assert search.best_params_ == other.best_params_


def test_the_metric_that_there_is_is_hinted_at(iris):
    for word, told in [
        ("roc_auk_ovr", "Did you mean 'roc_auc_ovr'?"),
        ("accuracyy", "Set refit=True."),
    ]:
        search = made(GridSearchCV, scoring="roc_auc_ovr", refit=word)
        with pytest.raises(ValueError, match=f"Got {word!r}. {re.escape(told)}$"):
            search.fit(*iris)


def test_a_metric_that_there_is_not_is_told_once(iris):
    search = made(GridSearchCV, scoring="accuracyy", refit="accuracyy")
    with pytest.raises(ValueError, match="'scoring' parameter") as told:
        search.fit(*iris)
    assert "'refit'" not in str(told.value)


@pytest.mark.parametrize("kind", SEARCHES)
def test_a_callable_gives_its_metrics_first(kind, iris):
    has_rungs = kind in (ASHASearchCV, HyperbandSearchCV)
    rates = [0.01, 0.1] if kind is GridSearchCV else loguniform(0.01, 0.1)
    small = {"estimator": MLPClassifier((2,), max_epochs=1), "space": {"lr": rates}}
    if kind is not GridSearchCV:
        small |= {"max_epochs": 3} if has_rungs else {"n_iter": 2}
    wrong = made(kind, scoring=own_score, refit="best", **small)
    with pytest.raises(InvalidParameterError, match=r"'refit' parameter .* Got 'best'"):
        wrong.fit(*iris)
    right = made(kind, scoring=two_scores, refit="own", **small).fit(*iris)
    results = right.cv_results_
    # Of a search by rungs the best is one of those that were trained longest.
    lengths = results["n_resources"] if has_rungs else np.ones(len(results["params"]))
    longest = results["mean_test_own"][lengths == lengths.max()]
    assert right.best_score_ == longest.max()


def test_a_callable_is_asked_once_only(iris):
    calls = []

    def scoring(estimator, X, y):
        calls.append(estimator)
        return 0.5

    search = made(OptunaSearchCV, scoring=scoring, refit="best", n_iter=9, n_points=1)
    with pytest.raises(InvalidParameterError, match="Got 'best'"):
        search.fit(*iris)
    assert len(calls) == 2


@pytest.mark.filterwarnings("ignore:One or more of the test scores:UserWarning")
def test_fits_that_failed_do_not_tell_the_metrics_of_a_callable(iris):
    search = made(OptunaSearchCV, scoring=FailsFirst(), refit="own", n_iter=3)
    search.set_params(n_points=1, random_state=0)
    with pytest.warns(UserWarning, match="not yet"):
        search.fit(*iris)
    assert np.isnan(search.cv_results_["mean_test_own"][0])
    assert search.best_index_ > 0


@pytest.mark.parametrize(
    ("estimator", "space", "settings", "told"),
    [
        (Ridge(), {"alpha": [1.0]}, {"refit": "1se"}, "which counts weights"),
        (
            MLPClassifier(),
            {"lr": [0.1]},
            {"refit": "ensemble", "refit_epochs": "median"},
            "takes no refit_epochs",
        ),
        (
            LogisticRegression(),
            {"C": [1.0]},
            {"refit": "f1", "scoring": ["accuracy", "f1_macro"]},
            "There are",
        ),
    ],
)
def test_plan_refuses_what_fit_refuses(estimator, space, settings, told, iris):
    search = made(GridSearchCV, estimator, space, **settings)
    for call in (search.plan, search.fit):
        with pytest.raises(ValueError, match=told):
            call(*iris)


def test_nested_score_tells_it_once_and_for_all_folds(iris):
    search = made(GridSearchCV, refit="best")
    for routes in (False, True):
        with (
            config_context(enable_metadata_routing=routes),
            pytest.raises(InvalidParameterError, match=r"^The 'refit' .* Got 'best'"),
        ):
            nested_score(search, *iris, outer=2)
    for nothing in (np.False_, False):
        with pytest.raises(ValueError, match=f"with refit={nothing!r}. Set refit=True"):
            nested_score(made(GridSearchCV, refit=nothing), *iris, outer=2)
