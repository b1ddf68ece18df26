"""Compare what searches find with the epochs and the seconds that they take.

Run it by ``python tests/perf/strategies.py --phoneme FILE``, alone and on a quiet
machine. Each search is given the same estimator, space and folds, and is repeated with
several seeds; what is printed is the median over the seeds with its range. The best
score is that of the candidate that the search chose, trained for all epochs, by the
cross-validation of its own; the test score is that of the refitted one on rows that no
search has seen. Seconds are those of the processor, the refit included; "times"
compares them with those of the random search with the same seed, and "own" are the
seconds in which an engine makes up its mind. ``--quick`` shows that all run.

The trials of Ray Tune run one at a time, in processes of their own. The processor's
time of all processes that Ray starts is counted; its own are the seconds of those in
which no trials run, this one with the refit among them.
"""

import argparse
import math
import os
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

os.environ.setdefault("OMP_NUM_THREADS", "1")

import joblib
import numpy as np
import optuna
import psutil
import ray
from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    HalvingRandomSearchCV,
    StratifiedKFold,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from timing import ratios, spread

from skhyper import (
    ASHASearchCV,
    BayesSearchCV,
    GridSearchCV,
    HyperbandSearchCV,
    HyperoptSearchCV,
    MLPClassifier,
    OptunaSearchCV,
    RandomizedSearchCV,
    RayTuneSearchCV,
)

SPACE = {
    "lr": loguniform(1e-5, 1),
    "weight_decay": loguniform(1e-6, 1e-1),
    "dropout": [0.0, 0.1, 0.2, 0.3, 0.5],
    "hidden_layer_sizes": [(32,), (64,), (64, 64)],
}
# As many candidates as the others try, for as long as they train them.
GRID = {
    "lr": [1e-4, 1e-3, 1e-2],
    "dropout": [0.0, 0.2],
    "hidden_layer_sizes": [(32,), (64,), (64, 64)],
}
N_SPLITS = 3
REFERENCE = "random"


@dataclass(frozen=True)
class Setting:
    """One set of rows, split into those to search on and those to test on."""

    name: str
    X: np.ndarray
    y: np.ndarray
    max_epochs: int
    share: float

    def count(self, number: int) -> int:
        """Give what is left of a number of candidates; at least 2."""
        return max(2, round(self.share * number))


def searches(setting: Setting, seed: int) -> dict[str, Any]:
    """Give all searches, by their names."""
    net = MLPClassifier(
        max_epochs=setting.max_epochs, precision="float32", random_state=seed
    )
    pipeline = make_pipeline(StandardScaler(), net)
    common = {
        "cv": StratifiedKFold(N_SPLITS, shuffle=True, random_state=seed),
        "random_state": seed,
    }
    most = setting.max_epochs
    hyperband = HyperbandSearchCV(pipeline, SPACE, max_epochs=most, **common)
    # Those that train all to their end are given the epochs of Hyperband.
    budget = hyperband.plan(setting.X, setting.y).max_epochs - most
    n_iter = setting.count(math.ceil(budget / (most * N_SPLITS)))
    prefixed = {f"mlpclassifier__{name}": values for name, values in SPACE.items()}
    study = {"n_iter": n_iter, **common}
    pruned = {**study, "n_iter": 3 * n_iter, "pruner": "median", "max_epochs": most}
    rungs = {"n_iter": setting.count(most), "max_epochs": most, **common}
    one = {"n_jobs": 1}
    return {
        REFERENCE: RandomizedSearchCV(pipeline, SPACE, **study),
        "grid": GridSearchCV(pipeline, GRID, **common),
        "Bayes (skopt)": BayesSearchCV(pipeline, SPACE, **study),
        "Optuna TPE": OptunaSearchCV(pipeline, SPACE, **study),
        "Optuna TPE, median pruner": OptunaSearchCV(pipeline, SPACE, **pruned),
        "Hyperopt TPE": HyperoptSearchCV(pipeline, SPACE, **study),
        "Ray Tune, random": RayTuneSearchCV(pipeline, SPACE, **study, **one),
        "Ray Tune, ASHA": RayTuneSearchCV(
            pipeline, SPACE, scheduler="asha", **rungs, **one
        ),
        "Hyperband": hyperband,
        "ASHA": ASHASearchCV(pipeline, SPACE, **rungs),
        # All candidates of a rung are awaited: what halving does, but going on.
        "ASHA, all at once": ASHASearchCV(
            pipeline, SPACE, n_points=rungs["n_iter"], **rungs
        ),
        "scikit-learn's halving": HalvingRandomSearchCV(
            pipeline,
            prefixed,
            resource="mlpclassifier__max_epochs",
            min_resources=1,
            max_resources=most,
            n_candidates=setting.count(most),
            **common,
        ),
    }


def n_epochs(search: Any) -> float:
    """Count the epochs that a search has trained, over all splits."""
    if hasattr(search, "metadata_"):
        return search.metadata_["n_epochs"]
    results = search.cv_results_
    # Halving has a row for each evaluation, all of which begin anew.
    column = "n_resources" if "n_resources" in results else "mean_n_epochs"
    return results[column].sum() * N_SPLITS


class ChildrenClock:
    """Adds up the processor's time of all processes that this one has under it.

    A process that ends takes its time with it, so that they are all looked at again and
    again. Those in which trials run are known by their titles.
    """

    def __init__(self) -> None:
        self._before: dict[int, float] = {}
        self._seen: dict[int, float] = {}
        self._with_trials: set[int] = set()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look_again_and_again)

    def __enter__(self) -> Self:
        self._look()
        self._before = dict(self._seen)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        self._thread.join()
        self._look()

    def seconds(self, *, of_trials: bool) -> float:
        """Give the seconds of the processes with trials, or of the others."""
        return sum(
            seconds - self._before.get(pid, 0.0)
            for pid, seconds in self._seen.items()
            if (pid in self._with_trials) == of_trials
        )

    def _look_again_and_again(self) -> None:
        while not self._is_over.wait(0.2):
            self._look()

    def _look(self) -> None:
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                self._seen[process.pid] = times.user + times.system
                if any("Trial" in word for word in process.cmdline()):
                    self._with_trials.add(process.pid)


def clock_engine(search: Any) -> list[float]:
    """Have the calls timed that ask the engine of a search and tell it."""
    spent: list[float] = []
    make_strategy = search._strategy

    def clocked(call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            began = time.process_time()
            answer = call(*arguments)
            spent.append(time.process_time() - began)
            return answer

        return run

    def make_clocked(*arguments: Any) -> Any:
        strategy = make_strategy(*arguments)
        strategy.ask, strategy.tell = map(clocked, (strategy.ask, strategy.tell))
        return strategy

    search._strategy = make_clocked
    return spent


def run(search: Any, X: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Fit a search; give its seconds, and those of its engine."""
    began = time.process_time()
    if isinstance(search, RayTuneSearchCV):
        with ChildrenClock() as children:
            search.fit(X, y)
        own = time.process_time() - began + children.seconds(of_trials=False)
        return own + children.seconds(of_trials=True), own
    if isinstance(search, HalvingRandomSearchCV):
        with joblib.parallel_config("fused"):
            search.fit(X, y)
        return time.process_time() - began, math.nan
    spent = clock_engine(search)
    search.fit(X, y)
    return time.process_time() - began, sum(spent)


def compare(setting: Setting, seeds: range, only: Sequence[str]) -> None:
    """Run all searches with each seed, and print what came of them."""
    rows: dict[str, list[tuple[float, ...]]] = {}
    X, X_test, y, y_test = train_test_split(
        setting.X, setting.y, test_size=0.3, stratify=setting.y, random_state=0
    )
    part = Setting(setting.name, X, y, setting.max_epochs, setting.share)
    # The first fit of a process makes what later ones find.
    run(searches(part, 0)[REFERENCE], X, y)
    for seed in seeds:
        for name, search in searches(part, seed).items():
            if only and name not in (REFERENCE, *only):
                continue
            seconds, own = run(search, X, y)
            test_score = search.score(X_test, y_test)
            found = search.best_score_, test_score, n_epochs(search), seconds, own
            rows.setdefault(name, []).append(found)
    reference = [seconds for *_, seconds, _ in rows[REFERENCE]]
    print(f"\n{setting.name}, {len(X):,} rows, {setting.max_epochs} epochs at most")
    print(
        f"{'':27}{'best score':>26}{'test score':>26}"
        f"{'epochs':>8}{'seconds':>9}{'times':>24}{'own':>9}"
    )
    for name, found in rows.items():
        scores, tests, epochs, seconds, own = zip(*found, strict=True)
        cells = [f"{m} ({r})" for m, r in (spread(s, ".4f") for s in (scores, tests))]
        median, extremes = spread(ratios(seconds, reference), ".2f")
        print(
            f"{name:27}{cells[0]:>26}{cells[1]:>26}"
            f"{np.median(epochs):>8,.0f}{np.median(seconds):>9.1f}"
            f"{f'{median} ({extremes})':>24}{np.median(own):>9.2f}"
        )


def main() -> None:
    """Read the arguments, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phoneme", type=Path, help="the file of the phonemes")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="*", help="the random search and these alone")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    most, share = (9, 0.1) if options.quick else (81, 1.0)
    settings = [Setting("digits", *load_digits(return_X_y=True), most, share)]
    if options.phoneme:
        table = np.loadtxt(options.phoneme, delimiter=",")
        rows, target = table[:, :-1], table[:, -1].astype(int)
        settings.append(Setting("phoneme", rows, target, most, share))
    for setting in settings:
        compare(setting, range(1 if options.quick else options.seeds), options.only)


if __name__ == "__main__":
    main()
