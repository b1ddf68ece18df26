"""How well the searches keep to ``max_time``.

``python tests/perf/budgets.py [SECONDS ...]`` fits each search with far more to do than
its time allows, and prints what its fit took of it, in percent, and what came of it.
"""

import argparse
import time

from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhyper import (
    ASHASearchCV,
    BayesSearchCV,
    HyperbandSearchCV,
    HyperoptSearchCV,
    MLPClassifier,
    OptunaSearchCV,
    RandomizedSearchCV,
)
from skhyper.spaces import Float

SPACE = {"lr": (1e-4, 1e-1, "log-uniform"), "dropout": Float(0, 0.5)}
SEARCHES = {
    "random": (RandomizedSearchCV, {"n_iter": 2_000}),
    "random, alone": (RandomizedSearchCV, {"n_iter": 2_000, "fused": False}),
    "bayes": (BayesSearchCV, {"n_iter": 2_000, "n_points": 8}),
    "optuna": (OptunaSearchCV, {"n_iter": 2_000}),
    "hyperopt": (HyperoptSearchCV, {"n_iter": 2_000}),
    "hyperband": (HyperbandSearchCV, {"max_epochs": 729}),
    "asha": (ASHASearchCV, {"n_iter": 2_000, "max_epochs": 729}),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", nargs="*", type=float, default=[10, 30])
    X, y = load_digits(return_X_y=True)
    net = MLPClassifier((64,), max_epochs=100)
    pipeline = make_pipeline(StandardScaler(), net)
    print("search         of max_time  candidates  refit ended by  best score")
    for max_time in parser.parse_args().seconds:
        for name, (kind, params) in SEARCHES.items():
            search = kind(
                pipeline, SPACE, **params, max_time=max_time, random_state=0, cv=3
            )
            began = time.time()
            search.fit(X, y)
            share = (time.time() - began) / max_time
            n_candidates = len(search.cv_results_["params"])
            reason = search.best_estimator_[-1].stop_reason_
            print(
                f"{name:13}  {share:5.1%} of {max_time:3.0f} s  {n_candidates:6}"
                f"      {reason!s:10}    {search.best_score_:8.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
