import copy
import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, SGDClassifier

from skhyper.spaces import Choice, Float, Switch


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Choice([]),
            "The 'values' parameter of Choice must have at least one value. Got none.",
        ),
        (
            lambda: Choice(["a", "b", "a"]),
            "The 'values' parameter of Choice must not repeat a value. "
            "Got 'a' 2 times.",
        ),
        (
            lambda: Choice([{"gamma": 0.1}, {"gamma": 0.1}], default=3),
            "The 'values' parameter of Choice must not repeat a value. "
            "Got {'gamma': 0.1} 2 times.\n"
            "The 'default' parameter of Choice must be one of "
            "[{'gamma': 0.1}, {'gamma': 0.1}]. Got 3.",
        ),
        (
            lambda: Choice("sgd"),
            "The 'values' parameter of Choice must be a list. Got 'sgd'. "
            "Write ['sgd'].",
        ),
        pytest.param(
            lambda: Choice({"b", "a"}),
            "The 'values' parameter of Choice must be a list. "
            f"Got { ({'b', 'a'})!r}. Write ['a', 'b'].",
            id="set",  # its order is another one in each process
        ),
        (
            lambda: Switch("", {}),
            "The 'on' parameter of Switch must be the name of a parameter. Got ''.\n"
            "The 'cases' parameter of Switch must be a dict with at least one case. "
            "Got {}.",
        ),
        (
            lambda: Switch("a", {"x": 0.5}),
            "Under 'x', 'cases' of Switch must have a Float, an Int, a Choice or a "
            "list of values. Got 0.5.",
        ),
        (
            lambda: Switch("a", {("x", "y"): [1], "y": [2]}),
            "The 'cases' parameter of Switch must not have a value in two cases. "
            "Got {('x', 'y'): [1], 'y': [2]}.",
        ),
    ],
)
def test_nonsense_is_refused_with_all_mistakes(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match="must") as caught:
        make()
    assert str(caught.value) == message


def test_default_is_none_where_it_is_a_value_else_the_first() -> None:
    assert Choice(["batch", None]).default is None
    assert Choice(["batch", "layer"]).default == "batch"
    assert Choice(["batch", None], default="batch").default == "batch"


def test_true_is_not_one_and_nan_is_nan() -> None:
    domain = Choice([1, True, float("nan")])
    assert [value in domain for value in (1, 1.0, True, False, float("nan"))] == [
        True,
        True,
        True,
        False,
        True,
    ]


def test_numpy_scalars_become_plain_values() -> None:
    domain = Choice(np.array([0.5, 1.5]), default=np.float64(1.5))
    assert [type(value) for value in (*domain, domain.default)] == [float] * 3


def test_caller_cannot_change_the_values_afterwards() -> None:
    params = {"gamma": 0.1, "milestones": [1, 2]}
    domain = Choice([params], default=params)
    before = hash(domain)
    params["milestones"].append(3)
    domain.values[0]["gamma"] = 5.0
    domain.default["milestones"].clear()
    next(iter(domain))["gamma"] = 6.0
    assert domain == Choice([{"gamma": 0.1, "milestones": [1, 2]}])
    assert hash(domain) == before


def test_estimators_stay_the_same_objects() -> None:
    first, second = LogisticRegression(), SGDClassifier()
    domain = Choice([first, second])
    assert first in domain
    assert domain.values[1] is second
    assert copy.deepcopy(domain) == domain
    assert len(pickle.loads(pickle.dumps(domain))) == 2


def test_unhashable_object_is_found_after_pickling() -> None:
    class_of_unhashables = type(
        "Unhashable", (), {"__hash__": None, "__module__": __name__}
    )
    domain = Choice([class_of_unhashables()])
    state = domain.__getstate__()
    again = Choice.__new__(Choice)
    again.__setstate__({key: copy.deepcopy(value) for key, value in state.items()})
    assert again.values[0] in again


def test_arrays_are_compared_by_content() -> None:
    domain = Choice([None, np.array([0.5, 0.5])])
    assert np.array([0.5, 0.5]) in domain
    assert np.array([0.1, 0.9]) not in domain
    domain.values[1][0] = 9.0
    assert domain.values[1].tolist() == [0.5, 0.5]


def test_index_and_only_say_what_is_possible() -> None:
    domain = Choice([(64,), (64, 64)])
    assert domain.index((64, 64)) == 1
    assert domain.only((64, 64)) == Choice([(64, 64)])
    with pytest.raises(ValueError, match="must") as caught:
        domain.index((128,))
    assert (
        str(caught.value) == "The value must be one of [(64,), (64, 64)]. Got (128,)."
    )


def test_case_is_found_by_value() -> None:
    switch = Switch(
        "optimizer", {"sgd": Float(0.01, 0.1), ("adam", "adamw"): Float(1e-4, 1e-3)}
    )
    assert switch.case("adamw") == Float(1e-4, 1e-3)
    assert switch.case("rmsprop") is None
    assert 0.05 in switch
    assert 0.5 not in switch


def test_case_of_a_boolean_is_not_that_of_a_number() -> None:
    assert Switch("early_stopping", {True: [5, 10]}).case(1) is None


def test_switches_are_equal_whichever_way_the_cases_are_grouped() -> None:
    grouped = Switch("a", {("x", "y"): [1, 2]})
    assert grouped == Switch("a", {"y": [1, 2], "x": [1, 2]})
    assert hash(grouped) == hash(Switch("a", {"y": [1, 2], "x": [1, 2]}))
    assert grouped != Switch("b", {("x", "y"): [1, 2]})


@pytest.mark.parametrize(
    "switch",
    [
        Switch("a", {"x": [1, 2], ("y", "z"): Float(0, 1)}),
        Switch("sizes", {((64, 64),): [1], None: [2]}),
    ],
)
def test_repr_is_the_code_that_makes_the_switch(switch: Switch) -> None:
    names = {"Switch": Switch, "Choice": Choice, "Float": Float}
    assert eval(repr(switch), names) == switch
    assert pickle.loads(pickle.dumps(switch)) == switch
    assert switch.renamed("b").renamed(switch.on) == switch
