"""Whatever a user writes for a space is understood, and the same by all searches."""

import numpy as np
import pytest
from scipy.stats import loguniform, randint, uniform
from sklearn.datasets import load_iris
from sklearn.model_selection import ParameterGrid
from sklearn.model_selection import RandomizedSearchCV as SklearnRandomizedSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from skopt.space import Categorical, Integer, Real

from skhyper.estimators import MLPClassifier
from skhyper.search import BayesSearchCV, GridSearchCV, RandomizedSearchCV
from skhyper.spaces import Choice, Float, Int, SearchSpace, Switch, presets

SEARCHES = [GridSearchCV, RandomizedSearchCV, BayesSearchCV]

SPACES = {
    "name": "dropout",
    "names": ["dropout", "normalizer"],
    "tuple of names": ("dropout", "normalizer"),
    "preset": presets.dropout,
    "presets": [presets.dropout, "normalizer"],
    "preset with more": presets.dropout | {"lr": [0.01, 0.02]},
    "preset and dict": ["dropout", {"lr": [0.01, 0.02]}],
    "space": SearchSpace(dropout=Float(0.0, 0.5), activation=["relu", "tanh"]),
    "space with full names": SearchSpace(
        {"net__dropout": Float(0.0, 0.5), "scale__with_mean": [True, False]}
    ),
    "branches": SearchSpace(
        optimizer=["sgd", "adam"],
        momentum=Switch("optimizer", {"sgd": [0.0, 0.9]}),
    ),
    "spaces": [SearchSpace(dropout=Float(0.0, 0.5)), SearchSpace(lr=[0.01, 0.02])],
    "domains": {"dropout": Float(0.0, 0.5), "hidden_layer_sizes": Choice([(3,), (4,)])},
    "scipy": {"dropout": uniform(0.0, 0.5), "lr": loguniform(1e-3, 1e-1)},
    "scipy and list": {"max_epochs": randint(1, 3), "hidden_layer_sizes": [(3,), (4,)]},
    "skopt": {"dropout": Real(0.0, 0.5), "max_epochs": Integer(1, 2)},
    "skopt and list": {
        "activation": Categorical(["relu", "tanh"]),
        "hidden_layer_sizes": [(3,), (4,)],
    },
    "shorthand of skopt": {"lr": (0.001, 0.1, "log-uniform"), "dropout": [0.0, 0.1]},
    "lists": {"dropout": [0.0, 0.1], "lr": [0.01, 0.02, 0.03]},
    "array": {"dropout": np.array([0.0, 0.1])},
    "dicts": [{"dropout": [0.0, 0.1]}, {"lr": [0.01, 0.02]}],
}


@pytest.fixture
def iris():
    return load_iris(return_X_y=True)


@pytest.fixture
def pipeline():
    network = MLPClassifier(hidden_layer_sizes=(8,), max_epochs=1)
    return Pipeline([("scale", StandardScaler()), ("net", network)])


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_space_is_searched(search, space, pipeline, iris):
    settings = {"cv": 2, "random_state": 0, "refit": False}
    if search is not GridSearchCV:
        settings["n_iter"] = 2
    fitted = search(pipeline, space, **settings).fit(*iris)
    known = pipeline.get_params()
    for params in fitted.cv_results_["params"]:
        assert params
        assert set(params) <= set(known)
    assert np.isfinite(fitted.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("search", [RandomizedSearchCV, BayesSearchCV])
def test_shorthand_of_skopt_is_a_range(search, pipeline, iris):
    space = {"lr": (0.001, 0.1, "log-uniform")}
    fitted = search(pipeline, space, n_iter=4, cv=2, random_state=0, refit=False)
    values = {params["net__lr"] for params in fitted.fit(*iris).cv_results_["params"]}
    assert len(values - {0.001, 0.1}) == 4
    assert all(0.001 < value < 0.1 for value in values)


@pytest.mark.parametrize("search", SEARCHES)
def test_prior_of_a_range_is_checked(search, pipeline, iris):
    with pytest.raises(ValueError, match="must be 'uniform' or 'log-uniform'") as error:
        search(pipeline, {"lr": (0.001, 0.1, "log-unifrom")}, cv=2).fit(*iris)
    assert "Did you mean 'log-uniform'?" in str(error.value)
    assert "net__lr" in str(error.value)


def test_preset_of_a_grid_is_crossed_as_the_preset_says(pipeline, iris):
    plan = GridSearchCV(pipeline, "regularization").plan(*iris)
    rendered = presets.regularization.for_family("mlp").to_grid()
    assert plan.n_candidates == len(ParameterGrid(rendered))


def test_grid_of_a_space_has_three_values_of_each_range(pipeline, iris):
    space = SearchSpace(dropout=Float(0.0, 0.4), max_epochs=Int(1, 9))
    plan = GridSearchCV(pipeline, space).plan(*iris)
    assert plan.n_candidates == 9


@pytest.mark.parametrize("search", SEARCHES)
def test_all_mistyped_presets_are_in_one_error(search, iris):
    wrong = search(MLPClassifier(), ["regularisation", "dropout", "optimiser"])
    meant = "(?s)mean 'regularization'.*\n.*mean 'optimizer'"
    with pytest.raises(ValueError, match=meant):
        wrong.fit(*iris)


def test_random_search_draws_the_candidates_of_scikit_learn(iris):
    space = {"C": loguniform(0.1, 10.0), "kernel": ["rbf", "linear"]}
    settings = {"n_iter": 5, "cv": 2, "random_state": 7}
    ours = RandomizedSearchCV(SVC(), space, **settings).fit(*iris)
    theirs = SklearnRandomizedSearchCV(SVC(), space, **settings).fit(*iris)
    assert ours.cv_results_["params"] == theirs.cv_results_["params"]
    np.testing.assert_array_equal(
        ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"]
    )


def test_random_search_draws_on_from_a_generator_as_scikit_learn(iris):
    space = {"C": loguniform(0.1, 10.0)}
    ours, theirs = np.random.RandomState(3), np.random.RandomState(3)
    settings = {"n_iter": 3, "cv": 2}
    own = RandomizedSearchCV(SVC(), space, random_state=ours, **settings).fit(*iris)
    other = SklearnRandomizedSearchCV(SVC(), space, random_state=theirs, **settings)
    assert own.cv_results_["params"] == other.fit(*iris).cv_results_["params"]


@pytest.mark.parametrize("search", SEARCHES)
def test_unknown_preset_is_refused_with_the_nearest_known(search, pipeline, iris):
    with pytest.raises(ValueError, match="Did you mean 'dropout'"):
        search(pipeline, "dropuot").fit(*iris)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("space", [[3], [{"C": [1]}, None]], ids=str)
def test_what_is_no_space_is_refused(search, space, iris):
    with pytest.raises(TypeError, match="A search space must be a dict"):
        search(SVC(), space).fit(*iris)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("space", [3, None, 1.5], ids=str)
def test_wrong_type_is_refused_by_fit_and_not_before(search, space, iris):
    made = search(SVC(), space)
    with pytest.raises(ValueError, match="parameter of " + search.__name__):
        made.fit(*iris)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ((1.0, np.inf), "The 'high' parameter of Float must be a finite number. Got"),
        ((np.nan, 1.0), "The 'low' parameter of Float must be a finite number. Got"),
        ((10, 1), "The 'low' parameter of Int must be less than 'high'. Got low=10"),
        ((1.0, 9.0, "uniform", "a"), "A range must be"),
        (Real(1.0, np.inf), "The 'high' parameter of Float must be a finite number"),
        ([], "must have at least one value"),
        ([1.0, 1.0], "must not repeat a value. Got 1.0 2 times"),
        (3.0, "Got 3.0"),
        ({"a": 1}, "Got {'a': 1}"),
        pytest.param(loguniform, "must be frozen", id="not frozen"),
    ],
    ids=str,
)
def test_wrong_range_or_list_of_a_bayesian_search_names_its_parameter(
    value, words, iris
):
    space = {"C": value, "tol": (1.0, 0.0)}
    with pytest.raises(ValueError, match=r"^In the domain of 'C': ") as error:
        BayesSearchCV(SVC(), space, n_iter=2, cv=2).fit(*iris)
    first, second = str(error.value).splitlines()
    assert words in first
    assert second.startswith("In the domain of 'tol': The 'low' parameter of Float")


def test_values_that_can_be_read_once_are_all_tried(iris):
    space = {"C": iter([1.0, 2.0])}
    search = BayesSearchCV(SVC(), space, n_iter=2, cv=2, random_state=0).fit(*iris)
    assert sorted(search.cv_results_["param_C"]) == [1.0, 2.0]


def test_pair_of_a_space_and_a_number_is_no_list_of_spaces(iris):
    with pytest.raises(ValueError, match=r"is written \[\(space, n_iter\)\]"):
        BayesSearchCV(SVC(), ({"C": (1.0, 2.0)}, 2), cv=2).fit(*iris)


@pytest.mark.parametrize("search", SEARCHES)
def test_distribution_without_arguments_is_named_with_its_parameter(search, iris):
    with pytest.raises(ValueError, match="In the domain of 'C'") as error:
        search(SVC(), {"C": loguniform}, cv=2).fit(*iris)
    assert "Write loguniform(a, b) with numbers" in str(error.value)


def test_distribution_that_needs_no_arguments_is_drawn_from(iris):
    search = RandomizedSearchCV(SVC(), {"C": uniform}, n_iter=2, cv=2, random_state=0)
    assert len(search.fit(*iris).cv_results_["params"]) == 2
