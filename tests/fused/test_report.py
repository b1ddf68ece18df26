"""A report tells of the fits of whoever has put it in force, and of no other."""

import threading
from itertools import combinations

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, cross_val_score
from skorch.callbacks import Callback

from skhyper import CNNClassifier, CNNRegressor, MLPClassifier, MLPRegressor
from skhyper.exceptions import FusionWarning, TrainingDiverged
from skhyper.fused import Report, report_in_force
from skhyper.fused._description import describe
from skhyper.fused._grouping import group_requests
from skhyper.fused._report import MET_NOBODY, Training, report_here
from skhyper.fused._request import Request
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


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("n_fits", [200, 300])
def test_all_tasks_of_scikit_learn_meet_that_it_hands_out(n_jobs, n_fits):
    grid = {"lr": np.linspace(0.01, 0.1, n_fits // 2)}
    search = GridSearchCV(clone(max_epochs=1), grid, cv=2, n_jobs=n_jobs, refit=False)
    report = Report()
    with report_in_force(report), joblib.parallel_config("fused"):
        search.fit(X, Y)
    lanes = report.frame().groupby("group")["lanes"].sum().tolist()
    # There is memory for all of them.
    assert lanes == [n_fits]


def test_a_task_at_a_time_is_told_of():
    bagging = BaggingClassifier(NET, 2, random_state=0)
    expected = cross_val_score(bagging, X, Y, cv=2)
    report = Report()
    with report_in_force(report), joblib.parallel_config("fused", max_tasks=1):
        np.testing.assert_array_equal(cross_val_score(bagging, X, Y, cv=2), expected)
    assert report.frame()["lanes"].sum() == report.n_runs == 4


def fit_in_turn(structures, n_tasks, n_at_once, limit):
    """Let single runs of some structures be told of, and give their reasons."""
    report = Report()
    report.limit = limit
    for structure in structures:
        report.add_group([Training((report,), structure, 1.0, 1.0, MET_NOBODY)])
    report.look_back(n_tasks, n_at_once)
    return report


@pytest.mark.parametrize("limit", ["max_tasks", "memory"])
@pytest.mark.parametrize("n_at_once", [1, 3])
def test_runs_that_a_limit_keeps_apart_are_alone_because_of_it(limit, n_at_once):
    report = fit_in_turn("aba", 3, n_at_once, limit)
    why = f"{limit} lets too few runs meet"
    held_back = "pre_dispatch" if n_at_once == 1 else None
    assert report.reasons() == {why: 2}
    with pytest.warns(FusionWarning, match=rf"{limit}\b.* Raise ") as caught:
        report.warn("it")
    assert len(caught) == 1
    assert report.frame()["reason"].tolist() == [why, MET_NOBODY, why]
    reasons = fit_in_turn("aba", 3, n_at_once, None).reasons()
    assert reasons == ({f"{held_back} lets too few runs meet": 2} if held_back else {})


def test_runs_that_nothing_keeps_apart_could_not_meet():
    # All tasks were handed out, and one of them has made several runs.
    assert not fit_in_turn("aa", 3, 3, None).reasons()
    # There is a single task, whatever its limits.
    assert not fit_in_turn("aa", 1, 1, "memory").reasons()
    # What is left over when the others have met.
    assert not fit_in_turn("a", 7, 2, None).reasons()


def test_runs_of_earlier_calls_are_none_of_a_call():
    report = Report()
    for _ in range(3):
        report.add_group([Training((report,), "a", 1.0, 1.0, MET_NOBODY)])
        report.look_back(2, 1)
    assert not report.reasons()


def fit_halving(callbacks):
    settings = {"resource": "max_epochs", "max_resources": 6, "min_resources": 2}
    space = {"lr": [0.1, 0.2, 0.3], "callbacks": callbacks}
    HalvingGridSearchCV(NET, space, cv=2, random_state=0, **settings).fit(X, Y)


CALLERS = {
    "grid search": (
        lambda callbacks: GridSearchCV(NET, {"callbacks": callbacks}, cv=2).fit(X, Y),
        "2 of 4 fits",
    ),
    # Two rounds, in one warning.
    "halving": (fit_halving, "10 of 16 fits"),
    "search in a search": (
        lambda callbacks: cross_val_score(
            GridSearchCV(NET, {"callbacks": callbacks}, cv=2, refit=False),
            X,
            Y,
            cv=2,
            scoring=lambda *_: 0.0,
        ),
        "4 of 8 fits",
    ),
}


@pytest.mark.parametrize("caller", CALLERS)
def test_one_warning_tells_of_the_lone_fits_of_whoever_has_no_report(caller):
    fit, count = CALLERS[caller]
    with joblib.parallel_config("fused"):
        fit([None])
        with pytest.warns(FusionWarning) as caught:
            fit([None, [Callback()]])
        fit([None])
    [warning] = caught
    assert str(warning.message) == (
        f"parallel_config('fused'): {count} were trained one after the other: "
        f"{count.split()[0]} because it has callbacks."
    )


def test_an_error_is_not_followed_by_a_warning():
    nets = {"callbacks": [[Callback()]], "lr": [0.1, -1.0]}
    search = GridSearchCV(NET, nets, cv=2, error_score="raise")
    with joblib.parallel_config("fused"), pytest.raises(ValueError, match="'lr'"):
        search.fit(X, Y)
    with joblib.parallel_config("fused"):
        GridSearchCV(NET, {"lr": [0.1]}, cv=2).fit(X, Y)


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
    "MLP 8-3 relu, adam, one batch, float32": (
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
    "MLP 8-7-1 relu, squared error, adam, one batch, float32, bfloat16 products": (
        MLPRegressor(7, precision="bfloat16"),
        IMAGES[:, 0, 0],
    ),
    "CNN 1x6x8, channels 16-32, kernel 3, pool auto, 100-3 relu, adam, one batch, "
    "float32": (CNNClassifier(), IMAGES),
    "CNN 2x9, channels 4, kernel (5,), pool None, 1 gelu, group norm of 4, "
    "squared error, adam, one batch, float32": (
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
    net, rows = DESCRIPTIONS[text]
    request = request_of(net.set_params(max_epochs=1), rows, [0, 1, 2] * 2)
    assert describe(request.recipe.structure, request.data) == text


def request_of(net, X, y, **params):
    """Give what a network hands in when it is fitted."""
    seen = []

    def driver(recipe, data, start=None):
        seen.append(Request(recipe, data, start))
        return train_alone(recipe, data, start)

    with driver_in_force(driver):
        net.fit(X, y, **params)
    [request] = seen
    return request


WEIGHT = np.linspace(0.5, 1.5, len(Y))
LABELS = np.eye(3, dtype=int)[Y]
GROUPED = {"hidden_layer_sizes": (8,), "normalizer": "group"}
FITS = {
    "plain": (NET, X, Y, {}),
    "of another rate": (clone(lr=0.1), X, Y, {}),
    "of fewer rows": (NET, X[:120], Y[:120], {}),
    "with weights": (NET, X, Y, {"sample_weight": WEIGHT}),
    "with weighted classes": (clone(class_weight={0: 2.0}), X, Y, {}),
    "validated on its own rows": (clone(early_stopping=True), X, Y, {}),
    "validated on others": (NET, X, Y, {"X_val": X, "y_val": Y}),
    "with weights, validated on others": (
        NET,
        X,
        Y,
        {"sample_weight": WEIGHT, "X_val": X, "y_val": Y},
    ),
    "with weights, validated on its own": (
        clone(early_stopping=True),
        X,
        Y,
        {"sample_weight": WEIGHT},
    ),
    "in float32": (clone(precision="float32"), X, Y, {}),
    "in bfloat16": (clone(precision="bfloat16"), X, Y, {}),
    "in a batch of all rows": (clone(batch_size=150), X, Y, {}),
    "in a larger batch": (clone(batch_size=151), X, Y, {}),
    "in a batch of all of fewer rows": (clone(batch_size=150), X[:120], Y[:120], {}),
    "in batches of 120": (clone(batch_size=120), X, Y, {}),
    "in a batch of all 120": (clone(batch_size=120), X[:120], Y[:120], {}),
    "in a batch of the same size": (NET, X[::3], Y[::3], {}),
    "with groups": (clone(**GROUPED, n_groups=4), X, Y, {}),
    "with fewer groups": (clone(**GROUPED, n_groups=2), X, Y, {}),
    "of two hidden layers": (clone(hidden_layer_sizes=(4, 4)), X, Y, {}),
    "of one, written otherwise": (clone(hidden_layer_sizes=4), X, Y, {}),
    "by sgd": (clone(optimizer="sgd"), X, Y, {}),
    "of labels": (NET, X, LABELS, {}),
    "of numbers": (MLPRegressor((4,), max_epochs=3, batch_size=50), X, LABELS, {}),
    "of one number": (MLPRegressor((4,), max_epochs=3, batch_size=50), X, Y, {}),
    "of images": (CNNClassifier(channels=4, max_epochs=1), IMAGES, [0, 1] * 3, {}),
    "of images, other pool": (
        CNNClassifier(channels=4, pool=2, max_epochs=1),
        IMAGES,
        [0, 1] * 3,
        {},
    ),
}


def test_words_differ_where_runs_are_not_stacked_and_nowhere_else():
    requests = {
        name: request_of(net, X, y, **params)
        for name, (net, X, y, params) in FITS.items()
    }
    texts = {
        name: describe(request.recipe.structure, request.data)
        for name, request in requests.items()
    }
    for one, other in combinations(FITS, 2):
        [first, *_] = group_requests([requests[one], requests[other]])
        are_stacked = first.reason is None
        assert (texts[one] == texts[other]) == are_stacked, (one, other)
    # So many kinds are there.
    assert len(set(texts.values())) == len(FITS) - 9


def test_kinds_of_rows_are_told():
    with_all = FITS["with weights, validated on its own"]
    request = request_of(*with_all[:3], **with_all[3])
    assert describe(request.recipe.structure, request.data) == (
        "MLP 4-4-3 relu, adam, batch 50, float64, weighted rows, weighted validation"
    )
