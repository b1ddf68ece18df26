"""A report tells of the fits of whoever has put it in force, and of no other."""

import threading

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from skorch.callbacks import Callback

from skhyper import CNNClassifier, CNNRegressor, MLPClassifier, MLPRegressor
from skhyper.exceptions import TrainingDiverged
from skhyper.fused import Report, report_in_force
from skhyper.fused._report import describe, report_here
from skhyper.training import driver_in_force, train_alone

X, Y = load_iris(return_X_y=True)
NET = MLPClassifier((4,), max_epochs=3, batch_size=50, random_state=0)


def clone(**params):
    return NET.__sklearn_clone__().set_params(**params)


def fit_together(nets):
    """Fit networks that meet, and return the table and what their fits raised."""

    def fit(net):
        try:
            net.fit(X, Y)
        except TrainingDiverged as error:
            return error

    report = Report()
    with report_in_force(report), joblib.parallel_config("fused", n_jobs=1):
        errors = joblib.Parallel()(joblib.delayed(fit)(net) for net in nets)
    return report, errors


def test_a_row_tells_of_a_stack_or_of_a_fit_alone():
    nets = [clone(lr=lr) for lr in (0.01, 0.02, 0.03)]
    nets += [clone(hidden_layer_sizes=(5,)), clone(callbacks=[Callback()])]
    report, _ = fit_together(nets)
    frame = report.frame()
    assert frame["group"].tolist() == [0, 0, 0]
    assert frame["tile"].tolist() == [0, 1, 2]
    assert frame["lanes"].tolist() == [3, 1, 1]
    assert frame["reason"].tolist() == [
        None,
        "it has callbacks",
        "no other run has its structure and kind of rows",
    ]
    assert frame["structure"].tolist() == [
        f"MLP 4-{width}-3 relu, adam, batch 50, float64" for width in (4, 4, 5)
    ]
    # 150 rows are three batches, three epochs long.
    steps = frame["seconds"] * frame["lane_steps_per_second"]
    np.testing.assert_allclose(steps, [3 * 9, 9, 9])
    assert report.n_runs == 5
    assert report.reasons() == {
        "no other run has its structure and kind of rows": 1,
        "it has callbacks": 1,
    }


def test_steps_are_those_that_were_taken():
    nets = [clone(max_epochs=2), clone(max_epochs=5), clone(lr=1e300)]
    report, errors = fit_together(nets)
    [row] = report.frame().itertuples()
    # The third ended in its first epoch.
    assert [error is None for error in errors] == [True, True, False]
    assert round(row.seconds * row.lane_steps_per_second) == (2 + 5 + 1) * 3


def test_steps_of_a_fit_that_failed_alone_are_not_known():
    nets = [clone(), clone(lr=1e300, callbacks=[Callback()])]
    report, errors = fit_together(nets)
    assert isinstance(errors[1], TrainingDiverged)
    alone = report.frame().set_index("reason").loc["it has callbacks"]
    assert np.isnan(alone["lane_steps_per_second"])
    assert alone["seconds"] > 0


def test_a_fit_that_meets_nobody_has_no_other_reason():
    report, _ = fit_together([clone(callbacks=[Callback()])])
    assert report.frame()["reason"].tolist() == ["it met no other run"]
    assert not report.reasons()


def test_tasks_of_tasks_are_told_of():
    bagging = BaggingClassifier(NET, 3, random_state=0)
    search = GridSearchCV(bagging, {"max_samples": [0.5, 1.0]}, cv=2, refit=False)
    report = Report()
    with report_in_force(report), joblib.parallel_config("fused"):
        search.fit(X, Y)
    assert report.n_runs == 12
    assert report.frame()["lanes"].sum() == 12


def test_tasks_that_are_handed_out_later_are_told_of():
    report = Report()
    with report_in_force(report), joblib.parallel_config("fused", max_tasks=2):
        cross_val_score(NET, X, Y, cv=9, pre_dispatch=1)
    assert report.n_runs == 9


def test_a_report_hears_of_nobody_else():
    outer, inner = Report(), Report()
    with joblib.parallel_config("fused", n_jobs=1):
        with report_in_force(outer):
            with report_in_force(inner):
                cross_val_score(NET, X, Y, cv=2)
            cross_val_score(NET, X, Y, cv=3)
            with report_in_force(None):
                cross_val_score(NET, X, Y, cv=4)
        cross_val_score(NET, X, Y, cv=5)
    assert outer.frame()["lanes"].tolist() == [3]
    assert inner.frame()["lanes"].tolist() == [2]


def test_a_report_is_in_force_in_its_thread_only():
    seen = []
    with report_in_force(Report()):
        thread = threading.Thread(target=lambda: seen.append(report_here()))
        thread.start()
        thread.join()
        assert report_here() is not None
    assert [*seen, report_here()] == [None, None]


def test_without_a_fit_that_is_fused_the_table_is_empty_and_has_its_columns():
    report = Report()
    with report_in_force(report):
        clone().fit(X, Y)
    frame = report.frame()
    assert frame.empty
    other, _ = fit_together([clone(), clone()])
    assert frame.dtypes.equals(other.frame().dtypes)


IMAGES = np.zeros((6, 1, 6, 8), np.float32)
SIGNALS = np.zeros((6, 2, 9), np.float32)
DESCRIPTIONS = {
    "MLP 8-3 relu, adam, batch 6, float32": (
        MLPClassifier((), batch_size=64),
        IMAGES[:, 0, 0],
    ),
    "MLP 8-20-10-3 tanh, batch norm, sgd, batch 4, float64": (
        MLPClassifier(
            [20, 10],
            activation="tanh",
            normalizer="batch",
            optimizer="sgd",
            batch_size=4,
            precision="float64",
        ),
        IMAGES[:, 0, 0],
    ),
    "MLP 8-7-1 relu, adam, batch 6, float32, bfloat16 products": (
        MLPRegressor(7, precision="bfloat16"),
        IMAGES[:, 0, 0],
    ),
    "CNN 1x6x8, channels 16-32, kernel 3, pool auto, 100-3 relu, adam, batch 6, "
    "float32": (CNNClassifier(), IMAGES),
    "CNN 2x9, channels 4, kernel (5,), pool None, 1 gelu, group norm, adam, batch 6, "
    "float32": (
        CNNRegressor(
            channels=4,
            kernel_size=(5,),
            pool=None,
            hidden_layer_sizes=(),
            activation="gelu",
            normalizer="group",
        ),
        SIGNALS,
    ),
}


@pytest.mark.parametrize("text", DESCRIPTIONS)
def test_structures_are_described_in_a_line(text):
    seen = []

    def driver(recipe, data, start=None):
        seen.append(describe(recipe.structure))
        return train_alone(recipe, data, start)

    net, rows = DESCRIPTIONS[text]
    with driver_in_force(driver):
        net.set_params(max_epochs=1).fit(rows, [0, 1, 2] * 2)
    assert seen == [text]
