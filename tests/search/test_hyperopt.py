"""HyperoptSearchCV: Hyperopt suggests, batches are evaluated together, trials go on."""

import pickle
import resource
import signal

import hyperopt
import joblib
import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhyper import HyperoptSearchCV, MLPClassifier
from skhyper.exceptions import StoreWarning
from tests.search.test_optuna import SPACES
from tests.search.test_rungs import assert_same

X, Y = load_iris(return_X_y=True)
PIPELINE = make_pipeline(StandardScaler(), MLPClassifier((6,), max_epochs=6))
SPACE = {"lr": loguniform(1e-4, 1), "optimizer": ["adam", "sgd"]}


def make(space=SPACE, **settings):
    common = {"n_iter": 10, "cv": 3, "random_state": 0}
    return HyperoptSearchCV(PIPELINE, space, **{**common, **settings})


@pytest.mark.parametrize("algorithm", ["tpe", "anneal", "random"])
def test_it_is_the_same_fused_alone_and_in_processes(algorithm):
    fused = make(algorithm=algorithm).fit(X, Y)
    assert_same(fused, make(algorithm=algorithm, fused=False).fit(X, Y))
    with joblib.parallel_config("loky", n_jobs=2):
        assert_same(fused, make(algorithm=algorithm).fit(X, Y))
    groups = fused.fusion_report_.groupby("group")["lanes"].sum()
    assert groups.tolist() == [24, 6]


def test_the_trials_are_ordinary_ones():
    search = make().fit(X, Y)
    losses = search.trials_.losses()
    scores = search.cv_results_["mean_test_score"]
    np.testing.assert_array_equal(-np.array(losses), scores)
    assert set(search.trials_.statuses()) == {hyperopt.STATUS_OK}
    assert -min(losses) == search.best_score_


def test_tpe_learns():
    # Of rates from 1e-8 to 10 few are good: after its start it asks for such.
    space = {"lr": loguniform(1e-8, 10)}
    scores = make(space, n_iter=48).fit(X, Y).cv_results_["mean_test_score"]
    assert scores[24:].mean() > scores[:20].mean() + 0.05


@pytest.mark.parametrize("kind", SPACES)
def test_every_kind_of_space(kind):
    search = make(SPACES[kind], n_iter=6).fit(X, Y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert all(name.startswith("mlpclassifier__") for name in search.best_params_)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_what_fails_is_a_failed_trial():
    search = make({"lr": [-1.0, 0.1]}, n_iter=8).fit(X, Y)
    failed = search.cv_results_["param_mlpclassifier__lr"] == -1.0
    assert 0 < failed.sum() < 8
    statuses = np.array(search.trials_.statuses()) == hyperopt.STATUS_FAIL
    np.testing.assert_array_equal(statuses, failed.astype(bool))


def test_saved_trials_are_gone_on_with(tmp_path):
    path = tmp_path / "trials.json"
    make(n_iter=8, trials=path).fit(X, Y)
    going_on = make(n_iter=27, trials=str(path)).fit(X, Y)
    whole = make(n_iter=27).fit(X, Y)
    assert_same(going_on, whole)
    assert going_on.fusion_report_["lanes"].sum() == 19 * 3
    assert [entry.name for entry in tmp_path.iterdir()] == ["trials.json"]
    nothing_new = make(n_iter=27, trials=path).fit(X, Y)
    assert_same(nothing_new, whole)


def test_a_full_disk_is_told_of_once_and_stops_nothing(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.warns(StoreWarning, match="Trials cannot be saved in") as caught:
            search = make(trials=tmp_path / "trials.json", n_points=2).fit(X, Y)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert len(caught) == 1
    assert_same(search, make(n_points=2).fit(X, Y))
    assert not (tmp_path / "trials.json").exists()


def test_trials_of_an_earlier_search_are_gone_on_with():
    first = make(n_iter=8).fit(X, Y)
    again = pickle.loads(pickle.dumps(first.trials_))
    going_on = make(n_iter=16, trials=again).fit(X, Y)
    assert_same(going_on, make(n_iter=16).fit(X, Y))
    # The user's own trials stay as they are.
    assert len(again) == 8


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_damaged_trials_are_noticed(tmp_path, damage):
    path = tmp_path / "trials.json"
    expected = make(n_iter=8, trials=path).fit(X, Y)
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
    path.write_bytes({"flip": content, "cut": content[:-9], "empty": b""}[damage])
    with pytest.warns(StoreWarning, match="is damaged and is not used"):
        again = make(n_iter=8, trials=path).fit(X, Y)
    assert_same(again, expected)


def pickled_trials():
    trials = hyperopt.Trials()
    space = {"lr": hyperopt.hp.uniform("lr", 0, 1)}
    hyperopt.fmin(
        lambda point: (point["lr"] - 0.1) ** 2,
        space,
        hyperopt.tpe.suggest,
        3,
        trials=trials,
        show_progressbar=False,
    )
    return pickle.dumps(trials)


@pytest.mark.parametrize("content", ["pickle", "text", "line"])
def test_a_file_of_something_else_is_left_alone(tmp_path, content):
    path = tmp_path / "mine"
    kinds = {"pickle": pickled_trials(), "text": b"my notes", "line": b"\nnotes"}
    path.write_bytes(kinds[content])
    words = "'trials' parameter of HyperoptSearchCV .* a file of something else"
    with pytest.raises(ValueError, match=words):
        make(trials=path).fit(X, Y)
    assert path.read_bytes() == kinds[content]


def never(estimator, X, y):
    raise AssertionError("nothing is to be trained")


@pytest.mark.parametrize(
    ("place", "message"),
    [(".", "must be a file. Got the folder"), ("no/t.json", "Make the folder")],
)
def test_a_place_that_is_no_file_is_named_before_training(tmp_path, place, message):
    search = make(trials=tmp_path / place, scoring=never, error_score="raise")
    with pytest.raises(ValueError, match=f"'trials' parameter of .*{message}"):
        search.fit(X, Y)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"algorithm": "tpee"}, "'algorithm' parameter of HyperoptSearchCV"),
        ({"n_points": 0}, "'n_points' parameter of HyperoptSearchCV"),
        ({"trials": 3}, "'trials' parameter of HyperoptSearchCV"),
        ({"space": {"learning": [1]}}, "learning"),
    ],
)
def test_mistakes_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        make().set_params(**settings).fit(X, Y)
