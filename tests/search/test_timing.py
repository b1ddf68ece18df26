"""A plan that times a miniature, and leaves no trace of it."""

import math
import pickle
from collections import Counter
from copy import deepcopy

import joblib
import numpy as np
import optuna
import pytest
from scipy.stats import loguniform
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhyper import MLPClassifier
from skhyper.search import (
    ASHASearchCV,
    BayesSearchCV,
    GridSearchCV,
    HyperbandSearchCV,
    HyperoptSearchCV,
    OptunaSearchCV,
    Plan,
    RandomizedSearchCV,
    RayTuneSearchCV,
)
from skhyper.search._miniature import choose
from skhyper.search._pace import Pace, Timed, Work, pace_of
from skhyper.search._rehearsal import rehearse

SPACE = {"lr": loguniform(1e-3, 1e-1), "activation": ["relu", "tanh"]}
NET = MLPClassifier(hidden_layer_sizes=(4,), max_epochs=3)
PIPELINE = Pipeline([("scale", StandardScaler()), ("net", NET)])
COMMON = {"cv": 2, "random_state": 0}

SEARCHES = {
    "grid": GridSearchCV(PIPELINE, {"lr": [0.01, 0.1]}, **COMMON),
    "randomized": RandomizedSearchCV(PIPELINE, SPACE, n_iter=3, **COMMON),
    "bayes": BayesSearchCV(
        PIPELINE, {"lr": (1e-3, 1e-1, "log-uniform")}, n_iter=4, n_points=2, **COMMON
    ),
    "hyperband": HyperbandSearchCV(PIPELINE, SPACE, max_epochs=3, **COMMON),
    "asha": ASHASearchCV(PIPELINE, SPACE, n_iter=4, max_epochs=3, **COMMON),
    "optuna": OptunaSearchCV(PIPELINE, SPACE, n_iter=4, n_points=2, **COMMON),
    "pruned": OptunaSearchCV(
        PIPELINE, SPACE, n_iter=4, pruner="median", max_epochs=3, **COMMON
    ),
    "hyperopt": HyperoptSearchCV(PIPELINE, SPACE, n_iter=4, n_points=2, **COMMON),
    "alone": GridSearchCV(PIPELINE, {"lr": [0.01, 0.1]}, fused=False, **COMMON),
    "of others": GridSearchCV(SVC(), {"C": [0.1, 1.0, 10.0]}, cv=2),
    "partial_fit": HyperbandSearchCV(
        SGDClassifier(), {"alpha": loguniform(1e-5, 1e-2)}, max_epochs=3, **COMMON
    ),
    "mixed": GridSearchCV(PIPELINE, {"net": [NET, SVC()]}, **COMMON),
    "multiclass": GridSearchCV(OneVsRestClassifier(NET), {"lr": [0.01, 0.1]}, **COMMON),
    "no refit": GridSearchCV(NET, {"lr": [0.01, 0.1]}, refit=False, **COMMON),
}


@pytest.fixture
def data(classification_data):
    return classification_data


def results_of(search):
    """Give what two fits have in common, if they are the same: all but the times."""
    return {
        name: list(map(str, values))
        for name, values in search.cv_results_.items()
        if not name.endswith("_time")
    }


# What a miniature says of the whole.


def test_the_pace_is_found_that_the_times_come_from():
    def seconds(n_candidates, n_structures, n_epochs):
        return n_candidates * 0.5 + n_epochs * (n_structures * 0.2 + n_candidates * 0.1)

    few, many = (
        Timed(n, 2, (n * 1, n * 9), (seconds(n, 2, 1), seconds(n, 2, 9)))
        for n in (2, 6)
    )
    pace = pace_of(few, many)
    assert pace.per_fit == pytest.approx(0.5)
    assert pace.per_structure == pytest.approx(0.2)
    assert pace.per_epoch == pytest.approx(0.1)
    whole = [Work(structure, 40) for structure in "abc" for _ in range(20)]
    assert pace.seconds(whole) == pytest.approx(seconds(60, 3, 40))


def test_a_round_counts_the_stacks_that_are_still_trained():
    pace = Pace(per_fit=1.0, per_epoch=0.1, per_structure=10.0)
    works = [Work("a", 2), Work("a", 5), Work("b", 2), Work("c", 0)]
    # 2 epochs of three candidates in two stacks, 3 epochs of the one that goes on.
    assert pace.seconds(works) == pytest.approx(4 + 2 * (20 + 0.3) + 3 * (10 + 0.1))


@pytest.mark.parametrize("slow", [0.1, 5.0, 40.0])
def test_a_noisy_time_of_few_never_makes_a_negative_pace(slow):
    few = Timed(1, 1, (1, 9), (1.0, 1.0 + slow))
    many = Timed(4, 1, (4, 36), (2.0, 10.0))
    pace = pace_of(few, many)
    assert min(pace.per_fit, pace.per_epoch, pace.per_structure) >= 0
    # What was measured of many is said of as many.
    assert pace.seconds([Work("a", 9)] * 4) == pytest.approx(10.0)


def test_a_longer_training_that_took_no_longer_costs_nothing_per_epoch():
    timed = Timed(2, 1, (2, 18), (3.0, 2.0))
    assert pace_of(timed, timed) == Pace(1.0, 0.0, 0.0)


def test_what_has_no_epochs_costs_its_fits():
    timed = Timed(4, 1, (0, 0), (8.0, 8.0))
    assert pace_of(timed, timed) == Pace(2.0, 0.0, 0.0)


def test_a_miniature_has_a_few_of_many_structures():
    works = [Work(structure, 5) for structure in "abcdefghi" for _ in range(10)]
    numbers = choose(works, 24)
    assert len(set(numbers)) == len(numbers) <= 24
    counted = Counter(works[number].structure for number in numbers)
    assert len(counted) == 8
    assert sum(counted.values()) > 2 * 8


def test_a_miniature_of_few_has_them_all():
    works = [Work(structure, 5) for structure in "abc"]
    assert sorted(choose(works, 8)) == [0, 1, 2]
    assert len(choose(works, 1)) == 1


# What the rounds of a search are.


def rounds_of(search):
    search = deepcopy(search)
    return rehearse(search, PIPELINE, search.plan([[0.0]] * 4, [0, 1] * 2).n_candidates)


def counts(rounds):
    return [[(len(works), sum(w.n_epochs for w in works))] for works in rounds]


def test_hyperband_is_rehearsed_rung_by_rung():
    search = HyperbandSearchCV(PIPELINE, SPACE, max_epochs=9, **COMMON)
    rehearsal = rounds_of(search)
    assert counts(rehearsal.rounds) == [
        [(9 + 5 + 3, 9 * 1 + 5 * 3 + 3 * 9)],
        [(3 + 1, 3 * 2 + 1 * 6)],
        [(1, 6)],
    ]
    assert rehearsal.share == 1


def test_asha_is_rehearsed_as_it_promotes():
    search = ASHASearchCV(PIPELINE, SPACE, n_iter=9, max_epochs=9, **COMMON)
    works = [work for works in rounds_of(search).rounds for work in works]
    assert [work.n_epochs for work in works].count(1) == 9
    # The asynchronous promotions are at least those of the best third.
    assert 3 <= [work.n_epochs for work in works].count(2) <= 8
    assert [work.n_epochs for work in works].count(6) >= 1


def test_batches_of_an_engine_are_taken_to_be_like_the_first():
    rehearsal = rounds_of(SEARCHES["bayes"])
    assert counts(rehearsal.rounds) == [[(2, 6)]]
    assert rehearsal.share == 2


def test_a_pruner_is_taken_to_prune_nothing():
    search = OptunaSearchCV(
        PIPELINE, SPACE, n_iter=16, n_points=4, pruner="median", max_epochs=9, **COMMON
    )
    rehearsal = rounds_of(search)
    assert counts(rehearsal.rounds) == [[(4, 4)], [(4, 8)], [(4, 24)]]
    assert rehearsal.share == 4


def test_the_epochs_of_each_candidate_of_a_list_count():
    grid = {"max_epochs": [2, 5], "hidden_layer_sizes": [(2,), (3,)]}
    rehearsal = rounds_of(GridSearchCV(PIPELINE, grid, **COMMON))
    [works] = rehearsal.rounds
    assert sorted(work.n_epochs for work in works) == [2, 2, 5, 5]
    assert len({work.structure for work in works}) == 2


# The prediction, of every search.


@pytest.mark.parametrize("kind", SEARCHES)
def test_seconds_are_foreseen(kind, data, unchanged_global_random_state):
    search = SEARCHES[kind]
    X, y = data
    before = pickle.dumps((X, y)), pickle.dumps(search)
    plan = search.plan(X, y, time=True)
    assert 0 < plan.seconds < math.inf
    if search.refit:
        assert 0 < plan.refit_seconds < plan.seconds
    else:
        assert plan.refit_seconds is None
    assert (pickle.dumps((X, y)), pickle.dumps(search)) == before


@pytest.mark.parametrize("kind", ["randomized", "bayes", "asha", "optuna", "mixed"])
def test_a_fit_is_the_same_after_the_miniature(kind, data):
    without, planned = deepcopy(SEARCHES[kind]), deepcopy(SEARCHES[kind])
    for search in (without, planned):
        if kind in ("randomized", "asha"):
            search.set_params(random_state=np.random.RandomState(3))
        search.set_params(
            cv=KFold(2, shuffle=True, random_state=np.random.RandomState(1))
        )
    planned.plan(*data, time=True)
    assert results_of(planned.fit(*data)) == results_of(without.fit(*data))


def test_the_plan_is_else_the_one_without_times(data):
    search = SEARCHES["randomized"]
    plan, timed = search.plan(*data), search.plan(*data, time=True)
    assert plan.seconds is None
    assert plan.refit_seconds is None
    assert repr(timed).startswith(repr(plan))


def test_the_global_generator_is_left_where_it_was(data, unchanged_global_random_state):
    search = RandomizedSearchCV(NET, SPACE, n_iter=2, cv=KFold(2, shuffle=True))
    assert search.plan(*data, time=True).seconds > 0


def test_nothing_is_written(data, tmp_path):
    net = MLPClassifier((4,), max_epochs=3, memory=tmp_path / "net")
    pipeline = Pipeline([("scale", PCA(2)), ("net", net)], memory=str(tmp_path / "pca"))
    settings = {"memory": tmp_path / "search", **COMMON}
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    for search in (
        GridSearchCV(pipeline, {"lr": [0.01, 0.1]}, **settings),
        HyperoptSearchCV(
            pipeline, SPACE, n_iter=2, trials=tmp_path / "trials", **settings
        ),
        OptunaSearchCV(
            pipeline, SPACE, n_iter=2, storage=storage, study_name="s", **settings
        ),
    ):
        assert search.plan(*data, time=True).seconds > 0
    assert list(tmp_path.iterdir()) == []


def test_a_search_that_would_go_on_is_planned_as_a_new_one(data, tmp_path):
    settings = {"n_iter": 2, "refit": False, **COMMON}
    study = {"storage": f"sqlite:///{tmp_path / 'study.db'}", "study_name": "s"}
    for search in (
        HyperoptSearchCV(NET, SPACE, trials=tmp_path / "trials", **settings),
        OptunaSearchCV(NET, SPACE, **study, **settings),
    ):
        assert search.fit(*data).plan(*data, time=True).seconds > 0


def test_a_study_and_a_sampler_of_the_user_are_left_alone(data):
    storage = optuna.storages.InMemoryStorage()
    sampler = optuna.samplers.RandomSampler(seed=0)
    search = OptunaSearchCV(
        NET, SPACE, n_iter=2, storage=storage, study_name="s", sampler=sampler, cv=2
    )
    before = sampler._rng.rng.get_state()[2]
    assert search.plan(*data, time=True).seconds > 0
    assert storage.get_all_studies() == []
    assert sampler._rng.rng.get_state()[2] == before


def test_what_fit_is_given_the_miniature_is_given(data):
    X, y = data
    search = GridSearchCV(
        LogisticRegression(), {"C": [0.1, 1.0]}, cv=GroupKFold(3), refit=False
    )
    groups, weight = np.arange(len(y)) % 3, np.ones(len(y))
    plan = search.plan(X, y, time=True, groups=groups, sample_weight=weight)
    assert plan.n_splits == 3
    assert plan.seconds > 0


def test_splits_that_can_be_read_once_are_left_to_fit(data):
    X, y = data
    splits = list(StratifiedKFold(3).split(X, y))
    search = GridSearchCV(SVC(), {"C": [0.1, 1.0]}, cv=iter(splits))
    assert search.plan(X, y, time=True).seconds > 0
    assert search.fit(X, y).n_splits_ == 3


def test_processes_can_run_it(data):
    search = GridSearchCV(NET, {"lr": [0.01, 0.1]}, n_jobs=2, fused=False, **COMMON)
    with joblib.parallel_config("threading"):
        assert search.plan(*data, time=True).seconds > 0


def test_candidates_that_fail_are_no_matter_unless_all_do(data):
    some = {"lr": [0.01, 1e30], "optimizer": ["sgd"]}
    search = GridSearchCV(NET, some, error_score="raise", **COMMON)
    assert search.plan(*data, time=True).seconds > 0
    search = GridSearchCV(NET, {"batch_size": ["none"]}, **COMMON)
    with pytest.raises(ValueError, match=r"(?s)GridSearchCV\.plan.*batch_size"):
        search.plan(*data, time=True)


@pytest.mark.parametrize("time", ["yes", 1, None])
def test_another_time_is_refused(time, data):
    search = SEARCHES["grid"]
    with pytest.raises(
        ValueError, match=rf"'time' parameter of GridSearchCV\.plan .* Got {time!r}"
    ):
        search.plan(*data, time=time)


def test_ray_tune_is_refused(data):
    search = RayTuneSearchCV(NET, SPACE, n_iter=2, cv=2)
    with pytest.raises(ValueError, match=r"'time' parameter of RayTuneSearchCV\.plan"):
        search.plan(*data, time=True)
    assert search.plan(*data).seconds is None


# The plan beside what came true.


def test_the_words_of_a_plan_with_times():
    plan = Plan(4, 3, True, 65, 1, seconds=42.4, refit_seconds=1.34)
    assert repr(plan).splitlines()[-1] == (
        "about 42 s if none stops early, 1.3 s of it for the refit"
    )
    plan = Plan(4, 3, False, 65, 1, seconds=4000.0)
    assert repr(plan).splitlines()[-1] == "about 67 min if none stops early"
    plan = Plan(4, 3, False, seconds=40_000.0)
    assert repr(plan).splitlines()[-1] == "about 11 h"


@pytest.mark.parametrize("kind", ["grid", "hyperband", "bayes", "of others"])
def test_a_plan_is_compared_with_what_came_true(kind, data):
    search = deepcopy(SEARCHES[kind])
    plan = search.plan(*data, time=True)
    table = plan.compare(search.fit(*data))
    assert list(table.columns) == ["planned", "actual"]
    assert table["planned"]["candidates"] == table["actual"]["candidates"]
    assert table["planned"]["fits"] == table["actual"]["fits"] == plan.n_fits
    assert table["planned"]["seconds"] == plan.seconds
    if kind == "of others":
        assert table.loc["epochs"].isna().all()
        assert search.refit_time_ < table["actual"]["seconds"] < 60
    else:
        took = search.evaluation_time_ + search.refit_time_
        assert table["actual"]["seconds"] == pytest.approx(took)
        assert table["planned"]["epochs"] == plan.max_epochs
        assert 0 < table["actual"]["epochs"] <= plan.max_epochs


def test_trained_epochs_of_a_comparison_are_those_that_were_trained():
    X, y = make_classification(n_samples=200, random_state=0)
    net = MLPClassifier((4,), max_epochs=50, early_stopping=True, patience=1, lr=0.1)
    search = GridSearchCV(net, {"l2": [0.0, 0.1]}, **COMMON).fit(X, y)
    trained = search.cv_results_["mean_n_epochs"].sum() * 2
    trained += search.best_estimator_.n_iter_
    table = search.plan(X, y).compare(search)
    assert table["actual"]["epochs"] == trained < table["planned"]["epochs"] == 250
    assert math.isnan(table["planned"]["seconds"])


def test_an_average_of_the_splits_takes_no_refit(data):
    search = deepcopy(SEARCHES["grid"]).set_params(refit="ensemble").fit(*data)
    plan = search.plan(*data, time=True)
    assert plan.refit_seconds is None
    table = plan.compare(search)
    assert table["planned"]["fits"] == table["actual"]["fits"]
    assert table["actual"]["seconds"] == search.evaluation_time_


def test_seconds_of_the_candidates_are_kept(data):
    for kind in ("grid", "bayes", "hyperband", "hyperopt"):
        search = deepcopy(SEARCHES[kind]).fit(*data)
        assert 0 < search.evaluation_time_ < 60


@pytest.mark.parametrize(
    "search",
    [
        GridSearchCV(SVC(), {"C": [0.1, 1.0]}, cv=2),
        RandomizedSearchCV(SVC(), {"C": [0.1, 1.0]}, n_iter=2, **COMMON),
        BayesSearchCV(SVC(), {"C": [0.1, 1.0]}, n_iter=2, **COMMON),
        OptunaSearchCV(SVC(), {"C": [0.1, 1.0]}, n_iter=2, **COMMON),
        HyperoptSearchCV(SVC(), {"C": [0.1, 1.0]}, n_iter=2, **COMMON),
        SEARCHES["partial_fit"],
        GridSearchCV(Pipeline([("last", SVC())]), {"last": [SVC(), NET]}, **COMMON),
    ],
    ids=lambda search: type(search).__name__,
)
def test_seconds_of_other_estimators_are_known(search, data):
    search = deepcopy(search).fit(*data)
    # Attributes that scikit-learn's searches lack are for networks alone.
    assert hasattr(search, "evaluation_time_") == isinstance(search, BayesSearchCV)
    table = search.plan(*data).compare(search)
    assert search.refit_time_ < table["actual"]["seconds"] < 60
    if isinstance(search, HyperbandSearchCV):
        trained = 2 * search.cv_results_["n_resources"].sum()
        assert table["actual"]["epochs"] == trained


def test_seconds_are_known_of_networks_that_candidates_bring_into_the_backend(data):
    search = GridSearchCV(Pipeline([("last", SVC())]), {"last": [NET]}, **COMMON)
    with joblib.parallel_config("fused"):
        assert search.fit(*data).evaluation_time_ > 0
