"""Compare the seconds that plans foretell with those that the searches then take.

Run it by ``python tests/perf/plans.py --phoneme FILE``, alone and on a quiet machine;
on one with other guests ``--processor`` counts seconds of the processor instead, which
says nothing of searches in processes. Each search is planned with ``time=True`` and
fitted, several times with different seeds; no training stops early. What is printed is
the median over the seeds with its range: seconds of the miniature, seconds planned and
actual, and the ratio of the two. ``--quick`` shows that all run.
"""

import argparse
import os
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from timing import spread

from skhyper import (
    ASHASearchCV,
    BayesSearchCV,
    GridSearchCV,
    HyperbandSearchCV,
    MLPClassifier,
    RandomizedSearchCV,
)

SPACE = {
    "lr": loguniform(1e-4, 1e-1),
    "weight_decay": loguniform(1e-6, 1e-1),
    "dropout": [0.0, 0.1, 0.2, 0.3, 0.5],
    "hidden_layer_sizes": [(32,), (64,), (64, 64)],
}
GRID = {
    "lr": np.geomspace(1e-4, 1e-1, 8).tolist(),
    "dropout": [0.0, 0.2, 0.5],
    "hidden_layer_sizes": [(32,), (64,), (64, 64), (128,)],
}
BAYES = {**SPACE, "lr": (1e-4, 1e-1, "log-uniform")}
BAYES["weight_decay"] = (1e-6, 1e-1, "log-uniform")
MANY_KINDS = {**SPACE, "activation": ["relu", "tanh", "gelu"], "normalizer": [None]}
MANY_KINDS["normalizer"] = [None, "batch", "layer"]


def searches(max_epochs: int, share: float, seed: int) -> dict[str, Callable[[], Any]]:
    """Give what makes each search, by its name."""
    net = MLPClassifier(
        max_epochs=max_epochs, precision="float32", early_stopping=False
    )
    pipeline = make_pipeline(StandardScaler(), net)
    common = {
        "cv": StratifiedKFold(3, shuffle=True, random_state=seed),
        "random_state": seed,
    }

    def count(number: int) -> int:
        return max(2, round(share * number))

    grid = {**GRID, "lr": GRID["lr"][: count(8)]}
    svc = make_pipeline(StandardScaler(), SVC())
    return {
        "grid": lambda: GridSearchCV(pipeline, grid, **common),
        "random": lambda: RandomizedSearchCV(
            pipeline, SPACE, n_iter=count(120), **common
        ),
        "random, few": lambda: RandomizedSearchCV(
            pipeline, SPACE, n_iter=count(20), **common
        ),
        "random, 27 kinds": lambda: RandomizedSearchCV(
            pipeline, MANY_KINDS, n_iter=count(120), **common
        ),
        "random, alone": lambda: RandomizedSearchCV(
            pipeline, SPACE, n_iter=count(20), fused=False, n_jobs=2, **common
        ),
        "Bayes": lambda: BayesSearchCV(pipeline, BAYES, n_iter=count(40), **common),
        "Hyperband": lambda: HyperbandSearchCV(
            pipeline, SPACE, max_epochs=max_epochs, **common
        ),
        "ASHA": lambda: ASHASearchCV(
            pipeline, SPACE, n_iter=count(81), max_epochs=max_epochs, **common
        ),
        "random, SVC": lambda: RandomizedSearchCV(
            svc, {"svc__C": loguniform(0.1, 100)}, n_iter=count(40), **common
        ),
    }


@contextmanager
def clock(of_processor: bool) -> Iterator[None]:
    """Let all that reads the time read that of the processor, if it is asked for."""
    if not of_processor:
        yield
        return
    with (
        mock.patch.object(time, "perf_counter", time.process_time),
        mock.patch.object(time, "time", time.process_time),
    ):
        yield


def compare(
    name: str, X: np.ndarray, y: np.ndarray, options: argparse.Namespace
) -> None:
    """Plan and fit all searches with each seed, and print what came of them."""
    most, share = (9, 0.1) if options.quick else (options.epochs, 1.0)
    found: dict[str, list[tuple[float, ...]]] = {}
    for seed in range(1 if options.quick else options.seeds):
        for kind, make in searches(most, share, seed).items():
            if options.only and kind not in options.only:
                continue
            search = make()
            with clock(options.processor):
                began = time.perf_counter()
                plan = search.plan(X, y, time=True)
                miniature = time.perf_counter() - began
                table = plan.compare(search.fit(X, y))
            planned, actual = table.loc["seconds"]
            refit = plan.refit_seconds / search.refit_time_
            row = miniature, planned, actual, planned / actual, refit
            found.setdefault(kind, []).append(row)
            if options.verbose:
                print(kind, *(f"{value:.2f}" for value in row), flush=True)
    print(f"\n{name}, {len(X):,} rows, {most} epochs at most")
    heads = "miniature", "planned", "actual", "planned / actual", "of the refit"
    print(f"{'':18}" + "".join(f"{head:>22}" for head in heads))
    for kind, rows in found.items():
        columns = zip(*rows, strict=True)
        cells = [f"{m} ({r})" for m, r in (spread(c, ".2f") for c in columns)]
        print(f"{kind:18}" + "".join(f"{cell:>22}" for cell in cells))


def main() -> None:
    """Read the arguments, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phoneme", type=Path, help="the file of the phonemes")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=81)
    parser.add_argument("--processor", action="store_true")
    parser.add_argument("--only", nargs="*", help="the names of some searches")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    compare("digits", *load_digits(return_X_y=True), options)
    if options.phoneme:
        table = np.loadtxt(options.phoneme, delimiter=",")
        compare("phoneme", table[:, :-1], table[:, -1].astype(int), options)


if __name__ == "__main__":
    main()
