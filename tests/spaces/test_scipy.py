import pickle
from typing import Any

import numpy as np
import pytest
from scipy import stats

from skhyper.spaces import Choice, Float, Int
from skhyper.spaces._scipy import Draw, scipy_distribution

OWN = [
    Float(1e-6, 1e-2, log=True, zero=True),
    Float(0.1, 0.5, zero=True),
    Float(0.1, 0.5, step=0.1),
    Int(1, 1000, log=True),
    Int(64, 256, step=64),
]


@pytest.mark.parametrize(
    ("domain", "name", "support"),
    [
        (Float(0.5, 2.0), "uniform", (0.5, 2.0)),
        (Float(0.5, 2.0, log=True), "loguniform", (0.5, 2.0)),
        (Int(2, 9), "randint", (2, 9)),
    ],
)
def test_plain_ranges_are_distributions_of_scipy(
    domain: Any, name: str, support: tuple[float, float]
) -> None:
    distribution = scipy_distribution(domain)
    assert distribution.dist.name == name
    assert distribution.support() == support


def test_choice_is_a_list() -> None:
    assert scipy_distribution(Choice(["a", None])) == ["a", None]


@pytest.mark.parametrize("domain", OWN)
@pytest.mark.parametrize("size", [None, 5, (2, 3)])
def test_same_seed_draws_the_same(domain: Any, size: Any) -> None:
    draw = scipy_distribution(domain)
    for make in (int, np.random.RandomState, np.random.default_rng):
        first, second = (draw.rvs(size=size, random_state=make(3)) for _ in range(2))
        np.testing.assert_array_equal(first, second)
    if size is not None:
        assert first.shape == np.empty(size).shape
    else:
        assert type(first) is type(domain.low)


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_generator_goes_on_where_it_was(make: Any) -> None:
    draw, generator = Draw(Float(1e-6, 1.0, log=True, zero=True)), make(0)
    draws = [draw.rvs(random_state=generator) for _ in range(100)]
    assert len(set(draws)) > 30


def test_draws_without_a_seed_leave_the_global_state_alone(
    unchanged_global_random_state: None,
) -> None:
    Draw(Int(1, 100, log=True)).rvs(size=10)


@pytest.mark.parametrize("domain", OWN)
def test_draw_can_be_pickled(domain: Any) -> None:
    draw = scipy_distribution(domain)
    again = pickle.loads(pickle.dumps(draw))
    assert again == draw
    assert hash(again) == hash(draw)
    assert repr(again) == f"Draw({domain!r})"
    assert again.rvs(random_state=1) == draw.rvs(random_state=1)


def test_half_of_the_draws_are_zero_and_the_others_even_in_the_logarithm() -> None:
    domain = Float(1e-6, 1e-2, log=True, zero=True)
    draws = Draw(domain).rvs(size=4000, random_state=0)
    # Four standard deviations of a share of 4000 draws are 0.032.
    assert abs((draws == 0).mean() - 0.5) < 0.032
    logs = (np.log10(draws[draws > 0]) + 6) / 4
    assert stats.kstest(logs, "uniform").pvalue > 1e-3


def test_steps_are_equally_likely() -> None:
    draws = Draw(Int(64, 256, step=64)).rvs(size=4000, random_state=0)
    values, counts = np.unique(draws, return_counts=True)
    assert values.tolist() == [64, 128, 192, 256]
    assert stats.chisquare(counts).pvalue > 1e-3


def test_integers_on_a_log_scale_have_their_share_of_the_axis() -> None:
    draws = Draw(Int(1, 8, log=True)).rvs(size=4000, random_state=0)
    edges = np.log(np.arange(0.5, 9.0))
    expected = np.diff(edges) / (edges[-1] - edges[0]) * 4000
    counts = np.bincount(draws, minlength=9)[1:]
    assert stats.chisquare(counts, expected).pvalue > 1e-3
