"""Trials that are gone on with are of the same search, or refused before training."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
import scipy.sparse
import torch
from scipy.stats import loguniform
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhyper import HyperoptSearchCV, MLPClassifier, OptunaSearchCV, nested_score
from skhyper._identity import fingerprint

X, Y = load_iris(return_X_y=True)
OTHER = np.random.default_rng(0).permutation(Y)
SPACE = {"lr": loguniform(1e-4, 1)}

optuna.logging.set_verbosity(optuna.logging.WARNING)


class Counting(TransformerMixin, BaseEstimator):
    """Writes a line each time that it is fitted."""

    def __init__(self, path=None, scale=1.0):
        self.path = path
        self.scale = scale

    def fit(self, X, y=None):
        with Path(self.path).open("a") as file:
            file.write("fit\n")
        return self

    def transform(self, X):
        return X * self.scale


def make_estimator(folder, scale=1.0, **net):
    net = MLPClassifier((4,), **{"max_epochs": 2, **net})
    return make_pipeline(Counting(folder / "fits", scale), StandardScaler(), net)


def n_fits(folder):
    return len((folder / "fits").read_text().splitlines())


def make_optuna(folder, estimator, space=SPACE, **settings):
    kept = {"storage": f"sqlite:///{folder}/study.db", "study_name": "one"}
    return make(OptunaSearchCV, estimator, space, **kept, **settings)


def make_hyperopt(folder, estimator, space=SPACE, **settings):
    kept = {"trials": folder / "trials.json"}
    return make(HyperoptSearchCV, estimator, space, **kept, **settings)


def make(kind, estimator, space, **settings):
    common = {"n_iter": 3, "cv": 3, "random_state": 0}
    return kind(estimator, space, **{**common, **settings})


ENGINES = pytest.mark.parametrize(
    ("engine", "arguments", "remedy"),
    [
        (make_optuna, "'storage' and 'study_name'", "another study_name, or delete"),
        (make_hyperopt, "'trials'", "another file, or delete"),
    ],
    ids=["optuna", "hyperopt"],
)

OTHERS = {
    "target": ({}, {}, (X, OTHER), "other data"),
    "rows": ({}, {}, (X + 1, Y), "other data"),
    "more rows": ({}, {}, (X[:-10], Y[:-10]), "other data and other splits"),
    "network": ({"max_epochs": 3}, {}, (X, Y), "another estimator"),
    "step": ({"scale": 2.0}, {}, (X, Y), "another estimator"),
    "metric": ({}, {"scoring": "neg_log_loss"}, (X, Y), "another scoring"),
    "scorer": ({}, {"scoring": make_scorer(accuracy_score)}, (X, Y), "another scoring"),
    "number of splits": ({}, {"cv": 4}, (X, Y), "other splits .* which has 4"),
    "splits": ({}, {"cv": KFold(3, shuffle=True)}, (X, Y), "splits .* random_state"),
    "all": (
        {"max_epochs": 3},
        {"scoring": "f1_macro"},
        (X, OTHER),
        "other data and another estimator and another scoring and other splits",
    ),
}


@ENGINES
@pytest.mark.parametrize("other", OTHERS)
def test_what_is_of_another_search_is_refused(
    engine, arguments, remedy, other, tmp_path
):
    net, settings, data, what = OTHERS[other]
    engine(tmp_path, make_estimator(tmp_path)).fit(X, Y)
    n_before = n_fits(tmp_path)
    search = engine(tmp_path, make_estimator(tmp_path, **net), n_iter=5, **settings)
    with pytest.raises(ValueError, match=f"The {arguments} param.*{what}.*{remedy}"):
        search.fit(*data)
    assert n_fits(tmp_path) == n_before
    # What was there is as it was.
    again = engine(tmp_path, make_estimator(tmp_path), refit=False).fit(X, Y)
    assert len(again.cv_results_["params"]) == 3
    assert n_fits(tmp_path) == n_before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"pruner": "median", "max_epochs": 3}, {}),
        ({}, {"pruner": "median", "max_epochs": 3}),
        ({"pruner": "median"}, {"pruner": "median", "max_epochs": 3}),
    ],
)
def test_another_number_of_epochs_is_refused(before, after, tmp_path):
    net = make_estimator(tmp_path)
    make_optuna(tmp_path, net, **{"max_epochs": 9, **before}).fit(X, Y)
    n_before = n_fits(tmp_path)
    search = make_optuna(tmp_path, net, n_iter=5, **{"max_epochs": 9, **after})
    with pytest.raises(ValueError, match="trials have another number of epochs than"):
        search.fit(X, Y)
    assert n_fits(tmp_path) == n_before


def test_another_pruner_of_as_many_epochs_is_taken(tmp_path):
    net = make_estimator(tmp_path)
    settings = {"max_epochs": 9, "min_epochs": 3}
    make_optuna(tmp_path, net, pruner="median", **settings).fit(X, Y)
    search = make_optuna(tmp_path, net, n_iter=5, pruner="hyperband", **settings)
    assert len(search.fit(X, Y).cv_results_["n_resources"]) == 5


@ENGINES
def test_other_arguments_of_fit_are_refused(engine, arguments, remedy, tmp_path):
    settings = {"estimator": MLPClassifier((4,), max_epochs=2)}
    engine(tmp_path, **settings).fit(X, Y, sample_weight=np.ones(150))
    search = engine(tmp_path, **settings)
    with pytest.raises(ValueError, match="other arguments of fit"):
        search.fit(X, Y, sample_weight=np.linspace(1, 2, 150))


@ENGINES
def test_other_metrics_to_go_by_are_refused(engine, arguments, remedy, tmp_path):
    metrics = {"scoring": ["accuracy", "neg_log_loss"]}
    estimator = make_estimator(tmp_path)
    engine(tmp_path, estimator, **metrics, refit="accuracy").fit(X, Y)
    engine(tmp_path, estimator, **metrics, refit=False).fit(X, Y)
    search = engine(tmp_path, estimator, **metrics, refit="neg_log_loss")
    with pytest.raises(ValueError, match="another scoring"):
        search.fit(X, Y)


@ENGINES
def test_how_a_search_runs_may_change(engine, arguments, remedy, tmp_path):
    engine(tmp_path, make_estimator(tmp_path)).fit(X, Y)
    n_before = n_fits(tmp_path)
    settings = {
        "n_iter": 5,
        "n_points": 2,
        "n_jobs": 2,
        "fused": False,
        "memory": tmp_path / "memory",
        "max_time": 600,
        "refit": False,
    }
    # Neither the value of what is searched counts, nor how the rows are held.
    estimator = make_estimator(tmp_path, lr=0.5, memory=tmp_path / "memory")
    search = engine(tmp_path, estimator, **settings)
    search.fit(np.asfortranarray(X), Y.tolist())
    assert len(search.cv_results_["params"]) == 5
    assert n_fits(tmp_path) < n_before + 5 * 3


RATES = {"lr": [0.01, 0.1]}

CHANGED = {
    "more values": {"lr": [1e-5, 0.01, 0.1]},
    "another kind": {"lr": loguniform(1e-3, 1)},
    "another parameter": {"l2": [0.0, 0.1]},
    "one more parameter": {"lr": [0.01, 0.1], "l2": [0.0, 0.1]},
    "values that hang on one": [{"lr": [0.01, 0.1]}, {"l2": [0.0, 0.1]}],
}


@ENGINES
@pytest.mark.parametrize("changed", CHANGED)
def test_a_space_that_has_changed_is_refused(
    engine, arguments, remedy, changed, tmp_path, capfd
):
    estimator = make_estimator(tmp_path)
    engine(tmp_path, estimator, RATES).fit(X, Y)
    n_before = n_fits(tmp_path)
    search = engine(tmp_path, estimator, CHANGED[changed], n_iter=5)
    words = f"The {arguments} param.* have another space than .*{remedy}"
    with pytest.raises(ValueError, match=words):
        search.fit(X, Y)
    assert n_fits(tmp_path) == n_before
    assert not capfd.readouterr().out


@ENGINES
def test_a_range_may_become_wider(engine, arguments, remedy, tmp_path):
    estimator = make_estimator(tmp_path)
    first = engine(tmp_path, estimator).fit(X, Y).cv_results_["params"]
    space = {"lr": loguniform(1e-6, 10)}
    search = engine(tmp_path, estimator, space, n_iter=6).fit(X, Y)
    assert search.cv_results_["params"][:3] == first
    assert len(search.cv_results_["params"]) == 6


def test_trials_in_an_object_are_refused():
    net = MLPClassifier((4,), max_epochs=2)
    trials = make(HyperoptSearchCV, net, SPACE).fit(X, Y).trials_
    search = make(HyperoptSearchCV, net, SPACE, trials=trials)
    with pytest.raises(ValueError, match=r"other data than this search. Give None"):
        search.fit(X + 1, Y)


@pytest.mark.parametrize("fused", ["auto", False])
@ENGINES
def test_a_search_that_keeps_its_trials_is_not_nested(
    engine, arguments, remedy, fused, tmp_path
):
    search = engine(tmp_path, MLPClassifier((4,), max_epochs=2), fused=fused)
    with pytest.raises(ValueError, match=r"must not keep its trials.* Leave that out"):
        nested_score(search, X, Y, outer=3)


def test_a_study_without_a_name_is_new_for_each_outer_fold(tmp_path):
    storage = f"sqlite:///{tmp_path}/study.db"
    net = MLPClassifier((4,), max_epochs=2)
    search = make(OptunaSearchCV, net, SPACE, storage=storage)
    scores = nested_score(search, X, Y, outer=2, verbose=False)
    assert np.isfinite(scores["test_score"]).all()


def fit_side_by_side(folder, targets, **settings):
    """Fit searches in threads that share a study, and give what comes of them."""
    storage = f"sqlite:///{folder}/study.db"
    optuna.create_study(storage=storage, study_name="one", direction="maximize")

    def fit(y):
        net = MLPClassifier((4,), max_epochs=2)
        try:
            return make_optuna(folder, net, **settings).fit(X, y)
        except ValueError as error:
            return error

    with ThreadPoolExecutor(len(targets)) as pool:
        return list(pool.map(fit, targets))


@pytest.mark.filterwarnings("ignore::skhyper.exceptions.FusionWarning")
def test_threads_that_share_a_study_leave_each_other_their_trials(tmp_path):
    direction = {"n_iter": 16, "n_points": 4}
    found = fit_side_by_side(tmp_path, [Y, Y], **direction)
    assert all(isinstance(search, OptunaSearchCV) for search in found), found
    trials = found[0].study_.trials
    assert {trial.state.name for trial in trials} == {"COMPLETE"}
    assert 16 <= len(trials) <= 16 + 4


@pytest.mark.filterwarnings("ignore::skhyper.exceptions.FusionWarning")
def test_searches_that_begin_together_notice_each_other(tmp_path):
    found = fit_side_by_side(tmp_path, [Y, OTHER], n_iter=16, n_points=4)
    errors = [str(error) for error in found if isinstance(error, ValueError)]
    assert errors
    assert all("the trials have other data" in words for words in errors)


PRINT = """
import json
from tests.search.test_origin import fingerprint, samples
print(json.dumps([fingerprint(value) for value in samples()]))
"""


def samples():
    frame = pd.DataFrame(
        {"a": [1, 2], "b": ["x", None], "c": pd.Categorical(["p", "q"])}
    )
    return [
        X,
        frame,
        scipy.sparse.coo_array(X),
        torch.ones(3),
        {"a": {1, 2, "three"}, "b": (None, True, 1.5)},
        make_scorer(accuracy_score),
        partial(accuracy_score, normalize=False),
        make_estimator(Path("x")),
        torch.nn.ReLU(),
        KFold(3),
    ]


def test_fingerprints_are_the_same_in_another_process():
    done = subprocess.run(
        [sys.executable, "-c", PRINT], capture_output=True, text=True, check=True
    )
    own = [fingerprint(value) for value in samples()]
    assert json.loads(done.stdout) == own
    assert len(set(own)) == len(own)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.arange(4), np.arange(4.0)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (1, True),
        (["ab", "c"], ["a", "bc"]),
        (KFold(3), KFold(4)),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})),
        (scipy.sparse.csr_array([[1, 0]]), scipy.sparse.csr_array([[0, 1]])),
        (accuracy_score, make_scorer),
        (torch.zeros(2), torch.ones(2)),
        (np.array(["a", None], dtype=object), np.array(["b", None], dtype=object)),
    ],
)
def test_fingerprints_tell_apart(one, other):
    assert fingerprint(one) != fingerprint(other)


def test_a_value_that_holds_itself_has_a_fingerprint():
    value = []
    value.append(value)
    assert fingerprint(value) == fingerprint(value)
