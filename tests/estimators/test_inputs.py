"""Odd and bad inputs: each is handled right or refused by a clear sentence."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy.sparse import csr_array, csr_matrix
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import DataConversionWarning

from skhyper import CNNClassifier, CNNRegressor, MLPClassifier, MLPRegressor

Array = np.ndarray[Any, Any]
QUICK: dict[str, Any] = {"max_epochs": 30, "lr": 0.02, "random_state": 0}
ESTIMATORS = {
    "mlp classifier": (MLPClassifier, {}),
    "mlp regressor": (MLPRegressor, {}),
    "cnn classifier": (CNNClassifier, {"channels": 4, "hidden_layer_sizes": (20,)}),
    "cnn regressor": (CNNRegressor, {"channels": 4, "hidden_layer_sizes": (20,)}),
}


class NotAnArray:
    """Has rows only through ``__array__``."""

    def __init__(self, data: Array) -> None:
        self.data = data

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        return np.asarray(self.data, dtype=dtype)


@dataclass(frozen=True)
class Case:
    """What becomes of the rows, and what must come of it.

    ``fit`` makes the training data of X and y; ``predict`` makes what is predicted
    of X, by default the training rows. With ``refused`` an error must match it, in
    ``fit`` or, where there is ``predict``, there. Else the predictions are compared
    with those of the plain rows (``same``) or scored against y (``score``).
    """

    fit: Callable[[Any, Any], tuple[Any, Any]] = lambda X, y: (X, y)
    predict: Callable[[Any], Any] | None = None
    refused: str = ""
    same: bool = False
    score: float | None = 0.8
    warns: type[Warning] | None = None
    params: tuple[tuple[str, Any], ...] = ()


def x(change: Callable[[Any], Any]) -> Callable[[Any, Any], tuple[Any, Any]]:
    return lambda X, y: (change(X), y)


def t(change: Callable[[Any], Any]) -> Callable[[Any, Any], tuple[Any, Any]]:
    return lambda X, y: (X, change(y))


def put(X: Array, value: Any, dtype: Any = np.float32) -> Array:
    changed = X.astype(dtype)
    changed[0, 0] = value
    return changed


def frame(X: Array) -> pd.DataFrame:
    return pd.DataFrame(X, columns=list("abcd"))


def read_only(X: Array) -> Array:
    X = X.copy()
    X.flags.writeable = False
    return X


def constant_columns(X: Array) -> Array:
    return np.c_[X, np.full(len(X), 3.0), np.zeros(len(X))].astype(np.float32)


def strided(X: Array) -> Array:
    return np.repeat(X, 2, axis=0)[::2]


def wide(X: Array) -> Array:
    noise = np.random.default_rng(0).normal(size=(60, 4996)) * 0.01
    return np.c_[X, noise].astype(np.float32)


# Those of both tasks. "ok" of the field's table is `same` or a score here.
FEATURES = {
    "baseline float32": Case(),
    "float64 X": Case(x(lambda X: X.astype(np.float64))),
    "int X": Case(x(lambda X: (X * 10).astype(int))),
    "float16 X": Case(x(lambda X: X.astype(np.float16))),
    "bool X": Case(x(lambda X: X > 0), score=0.3),
    "NaN in X at fit": Case(x(lambda X: put(X, np.nan)), refused="X contains NaN"),
    "NaN in X at predict": Case(
        predict=lambda X: put(X, np.nan), refused="X contains NaN"
    ),
    "inf in X at fit": Case(x(lambda X: put(X, np.inf)), refused="X contains inf"),
    "inf in X at predict": Case(
        predict=lambda X: put(X, np.inf), refused="X contains inf"
    ),
    "fewer features at predict": Case(
        predict=lambda X: X[:, :3], refused="X has 3 features, but .* expecting 4"
    ),
    "more features at predict": Case(
        predict=lambda X: np.c_[X, X], refused="X has 8 features, but .* expecting 4"
    ),
    "object X of floats": Case(x(lambda X: X.astype(object)), score=0.8),
    "object X with strings": Case(
        x(lambda X: put(X, "red", object)), refused="could not convert string.*'red'"
    ),
    "complex X": Case(x(lambda X: X + 1j), refused="Complex data not supported"),
    "empty X (0 rows)": Case(
        lambda X, y: (X[:0], y[:0]), refused=r"Found array with 0 sample\(s\)"
    ),
    "0 features": Case(x(lambda X: X[:, :0]), refused=r"0 feature\(s\)"),
    "1 sample": Case(lambda X, y: (X[:1], y[:1]), score=None),
    "1 feature": Case(lambda X, y: (X[:, :1], y), score=0.2),
    "len(X) != len(y)": Case(
        t(lambda y: y[:-1]), refused="inconsistent numbers of samples"
    ),
    "X 1d": Case(x(lambda X: X[:, 0]), refused="Expected 2D array, got 1D array"),
    "X 3d": Case(
        x(lambda X: X[:, :, None]), refused="dim 3, while dim <= 2 is required"
    ),
    "predict X 1d (one row)": Case(
        predict=lambda X: X[0], refused="Expected 2D array, got 1D array"
    ),
    "predict 0 rows": Case(predict=lambda X: X[:0], refused=r"0 sample\(s\)"),
    "y 2d column": Case(
        t(lambda y: y[:, None]), same=True, warns=DataConversionWarning
    ),
    "y None": Case(t(lambda y: None), refused="requires y to be passed"),
    "sparse csr X": Case(x(csr_matrix), refused="Sparse data was passed for X"),
    "X list of lists": Case(x(lambda X: X.tolist())),
    "pandas DataFrame": Case(x(frame), predict=frame, same=True),
    "pandas, columns reordered at predict": Case(
        x(frame),
        predict=lambda X: frame(X)[list("bacd")],
        refused="must be in the same order",
    ),
    "pandas with object/category column": Case(
        x(lambda X: frame(X).assign(e=pd.Categorical(["red", "blue"] * 30))),
        refused="could not convert string.*'red'",
    ),
    "pandas nullable Float64 with NA": Case(
        x(lambda X: frame(X).astype("Float64").mask(X > 1)), refused="X contains NaN"
    ),
    "pandas y with shuffled index": Case(
        t(lambda y: pd.Series(y, index=np.random.default_rng(0).permutation(60))),
        same=True,
    ),
    "polars DataFrame": Case(
        x(lambda X: pl.DataFrame(X, schema=list("abcd"))),
        predict=lambda X: pl.DataFrame(X, schema=list("abcd")),
        same=True,
    ),
    "torch tensor X,y": Case(
        lambda X, y: (torch.as_tensor(X), torch.as_tensor(y)),
        predict=torch.as_tensor,
        same=True,
    ),
    "array-like object (__array__)": Case(x(NotAnArray), same=True),
    "huge values (1e30)": Case(
        x(lambda X: X * np.float32(1e30)), refused="too large for .* to train on"
    ),
    "float64 beyond float32 (1e200)": Case(
        x(lambda X: X.astype(float) * 1e200), refused="too large for .* to train on"
    ),
    "constant columns": Case(x(constant_columns), predict=constant_columns),
    "Fortran order": Case(x(np.asfortranarray), same=True),
    "non-contiguous (strided)": Case(x(strided), predict=strided, same=True),
    "negative strides": Case(lambda X, y: (X[::-1][::-1], y[::-1][::-1]), same=True),
    "big-endian X": Case(
        x(lambda X: X.astype(">f4")), predict=lambda X: X.astype(">f4"), same=True
    ),
    "read-only arrays": Case(
        lambda X, y: (read_only(X), read_only(y)), predict=read_only, same=True
    ),
    "wide 60x5000": Case(x(wide), predict=wide, params=(("lr", 1e-3),)),
}

CLASSES = {
    "NaN in y": Case(t(lambda y: np.r_[np.nan, y[1:]]), refused="Input y contains NaN"),
    "one class": Case(t(np.zeros_like), score=1.0),
    "string labels": Case(t(lambda y: np.array(["no", "yes"])[y])),
    "object labels": Case(t(lambda y: np.array(["no", "yes"], dtype=object)[y])),
    "bool labels": Case(t(lambda y: y.astype(bool))),
    "labels {-1,1}": Case(t(lambda y: 2 * y - 1)),
    "labels {1,2}": Case(t(lambda y: y + 1)),
    "labels {10,20}": Case(t(lambda y: 10 * y + 10)),
    "float labels {0.,1.}": Case(t(lambda y: y.astype(float))),
    "int32 labels": Case(t(lambda y: y.astype(np.int32))),
    "uint8 labels": Case(t(lambda y: y.astype(np.uint8))),
    "continuous y in a classifier": Case(
        t(lambda y: y + 0.5), refused="Unknown label type: continuous"
    ),
    "multilabel y": Case(t(lambda y: np.c_[y, 1 - y])),
    "y with 59 of 60 distinct classes": Case(
        t(lambda y: np.maximum(np.arange(60), 1)), score=0.2, warns=UserWarning
    ),
    "mixed str/int labels": Case(
        t(lambda y: np.array([0, "one"], dtype=object)[y]),
        refused="must be of one type. Got str and int mixed",
    ),
}

NUMBERS = {
    "NaN in y": Case(t(lambda y: np.r_[np.nan, y[1:]]), refused="Input y contains NaN"),
    "float64 y, float32 X": Case(t(lambda y: y.astype(float))),
    "int y": Case(t(lambda y: y.astype(int))),
    "y 1d": Case(),
    "multi-output y": Case(t(lambda y: np.c_[y, -2 * y, y + 7])),
    "string y in a regressor": Case(
        t(lambda y: np.array(["low", "high"])[(y > 0) * 1]),
        refused="target of .* must be numbers. Got np.str_",
    ),
    "y huge (1e30)": Case(t(lambda y: y.astype(float) * 1e30)),
}

# Beyond the field's table.
MORE_FEATURES = {
    "inf in float16": Case(
        x(lambda X: put(X, np.inf, np.float16)), refused="X contains inf"
    ),
    "None in object X": Case(x(lambda X: put(X, None, object)), refused="contains NaN"),
    "datetimes": Case(
        x(lambda X: X.astype(int).astype("M8[D]")), refused=r"Got datetime64\[D\]"
    ),
    "spans of time": Case(
        x(lambda X: X.astype(int).astype("m8[D]")), refused=r"Got timedelta64\[D\]"
    ),
    "pandas column of dates": Case(
        x(lambda X: frame(X).assign(day=pd.date_range("2020", periods=60))),
        refused=r"Got datetime64\[.s\] in column 'day'",
    ),
    "polars column of dates": Case(
        x(lambda X: pl.DataFrame({"day": [date(2020, 1, 1)] * 60})),
        refused="Got Date in column 'day'",
    ),
    "masked values": Case(
        x(lambda X: np.ma.masked_greater(X, 1)), refused="X of .* masked values"
    ),
    "a mask that masks nothing": Case(x(np.ma.asarray), same=True),
    "a dict": Case(x(lambda X: {"a": [1]}), refused="Got an object of type dict"),
    "a generator": Case(x(iter), refused="Got an object of type"),
    "a lazy frame": Case(
        x(lambda X: pl.LazyFrame(X)), refused="Got an object of type LazyFrame"
    ),
    "a sparse array": Case(x(csr_array), refused="Sparse data was passed for X"),
    "a tensor with gradient": Case(
        x(lambda X: torch.as_tensor(X).requires_grad_()), same=True
    ),
    "a bfloat16 tensor": Case(x(lambda X: torch.as_tensor(X).bfloat16())),
    "nullable floats": Case(
        x(lambda X: frame(X).astype("Float64")), predict=frame, score=0.8
    ),
    "integers of 1e17": Case(
        x(lambda X: (X * 1e17).astype(np.int64)), refused="too large .* to train on"
    ),
    "an output beyond all numbers": Case(
        predict=lambda X: np.full_like(X, 3e38), refused="output is not finite"
    ),
    "features beyond the net's type at predict": Case(
        predict=lambda X: X.astype(float) * 1e200, refused="output is not finite"
    ),
    "other names at predict": Case(
        x(frame),
        predict=lambda X: frame(X).rename(columns={"a": "z"}),
        refused="unseen at fit time:\n- z",
    ),
    "masked target": Case(
        t(lambda y: np.ma.masked_array(y, y == y[0])), refused="y of .* masked values"
    ),
    "target with None": Case(
        t(lambda y: [None, *y[1:]]), refused="Input y contains NaN or None"
    ),
    "nullable target with a gap": Case(
        t(lambda y: pd.Series([None, *y[1:]], dtype="Float64")),
        refused="Input y contains NaN",
    ),
    "polars target": Case(t(lambda y: pl.Series(y)), same=True),
    "polars target with a gap": Case(
        t(lambda y: pl.Series([None, *y[1:].tolist()])),
        refused="Input y contains NaN or None",
    ),
    "target of three dimensions": Case(
        t(lambda y: y.reshape(60, 1, 1)), refused="dim 3, while dim <= 2"
    ),
    "complex target": Case(t(lambda y: y * 1j), refused="Complex data not supported"),
}

MORE_CLASSES = {
    "categorical labels": Case(
        t(lambda y: pd.Series(pd.Categorical.from_codes(y, ["no", "yes"])))
    ),
    "nullable integer labels": Case(t(lambda y: pd.Series(y, dtype="Int64"))),
    "nullable bool labels": Case(t(lambda y: pd.Series(y > 0, dtype="boolean"))),
    "string column with a gap": Case(
        t(lambda y: pd.Series([None, *"ab" * 29, "a"], dtype="string")),
        refused="Input y contains NaN or None",
    ),
    "list of strings and integers": Case(
        t(lambda y: ["one" if label else 0 for label in y]), refused="str and int mixed"
    ),
    "days as labels": Case(t(lambda y: np.array(["2020", "2021"], dtype="M8[D]")[y])),
    "sparse multilabel y": Case(t(lambda y: csr_matrix(np.c_[y, 1 - y])), score=None),
    "several classes a row": Case(
        t(lambda y: np.c_[y, y + 1]), refused="multiclass-multioutput target of shape"
    ),
    "bytes as labels": Case(
        t(lambda y: np.array([b"a", b"b"])[y]), refused="labels represented as bytes"
    ),
    "integers beyond float64": Case(t(lambda y: y + 2**60)),
}

MORE_NUMBERS = {
    "y of 1e300": Case(t(lambda y: y.astype(float) * 1e300), score=None),
    "y of 1e-300": Case(t(lambda y: y.astype(float) * 1e-300), score=None),
    "outputs of unlike size": Case(
        t(lambda y: y.astype(float)[:, None] * [1.0, 1e-100, 1e100]), score=None
    ),
    "constant y": Case(t(lambda y: np.full_like(y, 7)), score=None),
    "far from zero": Case(t(lambda y: y.astype(float) + 1e9)),
    "datetimes as target": Case(
        t(lambda y: np.arange(60).astype("M8[D]")), refused="must be numbers"
    ),
    "numbers as strings": Case(t(lambda y: y.astype(str)), refused="must be numbers"),
    "inf in y": Case(t(lambda y: np.r_[np.inf, y[1:]]), refused="y contains inf"),
    "bool y": Case(t(lambda y: y > 0), score=0.5),
}


def rows_of(kind: str) -> tuple[Array, Array]:
    if "classifier" in kind:
        X, y = make_classification(
            60, 4, n_informative=3, n_redundant=0, random_state=0
        )
    else:
        X, y = make_regression(60, 4, noise=1.0, random_state=0)
        y = y.astype(np.float32)
    return X.astype(np.float32), y


def cases_of(kind: str) -> dict[str, Case]:
    if kind.startswith("cnn"):
        own = CLASSES if "classifier" in kind else NUMBERS
        return {k: v for k, v in (FEATURES | own).items() if "3d" not in k}
    if "classifier" in kind:
        return FEATURES | CLASSES | MORE_FEATURES | MORE_CLASSES
    return FEATURES | NUMBERS | MORE_FEATURES | MORE_NUMBERS


TABLE = [
    pytest.param(kind, case, id=f"{kind}-{name}")
    for kind in ESTIMATORS
    for name, case in cases_of(kind).items()
]


def test_the_table_holds_the_112_inputs_of_the_survey() -> None:
    # The memory map has a test of its own, for each task.
    assert len(FEATURES | CLASSES) + len(FEATURES | NUMBERS) + 2 == 112


def make(kind: str, **params: Any) -> Any:
    estimator, own = ESTIMATORS[kind]
    return estimator(**{**QUICK, **own, **params})


def plain(kind: str) -> Array:
    X, y = rows_of(kind)
    return np.asarray(make(kind).fit(X, y).predict(X))


@pytest.mark.parametrize(("kind", "case"), TABLE)
def test_input_is_handled_right_or_refused_by_a_clear_sentence(
    kind: str, case: Case
) -> None:
    X, y = rows_of(kind)
    X_fit, y_fit = case.fit(X, y)
    net = make(kind, **dict(case.params))
    if case.refused and case.predict is None:
        with pytest.raises((ValueError, TypeError), match=f"(?s){case.refused}"):
            net.fit(X_fit, y_fit)
        assert not hasattr(net, "net_")
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        net.fit(X_fit, y_fit)
    assert {warning.category for warning in caught} <= {case.warns}
    if case.refused:
        assert case.predict is not None
        with pytest.raises((ValueError, TypeError), match=f"(?s){case.refused}"):
            net.predict(case.predict(X))
        return
    rows = X_fit if case.predict is None else case.predict(X)
    prediction = net.predict(rows)
    check_prediction(prediction, net, rows, y_fit)
    if case.same:
        np.testing.assert_array_equal(prediction, plain(kind))
    elif case.score is not None and not kind.startswith("cnn"):
        assert net.score(X_fit, y_fit) >= case.score


def check_prediction(prediction: Array, net: Any, rows: Any, y: Any) -> None:
    y = y.toarray() if hasattr(y, "toarray") else np.asarray(y)
    expected = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    assert prediction.shape == expected.shape
    if not hasattr(net, "classes_"):
        assert prediction.dtype == np.float64
        assert np.isfinite(prediction).all()
    elif expected.ndim == 1:
        assert prediction.dtype.kind == expected.dtype.kind
        assert set(prediction.tolist()) <= set(expected.tolist())
        np.testing.assert_allclose(net.predict_proba(rows).sum(1), 1, rtol=1e-5)
    else:
        assert set(prediction.ravel().tolist()) <= {0, 1}


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_read_only_memory_map_gives_the_plain_prediction(
    kind: str, tmp_path: Path
) -> None:
    X, y = rows_of(kind)
    joblib.dump((X, y), tmp_path / "rows")
    X_map, y_map = joblib.load(tmp_path / "rows", mmap_mode="r")
    assert isinstance(X_map, np.memmap)
    prediction = make(kind).fit(X_map, y_map).predict(X_map)
    np.testing.assert_array_equal(prediction, plain(kind))


@pytest.mark.parametrize("shape", [(12,), (3, 4), (2, 3, 2)])
@pytest.mark.parametrize("task", ["classifier", "regressor"])
def test_shaped_samples_and_flat_rows_give_a_cnn_the_same_net(
    task: str, shape: tuple[int, ...]
) -> None:
    X, y = rows_of(task)
    X = np.tile(X, 6)
    images = X.reshape(60, 2, *shape)
    shaped = make(f"cnn {task}").fit(images, y)
    flat = make(f"cnn {task}", input_shape=(2, *shape)).fit(X, y)
    assert shaped.n_features_in_ == flat.n_features_in_ == 24
    np.testing.assert_array_equal(shaped.predict(images), flat.predict(X))
    np.testing.assert_array_equal(shaped.predict(X), flat.predict(images))


@pytest.mark.parametrize("task", ["classifier", "regressor"])
@pytest.mark.parametrize(
    ("change", "params", "refused"),
    [
        (lambda X: X.swapaxes(1, 2), {}, r"shape \(4, 3\), but .* \(3, 4\)"),
        (lambda X: X[:, :1], {}, r"shape \(1, 4\), but .* \(3, 4\)"),
        (lambda X: np.where(X > 2, np.nan, X), {}, "X contains NaN"),
        (lambda X: X.reshape(60, 12)[:, :8], {}, "X has 8 features"),
    ],
)
def test_images_unlike_those_of_the_fit_are_refused(
    task: str, change: Any, params: dict[str, Any], refused: str
) -> None:
    X, y = rows_of(task)
    images = np.tile(X, 3).reshape(60, 3, 4)
    net = make(f"cnn {task}", **params).fit(images, y)
    with pytest.raises(ValueError, match=refused):
        net.predict(change(images))


@pytest.mark.parametrize(
    ("X", "params", "refused"),
    [
        (np.ones((60, 12)), {"input_shape": (1, 3, 5)}, r"12 features.*\(1, 3, 5\)"),
        (np.ones((60, 1, 12)), {"input_shape": (1, 3, 4)}, r"shape \(1, 12\), but"),
        (np.ones((60, 1, 2, 2, 2, 2)), {}, "'input_shape' parameter of CNNCl"),
        (np.ones((60, 1, 0, 3)), {}, "'input_shape' parameter of CNNCl"),
        (np.ones((0, 1, 3, 3)), {}, r"0 sample\(s\)"),
        (np.ones((60, 1, 3, 3)), {"pool": 4}, "'pool' parameter of CNNCl"),
        ([[[1.0, 2.0], [1.0]]] * 60, {}, "inhomogeneous"),
    ],
)
def test_samples_that_are_no_images_are_refused(
    X: Any, params: dict[str, Any], refused: str
) -> None:
    net = CNNClassifier(**QUICK, **params)
    with pytest.raises(ValueError, match=refused):
        net.fit(X, np.arange(len(X)) % 2)
    assert not hasattr(net, "net_")


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_a_frame_of_polars_is_as_precise_as_one_of_pandas(dtype: Any) -> None:
    X = (10 * np.random.default_rng(0).normal(size=(60, 4))).astype(dtype)
    y = np.arange(60) % 3
    frames = [pl.DataFrame(X, schema=list("abcd")), frame(X)]
    one, other = (make("mlp classifier").fit(rows, y) for rows in frames)
    weights = [net.net_.module_.output.weight for net in (one, other)]
    assert weights[0].dtype == weights[1].dtype
    assert (one.predict_proba(frames[0]) == other.predict_proba(frames[1])).all()
