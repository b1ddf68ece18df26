"""Searches that are run by us and by others: the same candidates, folds and steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from images import load_images
from nets import (
    Shape,
    accuracy,
    bare_loop,
    make_data,
    skhyper_cnn,
    skhyper_net,
    skhyper_regularized,
    sklearn_net,
    skorch_cnn,
    skorch_net,
    skorch_regularized,
)
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedKFold

__all__ = [
    "DIGITS",
    "TINY",
    "WIDE",
    "Search",
    "Size",
    "digits",
    "images",
    "many_lanes",
    "regularized",
    "tiny",
]

TINY, DIGITS = Shape(20, 32, 2, 32), Shape(64, 100, 10, 128)
WIDE = Shape(64, 256, 10, 256)
TINY_ROWS = 1000


@dataclass(frozen=True)
class Size:
    """How much is measured, and where.

    Parameters
    ----------
    device : {"cpu", "cuda"}
        Where ours, skorch's and the bare loop's training takes place.
    epochs : int, default=20
        Epochs of each fit.
    share : float, default=1.0
        Share of the candidates and of the images that is left for a quick run.
    """

    device: str
    epochs: int = 20
    share: float = 1.0

    def of(self, number: int) -> int:
        """Give what is left of a number; at least 2."""
        return max(2, round(self.share * number))


@dataclass(frozen=True)
class Search:
    """A grid search of learning rates.

    Parameters
    ----------
    X, y : numpy.ndarray
        All rows.
    rates : tuple of float
        The candidates.
    n_folds : int
        Folds of the cross-validation.
    ours, skorch : estimator
        Our net and skorch's.
    shape : Shape or None
        The net for scikit-learn and for the bare loop; None if they have no part.
    size : Size
        The epochs and the device.
    n_theirs : int
        How many of the candidates the others run.
    """

    X: np.ndarray
    y: np.ndarray
    rates: tuple[float, ...]
    n_folds: int
    ours: Any
    skorch: Any
    shape: Shape | None
    size: Size
    n_theirs: int

    @property
    def their_places(self) -> list[int]:
        """Which candidates the others run, from the lowest rate to the highest."""
        return np.linspace(0, len(self.rates) - 1, self.n_theirs).astype(int).tolist()

    @property
    def their_rates(self) -> list[float]:
        """The rates of these candidates."""
        return [self.rates[place] for place in self.their_places]

    @property
    def scale(self) -> float:
        """What the others' times are multiplied by, to be those of all candidates."""
        return len(self.rates) / self.n_theirs

    def run(self, net: Any, grid: Mapping[str, Sequence[float]]) -> np.ndarray:
        """Search a grid; give the mean score of each candidate."""
        search = GridSearchCV(
            net, grid, cv=self.n_folds, refit=False, error_score="raise"
        )
        return search.fit(self.X, self.y).cv_results_["mean_test_score"]

    def run_ours(self, n_jobs: int = 1, **backend: Any) -> np.ndarray:
        """Run all candidates by us; give their mean scores."""
        return self.run_fused({"lr": self.rates}, n_jobs, **backend)

    def run_fused(
        self, grid: Mapping[str, Sequence[float]], n_jobs: int = 1, **backend: Any
    ) -> np.ndarray:
        """Run another grid by us; give the mean score of each candidate."""
        with joblib.parallel_config("fused", n_jobs=n_jobs, **backend):
            return self.run(self.ours, grid)

    def run_skorch(self, n_jobs: int = 1) -> np.ndarray:
        """Run some candidates by skorch; give their mean scores."""
        with joblib.parallel_config(n_jobs=n_jobs):
            return self.run(self.skorch, {"lr": self.their_rates})

    def run_sklearn(self) -> np.ndarray:
        """Run some candidates by scikit-learn; give their mean scores."""
        assert self.shape is not None, "only searches with a shape are run by all"
        net = sklearn_net(self.shape, self.size.epochs)
        return self.run(net, {"learning_rate_init": self.their_rates})

    def run_bare(self) -> np.ndarray:
        """Train and score some candidates by hand; give their mean scores."""
        scores = [
            [
                self._score_bare(lr, train, test)
                for train, test in StratifiedKFold(self.n_folds).split(self.X, self.y)
            ]
            for lr in self.their_rates
        ]
        return np.mean(scores, axis=1)

    def with_candidates(self, n_candidates: int, n_theirs: int) -> "Search":
        """Give the same search with other numbers of candidates."""
        rates = spread_rates(self.rates[0], self.rates[-1], n_candidates)
        return replace(self, rates=rates, n_theirs=n_theirs)

    def _score_bare(self, lr: float, train: np.ndarray, test: np.ndarray) -> float:
        assert self.shape is not None, "only searches with a shape are run by all"
        X, y, size = self.X, self.y, self.size
        net = bare_loop(self.shape, size.epochs, X[train], y[train], lr, size.device)
        return accuracy(net, X[test], y[test])


def spread_rates(low: float, high: float, number: int) -> tuple[float, ...]:
    """Spread learning rates evenly on a logarithmic scale."""
    return tuple(np.geomspace(low, high, number).tolist())


def digits(size: Size) -> Search:
    """Set up 20 candidates on 5 folds of images of 8 x 8 pixels."""
    X, y = load_digits(return_X_y=True)
    return Search(
        (X / 16).astype(np.float32),
        y.astype(np.int64),
        spread_rates(0.01, 0.3, size.of(20)),
        n_folds=5,
        ours=skhyper_net(DIGITS, size.epochs, size.device),
        skorch=skorch_net(DIGITS, size.epochs, size.device),
        shape=DIGITS,
        size=size,
        n_theirs=size.of(5),
    )


def regularized(size: Size) -> Search:
    """Set up the same with all that keeps a net from overfitting."""
    return replace(
        digits(size),
        rates=spread_rates(0.001, 0.03, size.of(20)),
        ours=skhyper_regularized(DIGITS, size.epochs, size.device),
        skorch=skorch_regularized(DIGITS, size.epochs, size.device),
        shape=None,
    )


def tiny(size: Size) -> Search:
    """Set up 100 candidates on 5 folds of 1,000 rows."""
    X, y = make_data(TINY, TINY_ROWS)
    return Search(
        X,
        y,
        spread_rates(0.01, 0.3, size.of(100)),
        n_folds=5,
        ours=skhyper_net(TINY, size.epochs, size.device),
        skorch=skorch_net(TINY, size.epochs, size.device),
        shape=TINY,
        size=size,
        n_theirs=size.of(5),
    )


def many_lanes(size: Size) -> Search:
    """Set up 64 candidates on 4 folds, which are 256 lanes."""
    rates = spread_rates(0.01, 0.3, size.of(64))
    return replace(digits(size), rates=rates, n_folds=4, n_theirs=size.of(2))


def images(size: Size, folder: Path) -> Search:
    """Set up 12 candidates on 3 folds of 2,000 images of 28 x 28 pixels."""
    X, y = load_images(folder, size.of(2000))
    epochs = max(1, size.epochs // 10)
    return Search(
        X,
        y,
        spread_rates(0.01, 0.1, size.of(12)),
        n_folds=3,
        ours=skhyper_cnn(epochs, size.device),
        skorch=skorch_cnn(epochs, size.device),
        shape=None,
        size=size,
        n_theirs=size.of(4),
    )
