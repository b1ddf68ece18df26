"""A plan counts the work before any of it is done."""

import numpy as np
import pytest
from scipy.stats import loguniform, poisson
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, ShuffleSplit, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhyper.estimators import MLPClassifier
from skhyper.search import (
    BayesSearchCV,
    GridSearchCV,
    HyperbandSearchCV,
    OptunaSearchCV,
    RandomizedSearchCV,
)
from skhyper.spaces import Float, Int, SearchSpace, Switch


@pytest.fixture
def pipeline():
    network = MLPClassifier(hidden_layer_sizes=(4,), max_epochs=7)
    return Pipeline([("scale", StandardScaler()), ("net", network)])


def test_plan_of_a_grid_is_what_fit_then_does(pipeline, classification_data):
    grid = {"lr": [0.01, 0.1], "activation": ["relu", "tanh"], "max_epochs": [2, 3]}
    search = GridSearchCV(pipeline, grid, cv=3, random_state=0)
    plan = search.plan(*classification_data)
    assert (plan.n_candidates, plan.n_splits, plan.n_fits) == (8, 3, 25)
    assert plan.max_epochs == 3 * (4 * 2 + 4 * 3) + 3
    assert plan.n_structures == 2
    assert repr(plan) == (
        "Plan: 8 candidates x 3 splits + 1 refit = 25 fits\n"
        "at most 63 epochs\n"
        "2 structures"
    )
    search.fit(*classification_data)
    assert len(search.cv_results_["params"]) == plan.n_candidates
    trained = search.cv_results_["mean_n_epochs"].sum() * plan.n_splits
    assert trained + search.best_estimator_["net"].n_iter_ <= plan.max_epochs


def test_plan_of_few_candidates_has_the_brackets_that_they_fill():
    space = {"lr": [0.001, 0.01, 0.1], "dropout": [0.0, 0.2]}
    net = MLPClassifier((4,), random_state=0)
    search = HyperbandSearchCV(net, space, max_epochs=9, cv=3, random_state=0)
    X, y = load_iris(return_X_y=True)
    with pytest.warns(UserWarning, match="only 6"):
        plan = search.plan(X, y)
    with pytest.warns(UserWarning, match="only 6"):
        search.fit(X, y)
    reached = search.metadata_["brackets"]
    planned = [
        [(rung.n_candidates, rung.n_epochs) for rung in rungs]
        for rungs in plan.brackets
    ]
    assert planned == [rungs for rungs in reached if rungs]
    assert plan.max_epochs == search.metadata_["n_epochs"] + 9


def test_plan_leaves_the_random_state_where_it_was(pipeline, classification_data):
    random_state = np.random.RandomState(0)
    space = {"lr": loguniform(1e-3, 1e-1)}
    search = RandomizedSearchCV(pipeline, space, random_state=random_state)
    before = random_state.get_state()[2]
    plan = search.plan(*classification_data)
    assert random_state.get_state()[2] == before
    assert plan.exact


def test_plan_of_unknown_draws_is_an_upper_bound(
    pipeline, classification_data, unchanged_global_random_state
):
    space = {
        "lr": loguniform(1e-3, 1e-1),
        "activation": ["relu", "tanh"],
        "max_epochs": [2, 9],
    }
    search = RandomizedSearchCV(pipeline, space, n_iter=10, cv=2, refit=False)
    plan = search.plan(*classification_data)
    assert not plan.exact
    assert plan.max_epochs == 10 * 2 * 9
    assert plan.n_structures == 2
    assert "at most 2 structures" in repr(plan)


def test_plan_of_a_bayesian_search_counts_all_spaces(pipeline, classification_data):
    branched = SearchSpace(
        optimizer=["sgd", "adam"],
        momentum=Switch("optimizer", {"sgd": [0.0, 0.9]}),
        lr=Float(1e-3, 1e-1, log=True),
        max_epochs=Int(3, 5),
    )
    spaces = [(branched, 6), {"activation": ["relu", "tanh", "selu"]}]
    plan = BayesSearchCV(pipeline, spaces, n_iter=4, cv=2).plan(*classification_data)
    assert plan.n_candidates == 10
    assert plan.n_structures == 2 + 3
    assert plan.max_epochs == 2 * (6 * 5 + 4 * 7) + 7


def test_plan_of_another_estimator_counts_fits_alone(classification_data):
    search = GridSearchCV(LogisticRegression(), {"C": [1.0, 2.0]}, refit=False)
    plan = search.plan(*classification_data)
    assert plan.max_epochs is None
    assert plan.n_structures is None
    assert repr(plan) == "Plan: 2 candidates x 5 splits = 10 fits"


def test_plan_of_one_of_each():
    net, one_split = MLPClassifier(max_epochs=1), ShuffleSplit(1, random_state=0)
    search = GridSearchCV(net, {"lr": [0.1]}, cv=one_split, refit=False)
    assert repr(search.plan(*load_iris(return_X_y=True))) == (
        "Plan: 1 candidate x 1 split = 1 fit\nat most 1 epoch\n1 structure"
    )


def test_plan_takes_the_groups(classification_data):
    X, y = classification_data
    search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=GroupKFold(4))
    assert search.plan(X, y, groups=np.arange(len(y)) % 4).n_splits == 4


def test_plan_takes_the_groups_that_the_search_holds(classification_data):
    X, y = classification_data
    search = BayesSearchCV(
        LogisticRegression(),
        {"C": (0.1, 1.0)},
        cv=GroupKFold(4),
        fit_params={"groups": np.arange(len(y)) % 4},
    )
    assert search.plan(X, y).n_splits == 4


def test_plan_refuses_an_unknown_parameter(pipeline, classification_data):
    with pytest.raises(ValueError, match="Did you mean 'lr'"):
        GridSearchCV(pipeline, {"lrr": [0.1]}).plan(*classification_data)


def test_plan_takes_any_distribution_that_fit_takes(pipeline, classification_data):
    space = {"max_epochs": poisson(4), "activation": ["relu", "tanh"]}
    search = RandomizedSearchCV(pipeline, space, n_iter=10, cv=2, refit=False)
    plan = search.plan(*classification_data)
    assert (plan.max_epochs, plan.n_structures) == (None, 2)
    drawn = search.set_params(random_state=0).plan(*classification_data)
    assert drawn.exact
    assert drawn.max_epochs is not None


def test_plan_leaves_what_is_no_number_to_fit(pipeline, classification_data):
    grid = {"max_epochs": [5, "x"]}
    assert GridSearchCV(pipeline, grid).plan(*classification_data).max_epochs is None


@pytest.mark.parametrize("kind", ["iterator", "generator"])
def test_plan_leaves_splits_that_can_be_read_once_to_fit(kind, classification_data):
    X, y = classification_data
    splits = list(StratifiedKFold(3).split(X, y))
    cv = iter(splits) if kind == "iterator" else (split for split in splits)
    search = GridSearchCV(SVC(), {"C": [0.1, 1.0]}, cv=cv)
    assert search.plan(X, y).n_splits == 3
    assert search.get_params()["cv"] is cv
    assert search.fit(X, y).n_splits_ == 3
    assert search.fit(X, y).best_score_ > 0.5
    # Other splits are read anew.
    search.set_params(cv=iter(splits[:2]))
    assert search.plan(X, y).n_splits == 2


def test_plan_of_pruned_trials_counts_the_epochs_of_the_search(
    pipeline, classification_data
):
    space = {"lr": loguniform(1e-3, 1e-1)}
    search = OptunaSearchCV(pipeline, space, n_iter=4, cv=2, max_epochs=9)
    assert search.plan(*classification_data).max_epochs == (4 * 2 + 1) * 7
    search.set_params(pruner="median")
    assert search.plan(*classification_data).max_epochs == (4 * 2 + 1) * 9


@pytest.mark.parametrize("estimator", ["network", "pipeline"])
def test_plan_refuses_a_mistyped_argument(estimator, pipeline, classification_data):
    net = pipeline if estimator == "pipeline" else MLPClassifier()
    search = GridSearchCV(net, {"lr": [0.1]})
    with pytest.raises(TypeError, match=r"GridSearchCV.plan .* 'tim'. Did you mean"):
        search.plan(*classification_data, tim=True)


def test_plan_refuses_what_a_network_does_not_take(classification_data):
    search = GridSearchCV(MLPClassifier(), {"lr": [0.1]})
    with pytest.raises(TypeError, match=r"arguments of \w+\.fit\. Got 'monitor'"):
        search.plan(*classification_data, monitor=None)
    X, y = classification_data
    search.plan(X, y, sample_weight=np.ones(len(y)))


def test_plan_says_when_the_search_is_ended(classification_data):
    search = GridSearchCV(MLPClassifier(), {"lr": [0.1]}, max_time=90)
    plan = search.plan(*classification_data)
    assert plan.max_time == 90
    assert repr(plan).endswith("\nended after 90 s by max_time")
