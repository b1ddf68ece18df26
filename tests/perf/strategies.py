"""Compare what searches find with the epochs and the seconds that they take.

Run it by ``python tests/perf/strategies.py --phoneme FILE``, alone and on a quiet
machine. Each search is given the same estimator, space and folds, and is repeated with
several seeds; what is printed is the median over the seeds with its range. The best
score is that of the candidate that the search chose, trained for all epochs, by the
cross-validation of its own; the test score is that of the refitted one on rows that no
search has seen. ``--quick`` shows that all run.
"""

import argparse
import math
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import joblib
import numpy as np
import optuna
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
from timing import spread

from skhyper import (
    ASHASearchCV,
    BayesSearchCV,
    HyperbandSearchCV,
    MLPClassifier,
    OptunaSearchCV,
    RandomizedSearchCV,
)

SPACE = {
    "lr": loguniform(1e-5, 1),
    "weight_decay": loguniform(1e-6, 1e-1),
    "dropout": [0.0, 0.1, 0.2, 0.3, 0.5],
    "hidden_layer_sizes": [(32,), (64,), (64, 64)],
}
N_SPLITS = 3


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


def searches(setting: Setting, seed: int) -> dict[str, Callable[[], Any]]:
    """Give all searches of equal budget, by their names."""
    net = MLPClassifier(max_epochs=setting.max_epochs, precision="float32")
    pipeline = make_pipeline(StandardScaler(), net)
    common = {
        "cv": StratifiedKFold(N_SPLITS, shuffle=True, random_state=seed),
        "random_state": seed,
    }
    most = setting.max_epochs
    hyperband = HyperbandSearchCV(pipeline, SPACE, max_epochs=most, **common)
    X, y = setting.X, setting.y
    # Random, Bayesian and Optuna's searches are given the epochs of Hyperband.
    budget = hyperband.plan(X, y).max_epochs - most
    n_iter = setting.count(math.ceil(budget / (most * N_SPLITS)))
    prefixed = {f"mlpclassifier__{name}": values for name, values in SPACE.items()}
    halving = HalvingRandomSearchCV(
        pipeline,
        prefixed,
        resource="mlpclassifier__max_epochs",
        min_resources=1,
        max_resources=most,
        n_candidates=setting.count(most),
        **common,
    )

    def fit_halving() -> Any:
        with joblib.parallel_config("fused"):
            return halving.fit(X, y)

    study = {"n_iter": n_iter, **common}
    pruned = {**study, "n_iter": 3 * n_iter, "pruner": "median", "max_epochs": most}
    asha = {"n_iter": setting.count(most), "max_epochs": most, **common}
    return {
        "random": RandomizedSearchCV(pipeline, SPACE, **study).fit,
        "Bayes (skopt)": BayesSearchCV(pipeline, SPACE, **study).fit,
        "Optuna TPE": OptunaSearchCV(pipeline, SPACE, **study).fit,
        "Optuna TPE, median pruner": OptunaSearchCV(pipeline, SPACE, **pruned).fit,
        "Hyperband": hyperband.fit,
        "ASHA": ASHASearchCV(pipeline, SPACE, **asha).fit,
        "scikit-learn's halving": lambda X, y: fit_halving(),
    }


def n_epochs(search: Any) -> float:
    """Count the epochs that a search has trained, over all splits."""
    if hasattr(search, "metadata_"):
        return search.metadata_["n_epochs"]
    results = search.cv_results_
    if "n_resources" in results:
        # Of one that restarts, each evaluation begins anew.
        return results["n_resources"].sum() * N_SPLITS
    return results["mean_n_epochs"].sum() * N_SPLITS


def compare(setting: Setting, seeds: range) -> None:
    """Run all searches with each seed, and print what came of them."""
    rows: dict[str, list[tuple[float, ...]]] = {}
    X, X_test, y, y_test = train_test_split(
        setting.X, setting.y, test_size=0.3, stratify=setting.y, random_state=0
    )
    part = Setting(setting.name, X, y, setting.max_epochs, setting.share)
    for seed in seeds:
        for name, fit in searches(part, seed).items():
            began = time.process_time()
            search = fit(X, y)
            seconds = time.process_time() - began
            test_score = search.score(X_test, y_test)
            found = search.best_score_, test_score, n_epochs(search), seconds
            rows.setdefault(name, []).append(found)
    print(f"\n{setting.name}, {len(X):,} rows, {setting.max_epochs} epochs at most")
    print(f"{'':27}{'best score':>26}{'test score':>26}{'epochs':>10}{'seconds':>9}")
    for name, found in rows.items():
        scores, tests, epochs, seconds = zip(*found, strict=True)
        cells = [f"{m} ({r})" for m, r in (spread(s, ".4f") for s in (scores, tests))]
        print(
            f"{name:27}{cells[0]:>26}{cells[1]:>26}"
            f"{np.median(epochs):>10,.0f}{np.median(seconds):>9.1f}"
        )


def main() -> None:
    """Read the arguments, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phoneme", type=Path, help="the file of the phonemes")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    most, share = (9, 0.1) if options.quick else (81, 1.0)
    settings = [Setting("digits", *load_digits(return_X_y=True), most, share)]
    if options.phoneme:
        table = np.loadtxt(options.phoneme, delimiter=",")
        rows, target = table[:, :-1], table[:, -1].astype(int)
        settings.append(Setting("phoneme", rows, target, most, share))
    for setting in settings:
        compare(setting, range(1 if options.quick else options.seeds))


if __name__ == "__main__":
    main()
