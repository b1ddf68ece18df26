"""Every search over every preset for every estimator, on tiny data."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhyper import (
    BayesSearchCV,
    CNNClassifier,
    CNNRegressor,
    GridSearchCV,
    MLPClassifier,
    MLPRegressor,
    RandomizedSearchCV,
    presets,
)

SEARCHES = {
    "grid": (GridSearchCV, {}),
    "randomized": (RandomizedSearchCV, {"n_iter": 4, "random_state": 0}),
    "bayes": (BayesSearchCV, {"n_iter": 4, "n_points": 2, "random_state": 0}),
}
ESTIMATORS = [
    MLPClassifier(max_epochs=1, random_state=0),
    MLPRegressor(max_epochs=1, random_state=0),
    CNNClassifier(max_epochs=1, random_state=0, input_shape=(1, 8, 8)),
    CNNRegressor(max_epochs=1, random_state=0, input_shape=(1, 8, 8)),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("preset", presets.names())
@pytest.mark.parametrize("name", SEARCHES)
def test_every_search_runs_every_preset(name, preset, estimator):
    X, y = load_digits(n_class=3, return_X_y=True)
    X, y = X[:48], y[:48]
    search_class, arguments = SEARCHES[name]
    pipeline = make_pipeline(StandardScaler(), estimator)
    search = search_class(pipeline, preset, cv=2, error_score="raise", **arguments).fit(
        X, y
    )
    n_candidates = len(search.cv_results_["params"])
    assert n_candidates == (arguments.get("n_iter", n_candidates))
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    step = type(estimator).__name__.lower()
    assert all(key.startswith(f"{step}__") for key in search.best_params_)
    space = presets.get(preset).for_family(estimator.family)
    assert {key.removeprefix(f"{step}__") for key in search.best_params_} <= set(space)
    assert search.predict(X).shape == y.shape
