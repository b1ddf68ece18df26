"""The models of the best candidate on all splits, averaged."""

import gc
import pickle
import time
import weakref

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.model_selection import GroupKFold, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from skhyper import (
    ASHASearchCV,
    BayesSearchCV,
    GridSearchCV,
    HyperbandSearchCV,
    HyperoptSearchCV,
    MLPClassifier,
    MLPRegressor,
    OptunaSearchCV,
    RandomizedSearchCV,
    RayTuneSearchCV,
)
from skhyper.search import (
    CandidateEnsembleClassifier,
    FoldEnsembleClassifier,
    FoldEnsembleRegressor,
)

RATES = {"lr": [0.0003, 0.003, 0.03]}
RANGE = {"lr": (0.0003, 0.03, "log-uniform")}

SEARCHES = {
    "grid": lambda net, **kw: GridSearchCV(net, RATES, **kw),
    "random": lambda net, **kw: RandomizedSearchCV(net, RANGE, n_iter=4, **kw),
    "bayes": lambda net, **kw: BayesSearchCV(net, RANGE, n_iter=4, **kw),
    "optuna": lambda net, **kw: OptunaSearchCV(net, RANGE, n_iter=4, **kw),
    "hyperopt": lambda net, **kw: HyperoptSearchCV(net, RANGE, n_iter=4, **kw),
    "hyperband": lambda net, **kw: HyperbandSearchCV(net, RANGE, max_epochs=9, **kw),
    "asha": lambda net, **kw: ASHASearchCV(net, RANGE, n_iter=9, max_epochs=9, **kw),
}


def small_net(kind=MLPClassifier, **params):
    return kind(**{"hidden_layer_sizes": (8,), "max_epochs": 9} | params)


def fold_models(search, X, y, splitter):
    """Train what the search chose on each split again, alone."""
    best = clone(search.best_estimator_.estimator)
    return [clone(best).fit(X[train], y[train]) for train, _ in splitter.split(X, y)]


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize("fused", ["auto", False])
def test_it_averages_what_the_splits_trained(name, fused, digits):
    X, y = digits
    net = make_pipeline(StandardScaler(), small_net())
    settings = {"cv": KFold(3), "random_state": 0, "fused": fused}
    search = SEARCHES[name](net, refit="ensemble", **settings).fit(X, y)
    ensemble = search.best_estimator_
    assert isinstance(ensemble, FoldEnsembleClassifier)
    models = fold_models(search, X, y, KFold(3))
    mean = (
        models[0].predict_proba(X)
        + models[1].predict_proba(X)
        + models[2].predict_proba(X)
    ) / 3
    np.testing.assert_array_equal(search.predict_proba(X), mean)
    np.testing.assert_array_equal(search.predict(X), mean.argmax(axis=1))
    assert search.score(X, y) == (mean.argmax(axis=1) == y).mean()
    # What chose it is what any refit chooses.
    plain = SEARCHES[name](net, refit=True, **settings).fit(X, y)
    assert plain.best_index_ == search.best_index_
    assert plain.best_params_ == search.best_params_


def test_the_members_are_explained_by_the_results(digits):
    search = GridSearchCV(small_net(), RATES, cv=3, refit="ensemble").fit(*digits)
    members, results = search.best_estimator_.members_, search.cv_results_
    for split in range(3):
        for column in ("test_score", "stop_reason"):
            known = results[f"split{split}_{column}"][search.best_index_]
            assert members.loc[split, column] == known
    assert members["n_epochs"].mean() == results["mean_n_epochs"][search.best_index_]
    assert (members["candidate"] == search.best_index_).all()
    assert members.index.name == "split"


def test_only_the_models_of_the_best_are_kept(digits):
    scored, alive = weakref.WeakSet(), []

    def score(estimator, X, y):
        gc.collect()
        scored.add(estimator)
        alive.append(len(scored))
        return estimator.score(X, y)

    space = {"lr": np.geomspace(0.03, 0.0003, 8).tolist()}
    search = GridSearchCV(
        small_net(), space, cv=3, refit="ensemble", scoring=score, fused=False
    ).fit(*digits)
    # Those of the best, of the one at hand, and what joblib has not let go of.
    assert len(alive) == 24
    assert max(alive) <= 9
    gc.collect()
    assert set(scored) == set(search.best_estimator_.estimators_)


def test_it_is_an_estimator_like_others(digits):
    X, y = digits
    search = RandomizedSearchCV(
        small_net(), RANGE, n_iter=2, cv=3, refit="ensemble", random_state=0
    ).fit(X, y)
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict_proba(X), search.predict_proba(X))
    ensemble = search.best_estimator_
    refitted = clone(ensemble).fit(X, y)
    np.testing.assert_array_equal(refitted.predict_proba(X), ensemble.predict_proba(X))
    assert ensemble.n_features_in_ == X.shape[1]
    frame = pd.DataFrame(X, columns=[f"pixel{n}" for n in range(X.shape[1])])
    named = clone(search).fit(frame, y)
    assert list(named.feature_names_in_) == list(frame)
    assert list(named.best_estimator_.feature_names_in_) == list(frame)


@parametrize_with_checks(
    [
        FoldEnsembleClassifier(LogisticRegression(), cv=2),
        FoldEnsembleRegressor(LinearRegression(), cv=2),
    ]
)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


def test_a_class_that_a_fold_has_not_seen(digits):
    X, y = digits
    rare = y.astype("U1")
    rare[0] = "z"
    search = GridSearchCV(small_net(), RATES, cv=KFold(3), refit="ensemble")
    search.fit(X, rare)
    ensemble = search.best_estimator_
    assert list(ensemble.classes_) == ["0", "1", "2", "3", "z"]
    assert [len(model.classes_) for model in ensemble.estimators_] == [4, 5, 5]
    probabilities = search.predict_proba(X)
    assert probabilities.shape == (240, 5)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert set(search.predict(X)) <= set(ensemble.classes_)


def test_labels_numbers_and_several_outputs(digits):
    X, y = digits
    labels = np.column_stack([y > 1, y % 2]).astype(int)
    search = GridSearchCV(small_net(), RATES, cv=KFold(3), refit="ensemble")
    search.fit(X, labels)
    mean = np.mean([m.predict_proba(X) for m in search.best_estimator_.estimators_], 0)
    np.testing.assert_array_equal(search.predict(X), mean > 0.5)
    X, y = load_diabetes(return_X_y=True)
    for target in (y, np.column_stack([y, -y])):
        search = GridSearchCV(
            small_net(MLPRegressor), RATES, cv=KFold(3), refit="ensemble"
        ).fit(X, target)
        models = fold_models(search, X, target, KFold(3))
        mean = (models[0].predict(X) + models[1].predict(X) + models[2].predict(X)) / 3
        np.testing.assert_allclose(search.predict(X), mean, rtol=1e-12)


def test_models_come_from_other_processes(digits):
    X, y = digits
    settings = {"cv": 3, "refit": "ensemble", "random_state": 0}
    here = GridSearchCV(small_net(), RATES, **settings).fit(X, y)
    with joblib.parallel_config("loky"):
        there = GridSearchCV(small_net(), RATES, **settings, n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(there.predict_proba(X), here.predict_proba(X))


def kept_in_file(kind, folder, **settings):
    """Make a search that keeps its trials."""
    if kind == "hyperopt":
        return HyperoptSearchCV(small_net(), RANGE, trials=folder / "file", **settings)
    if kind != "optuna":
        settings |= {"pruner": "median", "max_epochs": 9}
    settings |= {"storage": f"sqlite:///{folder}/study.db", "study_name": "s"}
    if kind == "warm":
        # Three legs of its solver are not what one is that is as long.
        net, space = LogisticRegression(C=100), {"tol": (1e-6, 1e-4, "log-uniform")}
    else:
        net, space = small_net(), RANGE
    return OptunaSearchCV(net, space, **settings)


@pytest.mark.parametrize("n_before", [4, 6])
@pytest.mark.parametrize("refit", ["ensemble", "greedy_ensemble"])
@pytest.mark.parametrize("kind", ["optuna", "pruned", "warm", "hyperopt"])
def test_models_of_an_earlier_search_are_trained_again(
    kind, refit, n_before, digits, tmp_path
):
    settings = {"cv": 3, "random_state": 0, "n_points": 2, "refit": refit}
    settings["scoring"] = "neg_log_loss"
    folders = [tmp_path / "whole", tmp_path / "parts"]
    for folder in folders:
        folder.mkdir()
    whole, first, last = (
        kept_in_file(kind, folder, n_iter=n_iter, **settings)
        for folder, n_iter in zip(
            [folders[0], *folders[1:] * 2], [6, n_before, 6], strict=True
        )
    )
    whole.fit(*digits)
    first.fit(*digits)
    last.fit(*digits)
    assert last.best_params_ == whole.best_params_
    expected = whole.best_estimator_.members_
    pd.testing.assert_frame_equal(last.best_estimator_.members_, expected)
    X, _ = digits
    np.testing.assert_array_equal(last.predict_proba(X), whole.predict_proba(X))


@pytest.mark.parametrize("refit", ["ensemble", "greedy_ensemble"])
def test_models_of_an_earlier_search_need_time(refit, digits, tmp_path):
    settings = {"cv": 3, "random_state": 0, "n_iter": 2}
    kept_in_file("optuna", tmp_path, **settings).fit(*digits)
    late = kept_in_file("optuna", tmp_path, **settings, refit=refit, max_time=1e-3)
    with pytest.raises(ValueError, match="there was no time to train it again"):
        late.fit(*digits)


SCORE = {"is": 1.0}


def given_score(estimator, X, y):
    if SCORE["is"] is None:
        raise ArithmeticError("not again")
    return SCORE["is"]


def test_time_is_kept_for_models_of_an_earlier_search(digits, tmp_path, monkeypatch):
    settings = {"cv": 3, "random_state": 0, "scoring": given_score}
    kept_in_file("optuna", tmp_path, **settings, n_iter=1).fit(*digits)
    monkeypatch.setitem(SCORE, "is", 0.5)
    settings |= {"refit": "ensemble", "n_iter": 10_000, "max_time": 4}
    search = kept_in_file("optuna", tmp_path, **settings).fit(*digits)
    assert len(search.cv_results_["params"]) > 1
    assert search.best_index_ == 0
    assert (search.best_estimator_.members_["test_score"] == 0.5).all()


LATE = {"first": None, "n_rows": 0, "end": 0.0}


def score_others_late(estimator, X, y):
    """Score a split of any but the first candidate when the time is up."""
    if LATE["first"] not in (None, estimator.lr) and len(X) < LATE["n_rows"]:
        time.sleep(max(0, LATE["end"] - time.time()))
    return SCORE["is"]


def test_the_best_of_an_earlier_search_is_trained_before_all_else(
    digits, tmp_path, monkeypatch
):
    settings = {"cv": 3, "random_state": 0, "scoring": score_others_late, "n_iter": 1}
    first = kept_in_file("optuna", tmp_path, **settings).fit(*digits)
    settings |= {"n_iter": 2, "max_time": 6, "refit": "ensemble"}
    monkeypatch.setitem(LATE, "first", first.best_params_["lr"])
    monkeypatch.setitem(LATE, "n_rows", len(digits[0]))
    monkeypatch.setitem(LATE, "end", time.time() + settings["max_time"])
    search = kept_in_file("optuna", tmp_path, **settings).fit(*digits)
    assert time.time() > LATE["end"]
    assert len(search.cv_results_["params"]) == 2
    assert search.best_params_ == first.best_params_
    assert search.best_estimator_.score(*digits) > 0.2


class Counted(LogisticRegression):
    """Counts its fits, some of which fail, or are slow."""

    n_fits, delay = 0, 0.0
    failing = frozenset()

    def fit(self, X, y, sample_weight=None):
        type(self).n_fits += 1
        time.sleep(type(self).delay)
        if self.C in type(self).failing:
            raise ArithmeticError("not again")
        return super().fit(X, y, sample_weight)


def counted(folder, n_iter=2, **settings):
    settings |= {"storage": f"sqlite:///{folder}/study.db", "study_name": "s"}
    settings |= {"n_iter": n_iter, "cv": 3, "random_state": 0, "scoring": given_score}
    return OptunaSearchCV(Counted(), {"C": (0.1, 1.0, "log-uniform")}, **settings)


def test_with_a_limit_of_time_only_the_best_is_trained_again(digits, tmp_path):
    counted(tmp_path, refit=False).fit(*digits)
    for max_time, n_fits in ((None, 6), (600, 3)):
        Counted.n_fits = 0
        counted(tmp_path, refit="greedy_ensemble", max_time=max_time).fit(*digits)
        assert Counted.n_fits == n_fits


@pytest.mark.parametrize(
    ("refit", "n_known"), [("ensemble", 1), ("greedy_ensemble", 2)]
)
def test_fits_that_fail_again_say_why(refit, n_known, digits, tmp_path, monkeypatch):
    first = counted(tmp_path, refit=False).fit(*digits)
    monkeypatch.setattr(Counted, "failing", {*first.cv_results_["param_C"]})
    told = rf"Of {n_known} .* needs, {n_known} failed .*: ArithmeticError: not again\.$"
    message = r"trained again, it failed on a split: ArithmeticError: not again\. Set"
    with (
        pytest.warns(FitFailedWarning, match=told),
        pytest.raises(ValueError, match=message),
    ):
        counted(tmp_path, refit=refit).fit(*digits)


def test_what_failed_before_all_else_is_told_and_not_tried_again(
    digits, tmp_path, monkeypatch
):
    [params] = (
        counted(tmp_path, n_iter=1, refit=False).fit(*digits).cv_results_["params"]
    )
    monkeypatch.setattr(Counted, "failing", {params["C"]})
    monkeypatch.setattr(Counted, "n_fits", 0)
    search = counted(tmp_path, n_iter=2, refit="ensemble", max_time=600)
    with (
        pytest.warns(FitFailedWarning, match="Of 1 .* needs, 1 failed"),
        pytest.raises(ValueError, match="it failed on a split: ArithmeticError: not"),
    ):
        search.fit(*digits)
    assert Counted.n_fits == 3 + 3


def test_one_that_is_trained_again_has_no_place_behind_the_best(
    digits, tmp_path, monkeypatch
):
    counted(tmp_path, n_iter=1, refit=False).fit(*digits)
    monkeypatch.setitem(SCORE, "is", 2.0)
    monkeypatch.setattr(Counted, "n_fits", 0)
    settings = {"n_iter": 21, "max_time": 600}
    greedy = counted(tmp_path, refit="greedy_ensemble", **settings).fit(*digits)
    assert Counted.n_fits == 3 * 21
    assert 0 not in set(greedy.best_estimator_.members_["candidate"])


@pytest.mark.parametrize("n_iter", [1, 2])
def test_what_is_trained_again_begins_in_time(n_iter, digits, tmp_path, monkeypatch):
    counted(tmp_path, n_iter=1, refit=False).fit(*digits)
    monkeypatch.setattr(Counted, "n_fits", 0)
    monkeypatch.setattr(Counted, "delay", 3.5)
    slow = counted(tmp_path, n_iter=n_iter, refit="ensemble", max_time=3)
    with pytest.raises(ValueError, match="there was no time to train it again"):
        slow.fit(*digits)
    assert Counted.n_fits == 1


def test_others_that_fail_again_are_left_out(digits, tmp_path, monkeypatch):
    first = counted(tmp_path, refit=False).fit(*digits)
    monkeypatch.setattr(Counted, "failing", {*first.cv_results_["param_C"]})
    monkeypatch.setitem(SCORE, "is", 2.0)
    with pytest.warns(FitFailedWarning, match=r"Of 2 candidates .* needs, 2 failed"):
        last = counted(tmp_path, 3, refit="greedy_ensemble").fit(*digits)
    assert set(last.best_estimator_.members_["candidate"]) == {2}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.parametrize("refit", ["ensemble", "greedy_ensemble"])
def test_models_that_cannot_be_made_again_are_missed(
    refit, digits, tmp_path, monkeypatch
):
    settings = {"cv": 3, "random_state": 0, "scoring": given_score, "n_iter": 2}
    kept_in_file("optuna", tmp_path, **settings).fit(*digits)
    monkeypatch.setitem(SCORE, "is", None)
    search = kept_in_file("optuna", tmp_path, **settings, refit=refit)
    with (
        pytest.warns(UserWarning, match="not again"),
        pytest.raises(ValueError, match=r"failed on a split: the scorer failed\."),
    ):
        search.fit(*digits)


@pytest.mark.filterwarnings("ignore:One or more of the test scores:UserWarning")
def test_scores_that_are_no_numbers_have_no_best(digits, monkeypatch):
    monkeypatch.setitem(SCORE, "is", float("nan"))
    search = GridSearchCV(small_net(), RATES, scoring=given_score, refit="ensemble")
    with pytest.raises(ValueError, match=r"its score is not a number\. Change scoring"):
        search.fit(*digits)


class FailsLater(SGDClassifier):
    """Small penalties cannot be gone on with."""

    n_calls = 0

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        type(self).n_calls += 1
        if self.alpha < 1e-3 and hasattr(self, "coef_"):
            raise ArithmeticError("not any further")
        return super().partial_fit(X, y, classes, sample_weight)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores:UserWarning")
def test_candidates_of_the_search_itself_are_not_trained_again(digits):
    space = {"alpha": (1e-5, 1e-1, "log-uniform")}
    counts = []
    for refit in (False, "greedy_ensemble"):
        FailsLater.n_calls = 0
        net = FailsLater(loss="log_loss", random_state=0)
        settings = {"max_epochs": 27, "cv": 3, "random_state": 0, "refit": refit}
        HyperbandSearchCV(net, space, **settings).fit(*digits)
        counts.append(FailsLater.n_calls)
    assert counts[0] == counts[1]


def test_the_best_has_failed_on_a_split(digits):
    X, y = digits
    # On the second split a class is missing, which this solver needs two of.
    splits = [(np.arange(120), np.arange(120, 240)), (np.flatnonzero(y == 1), [0])]
    search = GridSearchCV(
        LogisticRegression(), {"C": [1, 2]}, cv=splits, refit="ensemble", error_score=0
    )
    with (
        pytest.warns(FitFailedWarning),
        pytest.raises(ValueError, match="best candidate: it failed on a split"),
    ):
        search.fit(X, y)


def test_an_iterator_of_splits_is_kept(digits):
    X, y = digits
    search = GridSearchCV(
        small_net(), RATES, cv=KFold(3).split(X), refit="ensemble", random_state=0
    ).fit(X, y)
    refitted = clone(search.best_estimator_).fit(X, y)
    np.testing.assert_array_equal(refitted.predict_proba(X), search.predict_proba(X))


def test_classifiers_that_give_a_list(digits):
    X, y = digits
    labels = np.column_stack([y > 1, y % 2, y == 9]).astype(int)
    # The first split does not see that the third label can be true.
    labels[0, 2] = 1
    search = GridSearchCV(
        DecisionTreeClassifier(), {"max_depth": [2]}, cv=KFold(3), refit="ensemble"
    ).fit(X, labels)
    ensemble = search.best_estimator_
    assert [list(classes) for classes in ensemble.classes_] == [[0, 1]] * 3
    given = search.predict_proba(X)
    for output in range(2):
        mean = np.mean([m.predict_proba(X)[output] for m in ensemble.estimators_], 0)
        np.testing.assert_allclose(given[output], mean)
        np.testing.assert_array_equal(search.predict(X)[:, output], mean.argmax(1))
    unseen, *others = (model.predict_proba(X)[2] for model in ensemble.estimators_)
    assert unseen.shape[1] == 1
    np.testing.assert_allclose(given[2][:, 1], sum(p[:, 1] for p in others) / 3)


def test_estimators_of_other_packages(digits):
    X, y = digits
    search = GridSearchCV(
        LogisticRegression(max_iter=500), {"C": [0.1, 1]}, cv=3, refit="ensemble"
    ).fit(X, y)
    assert search.score(X, y) > 0.9


@pytest.mark.parametrize(
    ("search", "message"),
    [
        (
            GridSearchCV(RidgeClassifier(), {"alpha": [1]}, refit="ensemble"),
            "needs a regressor, or a classifier with predict_proba. Got RidgeClas",
        ),
        (
            GridSearchCV(small_net(), RATES, refit="ensemble", refit_epochs="median"),
            "takes no refit_epochs. Got 'median'",
        ),
        (
            RayTuneSearchCV(small_net(), RANGE, refit="ensemble"),
            "of RayTuneSearchCV, whose trials",
        ),
        (
            GridSearchCV(
                small_net(), RATES, refit="ensemble", scoring=["accuracy", "f1_macro"]
            ),
            "refit",
        ),
    ],
)
def test_mistakes(search, message, digits):
    with pytest.raises(ValueError, match=message):
        search.fit(*digits)


def test_groups_are_kept_together_when_fitted_again(digits):
    X, y = digits
    groups = np.arange(len(y)) // 7
    search = GridSearchCV(small_net(), RATES, cv=GroupKFold(3), refit="ensemble")
    search.fit(X, y, groups=groups)
    again = clone(search.best_estimator_).fit(X, y, groups=groups)
    assert (again.predict_proba(X) == search.predict_proba(X)).all()


@pytest.mark.parametrize(
    ("ensemble", "message"),
    [
        (
            FoldEnsembleClassifier(RidgeClassifier()),
            "FoldEnsembleClassifier averages what predict_proba gives. Got RidgeClass",
        ),
        (
            CandidateEnsembleClassifier([LogisticRegression(), RidgeClassifier()]),
            "averages what predict_proba gives. Got RidgeClassifier",
        ),
        (FoldEnsembleRegressor(LinearRegression(), cv=[]), "at least one fold. Got "),
    ],
)
def test_mistakes_of_an_ensemble_by_itself(ensemble, message, digits):
    with pytest.raises(ValueError, match=message):
        ensemble.fit(*digits)
