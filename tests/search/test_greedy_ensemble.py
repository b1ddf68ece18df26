"""Candidates selected greedily, with all of their models, averaged by weight."""

import gc
import pickle
import time
import weakref
from collections import Counter

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import get_scorer, log_loss
from sklearn.model_selection import KFold, RepeatedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
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
    nested_score,
)
from skhyper.search import CandidateEnsembleClassifier, CandidateEnsembleRegressor
from skhyper.search._greedy import N_CANDIDATES, N_STEPS, select
from skhyper.training import Deadline

SPACE = {
    "hidden_layer_sizes": [(4,), (16,)],
    "activation": ["relu", "tanh"],
    "lr": [0.01, 0.05],
}
RANGE = {"lr": (0.0003, 0.05, "log-uniform")}
CV = KFold(3)

SEARCHES = {
    "grid": lambda net, **kw: GridSearchCV(net, {"lr": [0.003, 0.01, 0.03]}, **kw),
    "random": lambda net, **kw: RandomizedSearchCV(net, RANGE, n_iter=5, **kw),
    "bayes": lambda net, **kw: BayesSearchCV(net, RANGE, n_iter=5, **kw),
    "optuna": lambda net, **kw: OptunaSearchCV(net, RANGE, n_iter=5, **kw),
    "pruned": lambda net, **kw: OptunaSearchCV(
        net, RANGE, n_iter=5, pruner="median", **kw
    ),
    "hyperopt": lambda net, **kw: HyperoptSearchCV(net, RANGE, n_iter=5, **kw),
    "hyperband": lambda net, **kw: HyperbandSearchCV(net, RANGE, max_epochs=9, **kw),
    "asha": lambda net, **kw: ASHASearchCV(net, RANGE, n_iter=9, max_epochs=9, **kw),
}


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(n_class=5, return_X_y=True)
    return X[:300] / 16, y[:300]


def small_net(kind=MLPClassifier, **params):
    return kind(**{"hidden_layer_sizes": (8,), "max_epochs": 9} | params)


def greedy(net=None, space=SPACE, **settings):
    defaults = {"cv": CV, "random_state": 0, "refit": "greedy_ensemble"}
    settings = defaults | {"scoring": "neg_log_loss"} | settings
    return GridSearchCV(net or small_net(), space, **settings)


def by_hand(search, X, y, cv=CV):
    """Train each candidate on each split alone; give what each then predicts."""
    seed = search.best_estimator_.estimators[0].estimator.random_state
    tables = []
    for params in search.cv_results_["params"]:
        net = clone(search.estimator).set_params(**params, random_state=seed)
        tables.append(
            [clone(net).fit(X[train], y[train]) for train, _ in cv.split(X, y)]
        )
    return tables


def test_the_selection_is_greedy(digits):
    X, y = digits
    search = greedy().fit(X, y)
    models = by_hand(search, X, y)

    def score(counts):
        losses = []
        for split, (_, test) in enumerate(CV.split(X, y)):
            mean = sum(
                count * models[n][split].predict_proba(X[test])
                for n, count in counts.items()
            ) / sum(counts.values())
            losses.append(-log_loss(y[test], mean))
        return np.mean(losses)

    chosen, selection = Counter(), search.best_estimator_.selection_
    for step in range(len(selection)):
        scores = [score(chosen + Counter([n])) for n in range(len(models))]
        added = selection.loc[step, "candidate"]
        np.testing.assert_allclose(selection.loc[step, "score"], max(scores))
        np.testing.assert_allclose(scores[added], max(scores))
        chosen[added] += 1
    assert selection.loc[0, "candidate"] == search.best_index_
    assert selection.loc[0, "score"] == search.best_score_
    assert selection["score"].iloc[-1] == selection["score"].max()
    assert selection["score"].iloc[-1] > search.best_score_
    # The average has their bits.
    total = sum(
        count * (sum(m.predict_proba(X) for m in models[n]) / 3)
        for n, count in chosen.items()
    )
    np.testing.assert_array_equal(search.predict_proba(X), total / len(selection))


@pytest.mark.parametrize("name", SEARCHES)
def test_all_searches_do_it(name, digits):
    X, y = digits
    net = make_pipeline(StandardScaler(), small_net())
    settings = {"cv": CV, "random_state": 0, "scoring": "neg_log_loss"}
    settings["refit"] = "greedy_ensemble"
    fused = SEARCHES[name](net, fused="auto", **settings).fit(X, y)
    alone = SEARCHES[name](net, fused=False, **settings).fit(X, y)
    ensemble = fused.best_estimator_
    pd.testing.assert_frame_equal(ensemble.selection_, alone.best_estimator_.selection_)
    np.testing.assert_array_equal(fused.predict_proba(X), alone.predict_proba(X))
    assert fused.best_estimator_.selection_["score"].iloc[-1] >= fused.best_score_
    assert fused.score(X, y) == -log_loss(y, fused.predict_proba(X))


def test_the_members_are_explained_by_the_results(digits):
    search = greedy().fit(*digits)
    ensemble, results = search.best_estimator_, search.cv_results_
    members = ensemble.members_
    assert len(members) == 3 * len(ensemble.estimators_)
    np.testing.assert_allclose(members["weight"].sum(), 1)
    counts = ensemble.selection_["candidate"].value_counts()
    assert list(ensemble.weights) == [
        counts[number] for number in members["candidate"][::3]
    ]
    for row in members.itertuples():
        n = row.candidate
        np.testing.assert_allclose(row.weight, counts[n] / counts.sum() / 3)
        assert row.params == results["params"][n]
        assert row.mean_test_score == results["mean_test_score"][n]
        assert row.test_score == results[f"split{row.split}_test_score"][n]
        assert row.stop_reason == results[f"split{row.split}_stop_reason"][n]


def test_scores_are_those_of_any_scoring(digits):
    X, y = digits

    def sure(estimator, X, y):
        return estimator.predict_proba(X).max(axis=1).mean()

    for scoring in (None, "accuracy", "roc_auc_ovr", sure):
        search = greedy(scoring=scoring).fit(X, y)
        selection = search.best_estimator_.selection_
        assert selection.loc[0, "score"] == search.best_score_
        assert selection["score"].iloc[-1] >= search.best_score_


def test_weights_of_rows_reach_the_scorer(digits):
    X, y = digits
    weights = np.where(y == 0, 0, 1)
    with config_context(enable_metadata_routing=True):
        scorer = get_scorer("neg_log_loss").set_score_request(sample_weight=True)
        net = small_net().set_fit_request(sample_weight=False)
        search = greedy(net, scoring=scorer).fit(X, y, sample_weight=weights)
    selection = search.best_estimator_.selection_
    assert selection.loc[0, "score"] == search.best_score_
    assert search.best_score_ != greedy().fit(X, y).best_score_


def test_splits_may_overlap(digits):
    X, y = digits
    cv = RepeatedKFold(n_splits=2, n_repeats=2, random_state=0)
    search = greedy(cv=cv).fit(X, y)
    ensemble = search.best_estimator_
    assert {len(one.estimators_) for one in ensemble.estimators_} == {4}
    assert ensemble.selection_.loc[0, "score"] == search.best_score_


def test_regressors_with_one_and_several_outputs():
    X, y = load_diabetes(return_X_y=True)
    for target in (y, np.column_stack([y, -y])):
        search = greedy(small_net(MLPRegressor), scoring=None).fit(X, target)
        ensemble = search.best_estimator_
        assert isinstance(ensemble, CandidateEnsembleRegressor)
        assert ensemble.selection_["score"].iloc[-1] > search.best_score_
        parts = [one.predict(X) for one in ensemble.estimators_]
        mean = np.average(parts, axis=0, weights=ensemble.weights)
        np.testing.assert_allclose(search.predict(X), mean, rtol=1e-9)
        assert search.predict(X).shape == target.shape


def test_several_labels(digits):
    X, y = digits
    labels = np.column_stack([y > 1, y % 2]).astype(int)
    search = greedy(scoring=None).fit(X, labels)
    ensemble = search.best_estimator_
    parts = [one.predict_proba(X) for one in ensemble.estimators_]
    mean = np.average(parts, axis=0, weights=ensemble.weights)
    np.testing.assert_array_equal(search.predict(X), mean > 0.5)


def test_a_class_that_a_split_has_not_seen(digits):
    X, y = digits
    rare = y.astype("U1")
    rare[0] = "z"
    search = greedy(scoring="accuracy").fit(X, rare)
    ensemble = search.best_estimator_
    assert list(ensemble.classes_) == ["0", "1", "2", "3", "4", "z"]
    np.testing.assert_allclose(search.predict_proba(X).sum(axis=1), 1)
    first = [one.estimators_[0] for one in ensemble.estimators_]
    assert all("z" not in model.classes_ for model in first)


def test_it_is_an_estimator_like_others(digits):
    X, y = digits
    search = greedy().fit(X, y)
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict_proba(X), search.predict_proba(X))
    ensemble = search.best_estimator_
    refitted = clone(ensemble).fit(X, y)
    np.testing.assert_array_equal(refitted.predict_proba(X), ensemble.predict_proba(X))
    assert refitted.members_["weight"].sum() == pytest.approx(1)
    frame = pd.DataFrame(X, columns=[f"pixel{n}" for n in range(X.shape[1])])
    named = clone(search).fit(frame, y)
    assert list(named.best_estimator_.feature_names_in_) == list(frame)
    assert list(named.classes_) == [0, 1, 2, 3, 4]
    assert named.n_features_in_ == X.shape[1]


def test_models_come_from_other_processes(digits):
    X, y = digits
    here = greedy().fit(X, y)
    with joblib.parallel_config("loky"):
        there = greedy(n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(there.predict_proba(X), here.predict_proba(X))


def test_models_come_from_the_memory(digits, tmp_path):
    X, y = digits
    first = greedy(memory=str(tmp_path)).fit(X, y)
    again = greedy(memory=str(tmp_path)).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), first.predict_proba(X))


def test_it_is_scored_honestly_by_other_rows(digits):
    scores = nested_score(greedy(scoring="accuracy"), *digits, outer=2)
    assert (scores["test_score"] > 0.8).all()


def test_estimators_of_other_packages():
    X, y = load_iris(return_X_y=True)
    cv = KFold(3, shuffle=True, random_state=0)
    depths = {"max_depth": [1, 2, 3], "max_features": [1, 2]}
    trees = greedy(DecisionTreeClassifier(), depths, cv=cv, scoring="neg_log_loss")
    trees.fit(X, y)
    best = get_scorer("neg_log_loss")
    assert trees.best_estimator_.selection_["score"].max() > trees.best_score_
    assert trees.score(X, y) == best(trees.best_estimator_, X, y)
    X, y = load_diabetes(return_X_y=True)
    trees = greedy(DecisionTreeRegressor(), depths, cv=cv, scoring=None).fit(X, y)
    assert trees.best_estimator_.selection_["score"].max() > trees.best_score_


@pytest.fixture
def quick_collection():
    """Leave what there is already out of all collections of garbage."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("quick_collection")
def test_only_the_best_are_selected_from():
    X, y = load_diabetes(return_X_y=True)
    alphas = {"alpha": np.geomspace(1e-4, 1e4, 70).tolist()}
    scored, alive = weakref.WeakSet(), []

    def score(estimator, X, y):
        if isinstance(estimator, Ridge):
            gc.collect()
            scored.add(estimator)
            alive.append(len(scored))
        return estimator.score(X, y)

    search = greedy(Ridge(), alphas, scoring=score).fit(X, y)
    # Those of the best, of the one at hand, and what joblib has not let go of.
    assert len(alive) == 3 * 70
    assert max(alive) <= 3 * (N_CANDIDATES + 2)
    gc.collect()
    ensembles = search.best_estimator_.estimators_
    assert set(scored) == {model for one in ensembles for model in one.estimators_}
    members = search.best_estimator_.members_
    ranks = search.cv_results_["rank_test_score"][members["candidate"]]
    assert ranks.max() <= N_CANDIDATES


@parametrize_with_checks(
    [
        CandidateEnsembleClassifier([LogisticRegression(), LogisticRegression(C=0.1)]),
        CandidateEnsembleRegressor([LinearRegression(), Ridge()], weights=[2, 1]),
    ]
)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


def test_the_path_ends_where_the_score_was_highest():
    # Only half and half is good, and nothing after it is better.
    path = select(lambda weights: len(weights) - abs(weights[0] - weights[1]) / 9, 2)
    assert path == [(0, 1 - 1 / 9), (1, 2.0)]
    assert select(lambda weights: float("nan"), 2) == []
    rising = select(lambda weights: float(weights.total()), 3)
    assert len(rising) == N_STEPS


def test_the_selection_ends_at_a_deadline():
    late = Deadline(time.time() - 1)
    assert select(lambda weights: 1.0, 3, late) == [(0, 1.0)]
    assert select(lambda weights: 1.0, 3, late, 2) == [(2, 1.0)]
    assert select(lambda weights: 1.0, 3, None, 2)[0] == (0, 1.0)
    early = Deadline(time.time() + 3600)
    assert len(select(lambda weights: float(weights.total()), 3, early)) == N_STEPS


def test_a_search_with_a_limit_keeps_time_for_the_selection(digits):
    search = greedy(small_net(max_epochs=100_000), max_time=3)
    search.fit(*digits)
    assert set(search.cv_results_["split0_stop_reason"]) == {"max_time"}
    assert search.score(*digits) > -2


@pytest.mark.parametrize(
    ("estimators", "weights", "message"),
    [
        ([], None, "estimators of CandidateEnsembleClassifier must not be empty"),
        ([LogisticRegression()], [1, 2], r"must be 1 numbers from 0 up.*\[1, 2\]"),
        ([LogisticRegression()], [-1], "must be 1 numbers from 0 up"),
        ([LogisticRegression()], [0], "not all 0"),
        ([LogisticRegression()], ["a"], "must be 1 numbers"),
    ],
)
def test_weights_that_are_none(estimators, weights, message, digits):
    with pytest.raises(ValueError, match=message):
        CandidateEnsembleClassifier(estimators, weights).fit(*digits)


def test_a_scorer_that_wants_more_than_predictions(digits):
    def shallow(estimator, X, y):
        return -estimator.n_weights_

    search = greedy(scoring=shallow)
    with pytest.raises(ValueError, match=r"n_weights_.*set refit='ensemble'"):
        search.fit(*digits)
    assert len(search.cv_results_["params"]) == 8


@pytest.mark.parametrize(
    ("search", "message"),
    [
        (greedy(refit_epochs="median"), "refit='greedy_ensemble' .* no refit_epochs"),
        (greedy(scoring=["accuracy", "f1_macro"]), "refit"),
        (
            RayTuneSearchCV(small_net(), RANGE, refit="greedy_ensemble"),
            "refit='greedy_ensemble' of RayTuneSearchCV, whose trials",
        ),
    ],
)
def test_mistakes(search, message, digits):
    with pytest.raises(ValueError, match=message):
        search.fit(*digits)


def test_nothing_is_planned_for_a_refit(digits):
    X, y = digits
    plain = greedy(refit=True).plan(X, y)
    averaged = greedy().plan(X, y)
    assert plain.n_fits - averaged.n_fits == 1
