"""What a search keeps at Ctrl-C, and what it says of how to go on."""

import signal

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted
from skorch.callbacks import Callback

from skhyper import (
    BayesSearchCV,
    GridSearchCV,
    HyperoptSearchCV,
    MLPClassifier,
    OptunaSearchCV,
)
from skhyper.search._draws import Draws
from skhyper.search._trials import Trials
from tests.search.test_rungs import assert_same

X, Y = load_iris(return_X_y=True)
NET = make_pipeline(StandardScaler(), MLPClassifier((4,), max_epochs=5))
RATES = {"mlpclassifier__lr": [0.0001, 0.1, 0.01, 0.001]}


class CtrlC:
    """A scorer during whose n-th call the user presses Ctrl-C."""

    def __init__(self, n_calls):
        self.n_calls = n_calls

    def __call__(self, estimator, X, y):
        self.n_calls -= 1
        if not self.n_calls:
            signal.raise_signal(signal.SIGINT)
        return estimator.score(X, y)


class Undecided:
    """A refit that cannot choose."""

    def __init__(self, error):
        self.error = error

    def __call__(self, results):
        raise self.error


def interrupted(search, n_calls=8, **params):
    """Interrupt a search with three splits one after the other."""
    search = clone(search).set_params(scoring=CtrlC(n_calls), n_jobs=1, **params)
    with pytest.raises(KeyboardInterrupt) as caught:
        search.fit(X, Y)
    return search, "\n".join(caught.value.__notes__)


def grid(**params):
    defaults = {"cv": 3, "random_state": 0, "fused": False}
    return GridSearchCV(NET, RATES, **{**defaults, **params})


@pytest.mark.parametrize("refit", ["ensemble", "greedy_ensemble"])
def test_the_models_of_what_had_finished_are_averaged(refit):
    search, note = interrupted(grid(refit=refit))
    assert len(search.cv_results_["params"]) == 2
    members = search.best_estimator_.members_
    assert search.best_index_ in set(members["candidate"]) <= {0, 1}
    assert search.predict_proba(X).shape == (150, 3)
    assert "The best is not fitted" not in note


def test_the_best_of_what_had_finished_is_fitted():
    search, note = interrupted(grid())
    assert len(search.cv_results_["params"]) == 2
    assert search.best_params_ == {"mlpclassifier__lr": 0.1}
    check_is_fitted(search)
    alone = clone(NET).set_params(
        mlpclassifier__lr=0.1,
        mlpclassifier__random_state=search.best_estimator_[-1].random_state,
    )
    alone.fit(X, Y)
    for one, other in zip(
        search.best_estimator_[-1].net_.module_.parameters(),
        alone[-1].net_.module_.parameters(),
        strict=True,
    ):
        assert torch.equal(one, other)
    assert search.predict(X).shape == (150,)
    assert search.set_params(scoring=None).score(X, Y) > 0.5
    assert note == (
        "GridSearchCV had finished 2 candidates, kept in cv_results_. With memory set "
        "to a folder, the same fit would go on from where it was cut off."
    )


def test_no_refit_where_none_is_asked_for():
    search, note = interrupted(grid(refit=False))
    assert search.best_params_ == {"mlpclassifier__lr": 0.1}
    assert not hasattr(search, "best_estimator_")
    assert "is not fitted" not in note


def test_before_the_first_has_finished():
    search, note = interrupted(grid(random_state=None), n_calls=2)
    assert not hasattr(search, "cv_results_")
    assert not hasattr(search, "best_estimator_")
    assert note == (
        "GridSearchCV had finished 0 candidates. With memory set to a folder and an "
        "int as random_state, the same fit would go on from where it was cut off."
    )


class CtrlCInRefit(Callback):
    """Ctrl-C while all 150 rows are trained on."""

    def on_epoch_end(self, net, dataset_train=None, **kwargs):
        if len(dataset_train) == 150:
            signal.raise_signal(signal.SIGINT)


def test_a_second_one_leaves_the_refit_out():
    impatient = clone(grid()).set_params(
        estimator__mlpclassifier__callbacks=[CtrlCInRefit()]
    )
    search, note = interrupted(impatient)
    assert len(search.cv_results_["params"]) == 2
    assert search.best_params_ == {"mlpclassifier__lr": 0.1}
    assert not hasattr(search, "best_estimator_")
    assert note.endswith("\nThe best is not fitted: KeyboardInterrupt")


def test_nothing_takes_the_place_of_the_interrupt():
    search, note = interrupted(grid(refit=Undecided(RuntimeError("no choice"))))
    assert len(search.cv_results_["params"]) == 2
    assert note.endswith("\nThe best is not fitted: RuntimeError: no choice")


@pytest.mark.parametrize("fused", [True, False])
def test_the_same_fit_goes_on_with_a_memory(fused, tmp_path):
    _, note = interrupted(grid(memory=tmp_path, fused=fused))
    assert note.endswith(f"goes on from what is kept in memory={tmp_path!r}.")
    whole = grid(fused=False).fit(X, Y)
    again = grid(memory=tmp_path, fused=fused).fit(X, Y)
    for name in ("mean_test_score", "mean_n_epochs", "split2_test_score"):
        np.testing.assert_array_equal(again.cv_results_[name], whole.cv_results_[name])
    assert again.best_params_ == whole.best_params_


@pytest.mark.parametrize(
    "search",
    [
        BayesSearchCV(NET, {"lr": (0.001, 0.1, "log-uniform")}, n_iter=6, n_points=2),
        OptunaSearchCV(NET, {"lr": (0.001, 0.1, "log-uniform")}, n_iter=6),
        GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 3, 5, 7]}),
    ],
    ids=["bayes", "optuna", "neighbors"],
)
def test_every_search_has_it(search):
    search, note = interrupted(search, cv=3, random_state=0, fused=False)
    assert len(search.cv_results_["params"]) == 2
    assert search.predict(X).shape == (150,)
    assert note.startswith(f"{type(search).__name__} had finished 2 candidates, kept")
    # There is nothing that a memory would keep of other estimators.
    assert ("memory" in note) == isinstance(search.estimator, Pipeline)


CALLS = {"so far": 0, "last": 0}


def counted(estimator, X, y):
    """Score as the estimator does, and press Ctrl-C in the last call."""
    CALLS["so far"] += 1
    if CALLS["so far"] == CALLS["last"]:
        signal.raise_signal(signal.SIGINT)
    return estimator.score(X, y)


def suggested(engine, folder=None):
    """Make a search that asks for four candidates at once, kept in a folder."""
    kind, places = {
        "optuna": (OptunaSearchCV, {"storage": f"sqlite:///{folder}/s.db"}),
        "hyperopt": (HyperoptSearchCV, {"trials": f"{folder}/trials.json"}),
    }[engine]
    if engine == "optuna":
        places["study_name"] = "study"
    search = kind(
        NET,
        {"lr": (0.001, 0.1, "log-uniform")},
        n_iter=10,
        n_points=4,
        cv=3,
        scoring=counted,
        random_state=0,
        n_jobs=1,
    )
    return search.set_params(**places) if folder else search


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("n_calls", [3, 17, 25])
@pytest.mark.parametrize("engine", ["optuna", "hyperopt"])
def test_what_had_finished_is_told_to_the_engine(engine, n_calls, fused, tmp_path):
    CALLS.update({"so far": 0, "last": n_calls})
    search = suggested(engine, tmp_path).set_params(fused=fused, refit=False)
    with pytest.raises(KeyboardInterrupt) as caught:
        search.fit(X, Y)
    n_kept = len(getattr(search, "cv_results_", {"params": []})["params"])
    if engine == "optuna":
        states = [trial.state.name for trial in search.study_.trials]
        assert states.count("COMPLETE") == n_kept
        place = f"storage='sqlite:///{tmp_path}/s.db' and study_name='study'."
    else:
        assert search.trials_.statuses().count("ok") == n_kept
        place = f"trials='{tmp_path}/trials.json'."
    assert caught.value.__notes__[0].endswith(
        f"The same fit goes on from what is kept in {place}"
    )
    CALLS.update({"so far": 0, "last": 0})
    search.fit(X, Y)
    assert CALLS["so far"] == 3 * (10 - n_kept)
    whole = suggested(engine).set_params(refit=False).fit(X, Y)
    for one in (search, whole):
        # Optuna gives those that are done over other numbers.
        one.cv_results_.pop("trial")
    assert_same(search, whole)


def interrupt(monkeypatch, owner, name, last, *, is_done):
    """Press Ctrl-C before or after the last of some calls of a method."""
    calls, method = [], getattr(owner, name)

    def interrupted(*arguments):
        calls.append(name)
        is_last = len(calls) == last
        if is_last and not is_done:
            signal.raise_signal(signal.SIGINT)
        result = method(*arguments)
        if is_last and is_done:
            signal.raise_signal(signal.SIGINT)
        return result

    monkeypatch.setattr(owner, name, interrupted)


@pytest.mark.parametrize("is_done", [True, False])
@pytest.mark.parametrize("place", ["file", "object"])
@pytest.mark.parametrize("method", ["_new", "_tell", "_save"])
def test_hyperopt_is_interrupted_while_it_draws_or_is_told(
    method, place, is_done, tmp_path, monkeypatch
):
    CALLS.update({"so far": 0, "last": 0})
    search = suggested("hyperopt", tmp_path if place == "file" else None)
    search.set_params(refit=False)
    last = 2 if method == "_save" else 6
    interrupt(monkeypatch, Draws, method, last, is_done=is_done)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    n_kept = len(search.cv_results_["params"])
    assert n_kept == (4 if method == "_new" else 8)
    CALLS["so far"] = 0
    if place == "object":
        search.set_params(trials=search.trials_)
    search.fit(X, Y)
    assert CALLS["so far"] == 3 * (10 - n_kept)
    assert_same(search, suggested("hyperopt").set_params(refit=False).fit(X, Y))


@pytest.mark.parametrize("is_done", [True, False])
def test_optuna_is_interrupted_while_it_is_told(is_done, tmp_path, monkeypatch):
    CALLS.update({"so far": 0, "last": 0})
    search = suggested("optuna", tmp_path).set_params(refit=False)
    interrupt(monkeypatch, Trials, "_tell_one", 6, is_done=is_done)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    assert len(search.cv_results_["params"]) == 8
    CALLS["so far"] = 0
    search.fit(X, Y)
    assert CALLS["so far"] == 3 * 2
    assert_same(search, suggested("optuna").set_params(refit=False).fit(X, Y))


def test_trials_that_were_cut_off_are_gone_on_with_as_an_object():
    CALLS.update({"so far": 0, "last": 17})
    search = suggested("hyperopt").set_params(fused=False, refit=False)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    assert sorted(search.trials_.statuses()) == ["new"] * 3 + ["ok"] * 5
    CALLS.update({"so far": 0, "last": 0})
    fewer = clone(search).set_params(trials=search.trials_, n_iter=5).fit(X, Y)
    assert not CALLS["so far"]
    assert len(fewer.cv_results_["params"]) == 5
    search.set_params(trials=search.trials_).fit(X, Y)
    assert_same(search, suggested("hyperopt").set_params(refit=False).fit(X, Y))


def test_other_errors_refit_nothing():
    class Fails(CtrlC):
        def __call__(self, estimator, X, y):
            self.n_calls -= 1
            if not self.n_calls:
                raise RuntimeError("the eighth")
            return estimator.score(X, y)

    search = grid(scoring=Fails(8), error_score="raise")
    with pytest.raises(RuntimeError, match="the eighth"):
        search.fit(X, Y)
    assert len(search.cv_results_["params"]) == 2
    assert not hasattr(search, "best_estimator_")
