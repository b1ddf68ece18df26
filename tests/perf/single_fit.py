"""Time one fit: skhyper alone, plain skorch, a bare torch loop, scikit-learn's MLP.

Run it by ``python tests/perf/single_fit.py``. The rounds of all of them are
interleaved in one process on one thread; what is printed is process CPU time, as
the median over the rounds with its range, per training step and per prediction.
"""

import argparse
import os
import statistics
import warnings
from collections.abc import Callable
from functools import partial

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from nets import (
    Shape,
    bare_loop,
    build,
    make_data,
    skhyper_net,
    sklearn_net,
    skorch_net,
)
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits
from timing import interleave

N_BATCHES = 12
PREDICTED_ROWS = 10_000
PREDICTIONS = 10

SHAPES = [Shape(20, 32, 2, 32), Shape(64, 100, 10, 128), Shape(64, 256, 10, 256)]


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
