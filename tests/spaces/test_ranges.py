import math
from typing import Any

import numpy as np
import pytest

from skhyper.spaces import Float, Int


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Float(1.0, 0.5),
            "The 'low' parameter of Float must be less than 'high'. "
            "Got low=1.0, high=0.5.",
        ),
        (
            lambda: Int(3, 3),
            "The 'low' parameter of Int must be less than 'high'. Got low=3, high=3.",
        ),
        (
            lambda: Float(0.0, 1.0, log=True),
            "The 'low' parameter of Float must be > 0 with log=True. Got 0.0. "
            "For 0 beside a range pass zero=True.",
        ),
        (
            lambda: Int(0, 5, log=True),
            "The 'low' parameter of Int must be > 0 with log=True. Got 0.",
        ),
        (
            lambda: Float(-1.0, 1.0, zero=True),
            "The 'low' parameter of Float must be >= 0 with zero=True. Got -1.0.",
        ),
        (
            lambda: Float(1.0, 2.0, log=True, step=0.5),
            "The 'step' parameter of Float must be None with log=True. Got 0.5. "
            "List the values in a Choice.",
        ),
        (
            lambda: Float(0.0, 1.0, step=0.3),
            "The 'step' parameter of Float must fit into high - low a whole number of "
            "times. Got low=0.0, high=1.0, step=0.3.",
        ),
        (
            lambda: Int(1, 8, step=0),
            "The 'step' parameter of Int must be an integer > 0, or None. Got 0.",
        ),
        (
            lambda: Float(0.0, 1.0, default=2.0),
            "The 'default' parameter of Float must lie inside Float(0.0, 1.0). "
            "Got 2.0.",
        ),
        (
            lambda: Int(64, 256, step=64, default=100),
            "The 'default' parameter of Int must lie inside Int(64, 256, step=64). "
            "Got 100.",
        ),
        (
            lambda: Float(math.nan, math.inf),
            "The 'low' parameter of Float must be a finite number. Got nan.\n"
            "The 'high' parameter of Float must be a finite number. Got inf.",
        ),
        (
            lambda: Float(True, "1"),
            "The 'low' parameter of Float must be a finite number. Got True.\n"
            "The 'high' parameter of Float must be a finite number. Got '1'.",
        ),
        (
            lambda: Int(1.0, 8),
            "The 'low' parameter of Int must be an integer. Got 1.0.",
        ),
        (
            lambda: Float(0.1, 1.0, log=1),
            "The 'log' parameter of Float must be True or False. Got 1.",
        ),
        (
            lambda: Float(-1.0, -2.0, log=True, zero=True),
            "The 'low' parameter of Float must be less than 'high'. "
            "Got low=-1.0, high=-2.0.\n"
            "The 'low' parameter of Float must be > 0 with log=True. Got -1.0. "
            "For 0 beside a range pass zero=True.\n"
            "The 'low' parameter of Float must be >= 0 with zero=True. Got -1.0.",
        ),
    ],
)
def test_nonsense_is_refused_with_all_mistakes(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match="parameter") as caught:
        make()
    assert str(caught.value) == message


def test_numpy_bounds_become_plain_numbers() -> None:
    domain = Float(np.float64(0.1), np.float32(0.5), default=np.float64(0.2))
    assert [type(x) for x in (domain.low, domain.high, domain.default)] == [float] * 3
    assert type(Int(np.int64(1), np.int64(3)).low) is int


@pytest.mark.parametrize(
    ("domain", "default"),
    [
        (Float(0.0, 1.0), 0.5),
        (Float(1e-4, 1e-2, log=True), 1e-3),
        (Float(1e-4, 1e-2, log=True, zero=True), 0.0),
        (Float(0.0, 1.0, step=0.25), 0.5),
        (Float(1e-300, 1e300, log=True), 1.0),
        (Int(1, 4), 2),
        (Int(1, 100, log=True), 10),
        (Int(64, 256, step=64), 128),
    ],
)
def test_default_is_the_middle_or_zero(domain: Any, default: float) -> None:
    assert domain.default == default
    assert type(domain.default) is type(default)


def test_stepped_values_are_those_one_would_write() -> None:
    domain = Float(0.0, 0.9, step=0.1)
    assert [domain.nth(i) for i in range(domain.n_steps)] == [
        0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "domain", "inside"),
    [
        (0.5, Float(0.5, 1.0), True),
        (1, Float(0.5, 1.0), True),
        (np.float32(0.75), Float(0.5, 1.0), True),
        (1.1, Float(0.5, 1.0), False),
        (0, Float(0.5, 1.0, zero=True), True),
        (0, Float(0.5, 1.0), False),
        (0.1 + 0.2, Float(0.0, 1.0, step=0.1), True),
        (0.25, Float(0.0, 1.0, step=0.1), False),
        (1e6 + 0.1 + 0.2, Float(1e6, 1e6 + 1, step=0.1), True),
        (math.nan, Float(0.0, 1.0), False),
        (True, Float(0.0, 1.0), False),
        ("0.5", Float(0.0, 1.0), False),
        (None, Float(0.0, 1.0), False),
        (np.int64(3), Int(1, 5), True),
        (3.0, Int(1, 5), False),
        (True, Int(1, 5), False),
        (4, Int(1, 5, step=2), False),
    ],
)
def test_membership(value: Any, domain: Any, inside: bool) -> None:
    assert (value in domain) is inside


def test_huge_ladder_takes_no_memory() -> None:
    domain = Int(0, 10**15, step=5)
    assert 10**15 - 5 in domain
    assert 10**15 - 4 not in domain


def test_equal_content_is_equal_and_kinds_differ() -> None:
    assert Float(1, 2) == Float(1.0, 2.0)
    assert hash(Float(1, 2)) == hash(Float(1.0, 2.0))
    assert Float(1, 2) != Int(1, 2)
    assert Float(1, 2) != Float(1, 2, default=1.2)


def test_domain_cannot_be_changed() -> None:
    domain = Float(0.0, 1.0)
    with pytest.raises(AttributeError) as caught:
        domain.low = 0.5
    assert str(caught.value) == (
        "The 'low' attribute of Float cannot be set: a Float never changes. "
        "Make a new one."
    )
    with pytest.raises(AttributeError, match="never changes"):
        del domain.high
    assert domain == Float(0.0, 1.0)
