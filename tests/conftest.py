"""Settings and data that every test may use."""

import os

# Read by scikit-learn and SciPy at their first import: without it, the check of the
# array API is left out of scikit-learn's estimator checks.
os.environ["SCIPY_ARRAY_API"] = "1"
os.environ["MPLBACKEND"] = "agg"

import signal
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits, make_classification, make_regression

# For processes of their own: a plugin for their pytest, a script with one beside it.
collect_ignore = ["search/upstream_plugin.py", "search/kill_moments.py"]

# A shell that starts the tests in the background has them ignore Ctrl-C, and the
# processes that they start as well.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The networks of the tests are so small that a second thread only costs time.
torch.set_num_threads(1)

Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture(autouse=True)
def _seeded_global_random_state() -> None:
    """Let an estimator without a random_state draw the same numbers in every run."""
    np.random.seed(0)  # noqa: NPY002


@pytest.fixture
def classification_data() -> Data:
    """120 rows, 8 features, 3 classes."""
    X, y = make_classification(
        n_samples=120, n_features=8, n_informative=5, n_classes=3, random_state=0
    )
    return X.astype(np.float32), y


@pytest.fixture
def regression_data() -> Data:
    """120 rows, 8 features, one target with a spread of about 100."""
    X, y = make_regression(n_samples=120, n_features=8, noise=1.0, random_state=0)
    return X.astype(np.float32), y.astype(np.float32)


@pytest.fixture
def tiny_images() -> Data:
    """90 digits of the classes 0, 1 and 2 as images of the shape (1, 8, 8)."""
    X, y = load_digits(n_class=3, return_X_y=True)
    return X[:90].reshape(-1, 1, 8, 8).astype(np.float32) / 16, y[:90]


@pytest.fixture
def digits() -> Data:
    """240 digits of the classes 0 to 3, 64 features between 0 and 1."""
    X, y = load_digits(n_class=4, return_X_y=True)
    return X[:240] / 16, y[:240]


@pytest.fixture
def unchanged_global_random_state() -> Iterator[None]:
    """Fail the test if numpy's or torch's global generator has moved at its end."""
    numpy_state = np.random.get_state()  # noqa: NPY002
    torch_state = torch.get_rng_state()
    yield
    assert torch.equal(torch.get_rng_state(), torch_state)
    for now, before in zip(np.random.get_state(), numpy_state, strict=True):  # noqa: NPY002
        np.testing.assert_array_equal(now, before)
