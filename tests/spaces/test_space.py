import copy
import pickle
from collections.abc import Mapping
from typing import Any

import pytest
from scipy import stats
from skopt.space import Real

from skhyper.spaces import Choice, Float, Int, SearchSpace, Switch

LR = Float(1e-4, 1e-2, log=True)
SPACE = SearchSpace(
    optimizer=Choice(["sgd", "adam"], default="adam"),
    lr=LR,
    momentum=Switch("optimizer", {"sgd": Float(0.5, 0.99, default=0.9)}),
)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: SearchSpace(optimiser=["a"], lr=Switch("optimizer", {"a": LR})),
            "The domain of 'lr' must hang on a parameter of the space. "
            "Got 'optimizer'. Did you mean 'optimiser'?",
        ),
        (
            lambda: SearchSpace(kind=["a"], lr=Switch("kind", {"b": LR, "a": LR})),
            "The cases of 'lr' must be values of 'kind'. "
            "Got 'b', which is not in Choice(['a']).",
        ),
        (
            lambda: SearchSpace(depth=Int(1, 3), lr=Switch("depth", {1: LR})),
            "The domain of 'lr' must hang on a Choice. "
            "Got 'depth', which is Int(1, 3).",
        ),
        (
            lambda: SearchSpace(a=Switch("a", {1: [1]})),
            "The domain of 'a' must not hang on itself. Got 'a' on 'a'.",
        ),
        (
            lambda: SearchSpace(a=Switch("b", {1: [1]}), b=Switch("a", {1: [1]})),
            "The domain of 'a' must not hang on itself. Got 'a' on 'b' on 'a'.\n"
            "The domain of 'b' must not hang on itself. Got 'b' on 'a' on 'b'.",
        ),
        (
            lambda: SearchSpace({"lr": 0.1, "": [1], 3: [1]}, l1=[], lr=[1]),
            "A parameter must be given once. Got 'lr' twice.\n"
            "The name of a parameter must be a str. Got ''.\n"
            "The name of a parameter must be a str. Got 3.\n"
            "In the domain of 'l1': The 'values' parameter of Choice must have at "
            "least one value. Got none.",
        ),
        (
            lambda: SearchSpace([("lr", [0.1])]),
            "A search space must be a dict of domains by name. Got [('lr', [0.1])].",
        ),
        (
            lambda: SPACE.without("optimizer"),
            "The domain of 'momentum' must hang on a parameter of the space. "
            "Got 'optimizer'.",
        ),
        (
            lambda: SPACE.without("momentun", "x"),
            "A parameter of this space must be one of ['optimizer', 'lr', 'momentum']."
            " Got 'momentun'. Did you mean 'momentum'?\n"
            "A parameter of this space must be one of ['optimizer', 'lr', 'momentum']."
            " Got 'x'.",
        ),
        (
            lambda: SPACE.replace(lrr=[0.0]),
            "A parameter of this space must be one of ['optimizer', 'lr', 'momentum']."
            " Got 'lrr'. Did you mean 'lr'?",
        ),
        (
            lambda: SPACE | {"lr": [0.1]},
            "The parameter 'lr' must have one domain. Got Float(0.0001, 0.01, "
            "log=True) and Choice([0.1]). Leave one out with without('lr'), or change "
            "one with replace(lr=...).",
        ),
        (
            lambda: SPACE.resolve({"optimizer": "sgd", "lr": 0.1, "x": 3}),
            "The candidate must have exactly the parameters of the flat space. Got "
            "none for ['momentum[optimizer=sgd]'], and unknown ones ['x'].",
        ),
    ],
)
def test_nonsense_is_refused_with_all_mistakes(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match="must") as caught:
        make()
    assert str(caught.value) == message


def test_space_is_an_ordered_mapping() -> None:
    assert isinstance(SPACE, Mapping)
    assert list(SPACE) == ["optimizer", "lr", "momentum"]
    assert len(SPACE) == 3
    assert SPACE["lr"] is LR
    assert "lr" in SPACE
    assert "l1" not in SPACE
    assert SPACE.get("l1") is None
    with pytest.raises(KeyError, match="Did you mean 'lr'"):
        SPACE["lrr"]


def test_equality_does_not_ask_for_the_order() -> None:
    turned = SearchSpace({name: SPACE[name] for name in reversed(list(SPACE))})
    assert turned == SPACE
    assert hash(turned) == hash(SPACE)
    assert SPACE.replace(lr=[0.1]) != SPACE
    assert dict(SPACE) != SPACE


def test_space_cannot_be_changed() -> None:
    given = {"lr": [0.1, 0.2]}
    space = SearchSpace(given)
    given["lr"].append(0.3)
    given["l1"] = [0.0]
    with pytest.raises(AttributeError, match="a SearchSpace never changes"):
        space.lr = [0.3]
    assert space == SearchSpace(lr=[0.1, 0.2])
    assert copy.deepcopy(space) is space
    assert pickle.loads(pickle.dumps(space)) == space


def test_short_forms_are_read() -> None:
    space = SearchSpace.coerce(
        {"a": [1, 2], "b": stats.loguniform(0.1, 1), "c": Real(0.0, 1.0)}
    )
    assert space == SearchSpace(
        a=Choice([1, 2]), b=Float(0.1, 1.0, log=True), c=Float(0.0, 1.0)
    )
    assert SearchSpace.coerce(space) is space


def test_join_keeps_the_order_and_shares_what_is_the_same() -> None:
    joined = SPACE | SearchSpace(l1=[0.0], lr=LR)
    assert list(joined) == ["optimizer", "lr", "momentum", "l1"]
    assert list({"l1": [0.0]} | SPACE) == ["l1", "optimizer", "lr", "momentum"]
    with pytest.raises(TypeError):
        SPACE | 3
    with pytest.raises(TypeError):
        3 | SPACE


def test_replace_keeps_the_place() -> None:
    replaced = SPACE.replace({"optimizer": ["sgd"]}, lr=[0.1])
    assert list(replaced) == list(SPACE)
    assert replaced["lr"] == Choice([0.1])


def test_prefix_reaches_into_switches() -> None:
    prefixed = SPACE.prefix("net").prefix("step")
    assert prefixed["step__net__momentum"].on == "step__net__optimizer"
    assert SPACE.prefix("") is SPACE


def test_default_candidate_leaves_out_what_is_absent() -> None:
    assert SPACE.defaults() == {"optimizer": "adam", "lr": 0.001}
    with_sgd = SPACE.replace(optimizer=Choice(["adam", "sgd"], default="sgd"))
    assert with_sgd.defaults() == {"optimizer": "sgd", "lr": 0.001, "momentum": 0.9}


def test_parent_that_nobody_hangs_on_is_left_whole() -> None:
    space = SPACE | {"activation": ["relu", "tanh"]}
    assert [branch["activation"] for branch in space.branches()] == [
        Choice(["relu", "tanh"]),
        Choice(["relu", "tanh"]),
    ]


def test_absent_parent_takes_its_children_along() -> None:
    space = SearchSpace(
        a=["x", "y"],
        b=Switch("a", {"x": ["p", "q"]}),
        c=Switch("b", {"p": [1, 2]}),
    )
    assert [dict(branch) for branch in space.branches()] == [
        {"a": Choice(["x"]), "b": Choice(["p"]), "c": Choice([1, 2])},
        {"a": Choice(["x"]), "b": Choice(["q"])},
        {"a": Choice(["y"])},
    ]


def test_flat_names_tell_values_apart() -> None:
    space = SearchSpace(
        kind=["adam", "adamw", None, "None", 1, "1"],
        lr=Switch(
            "kind",
            {("adam", "adamw"): LR, None: [1], "None": [2], 1: [3], "1": [4]},
        ),
    )
    assert list(space.flatten()) == [
        "kind",
        "lr[kind=adam|adamw]",
        "lr[kind=None]",
        "lr[kind='None']",
        "lr[kind=1]",
        "lr[kind='1']",
    ]
    flat = space.flatten().defaults()
    assert space.resolve({**flat, "kind": "1"}) == {"kind": "1", "lr": 4}
    assert space.resolve({**flat, "kind": 1}) == {"kind": 1, "lr": 3}


def test_repr_is_the_code_that_makes_the_space() -> None:
    names = {
        "SearchSpace": SearchSpace,
        "Choice": Choice,
        "Float": Float,
        "Switch": Switch,
    }
    for space in (SPACE, SPACE.flatten(), SearchSpace(), SearchSpace(lr=LR)):
        assert eval(repr(space), names) == space
    assert repr(SPACE) == (
        "SearchSpace(\n"
        "    optimizer=Choice(['sgd', 'adam'], default='adam'),\n"
        "    lr=Float(0.0001, 0.01, log=True),\n"
        "    momentum=Switch('optimizer', {'sgd': Float(0.5, 0.99, default=0.9)}),\n"
        ")"
    )


def test_html_is_an_escaped_table() -> None:
    text = SearchSpace(loss=["<b>", "log"])._repr_html_()
    assert text == (
        "<table><thead><tr><th>parameter</th><th>domain</th><th>default</th></tr>"
        "</thead><tbody><tr><td>loss</td>"
        "<td>Choice([&#x27;&lt;b&gt;&#x27;, &#x27;log&#x27;])</td>"
        "<td>&#x27;&lt;b&gt;&#x27;</td></tr></tbody></table>"
    )
    assert "<td></td></tr></tbody>" in SPACE._repr_html_()  # momentum has no default


@pytest.mark.parametrize("name", ["net____lr", "net__", "__lr", "net___lr"])
def test_name_without_words_around_the_underscores_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"around each '__'. Got '{name}'"):
        SearchSpace({name: [0.1]})
