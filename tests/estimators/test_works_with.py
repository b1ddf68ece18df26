"""What the estimators work with unchanged, a test for each line of the promise."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.model_selection import cross_val_score, cross_validate
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhyper import CNNClassifier, CNNRegressor, MLPClassifier, MLPRegressor

Array = np.ndarray[Any, Any]
QUICK: dict[str, Any] = {"max_epochs": 20, "lr": 0.02, "random_state": 0}


@pytest.fixture(scope="module")
def iris() -> tuple[Array, Array]:
    X, y = load_iris(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.fixture(scope="module")
def diabetes() -> tuple[Array, Array]:
    X, y = load_diabetes(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.fixture(scope="module")
def digits() -> tuple[Array, Array]:
    X, y = load_digits(n_class=3, return_X_y=True)
    return X[:200], y[:200]


@pytest.fixture
def routing() -> Iterator[None]:
    with config_context(enable_metadata_routing=True):
        yield


@pytest.mark.parametrize(
    ("dtype", "net_dtype"),
    [
        (np.float64, "torch.float64"),
        (np.float32, "torch.float32"),
        (np.float16, "torch.float32"),
        (np.int64, "torch.float32"),
        (np.int8, "torch.float32"),
        (bool, "torch.float32"),
    ],
)
def test_features_of_every_type_of_number(
    iris: tuple[Array, Array], dtype: Any, net_dtype: str
) -> None:
    X, y = iris[0] * 10, iris[1]
    X = X > 0 if dtype is bool else X
    net = MLPClassifier(**QUICK).fit(X.astype(dtype), y)
    assert str(next(net.net_.module_.parameters()).dtype) == net_dtype
    assert net.score(X.astype(dtype), y) > (0.6 if dtype is bool else 0.9)


def test_lists_of_floats_are_trained_in_the_precision_of_arrays(
    iris: tuple[Array, Array],
) -> None:
    X, y = iris
    as_array = MLPClassifier(**QUICK).fit(X, y)
    as_list = MLPClassifier(**QUICK).fit(X.tolist(), y.tolist())
    np.testing.assert_array_equal(
        as_list.predict_proba(X.tolist()), as_array.predict_proba(X)
    )


@pytest.mark.parametrize(
    "names",
    [
        np.array([0, 1, 2], dtype=np.int32),
        np.array([-1, 0, 1]),
        np.array(["setosa", "versicolor", "virginica"]),
        np.array(["setosa", "versicolor", "virginica"], dtype=object),
        np.array([0.0, 1.0, 2.0]),
        np.array([7, 8, 200], dtype=np.uint8),
    ],
    ids=lambda names: f"{names.dtype}-{names[0]}",
)
def test_labels_of_every_kind(iris: tuple[Array, Array], names: Array) -> None:
    X, y = iris[0], names[iris[1]]
    net = MLPClassifier(**QUICK).fit(X, y)
    np.testing.assert_array_equal(net.classes_, names)
    assert net.predict(X).dtype == names.dtype
    assert net.score(X, y) > 0.9
    assert net.predict_proba(X).shape == (150, 3)
    np.testing.assert_allclose(
        np.exp(net.predict_log_proba(X)), net.predict_proba(X), rtol=1e-6
    )


def test_labels_that_are_true_and_false(iris: tuple[Array, Array]) -> None:
    X, y = iris[0], iris[1] == 0
    net = MLPClassifier(**QUICK).fit(X, y)
    assert net.predict(X).dtype == bool
    assert net.score(X, y) == 1
    np.testing.assert_array_equal(net.decision_function(X) > 0, net.predict(X))


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_names_of_data_frames_are_checked_at_predict(
    iris: tuple[Array, Array], library: Any
) -> None:
    names = ["a", "b", "c", "d"]
    X = library.DataFrame(dict(zip(names, iris[0].T, strict=True)))
    net = MLPClassifier(**QUICK).fit(X, library.Series(iris[1]))
    np.testing.assert_array_equal(net.feature_names_in_, names)
    assert net.score(X, iris[1]) > 0.9
    with pytest.raises(ValueError, match="must be in the same order"):
        net.predict(X[["b", "a", "c", "d"]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        net.predict(iris[0])


def test_targets_of_one_and_two_dimensions(diabetes: tuple[Array, Array]) -> None:
    X, y = diabetes
    one = MLPRegressor(**QUICK).fit(X, y)
    assert one.predict(X).shape == (442,)
    assert one.score(X, y) > 0.4
    with pytest.warns(match="A column-vector y was passed"):
        column = MLPRegressor(**QUICK).fit(X, y[:, None])
    np.testing.assert_array_equal(column.predict(X), one.predict(X))


def test_several_outputs_are_learned_as_well_as_each_alone(
    diabetes: tuple[Array, Array],
) -> None:
    X, y = diabetes
    both = np.c_[y, 1000 - 3 * y]
    net = MLPRegressor(**QUICK).fit(X, both)
    assert net.predict(X).shape == (442, 2)
    np.testing.assert_allclose(net.predict(X).mean(0), both.mean(0), rtol=0.05)
    assert net.score(X, both) > 0.4


def test_several_labels_a_row(iris: tuple[Array, Array]) -> None:
    X, y = iris[0], np.c_[iris[1] == 0, iris[1] > 0].astype(int)
    net = MLPClassifier(**QUICK).fit(X, y)
    assert net.predict(X).shape == net.predict_proba(X).shape == (150, 2)
    assert net.score(X, y) > 0.95


@pytest.mark.parametrize("kind", [list, np.asarray, pd.Series, pl.Series])
def test_a_row_of_weight_two_is_two_rows(iris: tuple[Array, Array], kind: Any) -> None:
    X, y = iris[0][::5], iris[1][::5]
    repeat = np.random.default_rng(0).integers(0, 3, size=len(X))
    weighted = MLPClassifier(**QUICK).fit(X, y, sample_weight=kind(repeat))
    repeated = MLPClassifier(**QUICK).fit(X.repeat(repeat, 0), y.repeat(repeat))
    np.testing.assert_allclose(
        weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-7
    )


def test_balanced_classes_are_weights_inverse_to_their_frequency(
    iris: tuple[Array, Array],
) -> None:
    X, y = iris[0][40:], iris[1][40:]
    balanced = MLPClassifier(**QUICK, class_weight="balanced").fit(X, y)
    weight = len(y) / 3 / np.bincount(y)
    by_hand = MLPClassifier(**QUICK).fit(X, y, sample_weight=weight[y])
    by_dict = MLPClassifier(**QUICK, class_weight=dict(enumerate(weight))).fit(X, y)
    plain = MLPClassifier(**QUICK).fit(X, y)
    np.testing.assert_array_equal(balanced.predict_proba(X), by_hand.predict_proba(X))
    np.testing.assert_array_equal(balanced.predict_proba(X), by_dict.predict_proba(X))
    assert not np.array_equal(balanced.predict_proba(X), plain.predict_proba(X))


@pytest.mark.parametrize("n_rows", [33, 41])
def test_a_remainder_of_one_row_under_batch_norm(
    iris: tuple[Array, Array], n_rows: int
) -> None:
    rows = np.random.default_rng(0).permutation(150)[:n_rows]
    X, y = iris[0][rows], iris[1][rows]
    net = MLPClassifier(**QUICK, batch_size=8, normalizer="batch").fit(X, y)
    assert net.history_["train_loss"].notna().all()
    assert net.history_["train_loss"].iloc[-1] < net.history_["train_loss"].iloc[0]


def test_batches_larger_than_the_data(iris: tuple[Array, Array]) -> None:
    X, y = iris
    whole = MLPClassifier(**QUICK, batch_size=len(X)).fit(X, y)
    larger = MLPClassifier(**QUICK, batch_size=10_000).fit(X, y)
    np.testing.assert_array_equal(larger.predict_proba(X), whole.predict_proba(X))


def test_read_only_memory_maps(iris: tuple[Array, Array], tmp_path: Path) -> None:
    joblib.dump(iris[0], tmp_path / "X")
    X = joblib.load(tmp_path / "X", mmap_mode="r")
    net = MLPClassifier(**QUICK).fit(X, iris[1])
    assert net.score(X, iris[1]) > 0.9


@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
def test_partial_fit_is_an_epoch_at_a_time(
    iris: tuple[Array, Array], estimator: Any
) -> None:
    X, y = iris
    whole = estimator(**{**QUICK, "max_epochs": 5}).fit(X, y)
    parts = estimator(**{**QUICK, "max_epochs": 5})
    for _ in range(5):
        parts.partial_fit(X, y)
    assert parts.n_iter_ == 5
    np.testing.assert_array_equal(parts.predict(X), whole.predict(X))


@pytest.mark.parametrize("scheduler", ["cosine", "onecycle"])
def test_partial_fit_says_when_the_schedule_has_spent_the_rate(scheduler) -> None:
    X, y = load_iris(return_X_y=True)
    net = MLPClassifier(**{**QUICK, "scheduler": scheduler, "max_epochs": 60})
    for _ in range(60):
        net.partial_fit(X, y)
    with pytest.warns(UserWarning, match="max_epochs=60 epochs, this was epoch 61"):
        net.partial_fit(X, y)


@pytest.mark.parametrize("scheduler", [None, "step", "exponential", "linear"])
def test_partial_fit_keeps_the_last_rate_of_the_schedule(scheduler) -> None:
    X, y = load_iris(return_X_y=True)
    net = MLPClassifier(**{**QUICK, "scheduler": scheduler, "max_epochs": 3})
    for _ in range(5):
        net.partial_fit(X, y)
    rates = net.history_["lr"]
    assert rates[2] == rates[3] == rates[4] > 0
    whole = clone(net).fit(X, y).history_["lr"]
    assert rates[:3].tolist() == whole.tolist()


def test_partial_fit_takes_the_classes_that_are_still_to_come(
    iris: tuple[Array, Array],
) -> None:
    X, y = iris
    net = MLPClassifier(**QUICK).partial_fit(X[:40], y[:40], classes=[2, 0, 1])
    np.testing.assert_array_equal(net.classes_, [0, 1, 2])
    for _ in range(20):
        net.partial_fit(X.astype(np.float32), y)
    assert net.score(X, y) > 0.9


def test_warm_start_goes_on_from_the_last_weights(iris: tuple[Array, Array]) -> None:
    X, y = iris
    net = MLPClassifier(**{**QUICK, "max_epochs": 10}, warm_start=True).fit(X, y)
    before = net.loss_curve_
    net.set_params(max_epochs=3).fit(X.astype(np.float32), y)
    assert net.loss_curve_[0] < before[2]
    assert net.n_iter_ == 3
    with pytest.raises(ValueError, match="X has 2 features"):
        net.fit(X[:, :2], y)


@pytest.mark.parametrize(
    "net",
    [
        MLPClassifier(**QUICK, scheduler="cosine", dropout=0.1),
        MLPRegressor(**QUICK, early_stopping=True),
        CNNClassifier(**QUICK, channels=4),
    ],
    ids=lambda net: type(net).__name__,
)
def test_pickle_joblib_and_clone(
    iris: tuple[Array, Array], net: Any, tmp_path: Path
) -> None:
    X, y = iris
    fitted = clone(net).fit(X, y)
    joblib.dump(fitted, tmp_path / "net")
    for copy in (pickle.loads(pickle.dumps(fitted)), joblib.load(tmp_path / "net")):
        np.testing.assert_array_equal(copy.predict(X), fitted.predict(X))
        pd.testing.assert_frame_equal(copy.history_, fitted.history_)
    again = clone(fitted)
    assert not hasattr(again, "net_")
    np.testing.assert_array_equal(again.fit(X, y).predict(X), fitted.predict(X))


def test_set_output_of_a_pipeline(iris: tuple[Array, Array]) -> None:
    X = pd.DataFrame(iris[0], columns=list("abcd"))
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(**QUICK))
    pipeline.set_output(transform="pandas").fit(X, iris[1])
    np.testing.assert_array_equal(pipeline[-1].feature_names_in_, list("abcd"))
    assert pipeline.score(X, iris[1]) > 0.9


@pytest.mark.usefixtures("routing")
def test_sample_weights_are_routed_through_a_pipeline(
    iris: tuple[Array, Array],
) -> None:
    X, y = iris
    weight = np.random.default_rng(0).uniform(size=len(X))
    net = MLPClassifier(**QUICK).set_fit_request(sample_weight=True)
    scaler = StandardScaler().set_fit_request(sample_weight=False)
    pipeline = make_pipeline(scaler, net).fit(X, y, sample_weight=weight)
    scaled = StandardScaler().fit_transform(X)
    alone = MLPClassifier(**QUICK).fit(scaled, y, sample_weight=weight)
    np.testing.assert_array_equal(
        pipeline.predict_proba(X), alone.predict_proba(scaled)
    )
    net.set_score_request(sample_weight=True)
    scores = cross_validate(net, X, y, cv=3, params={"sample_weight": weight})
    assert (scores["test_score"] > 0.8).all()


@pytest.mark.usefixtures("routing")
def test_validation_rows_are_routed_and_transformed_by_a_pipeline(
    iris: tuple[Array, Array],
) -> None:
    X, y = iris[0] * 100 + 1000, iris[1]
    net = MLPClassifier(**QUICK, patience=3)
    net.set_fit_request(X_val=True, y_val=True)
    pipeline = make_pipeline(StandardScaler(), net, transform_input=["X_val"])
    pipeline.fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
    scaler = StandardScaler().fit(X[::2])
    alone = MLPClassifier(**QUICK, patience=3).fit(
        scaler.transform(X[::2]),
        y[::2],
        X_val=scaler.transform(X[1::2]),
        y_val=y[1::2],
    )
    assert pipeline[-1].validation_scores_ == alone.validation_scores_
    assert pipeline[-1].validation_scores_[-1] > 0.9


def test_validation_rows_may_be_of_another_type_of_number(
    iris: tuple[Array, Array],
) -> None:
    X, y = iris
    net = MLPClassifier(**QUICK)
    net.fit(X.astype(np.float32), y, X_val=X, y_val=y)
    assert net.history_["valid_loss"].notna().all()


@pytest.mark.parametrize("label", ["only", 7, True])
def test_a_target_of_one_class_is_always_predicted(
    iris: tuple[Array, Array], label: Any
) -> None:
    X = iris[0]
    net = MLPClassifier(**QUICK).fit(X, [label] * len(X))
    assert (net.predict(X * 100) == label).all()
    np.testing.assert_array_equal(net.predict_proba(X), np.ones((150, 1)))


def test_images_and_flat_rows_behind_a_scaler(digits: tuple[Array, Array]) -> None:
    X, y = digits
    flat = make_pipeline(
        StandardScaler(), CNNClassifier(**{**QUICK, "lr": 5e-3}, input_shape=(1, 8, 8))
    )
    assert cross_val_score(flat, X, y, cv=2).mean() > 0.85
    images = X.reshape(-1, 1, 8, 8) / 16
    assert cross_val_score(CNNClassifier(**QUICK), images, y, cv=2).min() > 0.9
    net = CNNRegressor(**{**QUICK, "lr": 3e-3}).fit(images, X.mean(1))
    assert net.score(images, X.mean(1)) > 0.8


def test_early_stopping_on_few_rows_of_many_classes(iris: tuple[Array, Array]) -> None:
    X, y = iris[0][:60], np.r_[99, np.arange(59) % 20]
    net = MLPClassifier(**QUICK, early_stopping=True).fit(X, y)
    assert len(net.classes_) == 21
    assert len(net.validation_scores_) == net.n_iter_
    two = MLPRegressor(**QUICK, early_stopping=True).fit(X[:2], [1.0, 2.0])
    assert np.isfinite(two.predict(X)).all()


def test_early_stopping_keeps_the_best_epoch(diabetes: tuple[Array, Array]) -> None:
    X, y = diabetes
    params = {**QUICK, "max_epochs": 200, "patience": 5}
    net = MLPRegressor(**params, early_stopping=True).fit(X, y)
    assert net.stop_reason_ == "early_stopping"
    assert net.n_iter_ == net.best_epoch_ + 5
    again = MLPRegressor(**{**params, "max_epochs": net.best_epoch_})
    again.set_params(early_stopping=True).fit(X, y)
    np.testing.assert_array_equal(again.predict(X), net.predict(X))


def test_columns_of_classes_are_fitted_one_by_one(iris: tuple[Array, Array]) -> None:
    X, y = iris
    columns = np.c_[y, 2 - y]
    net = MultiOutputClassifier(MLPClassifier(**QUICK)).fit(X, columns)
    assert net.predict(X).shape == (150, 2)
    assert net.score(X, columns) > 0.9


@pytest.mark.usefixtures("unchanged_global_random_state")
@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
def test_the_same_seed_gives_the_same_bits_and_no_global_state_moves(
    iris: tuple[Array, Array], estimator: Any
) -> None:
    X, y = iris
    params = {**QUICK, "dropout": 0.2, "batch_size": 16, "early_stopping": True}
    first, second = (estimator(**params).fit(X, y) for _ in range(2))
    other = estimator(**{**params, "random_state": 1}).fit(X, y)
    assert first.loss_curve_ == second.loss_curve_
    assert first.loss_curve_ != other.loss_curve_


def test_validation_rows_are_balanced_as_the_training_rows_are(classification_data):
    X, y = classification_data
    train = np.r_[np.flatnonzero(y == 0)[:5], np.flatnonzero(y > 0)]
    weight = len(train) / (3 * np.bincount(y[train]))[y]
    balanced = MLPClassifier(max_epochs=1, class_weight="balanced", random_state=0)
    balanced.fit(X[train], y[train], X_val=X, y_val=y)
    row_losses = -np.log(balanced.predict_proba(X)[np.arange(len(y)), y])
    expected = np.average(row_losses, weights=weight)
    assert balanced.history_["valid_loss"].item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("verbose", [1, True])
def test_a_verbose_fit_prints_a_line_for_each_epoch(
    verbose, classification_data, capsys
):
    MLPClassifier(max_epochs=3, verbose=verbose).fit(*classification_data)
    lines = capsys.readouterr().out.splitlines()
    assert "train_loss" in lines[0]
    assert [line.split()[0] for line in lines[2:]] == ["1", "2", "3"]


def test_a_fit_prints_nothing_by_default(classification_data, capsys):
    MLPClassifier(max_epochs=3).fit(*classification_data)
    assert capsys.readouterr().out == ""


def test_images_of_one_channel_may_leave_out_its_axis(tiny_images):
    images, y = tiny_images
    net = CNNClassifier(input_shape=(1, 8, 8), max_epochs=2, random_state=0)
    expected = net.fit(images, y).predict_proba(images)
    np.testing.assert_array_equal(net.predict_proba(images[:, 0]), expected)
    np.testing.assert_array_equal(
        net.fit(images[:, 0], y).predict_proba(images), expected
    )


def test_partial_fit_says_which_changes_have_no_effect() -> None:
    X, y = load_iris(return_X_y=True)
    net = MLPClassifier(**QUICK).partial_fit(X, y)
    with pytest.warns(UserWarning, match="without effect: lr, l2. Fit a clone"):
        net.set_params(lr=0.5, l2=1.0).partial_fit(X, y)
    assert net.history_["lr"].nunique() == 1
