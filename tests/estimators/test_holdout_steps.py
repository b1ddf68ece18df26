"""But for the rows held out, steps are treated as by scikit-learn's Pipeline."""

import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import load_iris
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import skhyper
from skhyper import HoldoutPipeline, MLPClassifier

X, Y = load_iris(return_X_y=True)
ROWS = {"net__X_val": X, "net__y_val": Y}
GIVEN = pytest.mark.parametrize("given", [{}, ROWS], ids=["set aside", "given"])


def network(**params):
    params = {"early_stopping": True, "max_epochs": 3, "random_state": 0, **params}
    return MLPClassifier((4,), **params)


def searched(pipeline, fused=True, **params):
    """Search over a Pipeline whose fits raise their errors."""
    grid = {"net__lr": [0.01, 0.02, 0.03, 0.04]}
    return skhyper.GridSearchCV(
        pipeline, grid, cv=2, fused=fused, error_score="raise", **params
    )


class Counter(StandardScaler):
    """Counts how often any was fitted."""

    count = 0

    def fit(self, X, y=None, sample_weight=None):
        Counter.count += 1
        return super().fit(X, y, sample_weight)


@GIVEN
@pytest.mark.parametrize("fused", [True, False])
def test_the_memory_keeps_each_transformer(given, fused, tmp_path):
    pipeline = Pipeline(
        [("scale", Counter()), ("net", network())], memory=str(tmp_path)
    )
    Counter.count = 0
    search = searched(pipeline, fused).fit(X, Y, **given)
    # On the rows of either split, and on all.
    assert Counter.count == 3
    plain = searched(pipeline.set_params(memory=None), fused).fit(X, Y, **given)
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"]
    )


def test_the_memory_keeps_the_transformers_before_an_estimator_of_scikit_learn(
    tmp_path,
):
    steps = [("scale", Counter()), ("last", SGDClassifier(random_state=0))]
    search = skhyper.HyperbandSearchCV(
        Pipeline(steps, memory=str(tmp_path)),
        {"last__alpha": [0.01, 0.001, 0.0001, 0.1, 1.0]},
        max_epochs=3,
        cv=2,
        refit=False,
        random_state=0,
    )
    Counter.count = 0
    search.fit(X, Y)
    assert Counter.count == 2


@GIVEN
def test_with_a_memory_the_steps_given_are_left_as_they_are(given, tmp_path):
    scaler, net = StandardScaler(), network()
    steps = [("scale", scaler), ("net", net)]
    pipeline = HoldoutPipeline(steps, memory=str(tmp_path)).fit(X, Y, **given)
    assert hasattr(pipeline["scale"], "mean_")
    assert not hasattr(scaler, "mean_")
    assert steps == [("scale", scaler), ("net", net)]


@GIVEN
def test_steps_may_be_a_tuple(given):
    def score(kind):
        steps = kind([("scale", StandardScaler()), ("net", network())])
        pipeline = HoldoutPipeline(steps).fit(X, Y, **given)
        search = searched(Pipeline(steps)).fit(X, Y, **given)
        return pipeline.score(X, Y), *search.cv_results_["mean_test_score"]

    assert score(tuple) == score(list)


class Reference(TransformerMixin, BaseEstimator):
    """Keeps what it is given."""

    def fit(self, X, y=None, reference=None):
        self.reference_ = reference
        return self

    def transform(self, X):
        return X


@pytest.mark.parametrize("nested", [False, True])
def test_transform_input_names_what_is_transformed(nested):
    with sklearn.config_context(enable_metadata_routing=True):
        taker = Reference().set_fit_request(reference=True)
        steps = [("scale", StandardScaler()), ("take", taker), ("net", network())]
        if nested:
            steps = [steps[0], ("rest", Pipeline(steps[1:]))]
        options = {"transform_input": ["reference"]}
        pipeline = HoldoutPipeline(steps, **options).fit(X, Y, reference=X[:9])
        search = searched(Pipeline(steps, **options))
        grid = {"rest__net__lr" if nested else "net__lr": [0.01]}
        search.set_params(param_grid=grid).fit(X, Y, reference=X[:9])
    for fitted in (pipeline, search.best_estimator_):
        inner = fitted["rest"] if nested else fitted
        expected = fitted["scale"].transform(X[:9])
        np.testing.assert_array_equal(inner["take"].reference_, expected)


@pytest.mark.parametrize("nested", [False, True])
def test_transform_input_transforms_each_part_of_a_tuple(nested):
    with sklearn.config_context(enable_metadata_routing=True):
        taker = Reference().set_fit_request(reference=True)
        steps = [("take", taker), ("net", network())]
        if nested:
            steps = [("rest", Pipeline(steps))]
        pipeline = HoldoutPipeline(
            [("scale", StandardScaler()), *steps], transform_input=["reference"]
        ).fit(X, Y, reference=(X[:5], X[5:12]))
    inner = pipeline["rest"] if nested else pipeline
    for part, rows in zip(inner["take"].reference_, (X[:5], X[5:12]), strict=True):
        np.testing.assert_array_equal(part, pipeline["scale"].transform(rows))


@pytest.mark.parametrize("alone", [True, False])
def test_transformers_ask_for_arguments_by_names_of_their_own(alone):
    weight = np.linspace(0.1, 1, len(Y))
    with sklearn.config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight="mine")
        net = network().set_fit_request(sample_weight=not alone)
        net.set_score_request(sample_weight=True)
        sgd = SGDClassifier(random_state=0).set_fit_request(sample_weight=not alone)
        sgd.set_score_request(sample_weight=True)
        params = (
            {"mine": weight} if alone else {"mine": weight, "sample_weight": weight}
        )
        steps = [("scale", scaler), ("net", net)]
        pipeline = HoldoutPipeline(steps).fit(X, Y, **params)
        search = searched(clone(Pipeline(steps))).fit(X, Y, **params)
        legs = skhyper.HyperbandSearchCV(
            Pipeline([("scale", clone(scaler)), ("last", sgd)]),
            {"last__alpha": [0.01, 0.001, 0.0001, 0.1, 1.0]},
            max_epochs=3,
            cv=2,
            random_state=0,
        ).fit(X, Y, **params)
    whole = StandardScaler().fit(X, sample_weight=weight).mean_
    np.testing.assert_array_equal(legs.best_estimator_["scale"].mean_, whole)
    for fitted in (pipeline, search.best_estimator_):
        # Of the rows that are not set aside: nearer than without weights.
        mean = fitted["scale"].mean_
        assert np.linalg.norm(mean - whole) < np.linalg.norm(mean - X.mean(axis=0)) / 5


@GIVEN
@pytest.mark.parametrize("nested", [False, True])
def test_what_a_verbose_pipeline_prints(nested, given, capsys):
    def lines(early_stopping):
        net = network(early_stopping=early_stopping)
        steps = [("scale", StandardScaler()), ("before net", None), ("net", net)]
        if nested:
            inner = Pipeline([("center", StandardScaler()), ("net", net)], verbose=True)
            steps[-1] = ("rest", inner)
        params = {f"rest__{name}": rows for name, rows in given.items()}
        HoldoutPipeline(steps, verbose=True).fit(X, Y, **(params if nested else given))
        printed = capsys.readouterr().out.splitlines()
        return [line.partition("total=")[0] for line in printed]

    assert lines(early_stopping=True) == lines(early_stopping=False) != []


@GIVEN
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"transform_input": ["X_val"]}, "'transform_input' .* needs metadata routing"),
        ({"transform_input": 5}, "'transform_input' parameter"),
        ({"memory": 5}, "'memory' parameter"),
        ({"verbose": "x"}, "'verbose' parameter"),
        ({"steps": [("net__b", network())]}, "must not contain __"),
    ],
)
@pytest.mark.parametrize("n_steps", [1, 2])
def test_wrong_parameters_of_a_pipeline_are_refused(params, message, n_steps, given):
    steps = [("scale", StandardScaler()), ("net", network())][-n_steps:]
    params = {"steps": steps, **params}
    with pytest.raises(ValueError, match=message):
        HoldoutPipeline(**params).fit(X, Y, **given)
    if "verbose" in params or ("steps" in params and given):
        # The search sets the one, and names the arguments first with the other.
        return
    search = searched(Pipeline(**params)).set_params(param_grid={"verbose": [False]})
    with pytest.raises(ValueError, match=message):
        search.fit(X, Y, **given)


class Recorder:
    """A callback that notes for which estimators it was called."""

    def __init__(self):
        self.calls = []

    def setup(self, estimator, context):
        self.calls.append("setup")

    def on_fit_task_begin(self, estimator, context, **data):
        self.calls.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context, **data):
        self.calls.append(f"end {context.task_name}")

    def teardown(self, estimator, context):
        self.calls.append("teardown")


@GIVEN
def test_callbacks_of_a_pipeline_are_called(given):
    def calls(fit, kind):
        callback = Recorder()
        steps = [("scale", StandardScaler()), ("net", network())]
        fit(kind(steps).set_callbacks(callback)).fit(X, Y, **given)
        return callback.calls

    expected = ["setup", "begin fit", "begin fit-transform", "end fit-transform"]
    expected += [f"{end} fit-final-estimator" for end in ("begin", "end")]
    expected += ["end fit", "teardown"]
    assert calls(lambda pipeline: pipeline, HoldoutPipeline) == expected
