"""Subclasses with a constructor of their own follow scikit-learn's rules."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import GridSearchCV as SklearnGridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhyper import CNNRegressor, GridSearchCV, MLPClassifier, RandomizedSearchCV
from skhyper._sklearn import InvalidParameterError

X, Y = load_iris(return_X_y=True)


class Fewer(MLPClassifier):
    """Takes fewer arguments than its base, which it tells some of the others."""

    def __init__(self, hidden_layer_sizes=(20,), *, lr=0.01, random_state=None):
        super().__init__(
            hidden_layer_sizes,
            lr=lr,
            random_state=random_state,
            max_epochs=3,
            dropout=0.1,
        )


class More(MLPClassifier):
    """Has an argument that its base has not, and takes few of the others."""

    def __init__(self, threshold=0.5, *, lr=0.001, max_epochs=3, random_state=None):
        super().__init__(lr=lr, max_epochs=max_epochs, random_state=random_state)
        self.threshold = threshold

    def predict(self, X):
        return np.where(
            self.predict_proba(X).max(1) > self.threshold, super().predict(X), -1
        )


class Ruled(More):
    """Has a rule for its own argument."""

    _parameter_constraints = {**More._parameter_constraints, "threshold": [float]}


class Signal(CNNRegressor):
    """Knows the shape of its inputs."""

    def __init__(self, lr=0.01, *, random_state=None):
        super().__init__(
            input_shape=(1, 10),
            channels=4,
            hidden_layer_sizes=(8,),
            lr=lr,
            max_epochs=2,
            random_state=random_state,
        )


def same_as(fewer):
    """Make the network that one of a subclass stands for."""
    return MLPClassifier(
        fewer.hidden_layer_sizes,
        lr=fewer.lr,
        random_state=fewer.random_state,
        max_epochs=3,
        dropout=0.1,
    )


def test_arguments_are_those_of_its_own_constructor():
    names = ["hidden_layer_sizes", "lr", "random_state"]
    net = Fewer((5,), lr=0.1)
    assert sorted(net.get_params()) == names
    assert net.get_params()["lr"] == 0.1
    assert repr(net) == "Fewer(hidden_layer_sizes=(5,), lr=0.1)"
    assert repr(More(0.9)) == "More(threshold=0.9)"


def test_a_clone_is_like_it():
    sizes = [5]
    net = clone(Fewer(sizes, lr=0.1))
    assert net.get_params() == {
        "hidden_layer_sizes": [5],
        "lr": 0.1,
        "random_state": None,
    }
    assert (net.max_epochs, net.dropout) == (3, 0.1)
    assert clone(More(0.7)).threshold == 0.7


def test_arguments_are_set_and_unknown_ones_refused():
    net = Fewer().set_params(lr=0.2)
    assert net.lr == 0.2
    with pytest.raises(ValueError, match="Invalid parameter 'dropout' for estimator"):
        net.set_params(dropout=0.2)


def test_it_trains_as_the_network_that_it_stands_for():
    net = Fewer((5,), random_state=0).set_params(lr=0.1)
    expected = same_as(net).fit(X, Y).predict_proba(X)
    np.testing.assert_array_equal(net.fit(X, Y).predict_proba(X), expected)
    assert net.n_iter_ == 3
    again = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(again.predict_proba(X), expected)


def test_it_goes_on_training():
    net = Fewer((5,), random_state=0)
    net.partial_fit(X, Y, classes=np.unique(Y)).partial_fit(X, Y)
    assert net.n_iter_ == 2


def test_it_is_stored_and_read(tmp_path):
    net = Fewer((5,), random_state=0).fit(X, Y)
    net.save(tmp_path / "net.npz")
    again = Fewer.load(tmp_path / "net.npz")
    assert again.get_params() == net.get_params()
    assert again.dropout == 0.1
    np.testing.assert_array_equal(again.predict_proba(X), net.predict_proba(X))


def test_an_argument_that_it_adds_is_its_own():
    net = More(2.0, random_state=0).fit(X, Y)
    assert set(net.predict(X)) == {-1}
    assert set(net.set_params(threshold=0.0).predict(X)) <= {0, 1, 2}


def test_all_arguments_are_checked_also_those_it_does_not_list():
    message = "The 'lr' parameter of Fewer must be a float"
    with pytest.raises(InvalidParameterError, match=message):
        Fewer(lr=-1.0).fit(X, Y)
    net = Fewer()
    net.dropout = 2.0
    with pytest.raises(InvalidParameterError, match="'dropout' parameter of Fewer"):
        net.fit(X, Y)
    with pytest.raises(InvalidParameterError, match="'threshold' parameter of Ruled"):
        Ruled("high").fit(X, Y)


@pytest.mark.parametrize("search", [SklearnGridSearchCV, GridSearchCV])
@pytest.mark.parametrize("estimator", [Fewer, More])
def test_a_search_over_its_arguments_is_that_over_the_network(search, estimator):
    net = estimator(random_state=0)
    fitted = search(net, {"lr": [0.01, 0.1]}, cv=2).fit(X, Y)
    alone = [
        search(net.set_params(lr=lr), {}, cv=2).fit(X, Y).best_score_
        for lr in (0.01, 0.1)
    ]
    np.testing.assert_array_equal(fitted.cv_results_["mean_test_score"], alone)


def test_fits_of_a_search_are_stacked_with_the_same_results():
    pipeline = make_pipeline(StandardScaler(), Fewer())
    grid = {"lr": [0.01, 0.1], "hidden_layer_sizes": [(4,), (5,)]}
    settings = {"cv": 2, "random_state": 0}
    fused = GridSearchCV(pipeline, grid, **settings).fit(X, Y)
    alone = GridSearchCV(pipeline, grid, fused=False, **settings).fit(X, Y)
    assert fused.fusion_report_["lanes"].tolist() == [4, 4]
    np.testing.assert_array_equal(fused.predict_proba(X), alone.predict_proba(X))
    np.testing.assert_array_equal(
        fused.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )


def test_work_of_a_search_is_foreseen():
    grid = {"lr": [0.01, 0.1], "hidden_layer_sizes": [(4,), (5,)]}
    plan = GridSearchCV(make_pipeline(Fewer()), grid, cv=2).plan(X, Y)
    assert plan.n_fits == 4 * 2 + 1
    assert plan.max_epochs == 9 * 3
    assert plan.n_structures == 2
    drawn = RandomizedSearchCV(Fewer(), grid, n_iter=2, cv=2).plan(X, Y)
    assert drawn.max_epochs == 5 * 3


def test_convolutional_nets_are_extended_as_well():
    features, target = load_diabetes(return_X_y=True)
    search = GridSearchCV(Signal(), {"lr": [0.01, 0.1]}, cv=2, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search.fit(features, target)
    assert search.fusion_report_["lanes"].tolist() == [4]
    assert search.best_estimator_.channels == 4
