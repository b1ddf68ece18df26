"""Wrong arguments: one clear sentence each, all of a call together, before training."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpydoc.docscrape import FunctionDoc
from scipy.sparse import csr_matrix
from skorch.callbacks import Checkpoint, EarlyStopping, GradientNormClipping

from skhyper import CNNClassifier, CNNRegressor, MLPClassifier, MLPRegressor
from skhyper.exceptions import TrainingDiverged

ESTIMATORS = [MLPClassifier, MLPRegressor, CNNClassifier, CNNRegressor]
X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)

TYPOS = {
    "activation": ("rleu", "relu"),
    "normalizer": ("bacth", "batch"),
    "optimizer": ("adma", "adam"),
    "scheduler": ("cosin", "cosine"),
    "batch_size": ("atuo", "auto"),
    "early_stopping": ("atuo", "auto"),
    "precision": ("flaot32", "float32"),
    "device": ("cpuu", "cpu"),
}

NAN, INF = math.nan, math.inf
OUT_OF_RANGE: dict[str, list[Any]] = {
    "hidden_layer_sizes": [0, -1, (0,), (3.5,), {3}, {3: 4}, ((1,), 2), (3, True), NAN],
    "n_groups": [0, 1.5, NAN, "4"],
    "dropout": [-0.1, 1, 1.5, NAN, INF, "a", None, True],
    "l1": [-1, NAN, INF, "a", None],
    "l2": [-1, NAN, INF, "a", None],
    "weight_decay": [-1, NAN, INF, "a", None],
    "lr": [0, -0.1, NAN, INF, "a", None, True],
    "momentum": [-0.1, 1.0, NAN, "a"],
    "nesterov": ["yes", 1, None],
    "optimizer_params": [[1], "a"],
    "scheduler_params": [[1], "a"],
    "max_epochs": [0, -1, 2.5, NAN, "a", None, True],
    "batch_size": [0, -1, 2.0, NAN, None],
    "early_stopping": [1, None, 0.5],
    "patience": [0, 1.5, NAN],
    "tol": [-1, NAN, INF, "a"],
    "validation_fraction": [0, 1, -0.1, NAN, "a"],
    "restore_best": ["yes", None],
    "callbacks": [
        EarlyStopping(),
        [EarlyStopping],
        [1],
        [("a", "b")],
        ["passthrough"],
        [("early_stopping", EarlyStopping())],
        [(3, EarlyStopping())],
    ],
    "device": ["tpu", "", 0, "meta"],
    "compile": ["yes", 1],
    "memory": [3, [1]],
    "warm_start": ["yes", 1],
    "random_state": [-1, 1.5, "a", 2**40],
    "verbose": ["a", -1],
}
CLASSIFIERS_ONLY: dict[str, list[Any]] = {
    "label_smoothing": [-0.1, 1, NAN],
    "class_weight": ["balancd", [1, 2], {0: -1}, {0: NAN}, {0: INF}, {0: "a"}],
}
REGRESSORS_ONLY: dict[str, list[Any]] = {"scale_target": ["yes", 1, None]}
CNNS_ONLY: dict[str, list[Any]] = {
    "input_shape": [(1,), (1, 0, 2), (1, 2, 3, 4, 5), 3],
    "channels": [0, (), (0,), "a"],
    "kernel_size": [0, (2.5,), "a"],
    "pool": [0, "autoo", 1.5],
}


def refused(net: Any, **fit: Any) -> str:
    """Fit, and return what the error says; nothing may be left behind."""
    with pytest.raises(ValueError) as info:  # noqa: PT011
        net.fit(X, Y, **fit)
    assert not hasattr(net, "net_")
    return str(info.value)


@pytest.mark.parametrize(
    ("estimator", "parameter", "value"),
    [
        pytest.param(estimator, parameter, value, id=f"{estimator.__name__}-{text}")
        for estimator in ESTIMATORS
        for parameter, values in {
            **OUT_OF_RANGE,
            **(REGRESSORS_ONLY if "Reg" in estimator.__name__ else CLASSIFIERS_ONLY),
            **(CNNS_ONLY if "CNN" in estimator.__name__ else {}),
        }.items()
        for value in values
        for text in [f"{parameter}={value!r:.30}"]
    ],
)
def test_value_that_an_argument_cannot_have_is_named_with_its_argument(
    estimator: Any, parameter: str, value: Any
) -> None:
    text = refused(estimator(**{parameter: value}))
    assert text.startswith(f"The {parameter!r} parameter of {estimator.__name__} must")
    assert "\n" not in text
    shown = value[0] if isinstance(value, list) and len(value) == 1 else value
    held = shown.values() if isinstance(shown, dict) else [shown]
    assert any(f"Got {part!r}" in text for part in [shown, value, *held])


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_argument_has_a_value_that_is_refused(estimator: Any) -> None:
    tried = OUT_OF_RANGE.keys() | CLASSIFIERS_ONLY.keys() | REGRESSORS_ONLY.keys()
    tried |= CNNS_ONLY.keys() | TYPOS.keys()
    assert estimator().get_params().keys() <= tried


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("parameter", TYPOS)
def test_misspelt_name_comes_with_the_nearest_one(
    estimator: Any, parameter: str
) -> None:
    typo, meant = TYPOS[parameter]
    text = refused(estimator(**{parameter: typo}))
    assert f"Got {typo!r} instead. Did you mean {meant!r}?" in text


@pytest.mark.parametrize("name", ["ReLU", "Adam", "AUTO"])
def test_name_in_capitals_comes_with_the_right_one(name: str) -> None:
    parameter = {"ReLU": "activation", "Adam": "optimizer", "AUTO": "batch_size"}[name]
    text = refused(MLPClassifier(**{parameter: name}))
    assert f"Did you mean {name.lower()!r}?" in text


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_misspelt_argument_is_refused_by_the_constructor_and_by_set_params(
    estimator: Any,
) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'hidden_layers'"):
        estimator(hidden_layers=3)
    for parameter in estimator().get_params():
        typo = parameter[:-1] + "x" if len(parameter) > 2 else parameter + "x"
        with pytest.raises(ValueError, match=f"Got '{typo}'. Did you mean '.*'"):
            estimator().set_params(**{typo: 1})
    with pytest.raises(ValueError, match=r"Got 'momentun'\. Did you mean"):
        estimator().set_params(momentun=1)


def test_the_main_texts_read_as_they_are_documented() -> None:
    assert refused(MLPClassifier(lr=-0.1)) == (
        "The 'lr' parameter of MLPClassifier must be a float in the range (0.0, inf). "
        "Got -0.1 instead."
    )
    assert refused(MLPRegressor(optimizer="adma")) == (
        "The 'optimizer' parameter of MLPRegressor must be a str among {'sgd', 'adam', "
        "'adamw', 'rmsprop', 'adagrad', 'nadam', 'radam'}. Got 'adma' instead. Did you "
        "mean 'adam'?"
    )
    assert refused(MLPClassifier(normalizer="instance")) == (
        "The 'normalizer' parameter of MLPClassifier must be None, 'batch', 'layer' or "
        "'group'. Got 'instance'. A hidden unit has a single value in each sample, "
        "which has no variance. Pass normalizer='layer' to normalize over the units of "
        "a layer."
    )
    assert refused(MLPClassifier(normalizer="group", n_groups=7)) == (
        "The 'n_groups' parameter of MLPClassifier must be a divisor of "
        "hidden_layer_sizes[0]=100 that leaves at least two values in each group. Got "
        "7. Pass one of 1, 2, 4, 5, 10, 20, 25, 50."
    )
    assert refused(CNNClassifier(input_shape=(1, 2, 2), pool=4)).startswith(
        "The 'pool' parameter of CNNClassifier must be"
    )


def test_all_mistakes_of_a_call_are_named_in_one_message() -> None:
    wrong = {
        "lr": 0,
        "dropout": 2,
        "optimizer": "adma",
        "max_epochs": 0,
        "activation": "relo",
        "patience": -3,
    }
    text = refused(MLPClassifier(**wrong))
    assert len(text.splitlines()) == len(wrong)
    for parameter in wrong:
        assert f"The {parameter!r} parameter of MLPClassifier" in text


def test_all_wrong_combinations_of_a_call_are_named_in_one_message() -> None:
    text = refused(
        MLPClassifier(
            optimizer_params={"betaz": 1},
            scheduler="step",
            scheduler_params={"gama": 1},
            normalizer="instance",
            callbacks=[1],
            class_weight={0: -1},
        )
    )
    for parameter in (
        "optimizer_params",
        "scheduler_params",
        "normalizer",
        "callbacks",
        "class_weight",
    ):
        assert f"The {parameter!r} parameter of MLPClassifier" in text


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"optimizer_params": {"bets": (0.9, 0.9)}}, "Did you mean 'betas'?"),
        ({"optimizer_params": {"lr": 1}}, "Got 'lr' instead"),
        ({"optimizer_params": {1: 2}}, "Got 1 instead"),
        ({"optimizer_params": {"betas": (2, 3)}}, "Got {'betas': (2, 3)} instead"),
        (
            {"optimizer_params": {"betas": (0.9,)}},
            "of at least 0 for 'betas'. Got (0.9,)",
        ),
        ({"optimizer_params": {"betas": (-1, 0.9)}}, "at least 0 for 'betas'"),
        ({"optimizer_params": {"eps": -1}}, "at least 0 for 'eps'. Got -1"),
        ({"optimizer_params": {"eps": "a"}}, "at least 0 for 'eps'. Got 'a'"),
        ({"optimizer_params": {"eps": NAN}}, "at least 0 for 'eps'. Got nan"),
        ({"optimizer_params": {"amsgrad": "no"}}, "a bool for 'amsgrad'. Got 'no'"),
        (
            {
                "optimizer": "sgd",
                "nesterov": True,
                "optimizer_params": {"dampening": 1},
            },
            "zero dampening",
        ),
        ({"scheduler": "step", "scheduler_params": {"gama": 1}}, "mean 'gamma'?"),
        ({"scheduler": "step", "scheduler_params": {"gamma": -1}}, "Got -1 instead"),
        (
            {"scheduler": "step", "scheduler_params": {"step_size": 0}},
            "Got {'step_size': 0} instead",
        ),
        (
            {"scheduler": "step", "scheduler_params": {"step_size": 2.5}},
            "an int of at least 0 for 'step_size'. Got 2.5",
        ),
        (
            {"scheduler": "exponential", "scheduler_params": {"gamma": NAN}},
            "Got nan instead",
        ),
        ({"scheduler": "cosine", "scheduler_params": {"T_max": 0}}, "{'T_max': 0}"),
        (
            {"scheduler": "cosine", "scheduler_params": {"T_max": 0}, "max_epochs": 1},
            "{'T_max': 0}",
        ),
        ({"scheduler": "plateau", "scheduler_params": {"factor": 2}}, "{'factor': 2}"),
        (
            {"scheduler": "linear", "scheduler_params": {"start_factor": 0}},
            "{'start_factor': 0}",
        ),
        (
            {"scheduler": "onecycle", "scheduler_params": {"pct_start": 2}},
            "{'pct_start': 2}",
        ),
        (
            {"scheduler": "onecycle", "scheduler_params": {"div_factor": 0}},
            "{'div_factor': 0}",
        ),
        (
            {"scheduler": "onecycle", "scheduler_params": {"anneal_strategy": 1}},
            "a str for 'anneal_strategy'",
        ),
        (
            {"scheduler": "plateau", "scheduler_params": {"threshold_mode": "x"}},
            "threshold mode x is unknown",
        ),
        ({"scheduler_params": {"gamma": 1}}, "must be None without a scheduler"),
    ],
)
def test_argument_that_torch_would_refuse_is_refused_before_training(
    params: dict[str, Any], words: str
) -> None:
    text = refused(MLPClassifier(**params))
    assert words in text
    assert "_params' parameter of MLPClassifier must" in text
    assert "\n" not in text


@pytest.mark.parametrize(
    "params",
    [
        {"optimizer_params": {"betas": [0.8, 0.95], "eps": 1e-7, "amsgrad": True}},
        {
            "optimizer": "rmsprop",
            "optimizer_params": {"momentum": 0.9, "centered": True, "alpha": 0.9},
        },
        {"optimizer": "sgd", "optimizer_params": {"dampening": 0.5}},
        {"scheduler": "step", "scheduler_params": {"step_size": 1, "gamma": 0.5}},
        {
            "scheduler": "plateau",
            "scheduler_params": {"factor": 0.3, "min_lr": 1e-5, "cooldown": 1},
        },
        {
            "scheduler": "onecycle",
            "scheduler_params": {"max_lr": 0.1, "pct_start": 0.2, "three_phase": True},
        },
        {"hidden_layer_sizes": np.array([5, 4])},
        {"hidden_layer_sizes": [np.int64(5)], "max_epochs": np.int64(2)},
        {"lr": np.float32(0.01), "device": "cpu:0", "callbacks": ()},
    ],
)
def test_unusual_but_right_arguments_are_taken(params: dict[str, Any]) -> None:
    net = MLPClassifier(**{"max_epochs": 3, **params}).fit(X, Y)
    assert np.isfinite(net.loss_curve_).all()


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (
            {"optimizer": "sgd", "nesterov": True, "momentum": 0},
            "'momentum' parameter of MLPClassifier must be a float above 0",
        ),
        (
            {"normalizer": "batch", "batch_size": 1},
            "'batch_size' parameter of MLPClassifier must be at least 2",
        ),
        (
            {"normalizer": "layer", "hidden_layer_sizes": (1,)},
            "'normalizer' parameter of MLPClassifier must be None or 'batch'",
        ),
        (
            {"optimizer_params": {"betas": 0.9}},
            "must have a tuple of 2 finite numbers of at least 0 for 'betas'. Got 0.9",
        ),
        (
            {"scheduler": "step", "scheduler_params": {"step_size": 0}},
            "that torch's StepLR takes. Got {'step_size': 0} instead: it divides by",
        ),
        (
            {"callbacks": [EarlyStopping()]},
            "EarlyStopping of MLPClassifier watches 'valid_loss', but no rows are",
        ),
        (
            {"callbacks": [("best", Checkpoint())]},
            "Checkpoint of MLPClassifier watches 'valid_loss_best', but no rows are",
        ),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(
    params: dict[str, Any], words: str
) -> None:
    assert words in refused(MLPClassifier(**params))


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks for a missing device")
@pytest.mark.parametrize("device", ["cuda", "cuda:7"])
def test_device_that_is_not_there_is_refused(device: str) -> None:
    assert refused(MLPClassifier(device=device)) == (
        "The 'device' parameter of MLPClassifier must be a device of this machine: "
        f"'auto' or one of 'cpu'. Got {device!r} instead."
    )


@pytest.mark.parametrize(
    "optimizer", ["sgd", "adam", "adamw", "rmsprop", "adagrad", "nadam", "radam"]
)
def test_training_that_diverges_names_epoch_rate_and_optimizer(optimizer: str) -> None:
    net = MLPClassifier(optimizer=optimizer, lr=1e30, max_epochs=20, random_state=0)
    with pytest.raises(TrainingDiverged) as info:
        net.fit(X, Y)
    text = str(info.value).lower()
    assert "is not finite in epoch" in text
    assert "lr=1e+30" in text
    assert optimizer in text
    assert not hasattr(net, "net_")


def test_fit_that_fails_leaves_no_earlier_model_behind() -> None:
    net = MLPClassifier(max_epochs=2).fit(X, Y)
    with pytest.raises(TrainingDiverged):
        net.set_params(lr=1e30, max_epochs=20).fit(X, Y + 5)
    assert not hasattr(net, "net_")
    net = MLPClassifier(max_epochs=2).fit(X, Y)
    with pytest.raises(ValueError, match="contains NaN"):
        net.fit(X[:, :2] * np.nan, Y)
    assert not hasattr(net, "net_")


WEIGHTS: dict[str, tuple[Any, str]] = {
    "negative": (
        np.r_[-1.0, np.ones(59)],
        "Negative values in data .* `sample_weight`",
    ),
    "NaN": (np.r_[NAN, np.ones(59)], "sample_weight contains NaN"),
    "infinite": (np.r_[INF, np.ones(59)], "sample_weight contains infinity"),
    "too few": (np.ones(59), r"sample_weight.shape == \(59,\), expected \(60,\)"),
    "all zero": (np.zeros(60), "at least one non-zero"),
    "two a row": (np.ones((60, 2)), "Sample weights must be 1D"),
    "strings": (["a"] * 60, "sample_weight of MLPClassifier must be a finite number"),
    "a string": ("a", r"sample_weight of MLPClassifier must be .* Got 'a'\."),
    "beyond floats": ([10**400] * 60, "sample_weight of MLPClassifier must be"),
    "masked": (np.ma.masked_less(X[:, 0], 0), "sample_weight .* masked values"),
}


@pytest.mark.parametrize("kind", WEIGHTS)
def test_wrong_sample_weights_are_refused(kind: str) -> None:
    weight, words = WEIGHTS[kind]
    with pytest.raises(ValueError, match=words):
        MLPClassifier().fit(X, Y, sample_weight=weight)


@pytest.mark.parametrize("weight", [1e-320, 1e-60, 1e60, 1e300])
def test_weights_of_any_size_count_by_their_ratios(weight: float) -> None:
    net = MLPClassifier(max_epochs=3, random_state=0)
    expected = net.fit(X, Y, sample_weight=np.ones(60)).predict_proba(X)
    found = net.fit(X, Y, sample_weight=np.full(60, weight)).predict_proba(X)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("params", "fit", "words"),
    [
        ({"class_weight": {0: 1, 7: 1}}, {}, r"Got 7, which is none of \[0, 1\]"),
        ({"class_weight": {0: 0, 1: 0}}, {}, "finite and not all zero"),
        ({}, {"X_val": X}, "takes X_val and y_val together. Got no y_val"),
        ({}, {"y_val": Y}, "takes X_val and y_val together. Got no X_val"),
        ({}, {"X_val": X[:, :2], "y_val": Y}, "^X_val has 2 features"),
        (
            {},
            {"X_val": X, "y_val": Y[1:]},
            "^In X_val and y_val: .*inconsistent",
        ),
        (
            {},
            {"X_val": X, "y_val": Y + 1},
            r"^y_val .* know: \[2\]. Known are",
        ),
        ({}, {"X_val": X * NAN, "y_val": Y}, "^Input X_val contains NaN"),
        ({}, {"X_val": abs(X) * INF, "y_val": Y}, "^Input X_val contains infinity"),
        (
            {},
            {"X_val": X * 1e30, "y_val": Y},
            "^Input X_val contains a value too",
        ),
        ({}, {"X_val": X, "y_val": Y * NAN}, "^Input y_val contains NaN"),
        ({}, {"X_val": X[:0], "y_val": Y[:0]}, "^In X_val and y_val: .* 0 sample"),
        (
            {"normalizer": "batch"},
            {"sample_weight": np.eye(60)[0]},
            "at least two rows to normalize over",
        ),
        (
            {"early_stopping": True, "validation_fraction": 0.99},
            {},
            "cannot set aside rows for early stopping",
        ),
    ],
)
def test_rows_and_weights_that_do_not_fit_the_arguments_are_refused(
    params: dict[str, Any], fit: dict[str, Any], words: str
) -> None:
    net = MLPClassifier(**params)
    with pytest.raises(ValueError, match=words):
        net.fit(X, Y, **fit)
    assert not hasattr(net, "net_")


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        ([0], r"does not know: \[1\]. Known are \[0\]"),
        ([], "must be a list of one or more labels"),
        (1, "must be a list of one or more labels"),
        ([[0, 1]], "must be a list of one or more labels"),
        ([0, 1, None], "Input classes contains NaN or None"),
        ([0, 1, NAN], "classes"),
        ([0, "one"], "Input classes of MLPClassifier must be of one type"),
    ],
)
def test_wrong_classes_of_partial_fit_are_refused(classes: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        MLPClassifier().partial_fit(X, Y, classes=classes)


def test_partial_fit_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ValueError, match="does not support early_stopping=True"):
        MLPRegressor(early_stopping=True).partial_fit(X, Y)
    with pytest.raises(ValueError, match="does not support class_weight='balanced'"):
        MLPClassifier(class_weight="balanced").partial_fit(X, Y)
    net = MLPClassifier().partial_fit(X, Y)
    with pytest.raises(ValueError, match="not the same as on the last call"):
        net.partial_fit(X, Y, classes=[0, 1, 2])
    net.set_params(hidden_layer_sizes=(3,), precision="bfloat16")
    with pytest.raises(ValueError, match="net of the same structure") as error:
        net.partial_fit(X, Y)
    assert str(error.value).endswith(
        "Changed since the last fit: hidden_layer_sizes, precision. Fit a clone, or "
        "set it back."
    )


def test_warm_start_names_the_arguments_that_changed_the_structure() -> None:
    net = MLPClassifier(max_epochs=1, warm_start=True).fit(X, Y)
    net.set_params(normalizer="group", n_groups=2)
    with pytest.raises(ValueError, match="net of the same structure") as error:
        net.fit(X, Y)
    assert str(error.value).endswith(
        "Changed since the last fit: normalizer, n_groups. Fit a clone, or set "
        "warm_start=False."
    )


@pytest.mark.parametrize("label", ["yess", "YES", 1])
def test_weight_of_what_is_no_class_names_it(label: Any) -> None:
    labels = np.where(Y, "yes", "no")
    with pytest.raises(ValueError, match="'class_weight' parameter of MLP") as error:
        MLPClassifier(class_weight={label: 2}).fit(X, labels)
    hint = " Did you mean 'yes'?" if isinstance(label, str) else ""
    assert f"Got {label!r}, which is none of ['no', 'yes'].{hint}" in str(error.value)


def test_weights_of_classes_that_rows_lack_are_taken() -> None:
    ones, zeros = X[Y == 1], X[Y == 0]
    weights = {0: 1.0, 1: 2.0, 2: 3.0}
    MLPClassifier(max_epochs=1, class_weight=weights).fit(X, Y)
    net = MLPClassifier(max_epochs=1, class_weight={1: 2.0})
    net.partial_fit(zeros, Y[Y == 0], classes=[0, 1]).partial_fit(ones, Y[Y == 1])
    net.fit(X, Y, X_val=zeros, y_val=Y[Y == 0])
    assert net.validation_scores_ is not None


@pytest.mark.parametrize(
    "params",
    [
        {"lr": 10**400},
        {"l2": 10**400},
        {"tol": 10**5000},
        {"max_epochs": 10**400},
        {"class_weight": {0: 10**400}},
        {"optimizer_params": {"eps": 10**400}},
    ],
    ids=lambda params: next(iter(params)),
)
def test_integer_beyond_the_range_of_floats_is_refused(params: dict[str, Any]) -> None:
    text = refused(MLPClassifier(**params))
    assert text.startswith(f"The {next(iter(params))!r} parameter of MLPClassifier")
    assert "divides" not in text


@pytest.mark.parametrize("name", ["a", "callback_1"])
def test_two_callbacks_of_one_name_are_refused(name: str) -> None:
    clip = GradientNormClipping(1.0)
    second = clip if name == "callback_1" else (name, clip)
    text = refused(MLPClassifier(callbacks=[(name, clip), second]))
    assert text == (
        "The 'callbacks' parameter of MLPClassifier must give each callback a name of "
        f"its own. Got {name!r} 2 times."
    )


@pytest.mark.parametrize(
    ("method", "estimator"),
    [
        ("predict", MLPRegressor),
        ("predict", MLPClassifier),
        ("predict_proba", CNNClassifier),
        ("predict_log_proba", MLPClassifier),
        ("decision_function", MLPClassifier),
        ("score", MLPClassifier),
        ("score", MLPRegressor),
        ("partial_fit", MLPRegressor),
        ("fit", CNNClassifier),
    ],
)
def test_every_error_of_a_method_is_in_its_docstring(
    method: str, estimator: type
) -> None:
    target = (Y,) if "fit" in method or method == "score" else ()
    fitted = estimator(max_epochs=1).fit(X, Y)
    raised = set()
    for net, rows in [
        (estimator(max_epochs=1, lr=-1.0), X),
        (fitted, csr_matrix(X)),
        (fitted, object()),
        (fitted, X * NAN),
    ]:
        with pytest.raises((TypeError, ValueError)) as error:
            getattr(net, method)(rows, *target)
        raised.add(type(error.value).__name__)
    documented = {row.type for row in FunctionDoc(getattr(estimator, method))["Raises"]}
    assert len(raised) == 3
    assert raised <= documented


@pytest.mark.parametrize("values", [(-1, 1), (1, 2)])
def test_labels_of_a_row_are_zeros_and_ones(values: tuple[int, int]) -> None:
    y = np.where(np.random.default_rng(0).random((len(X), 2)) > 0.5, *values)
    with pytest.raises(ValueError, match="matrix of zeros and ones"):
        MLPClassifier().fit(X, y)
