"""But for the rows held out, steps are treated as by scikit-learn's Pipeline."""

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_iris
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

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


# joblib warns where writing some bytes takes half a second, as on a busy disk.
DISK = pytest.mark.filterwarnings("ignore:Persisting input arguments took:UserWarning")


class Counter(StandardScaler):
    """Counts how often any was fitted."""

    count = 0

    def fit(self, X, y=None, sample_weight=None):
        Counter.count += 1
        return super().fit(X, y, sample_weight)


@DISK
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


@DISK
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


@DISK
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


class Weighed(Reference):
    """Is also given something for each row."""

    def fit(self, X, y=None, reference=None, weight=None):
        self.n_weights_ = len(weight)
        return super().fit(X, y, reference)


def test_an_argument_is_cut_also_where_another_with_the_same_values_is_transformed():
    with sklearn.config_context(enable_metadata_routing=True):
        taker = Weighed().set_fit_request(reference=True, weight=True)
        steps = [("scale", StandardScaler()), ("take", taker), ("net", network())]
        pipeline = HoldoutPipeline(steps, transform_input=["reference"])
        pipeline.fit(X, Y, reference=X, weight=X)
    assert len(pipeline["take"].reference_) == 150
    assert pipeline["take"].n_weights_ == 135


def test_none_for_an_argument_counts_as_not_given_where_others_are_transformed():
    with sklearn.config_context(enable_metadata_routing=True):
        net = network().set_fit_request(X_val=True, y_val=True)
        steps = [("scale", StandardScaler()), ("net", net)]
        pipeline = HoldoutPipeline(steps, transform_input=["X_val"])
        assert pipeline.fit(X, Y, sample_weight=None)["scale"].n_samples_seen_ == 135


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


@DISK
@GIVEN
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("cached", [False, True])
def test_callbacks_of_a_pipeline_are_called(cached, nested, given, tmp_path):
    def calls(early_stopping, given):
        callback = Recorder()
        net = network(early_stopping=early_stopping)
        steps = [("scale", StandardScaler()), ("no", None), ("net", net)]
        if nested:
            steps[-1] = ("rest", Pipeline([("center", StandardScaler()), ("net", net)]))
            given = {f"rest__{name}": rows for name, rows in given.items()}
        memory = str(tmp_path / str(early_stopping)) if cached else None
        pipeline = HoldoutPipeline(steps, memory=memory).set_callbacks(callback)
        pipeline.fit(X, Y, **given).fit(X, Y, **given)
        return callback.calls

    assert calls(True, given) == calls(False, {})


class Cutter(TransformerMixin, BaseEstimator):
    """Cuts texts into lists of unequal lengths."""

    def fit(self, X, y=None):
        self.is_fitted_ = True
        return self

    def transform(self, X):
        return [text.split() for text in X]


class Caster(TransformerMixin, BaseEstimator):
    """Makes a column categorical."""

    def fit(self, X, y=None):
        self.is_fitted_ = True
        return self

    def transform(self, X):
        return X.astype({"kind": "category"})


def ragged():
    texts = ["a b c d"[: 1 + 2 * (row % 4)] for row in range(150)]
    counts = CountVectorizer(analyzer=list)
    return texts, ("cut", Cutter()), [counts, TruncatedSVD(2)]


def categorical():
    kinds = ["rare" if row == 0 else "uv"[row % 2] for row in range(150)]
    one_hot = OneHotEncoder(sparse_output=False, handle_unknown="ignore")
    columns = make_column_selector(dtype_include="category")
    encoder = make_column_transformer((one_hot, columns), remainder="passthrough")
    frame = pd.DataFrame({"kind": kinds, "length": X[:, 0]})
    return frame, ("cast", Caster()), [encoder, StandardScaler()]


@pytest.mark.parametrize("make", [ragged, categorical])
def test_what_only_steps_inside_can_read_reaches_them(make):
    rows, first, others = make()
    steps = [first, ("rest", make_pipeline(*others, network()))]
    pipeline = HoldoutPipeline(steps).fit(rows, Y)
    search = skhyper.GridSearchCV(
        Pipeline(steps), {"rest__mlpclassifier__lr": [0.01]}, cv=2, error_score="raise"
    ).fit(rows, Y)
    for fitted in (pipeline, search.best_estimator_):
        assert fitted.predict(rows).shape == Y.shape
    if make is categorical:
        encoder = pipeline["rest"]["columntransformer"]
        assert encoder.transformers_[0][2] == ["kind"]


@pytest.mark.parametrize("name", ["reference", "another"])
@pytest.mark.parametrize("nested", [False, True])
def test_data_of_their_own_are_not_cut_to_rows(nested, name):
    with sklearn.config_context(enable_metadata_routing=True):
        taker = Reference().set_fit_request(reference=name)
        steps = [("take", taker), ("net", network())]
        if nested:
            # What is inside is given its arguments by the names of the call.
            steps = [("rest", Pipeline(steps))]
        steps.insert(0, ("scale", StandardScaler()))
        names = [name if nested else "reference"]
        pipeline = HoldoutPipeline(steps, transform_input=names)
        pipeline.fit(X, Y, **{name: X[::-1]})
    inner = pipeline["rest"] if nested else pipeline
    expected = pipeline["scale"].transform(X[::-1])
    np.testing.assert_array_equal(inner["take"].reference_, expected)


@pytest.mark.parametrize("early_stopping", [False, "auto"])
def test_without_rows_held_out_the_same_is_drawn(early_stopping):
    def state():
        return np.random.RandomState(0)

    def pipeline(kind):
        net = network(early_stopping=early_stopping, random_state=state())
        return kind([("scale", StandardScaler()), ("net", net)])

    ours, theirs = (pipeline(kind).fit(X, Y) for kind in (HoldoutPipeline, Pipeline))
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    grid = {"net__lr": [0.01, 0.02]}
    settings = {"cv": 2, "refit": False}
    ours, theirs = (
        kind(pipeline(Pipeline), grid, **settings).fit(X, Y).cv_results_
        for kind in (skhyper.GridSearchCV, sklearn.model_selection.GridSearchCV)
    )
    np.testing.assert_array_equal(ours["mean_test_score"], theirs["mean_test_score"])


class Marking(HoldoutPipeline):
    """Has a fit of its own."""

    def fit(self, X, y=None, **params):
        self.is_marked_ = True
        return super().fit(X, y, **params)


def test_a_fit_of_its_own_is_called():
    steps = [("scale", StandardScaler()), ("net", network())]
    search = searched(Marking(steps)).fit(X, Y)
    assert search.best_estimator_.is_marked_
    plain = searched(Pipeline(steps)).fit(X, Y)
    for name in ("mean_test_score", "std_test_score"):
        np.testing.assert_array_equal(search.cv_results_[name], plain.cv_results_[name])


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (
            {"net__sample_weigth": np.ones(150)},
            TypeError,
            "MLPClassifier.fit takes 'sample_weight', .* Did you mean 'net__sample_w",
        ),
        (
            {"X_val": X, "y_val": Y},
            ValueError,
            "Got 'X_val'.* write net__X_val.* Got 'y_val'.* write net__y_val",
        ),
        ({"off__sample_weight": Y}, ValueError, "steps are 'scale', 'net'. Got 'off__"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_fitted(params, error, message):
    Counter.count = 0
    pipeline = HoldoutPipeline(
        [("scale", Counter()), ("off", None), ("net", network())]
    )
    with pytest.raises(error, match=message):
        pipeline.fit(X, Y, **params)
    assert Counter.count == 0


@pytest.mark.parametrize(
    ("steps", "kind"),
    [
        ([StandardScaler(), network()], "HoldoutPipeline"),
        ([("scale", StandardScaler(), 1)], "HoldoutPipeline"),
        ([("rest", Pipeline([StandardScaler(), network()]))], "Pipeline"),
    ],
)
def test_steps_are_pairs(steps, kind):
    message = f"'steps' parameter of {kind} must be a list of pairs"
    with pytest.raises(ValueError, match=message):
        HoldoutPipeline(steps).fit(X, Y)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("sample_weight", " For the last step, write rest__net__sample_weight."),
        ("rest__sample_weight", " For the last step, write rest__net__sample_weight."),
        ("rest__ned__X_val", " Did you mean 'rest__net__X_val'?"),
        ("rset__net__X_val", " Did you mean 'rest__net__X_val'?"),
        ("rest__net", ""),
        ("rest__", " For the last step, write rest__net__."),
    ],
)
def test_hints_lead_to_arguments_of_inner_pipelines(name, hint):
    rest = Pipeline([("scale", StandardScaler()), ("net", network())])
    with pytest.raises(ValueError, match="step__argument") as caught:
        HoldoutPipeline([("rest", rest)]).fit(X, Y, **{name: np.ones(150)})
    assert str(caught.value).endswith(f"Got {name!r}.{hint}")


class Weighing(HoldoutPipeline):
    """Takes weights by a shorter name."""

    def fit(self, X, y=None, sample_weight=None):
        return super().fit(X, y, net__sample_weight=sample_weight)


def test_the_hint_does_not_lead_into_a_fit_of_its_own():
    rest = Weighing([("scale", StandardScaler()), ("net", network())])
    pipeline, weight = HoldoutPipeline([("rest", rest)]), np.ones(150)
    with pytest.raises(ValueError, match="step, write rest__sample_weight"):
        pipeline.fit(X, Y, sample_weight=weight)
    pipeline.fit(X, Y, rest__sample_weight=weight)


def test_the_hint_names_the_last_step_of_a_fit_that_calls_ours():
    pipeline = Marking([("scale", StandardScaler()), ("net", network())])
    with pytest.raises(ValueError, match="last step, write net__sample_weight"):
        pipeline.fit(X, Y, sample_weight=np.ones(150))


def test_parameters_are_not_validated_where_that_is_switched_off():
    steps = [("scale", StandardScaler()), ("net", network())]
    with sklearn.config_context(skip_parameter_validation=True):
        HoldoutPipeline(steps, verbose="yes").fit(X, Y)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor])
def test_rows_that_are_given_are_left_as_they_are(kind, fused, nested):
    given = kind(X[1:].copy())
    scale = StandardScaler(copy=False)
    steps = [("scale", scale), ("net", network())]
    name = "net"
    if nested:
        steps, name = [("rest", Pipeline(steps))], "rest__net"
    params = {f"{name}__X_val": given, f"{name}__y_val": Y[1:]}
    scores = []
    for rates in ([0.01, 0.1], [0.1, 0.01]):
        search = skhyper.GridSearchCV(
            Pipeline(steps), {f"{name}__lr": rates}, cv=2, fused=fused, refit=False
        ).fit(X, Y, **params)
        scores.append(search.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(scores[0], scores[1][::-1])
    np.testing.assert_array_equal(np.asarray(given), X[1:])


def test_errors_of_rows_that_are_given_name_them():
    pipeline = HoldoutPipeline([("scale", StandardScaler()), ("net", network())])
    with pytest.raises(ValueError, match="In X_val: X has 2 features, but Stand"):
        pipeline.fit(X, Y, net__X_val=X[:, :2], net__y_val=Y)


class Resizing(TransformerMixin, BaseEstimator):
    """Gives more or fewer rows than it is fitted on."""

    def __init__(self, factor):
        self.factor = factor

    def fit(self, X, y=None):
        return self

    def fit_transform(self, X, y=None):
        return np.tile(X, (2, 1))[: int(self.factor * len(X))]

    def transform(self, X):
        return X


@pytest.mark.parametrize("factor", [0.5, 2])
@pytest.mark.parametrize("in_search", [False, True])
def test_transformers_that_change_the_number_of_rows_are_noticed(in_search, factor):
    pipeline = HoldoutPipeline([("resize", Resizing(factor)), ("net", network())])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        (searched(pipeline) if in_search else pipeline).fit(X, Y)


class Taking(MLPClassifier):
    """Takes any argument."""

    def __init__(self, *, early_stopping=True, max_epochs=3, random_state=0):
        super().__init__(
            early_stopping=early_stopping,
            max_epochs=max_epochs,
            random_state=random_state,
        )

    def fit(self, *args, **params):
        return super().fit(*args, **params)


@GIVEN
def test_a_network_may_take_any_argument(given):
    params = {"net__sample_weight": np.ones(150), **given}
    steps = [("scale", StandardScaler()), ("net", Taking())]
    HoldoutPipeline(steps).fit(X, Y, **params)
    grid = {"net__max_epochs": [2, 3]}
    search = skhyper.GridSearchCV(Pipeline(steps), grid, cv=2, error_score="raise")
    search.fit(X, Y, **params)


class Made(HoldoutPipeline):
    """Makes its steps."""

    def __init__(self, lr=0.01):
        self.lr = lr
        super().__init__([("scale", StandardScaler()), ("net", network(lr=lr))])

    def get_params(self, deep=True):
        return {"lr": self.lr}


@GIVEN
def test_a_subclass_may_make_its_steps(given):
    Made().fit(X, Y, **given)
