"""Hyperband and ASHA: what is promoted goes on, and ends as if it had not paused."""

import pickle

import joblib
import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import load_iris, make_regression
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import (
    LogisticRegression,
    Perceptron,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GroupKFold, KFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler, TargetEncoder
from sklearn.svm import SVC
from skorch.callbacks import Callback

from skhyper import (
    ASHASearchCV,
    CNNClassifier,
    GridSearchCV,
    HoldoutPipeline,
    HyperbandSearchCV,
    MLPClassifier,
    MLPRegressor,
    OptunaSearchCV,
)
from skhyper.search._brackets import make_brackets
from skhyper.search._fold import splitter_of
from skhyper.search._leg import Leg, fit_leg

X, Y = load_iris(return_X_y=True)
NET = MLPClassifier((6,), dropout=0.2, scheduler="cosine")
SPACE = {"lr": loguniform(1e-4, 1), "optimizer": ["adam", "sgd"]}
COMMON = {"max_epochs": 9, "cv": 3, "random_state": 0}
SEARCHES = {
    "hyperband": lambda net, space=SPACE, **more: HyperbandSearchCV(
        net, space, **{**COMMON, **more}
    ),
    "asha": lambda net, space=SPACE, **more: ASHASearchCV(
        net, space, **{"n_iter": 14, "n_points": 5, **COMMON, **more}
    ),
}


def assert_same(one, other):
    """Compare all of two tables but the times."""
    ours, theirs = one.cv_results_, other.cv_results_
    assert list(ours) == list(theirs)
    for name in ours:
        if not name.endswith("_time"):
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


def test_brackets_are_those_of_the_paper():
    # Table 1 of Li et al. 2018.
    table = [
        [(rung.n_candidates, rung.n_epochs) for rung in rungs]
        for rungs in make_brackets(81, 3, 1)
    ]
    assert table == [
        [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        [(34, 3), (11, 9), (3, 27), (1, 81)],
        [(15, 9), (5, 27), (1, 81)],
        [(8, 27), (2, 81)],
        [(5, 81)],
    ]


@pytest.mark.parametrize(
    ("arguments", "epochs"),
    [
        ((100, 3, 1), [1, 3, 11, 33, 100]),
        ((100, 4, 7), [25, 100]),
        ((7, 3, 7), [7]),
        ((1, 2, 1), [1]),
        ((10, 3, 3), [3, 10]),
    ],
)
def test_brackets_of_other_numbers(arguments, epochs):
    brackets = make_brackets(*arguments)
    assert [rung.n_epochs for rung in brackets[0]] == epochs
    for rungs in brackets:
        assert rungs[-1].n_epochs == arguments[0]
        assert rungs[0].n_epochs >= arguments[2]
        assert all(rung.n_candidates >= 1 for rung in rungs)


@pytest.mark.parametrize("kind", SEARCHES)
def test_it_is_the_same_fused_alone_and_in_processes(kind):
    pipeline = make_pipeline(StandardScaler(), NET)
    make = SEARCHES[kind]
    fused = make(pipeline, return_train_score=True).fit(X, Y)
    assert_same(fused, make(pipeline, return_train_score=True, fused=False).fit(X, Y))
    with joblib.parallel_config("loky", n_jobs=2):
        elsewhere = make(pipeline, return_train_score=True).fit(X, Y)
    assert_same(fused, elsewhere)
    assert fused.metadata_ == elsewhere.metadata_


@pytest.mark.parametrize("kind", SEARCHES)
@pytest.mark.parametrize(
    "net",
    [
        NET,
        make_pipeline(StandardScaler(), PCA(2), NET),
        CNNClassifier((4,), input_shape=(2, 2), channels=(2,), normalizer="batch"),
        BaggingClassifier(NET, 2),
        OneVsRestClassifier(NET),
        MLPClassifier((6,), early_stopping=True, patience=2, optimizer="radam"),
    ],
    ids=["MLP", "Pipeline", "CNN", "Bagging", "OneVsRest", "early stopping"],
)
def test_whoever_gets_to_the_end_has_the_scores_of_an_unbroken_training(kind, net):
    space = {"lr": loguniform(1e-3, 0.3)}
    search = SEARCHES[kind](net, space).fit(X, Y)
    results = search.cv_results_
    last = np.flatnonzero(results["n_resources"] == 9)
    assert 1 <= len(last) < len(results["params"])
    [place] = [name for name in net.get_params() if name.endswith("max_epochs")]
    grid = [
        {name: [value] for name, value in results["params"][candidate].items()}
        for candidate in last
    ]
    [seed] = {search.best_estimator_.get_params()[n] for n in random_states(net)}
    whole = clone(net).set_params(
        **{place: 9}, **dict.fromkeys(random_states(net), seed)
    )
    expected = GridSearchCV(whole, grid, cv=3, refit=False).fit(X, Y).cv_results_
    for name in ("split0_test_score", "split2_test_score", "mean_n_epochs"):
        np.testing.assert_array_equal(results[name][last], expected[name])


def random_states(net):
    return [name for name in net.get_params() if name.endswith("random_state")]


class Count(Callback):
    """Counts the epochs of all nets."""

    n_epochs = 0

    def on_epoch_end(self, net, **kwargs):
        Count.n_epochs += 1


@pytest.mark.filterwarnings("ignore::skhyper.exceptions.FusionWarning")
@pytest.mark.parametrize("kind", SEARCHES)
def test_no_epoch_is_trained_twice(kind):
    Count.n_epochs = 0
    net = MLPClassifier((6,), callbacks=[Count()])
    search = SEARCHES[kind](net, refit=False)
    plan = search.plan(X, Y)
    results = search.fit(X, Y).cv_results_
    assert Count.n_epochs == 3 * results["n_resources"].sum()
    assert Count.n_epochs == search.metadata_["n_epochs"] <= plan.max_epochs
    if kind == "hyperband":
        assert plan.max_epochs == Count.n_epochs
        assert search.metadata_["brackets"] == [
            [(9, 1), (3, 3), (1, 9)],
            [(5, 3), (1, 9)],
            [(3, 9)],
        ]


def test_fewer_epochs_than_halving_that_restarts():
    search = SEARCHES["hyperband"](NET, max_epochs=27, refit=False).fit(X, Y)
    [first, *_] = search.metadata_["brackets"]
    assert first == [(27, 1), (9, 3), (3, 9), (1, 27)]
    here = search.cv_results_["bracket"] == 0
    trained = search.cv_results_["mean_n_epochs"][here].sum()
    # Each rung costs what is new: 27, 18, 18 and 18 epochs instead of 27 each time.
    assert (trained, sum(n * epochs for n, epochs in first)) == (81, 108)


@pytest.mark.parametrize("seed", range(3))
def test_candidates_are_compared_by_their_scores_at_the_same_rung(seed):
    # Many scores fall with the epochs: those of the promoted are then below others'.
    space = {"lr": loguniform(1e-4, 1)}
    together = {"n_iter": 27, "n_points": 27, "max_epochs": 27, "random_state": seed}
    search = SEARCHES["asha"](NET, space, refit=False, **together).fit(X, Y)
    resources = search.cv_results_["n_resources"].tolist()
    assert [resources.count(n) for n in (1, 3, 9, 27)] == [18, 6, 2, 1]
    assert search.metadata_["n_epochs"] == 81 * 3


@pytest.mark.parametrize("kind", SEARCHES)
def test_the_table_tells_how_far_each_got_and_ranks_by_that_first(kind):
    search = SEARCHES[kind](NET, scoring=["accuracy", "neg_log_loss"], refit="accuracy")
    results = search.fit(X, Y).cv_results_
    assert set(results["n_resources"]) == {1, 3, 9}
    order = np.argsort(results["rank_test_accuracy"])
    keys = list(
        zip(
            -results["n_resources"][order],
            -results["mean_test_accuracy"][order],
            strict=True,
        )
    )
    assert keys == sorted(keys)
    assert search.best_index_ == order[0]
    np.testing.assert_array_equal(results["mean_n_epochs"], results["n_resources"])
    pauses = results["split0_stop_reason"] == "pause"
    np.testing.assert_array_equal(pauses, results["n_resources"] < 9)
    # A candidate of a rung is promoted only if none behind it was better.
    if kind == "hyperband":
        first = results["bracket"] == 0
        assert results["rung"][first].max() == 2
    assert search.best_estimator_.n_iter_ == 9
    assert "bracket" in search.results_frame() or kind == "asha"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
@pytest.mark.parametrize("kind", SEARCHES)
@pytest.mark.parametrize("error_score", [np.nan, 99.0])
def test_what_fails_is_not_promoted(kind, error_score):
    space = [{"lr": [-1.0]}, {"lr": loguniform(1e-3, 0.1)}]
    search = SEARCHES[kind](NET, space, error_score=error_score).fit(X, Y)
    results = search.cv_results_
    failed = results["param_lr"] == -1.0
    assert 0 < failed.sum() < len(failed)
    # In a bracket of one rung it is handed to the last one at once.
    assert (results["rung"][failed] == 0).all()
    assert results["rank_test_score"][failed].min() > (~failed).sum()


def steps_of(estimator, n_epochs):
    """Train an estimator of scikit-learn from the start, as it would be by hand."""
    if isinstance(estimator, LogisticRegression):
        return estimator.set_params(max_iter=n_epochs).fit
    if hasattr(estimator, "partial_fit"):

        def fit(X, y):
            for _ in range(n_epochs):
                estimator.partial_fit(X, y, classes=np.unique(y))
            return estimator

        return fit
    name = "max_iter" if "max_iter" in estimator.get_params() else "n_estimators"
    return estimator.set_params(**{name: n_epochs}).fit


OTHERS = {
    "SGDClassifier": (SGDClassifier(), {"alpha": loguniform(1e-5, 1)}),
    "MLPClassifier": (
        SklearnMLPClassifier((6,)),
        {"learning_rate_init": loguniform(1e-4, 1)},
    ),
    "GradientBoosting": (
        GradientBoostingClassifier(max_depth=1),
        {"learning_rate": loguniform(1e-3, 1)},
    ),
    "HistGradientBoosting": (
        HistGradientBoostingClassifier(max_depth=1, early_stopping=False),
        {"learning_rate": loguniform(1e-3, 1)},
    ),
    "LogisticRegression": (
        LogisticRegression(solver="saga"),
        {"C": loguniform(1e-3, 10)},
    ),
}


@pytest.mark.parametrize("kind", SEARCHES)
@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("front", [False, True], ids=["alone", "in a Pipeline"])
def test_estimators_of_scikit_learn_go_on(kind, name, front):
    estimator, space = OTHERS[name]
    if front:
        step = type(estimator).__name__.lower()
        space = {f"{step}__{parameter}": space[parameter] for parameter in space}
        estimator = make_pipeline(SelectKBest(k=3), StandardScaler(), estimator)
    search = SEARCHES[kind](estimator, space)
    search.fit(X, Y)
    assert set(search.cv_results_["n_resources"]) == {1, 3, 9}
    resources = search.cv_results_["n_resources"]
    np.testing.assert_array_equal(search.cv_results_["mean_n_epochs"], resources)
    assert search.metadata_["n_epochs"] == 3 * resources.sum()
    if front:
        *_, last = search.best_estimator_
        rows = search.best_estimator_[:-1].transform(X)
    else:
        last, rows = search.best_estimator_, X
    if name == "LogisticRegression":
        # Its warm start keeps the weights, but not the sums of the solver.
        assert search.best_score_ > 0.6
        return
    again = clone(last)
    if name != "MLPClassifier":
        again.set_params(warm_start=False)
    steps_of(again, 9)(rows, Y)
    np.testing.assert_array_equal(again.predict(rows), last.predict(rows))


class Watched(SGDClassifier):
    """Keeps the rows that it has learned from."""

    rows = []

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        Watched.rows.append(np.array(X))
        return super().partial_fit(X, y, classes, sample_weight)


@pytest.mark.parametrize("is_shuffled", [False, True])
@pytest.mark.parametrize("nested", [False, True])
def test_legs_learn_from_what_the_transformers_gave_when_they_were_fitted(
    nested, is_shuffled
):
    # The encoder gives rows that it is fitted on the mean of others' targets.
    rng = np.random.default_rng(0)
    kinds, y = rng.integers(0, 60, (200, 1)), rng.integers(0, 2, 200)
    folds = KFold(5, shuffle=is_shuffled)
    fronts = [TargetEncoder(cv=folds), PCA(random_state=0)]
    expected = make_pipeline(*fronts).fit_transform(kinds, y)
    known = make_pipeline(*fronts).fit(kinds, y).transform(kinds)
    watched = Watched(random_state=0)
    steps = [fronts[0], make_pipeline(fronts[1], watched)]
    pipeline = make_pipeline(*(steps if nested else [*fronts, watched]))
    name = "pipeline__watched__alpha" if nested else "watched__alpha"
    learned = rows_learned_from(pipeline, name, kinds, y)
    if not is_shuffled:
        for rows in learned:
            np.testing.assert_array_equal(rows, expected)
    # Each of the candidates has it fitted anew, once.
    assert len({rows.tobytes() for rows in learned}) == (5 if is_shuffled else 1)
    for rows in learned:
        assert abs(np.corrcoef(rows[:, 0], y)[0, 1]) < 0.3
    assert abs(np.corrcoef(known[:, 0], y)[0, 1]) > 0.4


def rows_learned_from(pipeline, name, X, y):
    """Fit a search that has Watched at the end, on all rows of one split."""
    Watched.rows.clear()
    everything = np.arange(len(y))
    search = HyperbandSearchCV(
        pipeline,
        {name: [1e-4, 1e-3, 0.01, 0.1, 1.0]},
        max_epochs=3,
        cv=[(everything, everything)],
        refit=False,
        random_state=0,
        error_score="raise",
    ).fit(X, y)
    assert len(Watched.rows) == search.metadata_["n_epochs"]
    return Watched.rows


def test_legs_learn_from_what_transformers_give_that_work_in_place():
    scaled = make_pipeline(StandardScaler(copy=False), Watched(random_state=0))
    for rows in rows_learned_from(scaled, "watched__alpha", X * 5 + 30, Y):
        np.testing.assert_array_equal(rows, StandardScaler().fit_transform(X * 5 + 30))


class Noisy(TransformerMixin, BaseEstimator):
    """Fits a shift at random, and gives rows of a type that cannot be pickled."""

    def __init__(self, is_local=False):
        self.is_local = is_local

    def fit(self, X, y=None):
        self.shift_ = np.random.default_rng().normal()
        return self

    def transform(self, X):
        class Local(np.ndarray):
            pass

        return (X + self.shift_).view(Local if self.is_local else np.ndarray)


@pytest.mark.parametrize("is_local", [False, True])
def test_legs_learn_from_what_is_drawn_once(is_local):
    noisy = make_pipeline(Noisy(is_local), Watched(random_state=0))
    learned = rows_learned_from(noisy, "watched__alpha", X, Y)
    assert len({rows[0, 0] for rows in learned}) == 5


def test_candidates_may_put_a_network_where_the_estimator_has_none():
    pipeline = HoldoutPipeline(
        [("scale", StandardScaler()), ("last", SGDClassifier(random_state=0))]
    )
    nets = [clone(NET).set_params(lr=lr) for lr in (1e-3, 0.1)]
    search = HyperbandSearchCV(
        pipeline, {"last": nets}, max_epochs=3, min_epochs=3, cv=3, random_state=0
    )
    assert search.set_params(error_score="raise").fit(X, Y).best_score_ > 0.5


class Once(TransformerMixin, BaseEstimator):
    """Does not take the rows again that it was fitted on."""

    def fit(self, X, y=None):
        self.n_rows_ = len(X)
        return self

    def fit_transform(self, X, y=None):
        self.fit(X)
        return X

    def transform(self, X):
        if len(X) == self.n_rows_:
            raise ValueError("It has seen them.")
        return X


def test_legs_learn_from_rows_that_are_transformed_only_once():
    once = make_pipeline(Once(), Watched(random_state=0))
    Watched.rows.clear()
    leg = Leg(max_epochs=3)
    for leg.n_epochs in (1, 2, 3):
        fit_leg(once, leg, X, Y, {})
    for rows in Watched.rows:
        np.testing.assert_array_equal(rows, X)
    assert len(Watched.rows) == 3


def test_legs_of_an_estimator_of_scikit_learn_are_one_training():
    # The best candidate on a split, against the same training without pauses.
    search = SEARCHES["hyperband"](SGDClassifier(), OTHERS["SGDClassifier"][1])
    splits = list(splitter_of(search.set_params(cv=3), Y).split(X, Y))
    results = search.fit(X, Y).cv_results_
    seed = search.best_estimator_.random_state
    for candidate, params in enumerate(results["params"]):
        for number, (train, test) in enumerate(splits):
            model = SGDClassifier(**params, random_state=seed)
            for _ in range(results["n_resources"][candidate]):
                model.partial_fit(X[train], Y[train], np.unique(Y[train]))
            score = results[f"split{number}_test_score"][candidate]
            assert model.score(X[test], Y[test]) == score


@pytest.mark.parametrize("kind", SEARCHES)
def test_groups_weights_and_regression(kind):
    X, y = make_regression(60, 5, random_state=0)
    groups = np.arange(60) % 6
    net = make_pipeline(StandardScaler(), MLPRegressor((4,)))
    search = SEARCHES[kind](net, {"lr": loguniform(1e-3, 1)}, cv=GroupKFold(3))
    search.fit(X, y, groups=groups, mlpregressor__sample_weight=np.ones(60))
    assert search.best_estimator_.predict(X).shape == y.shape
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("kind", SEARCHES)
def test_a_preset_and_lists_that_are_used_up(kind):
    search = SEARCHES[kind](NET, "regularization", max_epochs=3).fit(X, Y)
    assert np.isfinite(search.best_score_)
    asked = {
        "hyperband": "17 candidates, by max_epochs=9, factor=3, min_epochs=1",
        "asha": "14 candidates, by n_iter=14",
    }
    words = f"{asked[kind]}.* lists in its 'space' parameter .* only 2"
    with pytest.warns(UserWarning, match=words) as caught:
        search = SEARCHES[kind](NET, {"lr": [0.1, 0.01]}).fit(X, Y)
    assert len(caught) == 1
    assert len(search.cv_results_["params"]) == 2


@pytest.mark.parametrize("kind", SEARCHES)
def test_values_may_be_arrays(kind):
    sizes = [np.array([8, 8]), np.array([4, 4])]
    space = {"hidden_layer_sizes": sizes, "lr": loguniform(1e-3, 1)}
    search = SEARCHES[kind](NET, space).fit(X, Y)
    assert len(search.best_params_["hidden_layer_sizes"]) == 2


class Interrupted:
    """A scorer that is interrupted at its n-th call."""

    def __init__(self, n_calls):
        self.n_calls = n_calls

    def __call__(self, estimator, X, y):
        self.n_calls -= 1
        if not self.n_calls:
            raise KeyboardInterrupt
        return estimator.score(X, y)


@pytest.mark.parametrize("fused", [True, False])
def test_ctrl_c_keeps_whole_rungs(fused):
    # The first rungs have 17 candidates; the second ones are interrupted.
    scorer = Interrupted(17 * 3 + 4)
    search = SEARCHES["hyperband"](NET, scoring=scorer, fused=fused)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    results = search.cv_results_
    assert len(results["params"]) == 17
    whole = SEARCHES["hyperband"](NET, fused=fused).fit(X, Y).cv_results_
    # What a candidate has is of one rung on all splits.
    np.testing.assert_array_equal(results["mean_n_epochs"], results["n_resources"])
    assert set(results["rung"]) <= {0, 1}
    same = results["n_resources"] == whole["n_resources"]
    assert same.sum() >= 12
    for split in range(3):
        name = f"split{split}_test_score"
        np.testing.assert_array_equal(results[name][same], whole[name][same])


@pytest.mark.parametrize("kind", SEARCHES)
def test_a_search_is_pickled_and_cloned(kind):
    search = SEARCHES[kind](NET)
    again = pickle.loads(pickle.dumps(clone(search).fit(X, Y)))
    np.testing.assert_array_equal(again.predict(X), search.fit(X, Y).predict(X))


@pytest.mark.parametrize("kind", SEARCHES)
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_epochs": 0}, "'max_epochs' parameter of .*SearchCV must be an int"),
        ({"factor": 1}, "'factor' parameter of .*SearchCV must be an int"),
        ({"factor": 2.5}, "'factor' parameter of .*SearchCV must be an int"),
        ({"min_epochs": 10}, "'min_epochs' .* must be at most max_epochs=9. Got 10"),
        ({"estimator": SVC()}, "go on with its training.* Got SVC; Randomized"),
        ({"space": {"max_epochs": [1, 2]}}, "must not hold 'max_epochs'"),
        ({"space": {"learning_rate": [1, 2]}}, "learning_rate"),
        ({"fused": "yes"}, "'fused' parameter"),
    ],
)
def test_mistakes_are_named(kind, settings, message):
    search = SEARCHES[kind](NET).set_params(**settings)
    with pytest.raises(ValueError, match=message):
        search.fit(X, Y)
    with pytest.raises(ValueError, match=message):
        search.plan(X, Y)


PRUNED = {
    **SEARCHES,
    "optuna": lambda net, space, **more: OptunaSearchCV(
        net, space, **{"pruner": "median", "n_iter": 3, **COMMON, **more}
    ),
}


class Sampling(Pipeline):
    """Learns from every other row."""

    def fit(self, X, y=None, **params):
        return super().fit(X[::2], y[::2], **params)


class Stepwise(SGDClassifier):
    """Its steps are no steps of a Pipeline."""

    def __init__(self, steps=1):
        self.steps = steps
        super().__init__()


def test_a_number_of_steps_that_is_searched_is_no_other_end():
    pipeline = Sampling([("scale", StandardScaler()), ("last", Stepwise())])
    search = HyperbandSearchCV(pipeline, {"last__steps": [1, 2]}, max_epochs=3)
    with pytest.raises(ValueError, match="must not have a fit of its own"):
        search.fit(X, Y)


@pytest.mark.parametrize("kind", PRUNED)
@pytest.mark.parametrize("is_nested", [False, True])
def test_pipelines_with_a_fit_of_their_own_are_fitted_by_it_or_refused(kind, is_nested):
    def pipeline(last):
        own = Sampling([("scale", StandardScaler()), ("last", last)])
        return make_pipeline(own) if is_nested else own

    search = PRUNED[kind](pipeline(SGDClassifier()), {})
    words = "must not have a fit of its own. Got Sampling; take scikit-learn's"
    for method in (search.fit, search.plan):
        with pytest.raises(ValueError, match=words):
            method(X, Y)
    name = f"{'sampling__' * is_nested}last"
    nets = [clone(NET).set_params(lr=lr) for lr in np.linspace(0.01, 0.2, 18)]
    search.set_params(space={name: nets})
    assert search.fit(X, Y).best_score_ > 0
    with pytest.raises(TypeError, match="Sampling has a fit of its own, so it cannot"):
        # As a candidate may put one in.
        fit_leg(pipeline(SGDClassifier()), Leg(1, 3), X, Y, {})
    search = PRUNED[kind](pipeline(NET), SPACE).fit(X, Y)
    own = search.best_estimator_[0] if is_nested else search.best_estimator_
    assert own["scale"].n_samples_seen_ == 75


@pytest.mark.parametrize("kind", PRUNED)
@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        (NET, "max_epochs"),
        (make_pipeline(StandardScaler(), NET), "max_epochs"),
        (make_pipeline(StandardScaler(), NET), "mlpclassifier__max_epochs"),
        (RandomForestClassifier(), "n_estimators"),
        (HistGradientBoostingClassifier(), "max_iter"),
        (SGDClassifier(), "max_iter"),
        (make_pipeline(StandardScaler(), SGDClassifier()), "sgdclassifier__max_iter"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_the_number_that_is_shared_out_is_not_searched(kind, estimator, name):
    search = PRUNED[kind](estimator, {name: [5, 50]})
    message = f"must not hold '.*{name}'.* up to its own max_epochs"
    with pytest.raises(ValueError, match=message):
        search.fit(X, Y)
    with pytest.raises(ValueError, match=message):
        search.plan(X, Y)


def test_the_number_is_searched_where_nothing_is_shared_out():
    search = OptunaSearchCV(
        RandomForestClassifier(), {"n_estimators": [3, 5]}, n_iter=2, random_state=0
    ).fit(X, Y)
    assert search.best_estimator_.n_estimators == search.best_params_["n_estimators"]


SCALED_SGD = make_pipeline(StandardScaler(), SGDClassifier(random_state=0))
WEIGHTS = np.random.default_rng(0).uniform(size=len(Y)) ** 3


def sgd_scores(splits, scaler_weight, sgd_weight):
    """Score three epochs by hand, with weights or without."""
    scores = []
    for train, test in splits:
        scaler = StandardScaler().fit(X[train], sample_weight=scaler_weight[train])
        model = SGDClassifier(random_state=0, alpha=0.1)
        for _ in range(3):
            rows = scaler.transform(X[train])
            model.partial_fit(rows, Y[train], np.unique(Y), sgd_weight[train])
        scores.append(model.score(scaler.transform(X[test]), Y[test]))
    return scores


def scores_of_splits(search):
    return [search.cv_results_[f"split{n}_test_score"][0] for n in range(3)]


@pytest.mark.parametrize("scaler", [True, False])
@pytest.mark.parametrize("sgd", [True, False])
@pytest.mark.parametrize("depth", [1, 2])
def test_metadata_goes_to_the_steps_that_request_it(scaler, sgd, depth):
    score = make_scorer(accuracy_score)
    with config_context(enable_metadata_routing=True):
        steps = (
            StandardScaler().set_fit_request(sample_weight=scaler),
            SGDClassifier(random_state=0).set_fit_request(sample_weight=sgd),
        )
        pipeline = make_pipeline(*steps)
        if depth == 2:
            pipeline = make_pipeline("passthrough", pipeline)
        name = next(n for n in pipeline.get_params() if n.endswith("__alpha"))
        search = SEARCHES["asha"](
            pipeline,
            {name: [0.1]},
            n_iter=1,
            max_epochs=3,
            scoring=score.set_score_request(sample_weight=False),
        )
        if not (scaler or sgd):
            with pytest.raises(TypeError, match="sample_weight"):
                search.fit(X, Y, sample_weight=WEIGHTS)
            return
        search.fit(X, Y, sample_weight=WEIGHTS)
    splits = list(splitter_of(search, Y).split(X, Y))
    one = np.ones(len(Y))
    expected = sgd_scores(splits, WEIGHTS if scaler else one, WEIGHTS if sgd else one)
    assert scores_of_splits(search) == expected


def test_arguments_of_steps_go_to_the_steps():
    search = SEARCHES["asha"](
        SCALED_SGD, {"sgdclassifier__alpha": [0.1]}, n_iter=1, max_epochs=3
    )
    search.fit(X, Y, standardscaler__sample_weight=WEIGHTS)
    splits = list(splitter_of(search, Y).split(X, Y))
    expected = sgd_scores(splits, WEIGHTS, np.ones(len(Y)))
    assert scores_of_splits(search) == expected
    search.fit(X, Y, sgdclassifier__sample_weight=WEIGHTS)
    expected = sgd_scores(splits, np.ones(len(Y)), WEIGHTS)
    assert scores_of_splits(search) == expected


class Moved(TransformerMixin, BaseEstimator):
    """Moves rows by what is given for them."""

    def fit(self, X, y=None):
        return self

    def transform(self, X, by):
        return X + by[:, None]

    def fit_transform(self, X, y=None, by=None):
        return self.transform(X, by)


def test_each_leg_transforms_by_what_the_steps_have_requested():
    with config_context(enable_metadata_routing=True):
        moved = make_pipeline(
            Moved().set_transform_request(by=True), SGDClassifier(random_state=0)
        )
        search = SEARCHES["asha"](
            moved, {"sgdclassifier__alpha": [0.1]}, n_iter=1, refit=False
        )
        search.set_params(scoring=lambda estimator, X, y: estimator[-1].t_)
        search.fit(X, Y, by=np.ones(len(Y)))
    assert scores_of_splits(search) == [901.0] * 3


@pytest.mark.parametrize("pipeline", [SCALED_SGD, make_pipeline(SGDClassifier())])
def test_arguments_of_no_step_are_refused(pipeline):
    search = SEARCHES["asha"](pipeline, {"sgdclassifier__alpha": [0.1]}, n_iter=1)
    search.set_params(error_score="raise")
    words = r"ASHASearchCV.fit takes .* as step__argument.* Got 'sample_weight'"
    with pytest.raises(TypeError, match=words):
        search.fit(X, Y, sample_weight=WEIGHTS)


class Scaler(StandardScaler):
    """Tells how many rows it has transformed, each time."""

    seen = []

    def transform(self, X, copy=None):
        Scaler.seen.append(len(X))
        return super().transform(X, copy)


class Referring(SGDClassifier):
    """Is given rows beside those that it learns from."""

    def fit(self, X, y, reference=None):
        return super().fit(X, y)

    def partial_fit(self, X, y, classes=None, reference=None):
        assert abs(reference.mean()) < 0.5, "it is transformed"
        return super().partial_fit(X, y, classes)


@pytest.mark.parametrize("is_nested", [False, True])
def test_each_leg_transforms_an_argument_once(is_nested):
    with config_context(enable_metadata_routing=True):
        last = Referring(random_state=0).set_fit_request(reference=True)
        if is_nested:
            last = make_pipeline(PCA(2), last)
        pipeline = make_pipeline(Scaler(), last, transform_input=["reference"])
        leg = Leg(max_epochs=3)
        for leg.n_epochs in (1, 2, 3):
            Scaler.seen.clear()
            fit_leg(pipeline, leg, X, Y, {"reference": X[::3]})
            assert Scaler.seen.count(len(X[::3])) == 1


@pytest.mark.parametrize("kind", PRUNED)
@pytest.mark.parametrize(
    ("estimator", "name", "got"),
    [
        (SGDClassifier, "SGDClassifier", {"early_stopping": True}),
        (SGDClassifier, "SGDClassifier", {"class_weight": "balanced"}),
        (Perceptron, "Perceptron", {"class_weight": "balanced"}),
        (SGDRegressor, "SGDRegressor", {"early_stopping": True}),
        (SklearnMLPClassifier, "MLPClassifier", {"early_stopping": True}),
    ],
)
@pytest.mark.parametrize(
    "within",
    [
        lambda last: last,
        lambda last: make_pipeline(StandardScaler(), make_pipeline(PCA(2), last)),
        lambda last: make_pipeline(OneVsRestClassifier(last)),
    ],
    ids=["alone", "in a Pipeline", "in OneVsRest"],
)
def test_what_partial_fit_refuses_is_refused_beforehand(
    kind, estimator, name, got, within
):
    [(argument, value)] = got.items()
    search = PRUNED[kind](within(estimator(**got)), {}, min_epochs=99)
    words = f"partial_fit of {name}, .*Got {argument}={value!r}"
    for call in (search.fit, search.plan):
        with pytest.raises(ValueError, match=words) as caught:
            call(X, Y)
        assert "'min_epochs' parameter" in str(caught.value)


@pytest.mark.parametrize(
    "last",
    [
        SGDClassifier(class_weight={0: 2, 1: 1, 2: 1}, random_state=0),
        BaggingClassifier(SGDClassifier(early_stopping=True), 2, random_state=0),
        HistGradientBoostingClassifier(
            max_depth=1, early_stopping=True, random_state=0
        ),
    ],
    ids=lambda last: type(last).__name__,
)
def test_what_goes_on_all_the_same_is_not_refused(last):
    pipeline = make_pipeline(make_pipeline(StandardScaler(), last))
    search = HyperbandSearchCV(
        pipeline, {"pipeline__standardscaler__with_mean": [True, False]}, max_epochs=1
    )
    search.set_params(error_score="raise", min_epochs=1, cv=2, random_state=0)
    assert search.fit(X, Y).best_score_ > 0.5


class Stateless(TransformerMixin, BaseEstimator):
    """Has nothing to learn, and so never looks fitted."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.log1p(X)


def test_legs_pass_transformers_without_a_state(digits):
    pipeline = make_pipeline(Stateless(), SGDClassifier(random_state=0))
    search = HyperbandSearchCV(
        pipeline,
        {"sgdclassifier__alpha": loguniform(1e-4, 1e-2)},
        max_epochs=4,
        factor=2,
        cv=2,
        random_state=0,
        error_score="raise",
    )
    assert search.fit(*digits).score(*digits) > 0.9
