"""Rows for early stopping, set aside before a Pipeline's transformers are fitted."""

import pickle
from copy import deepcopy

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import load_diabetes
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import GridSearchCV as SklearnGridSearchCV
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KernelCenterer,
    OneHotEncoder,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from skhyper import (
    ASHASearchCV,
    BayesSearchCV,
    GridSearchCV,
    HoldoutPipeline,
    HyperbandSearchCV,
    HyperoptSearchCV,
    MLPClassifier,
    MLPRegressor,
    OptunaSearchCV,
    RandomizedSearchCV,
)
from tests.comparing import same_weights

RATES = {"lr": [0.003, 0.03]}
RANGE = {"lr": (0.003, 0.03, "log-uniform")}

SEARCHES = {
    "grid": lambda p, **kw: GridSearchCV(p, RATES, **kw),
    "random": lambda p, **kw: RandomizedSearchCV(p, RANGE, n_iter=2, **kw),
    "bayes": lambda p, **kw: BayesSearchCV(p, RANGE, n_iter=2, **kw),
    "optuna": lambda p, **kw: OptunaSearchCV(p, RANGE, n_iter=2, **kw),
    "hyperopt": lambda p, **kw: HyperoptSearchCV(p, RANGE, n_iter=2, **kw),
    "hyperband": lambda p, **kw: HyperbandSearchCV(
        p, RANGE, max_epochs=9, min_epochs=3, **kw
    ),
    "asha": lambda p, **kw: ASHASearchCV(
        p, RANGE, n_iter=4, max_epochs=9, min_epochs=3, **kw
    ),
}


class Watch(TransformerMixin, BaseEstimator):
    """Remembers which rows it was fitted on: they hold their numbers."""

    def fit(self, X, y=None, sample_weight=None):
        self.seen_ = np.asarray(X)[:, 0].astype(int)
        self.weight_ = sample_weight
        return self

    def transform(self, X):
        return X


def numbered(X):
    """Put the number of each row in front of it."""
    return np.column_stack([np.arange(len(X)), X])


def without_number(X):
    return X[:, 1:]


def watching(network):
    return [
        ("watch", Watch()),
        ("drop", FunctionTransformer(without_number)),
        ("net", network),
    ]


def stopping(kind=MLPClassifier, **params):
    return kind(
        **{
            "hidden_layer_sizes": (8,),
            "max_epochs": 12,
            "early_stopping": True,
            "random_state": 0,
        }
        | params
    )


def honest_score(fit, n=200):
    """Average what stops the network over five draws of features without meaning."""
    scores = []
    for seed in range(5):
        X = np.random.default_rng(seed).normal(size=(n, 2000))
        y = np.arange(n) % 2
        net = stopping(
            hidden_layer_sizes=(64,),
            validation_fraction=0.5,
            random_state=seed,
            max_epochs=20,
        )
        network = fit(Pipeline([("select", SelectKBest(k=20)), ("net", net)]), X, y)
        scores.append(network.validation_scores_[network.best_epoch_ - 1])
    return np.mean(scores)


def test_noise_looks_like_noise_only_if_rows_are_set_aside_first():
    # 500 rows in all stop the networks: the standard error of chance is 0.022.
    plain = honest_score(lambda p, X, y: p.fit(X, y)[-1])
    assert plain > 0.7
    held = honest_score(lambda p, X, y: HoldoutPipeline(p.steps).fit(X, y)[-1])
    assert held == pytest.approx(0.5, abs=0.07)


@pytest.mark.parametrize("name", SEARCHES)
def test_searches_do_it_by_themselves(name):
    def fit(pipeline, X, y):
        search = SEARCHES[name](pipeline, cv=2, random_state=0)
        return search.fit(X, y).best_estimator_[-1]

    assert honest_score(fit) == pytest.approx(0.5, abs=0.07)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_the_rows_are_those_that_the_network_sets_aside(kind, weighted, digits):
    X, y = digits
    weight = np.random.default_rng(0).integers(0, 3, len(y)) if weighted else None
    params = {"net__sample_weight": weight} if weighted else {}
    pipeline = HoldoutPipeline(watching(stopping(kind)))
    pipeline.fit(numbered(X), y, **params)
    # With no more than that in front, the network is what it is by itself.
    alone = stopping(kind).fit(X, y, sample_weight=weight)
    assert same_weights(pipeline[-1], alone)
    assert pipeline[-1].validation_scores_ == alone.validation_scores_
    n_counting = len(y) if weight is None else np.count_nonzero(weight)
    aside = np.setdiff1d(np.arange(len(y)), pipeline["watch"].seen_)
    assert len(aside) == np.ceil(0.1 * n_counting)
    assert weight is None or (weight[aside] > 0).all()


def test_transformers_learn_from_the_other_rows_only(digits):
    X, y = digits
    seen = HoldoutPipeline(watching(stopping())).fit(numbered(X), y)["watch"].seen_
    pipeline = HoldoutPipeline([("scale", StandardScaler()), ("net", stopping())]).fit(
        X, y
    )
    np.testing.assert_array_equal(
        pipeline["scale"].mean_, StandardScaler().fit(X[seen]).mean_
    )
    assert 0 < len(seen) < len(X)
    # Rows keep their order, each transformed in its own way.
    scaled = StandardScaler().fit(X[seen]).transform(X)
    assert same_weights(pipeline[-1], stopping().fit(scaled, y))


def test_arguments_of_steps_are_cut_along(digits):
    X, y = digits
    weight = np.linspace(1, 2, len(y))
    pipeline = HoldoutPipeline(watching(stopping()))
    pipeline.fit(numbered(X), y, watch__sample_weight=weight)
    watch = pipeline["watch"]
    np.testing.assert_array_equal(watch.weight_, weight[watch.seen_])


def test_metadata_routing(digits):
    X, y = digits
    weight = np.linspace(1, 2, len(y))
    with config_context(enable_metadata_routing=True):
        network = stopping().set_fit_request(sample_weight=True)
        steps = watching(network.set_score_request(sample_weight=True))
        steps[0] = ("watch", Watch().set_fit_request(sample_weight=True))
        pipeline = HoldoutPipeline(steps).fit(numbered(X), y, sample_weight=weight)
        search = GridSearchCV(Pipeline(steps), RATES, cv=2, random_state=0)
        search.fit(numbered(X), y, sample_weight=weight)
        passing = [("pass", "passthrough"), *steps]
        through = HoldoutPipeline(passing).fit(numbered(X), y, sample_weight=weight)
    watch = pipeline["watch"]
    np.testing.assert_array_equal(watch.weight_, weight[watch.seen_])
    assert same_weights(pipeline[-1], stopping().fit(X, y, sample_weight=weight))
    assert same_weights(pipeline[-1], through[-1])
    assert len(search.best_estimator_["watch"].seen_) < len(y)


@pytest.mark.parametrize(
    "network",
    [stopping(early_stopping=False), stopping(early_stopping="auto")],
)
def test_without_early_stopping_it_is_a_pipeline(network, digits):
    X, y = digits
    steps = [("watch", Watch()), ("net", network)]
    one, other = (
        kind([(name, deepcopy(step)) for name, step in steps]).fit(numbered(X), y)
        for kind in (HoldoutPipeline, Pipeline)
    )
    assert len(one["watch"].seen_) == len(y)
    assert same_weights(one[-1], other[-1])


@pytest.mark.parametrize("nested", [False, True])
def test_rows_that_are_given_are_transformed(nested, digits):
    X, y = digits
    steps = [("scale", StandardScaler()), ("net", stopping())]
    pipeline, prefix = HoldoutPipeline(steps), "net__"
    if nested:
        inner = Pipeline([("again", StandardScaler()), *steps])
        pipeline, prefix = (
            HoldoutPipeline([("first", PCA(5)), ("in", inner)]),
            "in__net__",
        )
    given = {f"{prefix}X_val": X[200:], f"{prefix}y_val": y[200:]}
    pipeline.fit(X[:200], y[:200], **given)
    network = pipeline["in"]["net"] if nested else pipeline["net"]
    shown = network.validation_scores_[network.best_epoch_ - 1]
    assert pipeline.score(X[200:], y[200:]) == pytest.approx(shown)


@pytest.mark.parametrize("kind", [Pipeline, HoldoutPipeline])
@pytest.mark.parametrize("search", SEARCHES)
def test_searches_transform_rows_that_are_given(search, kind, digits):
    X, y = digits
    raw = 1000 * X
    pipeline = kind([("scale", StandardScaler()), ("net", stopping())])
    given = {"net__X_val": raw[200:], "net__y_val": y[200:]}
    fitted = SEARCHES[search](pipeline, cv=2, random_state=0)
    best = fitted.fit(raw[:200], y[:200], **given).best_estimator_
    shown = best["net"].validation_scores_[best["net"].best_epoch_ - 1]
    assert best.score(raw[200:], y[200:]) == pytest.approx(shown)


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize(
    ("front", "message"),
    [
        ([("a", SVC())], "All intermediate steps should be transformers.*'SVC"),
        ([("net", StandardScaler())], "Names provided are not unique: .*'net'"),
        ([("a__b", StandardScaler())], "names must not contain __: .*'a__b'"),
    ],
)
def test_steps_that_a_pipeline_refuses_are_refused(front, message, given, digits):
    X, y = digits
    steps = [*front, ("net", stopping())]
    rows = {"net__X_val": X[200:], "net__y_val": y[200:]} if given else {}
    search = GridSearchCV(Pipeline(steps), RATES, cv=2, error_score="raise")
    for estimator in (HoldoutPipeline(steps), search):
        with pytest.raises((TypeError, ValueError), match=message):
            estimator.fit(X, y, **rows)


def test_steps_that_are_no_list_are_refused():
    with pytest.raises(ValueError, match="'steps' parameter of HoldoutPipeline must"):
        HoldoutPipeline(None).fit([[0.0], [1.0]], [0, 1])


def test_rows_that_are_given_are_taken(digits):
    X, y = digits
    given = {"net__X_val": numbered(X)[200:], "net__y_val": y[200:]}
    pipeline = HoldoutPipeline(watching(stopping()))
    pipeline.fit(numbered(X[:200]), y[:200], **given)
    assert len(pipeline["watch"].seen_) == 200
    alone = stopping().fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
    assert same_weights(pipeline[-1], alone)


# joblib warns where writing some bytes takes half a second, as on a busy disk.
@pytest.mark.filterwarnings("ignore:Persisting input arguments took:UserWarning")
def test_pipelines_in_pipelines_and_memory(digits, tmp_path):
    X, y = digits
    flat = HoldoutPipeline([*watching(StandardScaler()), ("last", stopping())])
    nested = HoldoutPipeline(
        [
            *watching(StandardScaler())[:2],
            ("rest", make_pipeline(StandardScaler(), stopping())),
        ],
        memory=str(tmp_path),
    )
    flat.fit(numbered(X), y)
    for _ in range(2):
        nested.fit(numbered(X), y)
        assert same_weights(nested[-1][-1], flat[-1])
        assert len(nested["watch"].seen_) < len(y)
        np.testing.assert_array_equal(
            nested.predict(numbered(X)), flat.predict(numbered(X))
        )


def test_data_frames_keep_their_names(digits):
    X, y = digits
    frame = pd.DataFrame(X, columns=[f"pixel{n}" for n in range(X.shape[1])])
    named = StandardScaler().set_output(transform="pandas")
    pipeline = HoldoutPipeline([("scale", named), ("net", stopping())])
    pipeline.fit(frame, pd.Series(y, index=np.arange(len(y))[::-1]))
    assert list(pipeline[-1].feature_names_in_) == list(frame)
    assert list(pipeline.feature_names_in_) == list(frame)
    plain = HoldoutPipeline([("scale", StandardScaler()), ("net", stopping())])
    assert same_weights(pipeline[-1], plain.fit(frame, y)[-1])


def test_sparse_rows_reach_an_inner_pipeline(digits):
    X, y = digits
    dense = FunctionTransformer(lambda rows: rows.toarray(), accept_sparse=True)
    inner = make_pipeline(dense, stopping())
    pipeline = HoldoutPipeline([("encode", OneHotEncoder(handle_unknown="ignore"))])
    pipeline.steps.append(("inner", inner))
    pipeline.fit(np.round(X, 1), y)
    assert pipeline.score(np.round(X, 1), y) > 0.5


def test_an_encoder_that_cross_fits(digits):
    X, y = digits
    X = np.round(X[:, 2:6] * 4).astype(int)
    y = (y > 1).astype(int)
    encoder = TargetEncoder(cv=StratifiedKFold(3))
    pipeline = HoldoutPipeline([("encode", clone(encoder)), ("net", stopping())])
    pipeline.fit(X, y)
    seen = HoldoutPipeline(watching(stopping())).fit(numbered(X), y)["watch"].seen_
    rows = clone(encoder).fit(X[seen], y[seen]).transform(X)
    rows[seen] = clone(encoder).fit_transform(X[seen], y[seen])
    assert same_weights(pipeline[-1], stopping().fit(rows, y))


def test_several_labels_and_outputs(digits):
    X, y = digits
    labels = np.column_stack([y > 1, y % 2]).astype(int)
    pipeline = HoldoutPipeline(watching(stopping())).fit(numbered(X), labels)
    assert same_weights(pipeline[-1], stopping().fit(X, labels))
    X, y = load_diabetes(return_X_y=True)
    outputs = np.column_stack([y, -y])
    pipeline = HoldoutPipeline(watching(stopping(MLPRegressor)))
    pipeline.fit(numbered(X), outputs)
    assert same_weights(pipeline[-1], stopping(MLPRegressor).fit(X, outputs))


def test_it_is_an_estimator_like_others(digits):
    X, y = digits
    pipeline = HoldoutPipeline([("scale", StandardScaler()), ("net", stopping())])
    pipeline.set_params(net__lr=0.02).fit(X, y)
    again = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_array_equal(again.predict_proba(X), pipeline.predict_proba(X))
    assert same_weights(clone(pipeline).fit(X, y)[-1], pipeline[-1])
    assert list(pipeline.classes_) == [0, 1, 2, 3]
    assert pipeline.score(X, y) > 0.5
    alone = cross_val_score(pipeline, X, y, cv=3)
    with joblib.parallel_config("fused"):
        together = cross_val_score(pipeline, X, y, cv=3)
    np.testing.assert_array_equal(alone, together)


def test_a_search_equals_scikit_learns_over_it(digits):
    steps = [("scale", StandardScaler()), ("net", stopping())]
    ours = GridSearchCV(Pipeline(steps), RATES, cv=3, random_state=0).fit(*digits)
    theirs = SklearnGridSearchCV(HoldoutPipeline(steps), {"net__lr": RATES["lr"]}, cv=3)
    theirs.fit(*digits)
    np.testing.assert_array_equal(
        ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"]
    )
    assert same_weights(ours.best_estimator_[-1], theirs.best_estimator_[-1])
    alone = GridSearchCV(Pipeline(steps), RATES, cv=3, random_state=0, fused=False)
    assert same_weights(
        alone.fit(*digits).best_estimator_[-1], ours.best_estimator_[-1]
    )


def test_each_leg_sets_the_same_rows_aside(digits):
    X, y = digits
    pipeline = Pipeline([("scale", StandardScaler()), ("net", stopping())])
    search = HyperbandSearchCV(
        pipeline, RANGE, max_epochs=9, min_epochs=3, cv=2, random_state=0
    ).fit(X, y)
    best = HoldoutPipeline(clone(pipeline).steps).set_params(
        **search.best_params_, net__max_epochs=9
    )
    assert same_weights(search.best_estimator_[-1], best.fit(X, y)[-1])


def test_with_the_median_epoch_all_rows_are_learned_from(digits):
    X, y = digits
    search = GridSearchCV(
        Pipeline(watching(stopping())), RATES, cv=2, refit_epochs="median"
    ).fit(numbered(X), y)
    assert len(search.best_estimator_["watch"].seen_) == len(y)


def test_a_random_state_of_none_or_of_its_own(digits):
    X, y = digits
    pipeline = HoldoutPipeline(watching(stopping(random_state=None)))
    first, second = (set(pipeline.fit(numbered(X), y)[0].seen_) for _ in range(2))
    assert first != second
    generator = np.random.RandomState(0)
    pipeline.set_params(net__random_state=generator).fit(numbered(X), y)
    alone = stopping(random_state=np.random.RandomState(0)).fit(X, y)
    assert same_weights(pipeline[-1], alone)
    assert generator.randint(1000) != np.random.RandomState(0).randint(1000)


@pytest.mark.parametrize(
    ("params", "given", "error", "message"),
    [
        ({"lr": -1}, {}, ValueError, "'lr' parameter of MLPClassifier"),
        ({}, {"sample_weight": 1}, ValueError, "Got 'sample_weight'"),
        ({}, {"net__weight": 1}, TypeError, "weight"),
        ({}, {"net__y_val": [1]}, ValueError, "no X_val"),
        ({}, {"nett__sample_weight": None}, (KeyError, ValueError), "nett"),
    ],
)
def test_mistakes(params, given, error, message, digits):
    X, y = digits
    pipeline = HoldoutPipeline(
        [("scale", StandardScaler()), ("net", stopping(**params))]
    )
    with pytest.raises(error, match=message):
        pipeline.fit(X, y, **given)


def test_too_few_rows_and_unequal_ones(digits):
    X, y = digits
    pipeline = HoldoutPipeline([("scale", StandardScaler()), ("net", stopping())])
    with pytest.raises(ValueError, match="cannot set aside rows"):
        pipeline.fit(X[:4], y[:4])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        pipeline.fit(X, y[:-1])
    with pytest.raises(ValueError, match="pipeline is empty"):
        HoldoutPipeline([]).fit(X, y)
    with pytest.raises(ValueError, match=r"[Ii]nput y contains NaN"):
        pipeline.fit(X, np.where(y == 0, np.nan, y))


def test_rows_may_be_lists(digits):
    X, y = digits
    steps = [("scale", StandardScaler()), ("net", stopping())]
    listed = HoldoutPipeline(steps).fit(X.tolist(), y.tolist())
    scores = listed[-1].validation_scores_
    assert scores == HoldoutPipeline(steps).fit(X, y)[-1].validation_scores_


class Shift(TransformerMixin, BaseEstimator):
    """Adds what it is told to, row by row."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X, by=None):
        return X + by[:, None]

    def fit_transform(self, X, y=None, by=None):
        return self.fit(X).transform(X, by)


def test_metadata_of_transformations(digits):
    X, y = digits
    by = np.linspace(0, 1, len(y))
    with config_context(enable_metadata_routing=True):
        shift = Shift().set_transform_request(by=True)
        pipeline = HoldoutPipeline([("shift", shift), ("net", stopping())])
        pipeline.fit(X, y, by=by)
    assert same_weights(pipeline[-1], stopping().fit(X + by[:, None], y))


class Doubling(Pipeline):
    """A Pipeline with a way of its own to fit."""

    def fit(self, X, y=None, **params):
        return super().fit(np.concatenate([X, X]), np.concatenate([y, y]), **params)


class Stateless(TransformerMixin, BaseEstimator):
    """Has nothing to learn."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.log1p(X)


def test_transformers_without_a_state(digits):
    X, y = digits
    steps = [("log", Stateless()), ("pass", "passthrough"), ("net", stopping())]
    pipeline = HoldoutPipeline(steps).fit(X, y)
    assert same_weights(pipeline[-1], stopping().fit(np.log1p(X), y))
    search = GridSearchCV(Pipeline(steps), RATES, cv=2, error_score="raise")
    assert search.fit(X, y).score(X, y) > 0.5


def test_other_pipelines_are_left_as_they_are(digits):
    X, y = digits
    search = GridSearchCV(
        Doubling(watching(stopping())), {"lr": [0.01]}, cv=2, error_score="raise"
    ).fit(numbered(X), y)
    assert len(search.best_estimator_["watch"].seen_) == 2 * len(y)
    kernel = Pipeline([("center", KernelCenterer()), ("net", stopping())])
    search = GridSearchCV(kernel, {"lr": [0.01]}, cv=2, error_score="raise")
    assert search.fit(X @ X.T / 64, y).best_score_ > 0.5


@pytest.mark.parametrize(
    ("last", "got"),
    [
        (BaggingClassifier(stopping()), "'BaggingClassifier'; use"),
        ("passthrough", "'passthrough'; use"),
        (MLPClassifier, r"'class MLPClassifier'; write MLPClassifier\(\)"),
    ],
)
def test_another_end_is_refused(last, got, digits):
    pipeline = HoldoutPipeline([("scale", StandardScaler()), ("last", last)])
    with pytest.raises(ValueError, match=f"end in a network of skhyper.* Got {got}"):
        pipeline.fit(*digits)


@parametrize_with_checks(
    [
        HoldoutPipeline([("scale", StandardScaler()), ("net", net)])
        for net in (
            stopping(lr=0.03, max_epochs=100, patience=100),
            stopping(MLPRegressor, lr=0.03, max_epochs=100, patience=100),
        )
    ],
    expected_failed_checks=lambda _: {
        "check_estimators_overwrite_params": "a Pipeline fits its steps themselves"
    },
)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("early_stopping", [True, False])
def test_arguments_for_unknown_steps_are_refused_together(early_stopping):
    net = MLPClassifier((4,), max_epochs=1, early_stopping=early_stopping)
    pipeline = HoldoutPipeline([("scale", StandardScaler()), ("net", net)])
    X, y = np.eye(40), np.arange(40) % 2
    with pytest.raises(ValueError, match="Got 'nett__sample_weight'") as caught:
        pipeline.fit(X, y, nett__sample_weight=y, weight=y)
    message = str(caught.value)
    assert "its steps are 'scale', 'net'" in message
    assert "Did you mean 'net__sample_weight'?" in message
    assert "Got 'weight'." in message


@pytest.mark.parametrize("kind", ["default", "pandas", "polars"])
def test_frames_of_the_transformers_are_joined_as_they_are(kind, digits):
    X, y = digits
    scale = StandardScaler().set_output(transform=kind)
    pipeline = HoldoutPipeline([("scale", scale), ("net", stopping())])
    plain = HoldoutPipeline([("scale", StandardScaler()), ("net", stopping())])
    assert same_weights(pipeline.fit(X, y)[-1], plain.fit(X, y)[-1])
    assert (pipeline.predict(X) == plain.predict(X)).all()
    assert hasattr(pipeline[-1], "feature_names_in_") == (kind != "default")


def test_a_search_drops_no_argument_of_a_pipeline_that_is_a_network_alone(digits):
    search = GridSearchCV(Pipeline([("net", stopping())]), {"lr": [0.01]}, cv=2)
    search.set_params(error_score="raise")
    with pytest.raises(TypeError, match=r"step__argument.* Got 'sample_weight'"):
        search.fit(*digits, sample_weight=np.ones(len(digits[1])))
