"""The network is found wherever it sits, and its parameters get their full names."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhyper.estimators import MLPClassifier, MLPRegressor
from skhyper.search import GridSearchCV
from skhyper.search._target import Parameters, as_candidate, fitted_networks

SMALL = {"hidden_layer_sizes": (4,), "max_epochs": 2, "random_state": 0}


def columns(network):
    scale = ColumnTransformer([("scale", StandardScaler(), [0, 1])], remainder="drop")
    return Pipeline([("columns", scale), ("net", network)])


@pytest.mark.parametrize(
    ("estimator", "prefix"),
    [
        (MLPClassifier(), ""),
        (Pipeline([("scale", StandardScaler()), ("net", MLPClassifier())]), "net"),
        (make_pipeline(StandardScaler(), make_pipeline(MLPClassifier())), None),
        (columns(MLPClassifier()), "net"),
        (TransformedTargetRegressor(MLPRegressor()), "regressor"),
        (
            TransformedTargetRegressor(Pipeline([("net", MLPRegressor())])),
            "regressor__net",
        ),
        (BaggingClassifier(MLPClassifier()), "estimator"),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "fit") else value,
)
def test_network_is_found(estimator, prefix):
    found, network = Parameters(estimator).the_network()
    assert found == ("pipeline__mlpclassifier" if prefix is None else prefix)
    assert network.family == "mlp"


def test_short_name_gets_the_prefix_and_full_name_stays():
    pipeline = Pipeline([("scale", StandardScaler()), ("net", MLPClassifier())])
    names = ["lr", "net__dropout", "scale__with_mean", "scale"]
    assert Parameters(pipeline).full_names(names, network_first=False) == {
        "lr": "net__lr",
        "net__dropout": "net__dropout",
        "scale__with_mean": "scale__with_mean",
        "scale": "scale",
    }


def test_name_of_both_means_the_outer_one_in_a_dict_and_the_network_in_a_space():
    bagging = Parameters(BaggingClassifier(MLPClassifier()))
    in_dict = bagging.full_names(["verbose"], network_first=False)
    in_space = bagging.full_names(["verbose"], network_first=True)
    assert in_dict == {"verbose": "verbose"}
    assert in_space == {"verbose": "estimator__verbose"}


def test_parameter_of_a_step_that_candidates_put_in_is_known():
    pipeline = Pipeline([("clf", SVC())])
    names = ["clf", "clf__penalty"]
    assert Parameters(pipeline).full_names(names, False) == {n: n for n in names}


def test_all_unknown_names_are_in_one_error_with_the_nearest_known():
    pipeline = Pipeline([("scale", StandardScaler()), ("net", MLPClassifier())])
    search = GridSearchCV(pipeline, {"lrr": [0.1], "dropuot": [0.1]})
    with pytest.raises(ValueError, match="'lrr'") as error:
        search.fit(np.zeros((10, 2)), [0, 1] * 5)
    assert str(error.value) == (
        "A parameter of the search must be one that Pipeline has. Got 'lrr'. "
        "Did you mean 'lr'?\n"
        "A parameter of the search must be one that Pipeline has. Got 'dropuot'. "
        "Did you mean 'dropout'?"
    )


@pytest.mark.parametrize(
    ("estimator", "name", "meant"),
    [
        (SVC(), "c", "'C'"),
        (Pipeline([("scale", StandardScaler()), ("svc", SVC())]), "C", "'svc__C'"),
        (Pipeline([("scale", StandardScaler()), ("svc", SVC())]), "gama", "'svc__gam"),
        (Pipeline([("net", MLPClassifier())]), "LR", "'lr'"),
        (VotingClassifier([("a", SVC()), ("b", SVC())]), "c", "'a__C' or 'b__C'"),
    ],
    ids=str,
)
def test_name_without_its_step_or_in_the_wrong_case_comes_with_the_right_one(
    estimator, name, meant
):
    with pytest.raises(ValueError, match=f"Got '{name}'. Did you mean {meant}"):
        Parameters(estimator).full_names([name], network_first=False)


def test_name_that_is_no_string_is_refused():
    with pytest.raises(ValueError, match=r"must be a str. Got 3\."):
        Parameters(SVC()).full_names([3], network_first=False)


def test_short_and_full_name_of_one_parameter_are_refused_together():
    pipeline = Pipeline([("net", MLPClassifier())])
    with pytest.raises(ValueError, match="mean the same parameter"):
        Parameters(pipeline).full_names(["lr", "net__lr"], network_first=False)


def test_two_networks_need_full_names():
    voting = VotingClassifier([("a", MLPClassifier()), ("b", MLPClassifier())])
    parameters = Parameters(voting)
    with pytest.raises(ValueError, match=r"starting with one of \['a__', 'b__'\]"):
        parameters.full_names(["lr"], network_first=False)
    with pytest.raises(ValueError, match="holds 2 networks"):
        parameters.the_network()
    assert parameters.full_names(["a__lr"], False) == {"a__lr": "a__lr"}


def test_preset_for_an_estimator_without_network_is_refused(classification_data):
    with pytest.raises(ValueError, match="LogisticRegression, which holds none"):
        GridSearchCV(LogisticRegression(), "dropout").fit(*classification_data)


@pytest.mark.parametrize(
    ("estimator", "count"),
    [
        (columns(MLPClassifier(**SMALL)), 1),
        (BaggingClassifier(MLPClassifier(**SMALL), n_estimators=3), 3),
        (TransformedTargetRegressor(MLPRegressor(**SMALL)), 1),
    ],
    ids=["columns", "bagging", "transformed target"],
)
def test_fitted_networks_are_found(estimator, count, classification_data):
    fitted = estimator.fit(*classification_data)
    networks = list(fitted_networks(fitted))
    assert len(networks) == count
    assert all(network.n_iter_ == 2 for network in networks)


class Strict(BaseEstimator):
    """Takes no call of ``set_params`` without its one parameter."""

    def __init__(self, strength=1.0):
        self.strength = strength

    def set_params(self, **params):
        self.strength = params["strength"]
        return self


def test_estimator_is_given_no_parameters_but_those_of_the_candidate():
    candidate = as_candidate(Strict(), {"strength": 2.0}, seed=0)
    assert candidate.strength == 2.0


def test_only_an_unset_random_state_takes_the_seed():
    pipeline = Pipeline([("pca", PCA()), ("net", MLPClassifier(random_state=3))])
    candidate = as_candidate(pipeline, {"net__lr": 0.5}, seed=7)
    assert candidate.get_params()["pca__random_state"] == 7
    assert candidate.get_params()["net__random_state"] == 3
    assert candidate.get_params()["net__lr"] == 0.5
