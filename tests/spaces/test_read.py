from typing import Any

import numpy as np
import pandas as pd
import pytest
from hyperopt import hp
from optuna.distributions import FloatDistribution
from ray import tune
from scipy import stats
from skopt.space import Categorical, Integer, Real

from skhyper.spaces import Choice, Float, Int, Switch
from skhyper.spaces._read import as_domain


@pytest.mark.parametrize(
    ("given", "domain"),
    [
        (Float(0, 1), Float(0, 1)),
        (Switch("a", {"x": [1]}), Switch("a", {"x": [1]})),
        (["a", "b"], Choice(["a", "b"])),
        (("a", "b"), Choice(["a", "b"])),
        ((1, 2, 3), Choice([1, 2, 3])),
        ((True, False), Choice([True, False])),
        ([0.1, 1.0], Choice([0.1, 1.0])),
        (range(1, 4), Choice([1, 2, 3])),
        (np.array([1, 2]), Choice([1, 2])),
        (pd.Series([0.5, 1.5]), Choice([0.5, 1.5])),
        (stats.uniform(1, 2), Float(1, 3)),
        (stats.uniform(loc=1, scale=2), Float(1, 3)),
        (stats.loguniform(1e-3, 1e-1), Float(1e-3, 1e-1, log=True)),
        (stats.reciprocal(1e-3, 1e-1), Float(1e-3, 1e-1, log=True)),
        (stats.loguniform(1, 10, scale=2), Float(2, 20, log=True)),
        (stats.randint(1, 5), Int(1, 4)),
        (Real(0.1, 1.0), Float(0.1, 1.0)),
        (Real(0.1, 1.0, prior="log-uniform"), Float(0.1, 1.0, log=True)),
        (Integer(1, 9), Int(1, 9)),
        (Integer(1, 9, prior="log-uniform"), Int(1, 9, log=True)),
        (Categorical(["a", "b"]), Choice(["a", "b"])),
        ((0.1, 1.0, "log-uniform"), Float(0.1, 1.0, log=True)),
        ((1, 9, "uniform"), Int(1, 9)),
        ((1, 9, "log-uniform", 2), Int(1, 9, log=True)),
        ((np.int64(1), np.int64(9), "uniform"), Int(1, 9)),
    ],
)
def test_what_is_read(given: Any, domain: Any) -> None:
    assert as_domain(given) == domain


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            (1, 5),
            "Got (1, 5), which may mean a range or two values. Write Int(1, 5) for the "
            "range, [1, 5] for the values.",
        ),
        (
            (0.1, 0.01),
            "Got (0.1, 0.01). Write [0.1, 0.01] for these two values.",
        ),
        (
            stats.norm(0, 1),
            "A distribution must be scipy's uniform, loguniform or randint. Got "
            "'norm'. Give its range as Float(low, high), Float(low, high, log=True) "
            "or Int(low, high).",
        ),
        (
            stats.loguniform(1, 10, loc=1),
            "A distribution must be scipy's uniform, loguniform or randint. Got "
            "'shifted loguniform'. Give its range as Float(low, high), "
            "Float(low, high, log=True) or Int(low, high).",
        ),
        (
            Categorical(["a", "b"], prior=[0.9, 0.1]),
            "A skopt Categorical must have equally likely categories. "
            "Got prior=[0.9, 0.1].",
        ),
        (
            (0.1, 0.01, "log"),
            "The third of a range (low, high, prior) must be 'uniform' or "
            "'log-uniform'. Got (0.1, 0.01, 'log'). Did you mean 'log-uniform'?",
        ),
        (
            frozenset([1]),
            "A domain must have an order, which a set has not. Got frozenset({1}). "
            "Write [1].",
        ),
        (
            0.5,
            "A domain must be a Float, an Int, a Choice, a Switch, a list of values, a "
            "scipy distribution or a skopt dimension. Got 0.5. To fix a parameter at "
            "one value, write [0.5].",
        ),
        (
            "relu",
            "A domain must be a Float, an Int, a Choice, a Switch, a list of values, a "
            "scipy distribution or a skopt dimension. Got 'relu'. To fix a parameter "
            "at one value, write ['relu'].",
        ),
    ],
)
def test_what_is_refused(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match="Got") as caught:
        as_domain(given)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "given",
    [hp.uniform("lr", 0, 1), FloatDistribution(0, 1), tune.uniform(0, 1)],
    ids=["hyperopt", "optuna", "ray"],
)
def test_expressions_of_engines_are_refused(given: Any) -> None:
    with pytest.raises(ValueError, match=r"Write a range as \(low, high, 'uniform'\)"):
        as_domain(given)
