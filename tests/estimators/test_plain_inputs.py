"""Arrays that go by scikit-learn's checks are those that the checks leave alone."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from sklearn.metrics import accuracy_score
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_array, check_X_y

from skhyper import MLPClassifier, MLPRegressor
from skhyper.estimators._classifier import _are_plain_classes
from skhyper.estimators._inputs import is_plain_features, is_plain_target

Array = np.ndarray[Any, Any]
TYPES = ["f4", "f8", "f2", ">f8", "i8", "u2", "?", "c8", "U1"]
KINDS = [int, bool, float, str]
ROWS = np.arange(12.0).reshape(4, 3)

repeatable = settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


@st.composite
def any_array(draw: st.DrawFn, n_dims: int) -> Array:
    """Draw an array, mostly of so many dimensions and in the order of C."""
    n_dims = draw(st.sampled_from([n_dims] * 4 + [0, 1, 2, 3]))
    shape = draw(array_shapes(min_dims=n_dims, max_dims=n_dims, min_side=0, max_side=4))
    array = draw(arrays(st.sampled_from(TYPES), shape))
    return np.asarray(array, order=draw(st.sampled_from("CCCF")))


@repeatable
@given(any_array(2))
def test_features_that_go_by_the_checks_come_back_from_them(X: Array) -> None:
    assume(is_plain_features(X))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checked = check_array(X, dtype=[np.float32, np.float64], order="C")
    assert checked is X


@repeatable
@given(any_array(1))
def test_targets_that_go_by_the_checks_come_back_from_them(y: Array) -> None:
    assume(y.shape and is_plain_target(y, len(y)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, checked = check_X_y(np.zeros((len(y), 1)), y, multi_output=True)
    assert checked is y


@repeatable
@given(arrays(st.sampled_from(["i1", "u2", "i8", "?"]), st.integers(1, 60)))
def test_classes_that_go_by_the_checks_are_nothing_to_remark(y: Array) -> None:
    assume(_are_plain_classes(y))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_classification_targets(y)
    assert type_of_target(y) in ("binary", "multiclass")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("y", [np.array([0, 1, 0, 1]), np.ones((4, 2)), ROWS[:, 0] > 2])
def test_what_a_search_hands_over_goes_by_the_checks(dtype: Any, y: Array) -> None:
    assert is_plain_features(ROWS.astype(dtype))
    assert is_plain_target(y, 4)
    assert _are_plain_classes(np.array([0, 1, 0, 1]))


class Rows(np.ndarray[Any, Any]):
    """An array of a type of its own."""


@pytest.mark.parametrize(
    "X",
    [
        ROWS * np.nan,
        np.where(ROWS > 10, np.inf, ROWS),
        np.where(ROWS > 10, -np.inf, ROWS),
        np.asfortranarray(ROWS),
        ROWS[:, ::2],
        ROWS[:0],
        ROWS[:, :0],
        ROWS[0],
        ROWS[None],
        ROWS.astype(np.float16),
        ROWS.astype(">f4"),
        ROWS.astype(int),
        ROWS.astype(object),
        ROWS.astype(str),
        np.ma.array(ROWS),
        ROWS.view(Rows),
        pd.DataFrame(ROWS),
        ROWS.tolist(),
    ],
    ids=lambda X: type(X).__name__,
)
def test_other_features_are_checked(X: Any) -> None:
    assert not is_plain_features(X)


@pytest.mark.parametrize(
    "y",
    [
        None,
        [0, 1, 0, 1],
        np.zeros(3),
        np.zeros((4, 2, 1)),
        np.zeros((4, 0)),
        np.array(1.0),
        np.array([0.0, 1.0, np.nan, 1.0]),
        np.array([0, 1, 0, 1], dtype=object),
        np.array(["a", "b", "a", "b"]),
        np.array([0j, 1j, 0j, 1j]),
        pd.Series([0, 1, 0, 1]),
    ],
    ids=lambda y: type(y).__name__,
)
def test_other_targets_are_checked(y: Any) -> None:
    assert not is_plain_target(y, 4)


@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
def test_plain_rows_are_counted_and_named_as_others(estimator: type) -> None:
    y = np.array([0, 1, 0, 1])
    frame = pd.DataFrame(ROWS, columns=list("abc"))
    net = estimator(max_epochs=1, random_state=0).fit(frame, y)
    with pytest.warns(UserWarning, match="valid feature names"):
        net.predict(ROWS)
    net.fit(ROWS, y)
    assert net.n_features_in_ == 3
    assert not hasattr(net, "feature_names_in_")
    with pytest.raises(ValueError, match="X has 2 features, but"):
        net.predict(np.ascontiguousarray(ROWS[:, :2]))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        net.fit(ROWS, y[:3])


def test_numbers_whose_sum_is_not_finite_are_left_to_the_checks() -> None:
    y = np.full(4, np.finfo(np.float64).max / 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not is_plain_target(y, 4)
        assert not is_plain_target(y * np.array([np.inf, -np.inf, 1.0, 1.0]), 4)


def test_integers_of_which_most_differ_are_warned_of() -> None:
    X, y = np.tile(ROWS, (8, 1)), np.arange(32)
    y[:8] = 0
    with pytest.warns(UserWarning, match="greater than 50%"):
        MLPClassifier(max_epochs=1).fit(X, y)


@pytest.mark.parametrize("scored", KINDS)
@pytest.mark.parametrize("learned", KINDS)
def test_score_is_the_accuracy_of_scikit_learn(learned: type, scored: type) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(101, 3)), rng.integers(0, 2, 101)
    net = MLPClassifier(max_epochs=2, random_state=0).fit(X, y.astype(learned))
    target = y.astype(scored)
    for wanted in (target, target[:50], target.tolist(), target.reshape(-1, 1)):
        outcomes = []
        for score, values in ((accuracy_score, net.predict(X)), (net.score, X)):
            pair = (wanted, values) if score is accuracy_score else (values, wanted)
            try:
                outcomes.append(score(*pair))
            except (TypeError, ValueError) as error:
                outcomes.append(f"{type(error).__name__}: {error}")
        assert outcomes[0] == outcomes[1]
