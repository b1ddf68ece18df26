"""Time one fit: skhyper alone, plain skorch, a bare torch loop, scikit-learn's MLP.

Run it by ``python tests/perf/single_fit.py``. The rounds of all of them are
interleaved in one process on one thread; what is printed is process CPU time, as
the median over the rounds with its range, per training step and per prediction.
"""

import argparse
import os
import statistics
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import skorch
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier as SklearnMLP
from threadpoolctl import threadpool_limits
from torch import nn

from skhyper import MLPClassifier

N_BATCHES = 12
PREDICTED_ROWS = 10_000
PREDICTIONS = 10


class Shape(NamedTuple):
    """A net and its batches."""

    n_features: int
    width: int
    n_classes: int
    batch_size: int

    def __str__(self) -> str:
        layers = f"{self.n_features}-{self.width}-{self.n_classes}"
        return f"{layers}, batch {self.batch_size}"


SHAPES = [Shape(20, 32, 2, 32), Shape(64, 100, 10, 128), Shape(64, 256, 10, 256)]
LR, MOMENTUM = 0.05, 0.9


def make_data(shape: Shape, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw rows of as many classes as the shape has."""
    rng = np.random.default_rng(0)
    y = np.arange(n_rows) % shape.n_classes
    centres = rng.normal(size=(shape.n_classes, shape.n_features))
    X = centres[y] + rng.normal(size=(n_rows, shape.n_features))
    return X.astype(np.float32), y


def build(shape: Shape) -> nn.Sequential:
    """Build the net out of torch's layers."""
    return nn.Sequential(
        nn.Linear(shape.n_features, shape.width),
        nn.ReLU(),
        nn.Linear(shape.width, shape.n_classes),
    )


def skhyper_net(shape: Shape, epochs: int) -> MLPClassifier:
    """Set up our estimator."""
    return MLPClassifier(
        (shape.width,),
        optimizer="sgd",
        lr=LR,
        momentum=MOMENTUM,
        batch_size=shape.batch_size,
        max_epochs=epochs,
        random_state=0,
    )


def skorch_net(shape: Shape, epochs: int) -> skorch.NeuralNetClassifier:
    """Set up skorch's estimator as its documentation does."""
    return skorch.NeuralNetClassifier(
        build(shape),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.SGD,
        optimizer__momentum=MOMENTUM,
        lr=LR,
        batch_size=shape.batch_size,
        max_epochs=epochs,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )


def sklearn_net(shape: Shape, epochs: int) -> SklearnMLP:
    """Set up scikit-learn's estimator with the same steps."""
    return SklearnMLP(
        (shape.width,),
        solver="sgd",
        learning_rate_init=LR,
        momentum=MOMENTUM,
        nesterovs_momentum=False,
        alpha=0.0,
        batch_size=shape.batch_size,
        max_iter=epochs,
        tol=0.0,
        n_iter_no_change=epochs + 1,
        random_state=0,
    )


def bare_loop(shape: Shape, epochs: int, X: np.ndarray, y: np.ndarray) -> nn.Module:
    """Train by hand, as a user of torch without a library would."""
    net = build(shape)
    optimizer = torch.optim.SGD(net.parameters(), lr=LR, momentum=MOMENTUM)
    loss_function = nn.CrossEntropyLoss()
    rows, target = torch.from_numpy(X), torch.from_numpy(y)
    for _ in range(epochs):
        order = torch.randperm(len(rows))
        for start in range(0, len(rows), shape.batch_size):
            batch = order[start : start + shape.batch_size]
            optimizer.zero_grad()
            loss = loss_function(net(rows[batch]), target[batch])
            loss.backward()
            optimizer.step()
    return net


def interleave(
    runs: dict[str, Callable[[], object]], rounds: int
) -> dict[str, list[float]]:
    """Time each run once a round, after one round that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            start = time.process_time()
            run()
            if number:
                seconds[name].append(time.process_time() - start)
    return seconds


def report(title: str, seconds: dict[str, list[float]], units: int) -> None:
    """Print microseconds per unit and the ratio to the first line's."""
    print(f"\n{title}\n{'':24}{'median':>9}{'range':>19}{'ratio to skhyper':>20}")
    ours = statistics.median(seconds["skhyper"])
    for name, times in seconds.items():
        middle = statistics.median(times)
        micro = [value / units * 1e6 for value in (middle, min(times), max(times))]
        spread = f"{micro[1]:.1f} - {micro[2]:.1f}"
        print(f"{name:24}{micro[0]:>9.1f}{spread:>19}{middle / ours:>20.2f}")


def time_fits(shape: Shape, epochs: int, rounds: int) -> None:
    """Time whole fits, per training step."""
    X, y = make_data(shape, N_BATCHES * shape.batch_size)
    seconds = interleave(
        {
            "skhyper": lambda: skhyper_net(shape, epochs).fit(X, y),
            "skorch": lambda: skorch_net(shape, epochs).fit(X, y),
            "bare torch loop": lambda: bare_loop(shape, epochs, X, y),
            "scikit-learn's MLP": lambda: sklearn_net(shape, epochs).fit(X, y),
        },
        rounds,
    )
    title = f"{shape}: microseconds per step, whole fit"
    report(title, seconds, epochs * N_BATCHES)


def time_predictions(shape: Shape, rounds: int) -> None:
    """Time predictions of many rows."""
    X, y = make_data(shape, N_BATCHES * shape.batch_size)
    rows, _ = make_data(shape, PREDICTED_ROWS)
    ours = skhyper_net(shape, 2).fit(X, y)
    theirs = skorch_net(shape, 2).fit(X, y)
    sklearn = sklearn_net(shape, 2).fit(X, y)
    module = build(shape)

    def forward() -> torch.Tensor:
        with torch.no_grad():
            return module(torch.from_numpy(rows))

    predict = {
        "skhyper": lambda: ours.predict(rows),
        "skorch": lambda: theirs.predict(rows),
        "bare forward pass": forward,
        "scikit-learn's MLP": lambda: sklearn.predict(rows),
    }
    repeated = {
        name: partial(repeat, run, PREDICTIONS) for name, run in predict.items()
    }
    title = f"{shape}: microseconds per prediction of {PREDICTED_ROWS:,} rows"
    report(title, interleave(repeated, rounds), PREDICTIONS)


def repeat(run: Callable[[], object], times: int) -> None:
    """Run again and again, where one run is too short for the clock."""
    for _ in range(times):
        run()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--epochs", type=int, default=30)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConvergenceWarning)
    with threadpool_limits(1):
        for shape in SHAPES:
            time_fits(shape, arguments.epochs, arguments.rounds)
            time_predictions(shape, arguments.rounds)


if __name__ == "__main__":
    main()
