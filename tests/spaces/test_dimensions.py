import pickle
from typing import Any

import numpy as np
import pytest
from scipy import stats
from skopt import Optimizer

from skhyper.spaces import Choice, Float, Int
from skhyper.spaces._skopt import skopt_dimension

DOMAINS = [
    Float(0.1, 2.0),
    Float(1e-6, 1e-2, log=True, zero=True),
    Float(0.0, 0.5, zero=True),
    Float(0.1, 0.5, step=0.1),
    Float(0.1, 0.5, step=0.1, zero=True),
    Int(1, 100, log=True),
    Int(64, 256, step=64),
    Choice(["auto", 32, None, (64, 64), {"gamma": 0.1}]),
    Choice(["sgd"]),
]


@pytest.mark.parametrize("domain", DOMAINS)
def test_dimension_can_be_pickled_and_compared(domain: Any) -> None:
    dimension = skopt_dimension(domain)
    again = pickle.loads(pickle.dumps(dimension))
    assert again == dimension
    assert dimension != skopt_dimension(Choice(["something else"]))
    assert repr(again) == repr(dimension)


@pytest.mark.parametrize("domain", DOMAINS)
def test_single_draws_lie_inside(domain: Any) -> None:
    dimension = skopt_dimension(domain)
    drawn = dimension.rvs(n_samples=20, random_state=0)
    assert len(drawn) == 20
    for value in drawn:
        assert value in dimension
        assert np.array(value).item() in domain


def test_half_of_the_draws_are_zero() -> None:
    dimension = skopt_dimension(Float(1e-6, 1e-2, log=True, zero=True))
    drawn = np.array(dimension.rvs(n_samples=4000, random_state=0))
    assert abs((drawn == 0).mean() - 0.5) < 0.032
    logs = (np.log10(drawn[drawn > 0]) + 6) / 4
    assert stats.kstest(logs, "uniform").pvalue > 1e-3


def test_zero_lies_just_below_the_range() -> None:
    dimension = skopt_dimension(Float(1e-6, 1e-2, log=True, zero=True))
    np.testing.assert_allclose(
        dimension.transform([0.0, 1e-6, 1e-4, 1e-2]), [0.0, 0.1, 0.55, 1.0]
    )
    assert dimension.inverse_transform([0.0, 0.05, 0.0999]) == [0.0, 0.0, 0.0]
    assert dimension.inverse_transform([0.1, 1.0]) == pytest.approx([1e-6, 1e-2])


def test_options_keep_the_kind_of_each_value() -> None:
    dimension = skopt_dimension(Choice(["auto", 32, None]))
    dimension.set_transformer("normalize")
    assert dimension.inverse_transform(dimension.transform(["auto", 32, None])) == [
        "auto",
        32,
        None,
    ]


def test_trees_suggest_integers_below_the_upper_end_of_a_log_scale() -> None:
    optimizer = Optimizer(
        [skopt_dimension(Int(2, 100, log=True))],
        base_estimator="ET",
        n_initial_points=4,
        random_state=0,
    )
    suggested = []
    for _ in range(7):
        [value] = optimizer.ask()
        suggested.append(value)
        optimizer.tell([value], abs(np.log10(value) - 1.0))
    assert min(suggested[4:]) < 100


def test_candidate_that_its_user_changes_leaves_the_dimension_alone() -> None:
    dimension = skopt_dimension(Choice([{"gamma": 0.1}, {"gamma": 0.2}]))
    [suggested] = dimension.rvs(n_samples=1, random_state=0)
    first, second = np.array(suggested).item(), np.array(suggested).item()
    first["gamma"] = 5.0
    assert second == np.array(suggested).item()
    assert second in dimension
