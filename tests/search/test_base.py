"""What all searches do alike: seeds, refit, failures, metrics, splits, nesting."""

import pickle
import warnings

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.callback import ProgressBar
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import (
    GridSearchCV as SklearnGridSearchCV,
)
from sklearn.model_selection import (
    GroupKFold,
    ShuffleSplit,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from skopt import BayesSearchCV as SkoptBayesSearchCV

from skhyper.estimators import MLPClassifier
from skhyper.search import (
    BayesSearchCV,
    GridSearchCV,
    RandomizedSearchCV,
)

SEARCHES = [GridSearchCV, RandomizedSearchCV, BayesSearchCV]


class Fragile(ClassifierMixin, BaseEstimator):
    """Scores ``level`` / 10; raises what ``error`` says for the levels in ``bad``."""

    def __init__(self, level=0, bad=(), error=ValueError):
        self.level = level
        self.bad = bad
        self.error = error

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        if self.level in self.bad:
            raise self.error("this level is bad")
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def score(self, X, y):
        return self.level / 10


def make(search, estimator, space, n_iter=4, **settings):
    """Make a search that tries every one of few candidates."""
    if search is not GridSearchCV:
        settings["n_iter"] = n_iter
    return search(estimator, space, **{"random_state": 0, "cv": 2, **settings})


@pytest.fixture
def iris():
    return load_iris(return_X_y=True)


def test_searches_are_those_they_extend():
    assert issubclass(GridSearchCV, SklearnGridSearchCV)
    assert issubclass(BayesSearchCV, SkoptBayesSearchCV)


@pytest.mark.parametrize("search", SEARCHES)
def test_estimator_and_arguments_are_left_as_they_were(search, iris):
    network = MLPClassifier(hidden_layer_sizes=(4,), max_epochs=2)
    space = {"lr": [0.01, 0.02]}
    fitted = make(search, network, space, n_iter=2).fit(*iris)
    assert network.random_state is None
    assert not hasattr(network, "net_")
    assert fitted.estimator is network
    assert space == {"lr": [0.01, 0.02]}
    assert "random_state" not in fitted.cv_results_["params"][0]


@pytest.mark.parametrize("search", SEARCHES)
def test_candidates_share_one_seed_where_the_estimator_has_none(
    search, iris, unchanged_global_random_state
):
    pipeline = Pipeline(
        [
            ("scale", StandardScaler()),
            ("net", MLPClassifier(hidden_layer_sizes=(4,), max_epochs=3)),
        ]
    )
    # Two candidates that differ in name only score the same if they share their noise.
    space = {"scale__copy": [True, False]}
    first = make(search, pipeline, space, n_iter=2).fit(*iris)
    again = make(search, pipeline, space, n_iter=2).fit(*iris)
    scores = first.cv_results_["mean_test_score"]
    assert scores[0] == scores[1]
    np.testing.assert_array_equal(scores, again.cv_results_["mean_test_score"])
    seed = first.best_estimator_["net"].random_state
    assert isinstance(seed, int)
    assert seed == again.best_estimator_["net"].random_state


def test_seed_that_the_user_or_a_candidate_set_stays(iris):
    tree = DecisionTreeClassifier(random_state=7)
    search = GridSearchCV(tree, {"max_depth": [1]}, random_state=0).fit(*iris)
    assert search.best_estimator_.random_state == 7
    grid = {"random_state": [None]}
    search = GridSearchCV(DecisionTreeClassifier(), grid, random_state=0).fit(*iris)
    assert search.best_estimator_.random_state is None


def test_seed_differs_between_fits_without_a_random_state(iris):
    search = GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1]})
    seeds = {search.fit(*iris).best_estimator_.random_state for _ in range(3)}
    assert len(seeds) == 3


def test_sorted_iris_in_cross_val_score_is_stratified(iris):
    grid = {"C": [0.1, 1.0]}
    ours = GridSearchCV(LogisticRegression(max_iter=1000), grid)
    theirs = SklearnGridSearchCV(LogisticRegression(max_iter=1000), grid)
    expected = cross_val_score(theirs, *iris)
    assert expected.min() > 0.9
    np.testing.assert_array_equal(cross_val_score(ours, *iris), expected)


@pytest.mark.parametrize("search", SEARCHES)
def test_nested_search_is_stratified(search, iris):
    inner = make(search, LogisticRegression(max_iter=1000), {"C": [0.1, 1.0]}, 2)
    assert cross_val_score(inner, *iris, cv=3).min() > 0.9


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("error", [ValueError, MemoryError, RuntimeError])
@pytest.mark.parametrize("error_score", [np.nan, 0.0, 100.0])
def test_candidate_that_raises_is_ranked_last(search, error, error_score, iris):
    estimator = Fragile(bad=(3,), error=error)
    space = {"level": [0, 1, 2, 3]}
    fitting = make(search, estimator, space, error_score=error_score)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with pytest.warns(FitFailedWarning, match="2 fits failed out of a total of 8"):
            fitting.fit(*iris)
    levels = [params["level"] for params in fitting.cv_results_["params"]]
    assert sorted(levels) == [0, 1, 2, 3]
    failed = levels.index(3)
    assert fitting.cv_results_["rank_test_score"][failed] == 4
    assert fitting.best_params_ == {"level": 2}
    mean = fitting.cv_results_["mean_test_score"][failed]
    np.testing.assert_equal(mean, error_score)


@pytest.mark.parametrize("search", SEARCHES)
def test_only_a_search_without_any_success_raises(search, iris):
    bad = make(search, Fragile(bad=(0, 1)), {"level": [0, 1]}, n_iter=2)
    with pytest.raises(ValueError, match="All the 4 fits failed"):
        bad.fit(*iris)


@pytest.mark.parametrize("search", SEARCHES)
def test_error_is_raised_when_asked_for_and_what_was_finished_is_kept(search, iris):
    settings = {"n_points": 1} if search is BayesSearchCV else {}
    estimator, space = Fragile(bad=(3,)), {"level": [0, 1, 2, 3]}
    failing = make(search, estimator, space, error_score="raise", **settings)
    with pytest.raises(ValueError, match="this level is bad"):
        failing.fit(*iris)
    finished = getattr(failing, "cv_results_", {"params": []})["params"]
    assert {"level": 3} not in finished
    assert len(finished) < 4
    with pytest.raises(NotFittedError):
        failing.predict(iris[0])


def test_fit_that_fails_leaves_nothing_of_the_one_before(iris):
    search = GridSearchCV(Fragile(), {"level": [1]}).fit(*iris)
    search.set_params(param_grid={"level": [0]}, estimator__bad=(0,))
    with pytest.raises(ValueError, match="All the 5 fits failed"):
        search.fit(*iris)
    assert not hasattr(search, "best_estimator_")


def test_estimators_are_values_of_a_parameter(iris):
    pipeline = Pipeline([("net", MLPClassifier(max_epochs=1))])
    models = [MLPClassifier((4,), max_epochs=1), LogisticRegression(max_iter=1000)]
    search = GridSearchCV(pipeline, {"net": models}, cv=2).fit(*iris)
    shown = search.results_frame()["net"].sort_index()
    # A masked array of numpy takes the attribute _data of what it holds instead of it.
    assert list(map(type, search.cv_results_["param_net"])) == list(map(type, models))
    assert list(map(type, shown)) == list(map(type, models))


@pytest.mark.parametrize("search", SEARCHES)
def test_network_that_diverges_is_ranked_last_and_says_why(search, iris):
    X, y = iris
    network = MLPClassifier(hidden_layer_sizes=(4,), max_epochs=30, optimizer="sgd")
    lr = [0.01, 1e38]  # the second takes the weights beyond what float32 can hold
    fitting = make(search, network, {"lr": lr}, n_iter=2, scoring="accuracy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with pytest.warns(FitFailedWarning):
            fitting.fit(X.astype(np.float32), y)
    frame = fitting.results_frame(splits=True)
    assert frame["lr"].tolist() == [0.01, 1e38]
    assert frame["mean_n_epochs"].iloc[0] == 30
    assert np.isnan(frame["mean_n_epochs"].iloc[1])
    assert "TrainingDiverged" in frame["split0_stop_reason"].iloc[1]


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("refit", ["f1_macro", False, lambda results: 0])
def test_several_metrics_with_every_kind_of_refit(search, refit, iris):
    scoring = ["accuracy", "f1_macro"]
    space = {"max_depth": [1, 2, 3]}
    tree = DecisionTreeClassifier()
    fitted = make(search, tree, space, 3, scoring=scoring, refit=refit).fit(*iris)
    assert fitted.multimetric_
    for metric in scoring:
        assert len(fitted.cv_results_[f"rank_test_{metric}"]) == 3
    assert hasattr(fitted, "best_estimator_") is (refit is not False)
    assert hasattr(fitted, "best_score_") is isinstance(refit, str)
    if callable(refit):
        assert fitted.best_index_ == 0
    assert fitted.results_frame().columns[0] == (
        "rank_test_f1_macro" if refit == "f1_macro" else "rank_test_accuracy"
    )


@pytest.mark.parametrize("search", SEARCHES)
def test_metric_of_refit_that_a_callable_does_not_give_ends_the_search_early(
    search, iris
):
    def scoring(estimator, X, y):
        return {"a": 0.0, "b": 1.0}

    tree = DecisionTreeClassifier()
    wrong = make(search, tree, {"max_depth": [1]}, 1, scoring=scoring, refit="c")
    with pytest.raises(ValueError, match="refit"):
        wrong.fit(*iris)


@pytest.mark.parametrize("search", SEARCHES)
def test_metric_of_refit_that_is_mistyped_is_named_with_those_there_are(search, iris):
    tree, scoring = DecisionTreeClassifier(), ["accuracy", "f1_macro"]
    wrong = make(
        search, tree, {"max_depth": [1]}, 1, scoring=scoring, refit="accuracyy"
    )
    meant = r"There are \['accuracy', 'f1_macro'\]. Did you mean 'accuracy'\?"
    with pytest.raises(ValueError, match=f"'accuracyy' was passed. {meant}"):
        wrong.fit(*iris)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(
    "cv", [3, ShuffleSplit(2, random_state=0), TimeSeriesSplit(2)], ids=str
)
def test_any_splitter_is_taken(search, cv, iris):
    X, y = iris
    order = np.random.default_rng(0).permutation(len(y))
    tree = DecisionTreeClassifier()
    fitted = make(search, tree, {"max_depth": [1, 2]}, 2, cv=cv).fit(X[order], y[order])
    assert fitted.n_splits_ == (3 if cv == 3 else 2)


@pytest.mark.parametrize("search", SEARCHES)
def test_groups_and_sample_weights_reach_splitter_and_estimator(search, iris):
    X, y = iris
    groups = np.arange(len(y)) % 4
    weight = np.ones(len(y))
    tree = DecisionTreeClassifier()
    fitting = make(search, tree, {"max_depth": [1, 2]}, 2, cv=GroupKFold(4))
    assert fitting.fit(X, y, groups=groups, sample_weight=weight).n_splits_ == 4


def test_random_splitter_gives_all_candidates_the_same_rows(iris):
    cv = ShuffleSplit(3)
    search = BayesSearchCV(
        LogisticRegression(max_iter=1000),
        {"verbose": [0], "C": [1.0], "copy": [1]} | {"warm_start": [True, False]},
        n_iter=2,
        n_points=1,
        cv=cv,
        random_state=0,
    )
    search.search_spaces = {"warm_start": [True, False]}
    results = search.fit(*iris).cv_results_
    for split in range(3):
        first, second = results[f"split{split}_test_score"]
        assert first == second


@pytest.mark.parametrize("search", SEARCHES)
def test_fitted_search_survives_pickling_and_cloning(search, iris):
    tree = DecisionTreeClassifier()
    fitted = make(search, tree, {"max_depth": [1, 2]}, n_iter=2).fit(*iris)
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.predict(iris[0]), fitted.predict(iris[0]))
    assert clone(fitted).get_params().keys() == fitted.get_params().keys()


@pytest.mark.parametrize("search", SEARCHES)
def test_threads_give_what_one_job_gives(search, iris):
    network = MLPClassifier(hidden_layer_sizes=(4,), max_epochs=3)
    space = {"lr": [0.01, 0.05], "activation": ["relu", "tanh"]}
    alone = make(search, network, space).fit(*iris)
    with joblib.parallel_config("threading", n_jobs=2):
        threads = make(search, network, space, n_jobs=None).fit(*iris)
    np.testing.assert_array_equal(
        alone.cv_results_["mean_test_score"], threads.cv_results_["mean_test_score"]
    )


@pytest.mark.parametrize("search", SEARCHES)
def test_progress_bar_of_scikit_learn_is_fed(search, iris, capsys):
    tree = DecisionTreeClassifier()
    search = make(search, tree, {"max_depth": [1, 2]}, n_iter=2, refit=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tree itself takes no callbacks
        search.set_callbacks(ProgressBar()).fit(*iris)
    assert search.cv_results_["params"]


def test_scorer_that_fails_makes_a_failed_candidate(iris):
    def scoring(estimator, X, y):
        if estimator.level == 9:
            raise ValueError("cannot score this")
        return -1.0 - estimator.level

    search = GridSearchCV(
        Fragile(), {"level": [9, 1, 2]}, scoring=scoring, error_score=0.0, refit=False
    )
    with pytest.warns(UserWarning, match="cannot score this"):
        search.fit(*iris)
    # By the numbers alone, 0.0 would be the best of the three.
    assert search.cv_results_["rank_test_score"].tolist() == [3, 1, 2]


def test_results_of_scikit_learn_are_matched_to_the_bit(iris):
    grid = [{"alpha": [1e-4, 1e-3]}, {"loss": ["log_loss"], "penalty": ["l1", "l2"]}]
    sgd = SGDClassifier(random_state=0)
    scoring = ["accuracy", "f1_macro"]
    settings = {"scoring": scoring, "refit": "accuracy", "return_train_score": True}
    ours = GridSearchCV(sgd, grid, **settings).fit(*iris).cv_results_
    theirs = SklearnGridSearchCV(sgd, grid, **settings).fit(*iris).cv_results_
    assert list(ours) == list(theirs)
    for name in ours:
        if not name.endswith("_time"):
            np.testing.assert_array_equal(ours[name], theirs[name])
            if name != "params":
                assert ours[name].dtype == theirs[name].dtype
                assert type(ours[name]) is type(theirs[name])
