"""Arguments are named, set and checked as scikit-learn does it, only faster."""

import inspect
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone

from skhyper import CNNClassifier, CNNRegressor, MLPClassifier, MLPRegressor

X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)


class Wide(MLPClassifier):
    """An estimator of a user, with arguments of its own."""

    def __init__(self, width: int = 8, *, lr: float = 0.01) -> None:
        self.width = width
        self.lr = lr


class Renamed(MLPClassifier):
    """An estimator of a user with the arguments of another one."""


class Open(MLPClassifier):
    """An estimator whose arguments nobody can know."""

    def __init__(self, *args: Any) -> None:
        self.args = args


ESTIMATORS = [MLPClassifier, MLPRegressor, CNNClassifier, CNNRegressor, Wide, Renamed]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_names_of_the_arguments_are_those_of_scikit_learn(estimator: type) -> None:
    expected = BaseEstimator._get_param_names.__func__(estimator)
    for _ in range(2):
        assert [*estimator._get_param_names()] == expected
    assert sorted(inspect.signature(estimator).parameters) == expected
    assert [*estimator().get_params(deep=False)] == expected


def test_arguments_that_are_not_named_are_refused_every_time() -> None:
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no varargs"):
            Open().get_params()


def test_a_subclass_with_arguments_of_its_own_is_cloned_and_set() -> None:
    net = clone(Wide(4)).set_params(width=6)
    assert net.get_params() == {"width": 6, "lr": 0.01}
    with pytest.raises(ValueError, match="'dropout' for estimator Wide"):
        net.set_params(dropout=0.1)


def refusal(net: MLPClassifier) -> str:
    with pytest.raises(ValueError, match="parameter of") as error:
        net.fit(X, Y)
    return str(error.value)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ({"max_epochs": 1}, {"max_epochs": True}),
        ({"max_epochs": 1}, {"max_epochs": 1.0}),
        ({"nesterov": False}, {"nesterov": 0}),
        ({"nesterov": False}, {"nesterov": 0.0}),
        ({"dropout": 0}, {"dropout": False}),
        ({"l1": 0.0}, {"lr": 0.0}),
        ({"callbacks": None}, {"lr": None}),
        ({"optimizer": "sgd"}, {"activation": "sgd"}),
        ({"lr": np.float64(1.0)}, {"lr": np.bool_(True)}),
        ({"random_state": 1}, {"random_state": 1.0}),
        ({"batch_size": 64}, {"batch_size": 64.0}),
    ],
)
def test_a_wrong_value_is_refused_however_like_a_right_one(
    right: dict[str, Any], wrong: dict[str, Any]
) -> None:
    [(parameter, value)] = wrong.items()
    for _ in range(2):
        MLPClassifier(**{"max_epochs": 1, **right}).fit(X, Y)
        text = refusal(MLPClassifier(**wrong))
        assert text.startswith(f"The {parameter!r} parameter of MLPClassifier must be")
        assert f"Got {value!r} instead." in text


def test_the_value_in_a_message_is_the_one_that_was_got() -> None:
    for value in (0.0, -0.0, 0, False):
        assert f"Got {value!r} instead" in refusal(MLPClassifier(lr=value))


def test_a_right_value_is_right_for_its_own_class_only() -> None:
    class Careful(Renamed):
        _parameter_constraints = {
            **MLPClassifier._parameter_constraints,
            "max_epochs": [int],
            "dropout": [None],
        }

    Renamed(dropout=0.0, max_epochs=1).fit(X, Y)
    text = refusal(Careful(dropout=0.0, max_epochs=1))
    assert text == "The 'dropout' parameter of Careful must be None. Got 0.0 instead."


def test_a_value_that_is_changed_is_checked_anew() -> None:
    sizes, options = [4], {"betas": (0.9, 0.99)}
    net = MLPClassifier(sizes, optimizer_params=options, max_epochs=1).fit(X, Y)
    sizes.append(0)
    assert "Got (4, 0)" in refusal(net)
    sizes.pop()
    options["betas"] = (0.9, 2.0)
    assert "Invalid beta parameter" in refusal(net)


def test_what_is_not_fitted_says_so() -> None:
    net = MLPClassifier()
    for name in ("net_", "history_"):
        assert not hasattr(net, name)
        with pytest.raises(AttributeError, match="MLPClassifier instance is not fitt"):
            getattr(net, name)
