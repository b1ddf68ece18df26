"""Contract C4: the same seed gives the same bits, and no global state moves."""

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed, parallel_config
from sklearn.base import clone
from sklearn.model_selection import cross_val_predict

from skhyper import CNNClassifier, CNNRegressor, MLPClassifier, MLPRegressor

EVERYTHING = {
    "max_epochs": 4,
    "dropout": 0.3,
    "normalizer": "batch",
    "early_stopping": True,
    "scheduler": "onecycle",
    "batch_size": 16,
    "l1": 1e-4,
    "random_state": 5,
}
ESTIMATORS = [
    MLPClassifier((16, 8), **EVERYTHING),
    MLPRegressor((16, 8), **EVERYTHING),
    CNNClassifier((8,), channels=(4,), **EVERYTHING),
    CNNRegressor((8,), channels=(4,), **EVERYTHING),
]


def weights(estimator, X, y):
    fitted = clone(estimator).fit(X, y)
    return [
        w.detach().numpy().copy() for w in fitted.net_.module_.state_dict().values()
    ]


def assert_equal_bits(first, second):
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_fits_side_by_side_are_fits_in_turn(estimator, backend, classification_data):
    X, y = classification_data
    expected = weights(estimator, X, y)
    with parallel_config(backend, n_jobs=2):
        results = Parallel()(delayed(weights)(estimator, X, y) for _ in range(4))
    for result in results:
        assert_equal_bits(result, expected)


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_a_cross_validation_does_not_depend_on_the_number_of_jobs(
    backend, classification_data
):
    X, y = classification_data
    estimator = MLPClassifier((16, 8), **EVERYTHING)
    in_turn = cross_val_predict(estimator, X, y, cv=3, method="predict_proba")
    with parallel_config(backend, n_jobs=2):
        beside = cross_val_predict(estimator, X, y, cv=3, method="predict_proba")
    np.testing.assert_array_equal(in_turn, beside)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_the_number_of_intra_op_threads_does_not_matter(n_threads):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(600, 40)), rng.integers(3, size=600)
    estimator = MLPClassifier((700,), **(EVERYTHING | {"batch_size": 300}))
    before = torch.get_num_threads()
    expected = weights(estimator, X, y)
    torch.set_num_threads(n_threads)
    try:
        assert_equal_bits(weights(estimator, X, y), expected)
        assert torch.get_num_threads() == n_threads
    finally:
        torch.set_num_threads(before)


@pytest.mark.usefixtures("unchanged_global_random_state")
@pytest.mark.parametrize("random_state", [0, None, np.random.RandomState(0)], ids=str)
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_a_fit_leaves_the_global_random_state_alone(
    estimator, random_state, classification_data
):
    X, y = classification_data
    fitted = clone(estimator).set_params(random_state=random_state).fit(X, y)
    fitted.predict(X)
    clone(fitted).set_params(early_stopping=False).partial_fit(X, y)


def test_the_global_random_state_is_not_read(classification_data):
    X, y = classification_data
    estimator = MLPClassifier((16, 8), **EVERYTHING)
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002
    first = weights(estimator, X, y)
    torch.manual_seed(2)
    np.random.seed(2)  # noqa: NPY002
    assert_equal_bits(weights(estimator, X, y), first)


def test_seeds_matter_and_none_is_a_new_one_each_time(classification_data):
    X, y = classification_data
    estimator = MLPClassifier((16, 8), **EVERYTHING)
    first = weights(estimator, X, y)
    other = weights(clone(estimator).set_params(random_state=6), X, y)
    assert not np.array_equal(first[0], other[0])
    unseeded = clone(estimator).set_params(random_state=None)
    assert not np.array_equal(weights(unseeded, X, y)[0], weights(unseeded, X, y)[0])


def test_a_random_state_instance_goes_on_from_fit_to_fit(classification_data):
    X, y = classification_data

    def two_fits():
        estimator = MLPClassifier((16, 8), **EVERYTHING)
        estimator.set_params(random_state=np.random.RandomState(3))
        first = estimator.fit(X, y).predict_proba(X)
        return first, estimator.fit(X, y).predict_proba(X)

    first, second = two_fits()
    assert not np.array_equal(first, second)
    assert_equal_bits(two_fits(), (first, second))


def test_a_fit_again_is_the_same_fit(classification_data):
    X, y = classification_data
    estimator = MLPClassifier((16, 8), **EVERYTHING).fit(X, y)
    before = estimator.predict_proba(X)
    np.testing.assert_array_equal(estimator.fit(X, y).predict_proba(X), before)


@pytest.mark.parametrize("offset", [1, 2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_size", [16, 1000])
def test_it_does_not_matter_where_the_rows_lie_in_memory(offset, dtype, batch_size):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(53, 7)).astype(dtype), rng.integers(0, 2, 53)
    elsewhere = np.empty(X.size + offset, dtype)[offset:].reshape(X.shape)
    elsewhere[:] = X
    estimator = MLPClassifier((8,), batch_size=batch_size, max_epochs=5, random_state=0)
    assert_equal_bits(weights(estimator, elsewhere, y), weights(estimator, X, y))
    fitted = estimator.fit(X, y)
    probabilities = fitted.predict_proba(elsewhere)
    np.testing.assert_array_equal(probabilities, fitted.predict_proba(X))
