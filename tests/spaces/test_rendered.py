from collections import Counter
from typing import Any

import pytest
from scipy import stats
from sklearn.datasets import make_classification
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import (
    GridSearchCV,
    ParameterGrid,
    ParameterSampler,
    RandomizedSearchCV,
)

from skhyper.spaces import Choice, Float, Int, SearchSpace, Switch

X, Y = make_classification(n_samples=40, n_features=5, random_state=0)

SPACE = SearchSpace(
    penalty=Choice(["l2", "elasticnet", None]),
    l1_ratio=Switch("penalty", {"elasticnet": Float(0.1, 0.9, step=0.1)}),
    alpha=Float(1e-6, 1e-2, log=True, zero=True),
    class_weight=[None, {0: 1, 1: 2}],
    max_iter=Int(500, 1000, log=True),
)
ESTIMATOR = SGDClassifier(learning_rate="adaptive", eta0=0.1, tol=0.1, random_state=0)


def test_grid_has_a_part_for_each_branch() -> None:
    assert SPACE.without("class_weight", "max_iter").to_grid(points=2) == [
        {"penalty": ["l2"], "alpha": [0.0, 1e-6, 1e-2]},
        {
            "penalty": ["elasticnet"],
            "l1_ratio": [0.1, 0.9],
            "alpha": [0.0, 1e-6, 1e-2],
        },
        {"penalty": [None], "alpha": [0.0, 1e-6, 1e-2]},
    ]


def test_star_moves_what_hangs_on_a_parameter_with_it() -> None:
    space = SearchSpace(
        kind=Choice(["sgd", "adam"]),
        lr=Switch(
            "kind",
            {
                "sgd": Float(0.01, 1.0, log=True),
                "adam": Float(1e-4, 1e-2, log=True),
            },
        ),
        dropout=Float(0.0, 0.5),
    )
    assert space.to_grid(points=3, crossed=False) == [
        {"kind": ["sgd"], "lr": [0.1], "dropout": [0.25]},
        {"kind": ["adam"], "lr": [0.001], "dropout": [0.25]},
        {"kind": ["sgd"], "lr": [0.01, 1.0], "dropout": [0.25]},
        {"kind": ["sgd"], "lr": [0.1], "dropout": [0.0, 0.5]},
    ]


@pytest.mark.parametrize("crossed", [True, False])
def test_one_point_is_the_default_candidate(crossed: bool) -> None:
    assert list(ParameterGrid(SPACE.to_grid(1, crossed))) == [SPACE.defaults()]


def test_empty_space_has_the_empty_candidate() -> None:
    space = SearchSpace()
    assert space.defaults() == {}
    assert list(ParameterGrid(space.to_grid())) == [{}]


@pytest.mark.parametrize("crossed", [True, False])
@pytest.mark.parametrize("points", [0, "3"])
def test_points_must_be_a_count(points: Any, crossed: bool) -> None:
    with pytest.raises(ValueError, match="'points' parameter of a grid"):
        SPACE.to_grid(points, crossed)


def shares(space: SearchSpace, name: str, n_iter: int = 3000) -> Counter:
    sampler = ParameterSampler(space.to_distributions(), n_iter, random_state=0)
    return Counter(candidate.get(name, "absent") for candidate in sampler)


def test_values_that_others_hang_on_are_equally_likely() -> None:
    counts = shares(SPACE, "penalty")
    assert set(counts) == {"l2", "elasticnet", None}
    assert stats.chisquare(list(counts.values())).pvalue > 1e-3


def test_two_parents_are_drawn_independently() -> None:
    space = SPACE | SearchSpace(
        schedule=["constant", "invscaling"],
        power_t=Switch("schedule", {"invscaling": Float(0.1, 0.9)}),
    )
    sampler = ParameterSampler(space.to_distributions(), 3000, random_state=0)
    counts = Counter((point["penalty"], point["schedule"]) for point in sampler)
    assert len(counts) == 6
    assert stats.chisquare(list(counts.values())).pvalue > 1e-3


def test_grandchildren_do_not_make_their_branch_more_likely() -> None:
    space = SearchSpace(
        kind=["plain", "normalized"],
        normalizer=Switch("kind", {"normalized": ["batch", "layer", "group"]}),
        n_groups=Switch("normalizer", {"group": [2, 4]}),
        lr=Float(0.1, 1.0),
    )
    counts = shares(space, "kind")
    assert stats.chisquare(list(counts.values())).pvalue > 1e-3
    counts = shares(space, "normalizer")
    assert stats.chisquare(
        [counts[name] for name in ("absent", "batch", "layer", "group")],
        [1500, 500, 500, 500],
    ).pvalue > 1e-3  # fmt: skip


def test_space_of_lists_is_drawn_without_repetition() -> None:
    space = SearchSpace(a=["x", "y"], b=Switch("a", {"x": [1, 2, 3]}))
    drawn = list(ParameterSampler(space.to_distributions(), 4, random_state=0))
    assert all(candidate in drawn for candidate in ParameterGrid(space.to_grid()))


def test_plain_grid_search_takes_the_grid() -> None:
    search = GridSearchCV(ESTIMATOR, SPACE.to_grid(crossed=False), cv=2).fit(X, Y)
    assert search.cv_results_["params"][0] == SPACE.defaults()
    assert search.best_params_["alpha"] in SPACE["alpha"]


def test_plain_randomized_search_takes_the_distributions() -> None:
    search = RandomizedSearchCV(
        ESTIMATOR, SPACE.to_distributions(), n_iter=6, cv=2, random_state=0
    ).fit(X, Y)
    for candidate in search.cv_results_["params"]:
        assert all(value in SPACE[name] for name, value in candidate.items())


def test_dimensions_carry_the_names() -> None:
    for part in SPACE.to_skopt():
        assert [dimension.name for dimension in part.values()] == list(part)
