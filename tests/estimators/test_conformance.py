"""scikit-learn's own checks of estimators, on several settings of all four.

Where rows are repeated, scikit-learn expects the same fit as from weights of two. That
holds where a fit is a function of the weighted rows: not with dropout, whose noise
depends on the number of rows, batch normalization, which counts each row once, or rows
set aside at random. These settings have tests of their own.
"""

from typing import Any

import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_estimator,
    check_param_validation,
    parametrize_with_checks,
)

from skhyper import CNNClassifier, CNNRegressor, MLPClassifier, MLPRegressor

# The checks use scikit-learn's own warnings on purpose; skorch has none of its own.
pytestmark = pytest.mark.filterwarnings("default")

QUICK: dict[str, Any] = {"max_epochs": 10, "lr": 0.03}

ESTIMATORS = [
    MLPClassifier(**QUICK),
    MLPClassifier(
        (20,),
        **QUICK,
        optimizer="sgd",
        nesterov=True,
        scheduler="cosine",
        normalizer="layer",
    ),
    MLPRegressor(**QUICK),
    MLPRegressor(
        (20, 20),
        **QUICK,
        activation="tanh",
        optimizer="adamw",
        weight_decay=0.01,
        l1=1e-5,
        l2=1e-5,
        scheduler="plateau",
        normalizer="group",
        precision="float64",
    ),
    CNNClassifier((), channels=4, **QUICK),
    CNNRegressor((16,), channels=4, **QUICK, scheduler="onecycle"),
]


@parametrize_with_checks(ESTIMATORS)
def test_estimator_passes_every_check_of_scikit_learn(
    estimator: BaseEstimator, check: Any
) -> None:
    check(estimator)


@pytest.mark.parametrize(
    "check",
    [check_param_validation, check_dataframe_column_names_consistency],
    ids=lambda check: check.__name__,
)
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
def test_estimator_passes_the_checks_that_scikit_learn_keeps_for_its_own(
    estimator: BaseEstimator, check: Any
) -> None:
    check(type(estimator).__name__, clone(estimator))


@pytest.mark.parametrize(
    "estimator",
    [
        MLPClassifier((20,), **QUICK, normalizer="batch", dropout=0.1),
        MLPRegressor((20,), **QUICK, normalizer="batch"),
    ],
    ids=str,
)
def test_only_weights_for_repeated_rows_differ_under_batch_norm_and_dropout(
    estimator: BaseEstimator,
) -> None:
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    failed = {row["check_name"] for row in results if row["status"] == "failed"}
    assert failed == {"check_sample_weight_equivalence_on_dense_data"}
    assert len(results) > 55
