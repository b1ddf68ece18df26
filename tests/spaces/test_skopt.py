import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier
from skopt import BayesSearchCV, Optimizer
from skopt.space import Categorical, Dimension, Integer, Real

from skhyper.spaces import Choice, Float, Int, SearchSpace, Switch
from skhyper.spaces._dimensions import LogInteger
from skhyper.spaces._read import as_domain
from skhyper.spaces._skopt import skopt_dimension

X, Y = make_classification(n_samples=40, n_features=5, random_state=0)

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


@pytest.mark.parametrize(
    ("domain", "dimension"),
    [
        (Float(0.1, 2.0), Real(0.1, 2.0)),
        (Float(0.1, 2.0, log=True), Real(0.1, 2.0, prior="log-uniform")),
        (Int(1, 9), Integer(1, 9)),
        (Int(1, 9, log=True), LogInteger(1, 9)),
    ],
)
def test_plain_ranges_are_dimensions_of_skopt(domain: Any, dimension: Any) -> None:
    rendered = skopt_dimension(domain, "x")
    assert type(rendered) is type(dimension)
    assert rendered == dimension
    assert rendered.prior == dimension.prior
    assert rendered.name == "x"


def test_dimension_of_unknown_kind_is_refused() -> None:
    class Angle(Dimension):
        def __repr__(self) -> str:
            return "Angle()"

    with pytest.raises(ValueError, match="Angle") as caught:
        as_domain(Angle())
    assert str(caught.value) == (
        "A skopt dimension must be a Real, an Integer or a Categorical. Got Angle()."
    )


@pytest.mark.parametrize("values", [["a", "b"], [1, 2, 3], [(1,), (2, 2)]])
def test_categorical_of_skopt_reads_back(values: list[Any]) -> None:
    assert as_domain(Categorical(values)) == Choice(values)


@pytest.mark.parametrize("base_estimator", ["GP", "ET"])
def test_surrogates_of_skopt_work_on_all_dimensions(base_estimator: str) -> None:
    optimizer = Optimizer(
        [skopt_dimension(domain) for domain in DOMAINS],
        base_estimator=base_estimator,
        n_initial_points=2,
        acq_optimizer="sampling",
        random_state=0,
    )
    for i in range(4):
        asked = optimizer.ask()
        plain = [np.array(value).item() for value in asked]
        assert all(v in domain for v, domain in zip(plain, DOMAINS, strict=True))
        optimizer.tell([plain], [float(i)])


def test_plain_bayesian_search_takes_tuples_dicts_and_branches() -> None:
    space = SearchSpace(
        penalty=["l2", "elasticnet", None],
        l1_ratio=Switch("penalty", {"elasticnet": Float(0.1, 0.9, step=0.1)}),
        alpha=Float(1e-6, 1e-2, log=True, zero=True),
        class_weight=[None, "balanced", {0: 1, 1: 2}],
        max_iter=Int(500, 1000, log=True),
    )
    search = BayesSearchCV(
        SGDClassifier(learning_rate="adaptive", eta0=0.1, tol=0.1, random_state=0),
        space.to_skopt(),
        n_iter=2,
        cv=2,
        random_state=0,
        optimizer_kwargs={"n_initial_points": 3},  # without a surrogate, for speed
    )
    search.fit(X, Y)
    tried = search.cv_results_["params"]
    assert [candidate["penalty"] for candidate in tried] == [
        "l2",
        "l2",
        "elasticnet",
        "elasticnet",
        None,
        None,
    ]
    for candidate in tried:
        assert all(value in space[name] for name, value in candidate.items())
        assert ("l1_ratio" in candidate) is (candidate["penalty"] == "elasticnet")


def test_plain_bayesian_search_takes_layers() -> None:
    sizes = Choice([(4,), (4, 4), (8,)])
    search = BayesSearchCV(
        MLPClassifier(max_iter=2, random_state=0),
        SearchSpace(hidden_layer_sizes=sizes).to_skopt(),
        n_iter=3,
        cv=2,
        random_state=0,
    )
    with warnings.catch_warnings():
        # Two epochs are no training; skopt says so when it asks for a point again.
        warnings.simplefilter("ignore")
        search.fit(X, Y)
    assert isinstance(search.best_params_["hidden_layer_sizes"], tuple)
    assert search.best_params_["hidden_layer_sizes"] in sizes
