"""A search in a process of its own, to be killed; run by the tests of resuming."""

import json
import sys

from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhyper import (
    BayesSearchCV,
    GridSearchCV,
    HyperbandSearchCV,
    MLPClassifier,
    OptunaSearchCV,
)

NET = MLPClassifier((8,), max_epochs=60, dropout=0.1, scheduler="cosine")
PIPELINE = make_pipeline(StandardScaler(), NET)


def make_search(kind, memory, storage=None):
    common = {"cv": 3, "random_state": 0, "memory": memory}
    if kind == "grid":
        grid = {"lr": [0.001, 0.01, 0.1], "optimizer": ["adam", "sgd"]}
        return GridSearchCV(PIPELINE, grid, **common)
    space = {"lr": (1e-4, 1.0, "log-uniform")}
    if kind == "bayes":
        settings = {"n_iter": 8, "n_points": 4}
        return BayesSearchCV(PIPELINE, space, **settings, **common)
    if kind == "optuna":
        study = {} if storage is None else {"storage": storage, "study_name": "kill"}
        settings = {"n_iter": 20, "n_points": 4}
        return OptunaSearchCV(PIPELINE, space, **settings, **study, **common)
    rates = {"lr": [10 ** (-k / 8) for k in range(32)]}
    return HyperbandSearchCV(PIPELINE, rates, max_epochs=60, min_epochs=6, **common)


def fitted(search):
    return search.fit(*load_iris(return_X_y=True))


def table_of(search):
    """Write down all of a table but the times."""
    return {
        name: [str(value) for value in column]
        for name, column in search.cv_results_.items()
        if not name.endswith("_time")
    }


def main():
    kind, *places = sys.argv[1:]
    places = [None if place == "none" else place for place in places]
    search = fitted(make_search(kind, *places))
    report = search.fusion_report_
    steps = (report["seconds"] * report["lane_steps_per_second"]).sum()
    found = {"table": table_of(search), "steps": round(steps)}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
