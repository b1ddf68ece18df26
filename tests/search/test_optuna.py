"""OptunaSearchCV: Optuna suggests, batches are evaluated together, studies go on."""

import json
import pickle
import random
import socket
import subprocess
import sys
import time
import warnings
from copy import deepcopy
from pathlib import Path

import joblib
import numpy as np
import optuna
import pytest
from scipy.stats import loguniform, uniform
from sklearn.base import clone
from sklearn.datasets import load_iris, make_regression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from skopt.space import Real

from skhyper import GridSearchCV, MLPClassifier, MLPRegressor, OptunaSearchCV, presets
from skhyper._optuna import add_running, begin
from skhyper.spaces import Float, SearchSpace
from tests.search.kill import make_search
from tests.search.test_rungs import assert_same

X, Y = load_iris(return_X_y=True)
NET = MLPClassifier((6,), max_epochs=6)
PIPELINE = make_pipeline(StandardScaler(), NET)
SPACE = {"lr": loguniform(1e-4, 1), "optimizer": ["adam", "sgd"]}
SCRIPT = Path(__file__).with_name("kill.py")

optuna.logging.set_verbosity(optuna.logging.WARNING)


def make(net=PIPELINE, space=SPACE, **settings):
    common = {"n_iter": 10, "cv": 3, "random_state": 0}
    return OptunaSearchCV(net, space, **{**common, **settings})


@pytest.mark.parametrize("sampler", ["tpe", "gp", "cmaes", "random"])
def test_it_is_the_same_fused_alone_and_in_processes(sampler):
    fused = make(sampler=sampler).fit(X, Y)
    assert_same(fused, make(sampler=sampler, fused=False).fit(X, Y))
    with joblib.parallel_config("loky", n_jobs=2):
        assert_same(fused, make(sampler=sampler).fit(X, Y))
    # Eight are trained together, then two.
    groups = fused.fusion_report_.groupby("group")["lanes"].sum()
    assert groups.tolist() == [24, 6]


def test_a_sampler_of_the_users_own_is_used():
    sampler = optuna.samplers.RandomSampler(seed=3)
    search = make(sampler=sampler).fit(X, Y)
    assert search.study_.sampler is sampler


def test_the_study_is_an_ordinary_one():
    search = make().fit(X, Y)
    values = [trial.value for trial in search.study_.trials]
    np.testing.assert_array_equal(values, search.cv_results_["mean_test_score"])
    assert search.study_.best_value == search.best_score_
    assert search.cv_results_["trial"].tolist() == list(range(10))
    assert optuna.importance.get_param_importances(search.study_)
    assert search.best_index_ in search.front_


SPACES = {
    "preset": "full",
    "presets": ["regularization", "optimizer"],
    "preset object": presets.dropout,
    "search space": SearchSpace(lr=Float(0.001, 0.1, log=True), dropout=[0.0, 0.2]),
    "skopt": {"lr": Real(0.001, 0.1, prior="log-uniform")},
    "shorthand": {"lr": (0.001, 0.1, "log-uniform")},
    "lists": {"hidden_layer_sizes": [(4,), (4, 4)], "normalizer": [None, "batch"]},
    "alternatives": [{"lr": [0.1, 0.2]}, {"lr": loguniform(1e-3, 1), "l2": [0.0, 0.1]}],
}


@pytest.mark.parametrize("kind", SPACES)
def test_every_kind_of_space(kind):
    search = make(space=SPACES[kind], n_iter=6).fit(X, Y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert all(name.startswith("mlpclassifier__") for name in search.best_params_)


def test_sorted_rows_are_stratified_also_when_nested():
    # The rows of iris are sorted by class: without shuffling or strata all is wrong.
    estimator, grid = SVC(), {"C": [1.0]}
    ours = OptunaSearchCV(estimator, grid, n_iter=1, random_state=0)
    theirs = GridSearchCV(estimator, grid)
    np.testing.assert_array_equal(
        cross_val_score(ours, X, Y), cross_val_score(theirs, X, Y)
    )


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_trials_are_pruned_at_rungs_inside_a_pipeline(pruner):
    search = make(pruner=pruner, n_iter=24, max_epochs=9).fit(X, Y)
    resources = search.cv_results_["n_resources"]
    assert {1, 9} <= set(resources) <= {1, 3, 9}
    np.testing.assert_array_equal(search.cv_results_["mean_n_epochs"], resources)
    states = [trial.state.name for trial in search.study_.trials]
    assert states == ["COMPLETE" if n == 9 else "PRUNED" for n in resources]
    for trial, n_epochs in zip(search.study_.trials, resources, strict=True):
        assert max(trial.intermediate_values, default=9) <= n_epochs
    assert search.best_estimator_[-1].n_iter_ == 9
    assert resources[search.best_index_] == 9


def test_several_objectives_have_a_front():
    metrics = ["accuracy", "neg_log_loss"]
    search = make(scoring=metrics, refit="accuracy", objectives=metrics, n_iter=16)
    results = search.fit(X, Y).cv_results_
    scores = np.stack([results[f"mean_test_{name}"] for name in metrics], axis=1)
    front = [
        place
        for place, row in enumerate(scores)
        if not ((scores >= row).all(1) & (scores > row).any(1)).any()
    ]
    assert search.front_ == front
    assert len(search.study_.directions) == 2


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_what_fails_is_a_failed_trial():
    search = make(space={"lr": [-1.0, 0.1]}, n_iter=8, sampler="random").fit(X, Y)
    failed = search.cv_results_["param_mlpclassifier__lr"] == -1.0
    assert 0 < failed.sum() < 8
    states = [trial.state.name == "FAIL" for trial in search.study_.trials]
    np.testing.assert_array_equal(states, failed.astype(bool))
    assert np.isfinite(search.best_score_)


STORAGES = {
    "sqlite": lambda folder: f"sqlite:///{folder}/study.db",
    "journal": lambda folder: optuna.storages.JournalStorage(
        optuna.storages.journal.JournalFileBackend(f"{folder}/journal")
    ),
}


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize("kind", STORAGES)
def test_a_study_in_a_storage_is_gone_on_with(kind, tmp_path):
    settings = {"storage": STORAGES[kind](tmp_path), "study_name": "one", "cv": 3}
    make(n_iter=8, **settings).fit(X, Y)
    going_on = make(n_iter=14, **settings).fit(X, Y)
    assert_same(going_on, make(n_iter=14).fit(X, Y))
    # Only what was new has been trained.
    assert going_on.fusion_report_["lanes"].sum() == 6 * 3
    nothing_new = make(n_iter=14, **settings).fit(X, Y)
    assert_same(nothing_new, going_on)


def test_a_study_is_gone_on_with_in_a_narrower_range(tmp_path):
    settings = {"storage": f"sqlite:///{tmp_path}/study.db", "study_name": "one"}
    wide = {"lr": (1e-4, 0.1, "log-uniform")}
    narrow = {"lr": (1e-4, 2e-4, "log-uniform")}
    net = MLPClassifier((4,), max_epochs=2)
    search = OptunaSearchCV(net, wide, n_iter=4, random_state=0, **settings)
    known = search.fit(X, Y).cv_results_["param_lr"]
    search.set_params(space=narrow, n_iter=6)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        rates = search.fit(X, Y).cv_results_["param_lr"]
    assert not [one for one in told if "range" in str(one.message)]
    np.testing.assert_array_equal(rates[:4], known)
    assert max(rates[:4]) > 2e-4 >= max(rates[4:])


def run(memory, storage):
    command = [sys.executable, str(SCRIPT), "optuna", str(memory), storage]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def whole():
    """Give the table of a search that nothing ends, and how long it takes."""
    began = time.monotonic()
    table = json.loads(run("none", "none").communicate()[0])["table"]
    # A trial that was left behind has another number when it is taken up.
    del table["trial"]
    return table, time.monotonic() - began


def killed(memory, storage, seconds):
    process = run(memory, storage)
    time.sleep(seconds)
    process.kill()
    process.communicate()


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_a_search_that_was_killed_goes_on(share, whole, tmp_path):
    table, seconds = whole
    places = tmp_path / "memory", f"sqlite:///{tmp_path}/study.db"
    killed(*places, share * seconds)
    again = json.loads(run(*places).communicate()[0])["table"]
    del again["trial"]
    assert again == table


def test_a_search_that_is_killed_again_and_again_goes_on(whole, tmp_path):
    draw = random.Random(0)
    places = tmp_path / "memory", f"sqlite:///{tmp_path}/study.db"
    for _ in range(5):
        killed(*places, draw.uniform(0.4, 1.0) * whole[1])
    table = json.loads(run(*places).communicate()[0])["table"]
    # In which order trials are taken up again depends on the moments, but none is lost
    # and none is there twice.
    assert len({*table["params"]}) == len(whole[0]["params"])
    assert "nan" not in table["mean_test_score"]


def test_a_trial_that_is_done_over_is_neither_lost_nor_doubled(tmp_path):
    whole = make_search("optuna", None).set_params(n_iter=8).fit(X, Y)
    storage = f"sqlite:///{tmp_path}/study.db"
    search = make_search("optuna", None, storage).set_params(n_iter=4).fit(X, Y)
    study = search.study_
    # Another process was killed that had asked for three trials.
    process = {"host": socket.gethostname(), "id": 2**22 + 1, "search": "another"}
    notes = {"skhyper:process": {"has_asked": True, **process}}
    for trial in whole.study_.trials[4:7]:
        place = {"skhyper:place": trial.number}
        study.enqueue_trial(trial.params, {**notes, **place})
        study.ask(trial.distributions)
    # And one that took them up ended in the middle of the second.
    doubled = {"skhyper:again": 5, "skhyper:place": 5, **notes}
    study.enqueue_trial(whole.study_.trials[5].params, doubled)
    search.set_params(n_iter=8).fit(X, Y)
    rates = [one.cv_results_["param_mlpclassifier__lr"] for one in (whole, search)]
    assert sorted(rates[0]) == sorted(rates[1])


@pytest.mark.parametrize("attempt", range(3))
def test_processes_share_a_study(attempt, tmp_path):
    # All of them begin at once, so that they get into each other's way.
    storage = f"sqlite:///{tmp_path}/study.db"
    processes = [run("none", storage) for _ in range(4)]
    tables = [json.loads(p.communicate()[0])["table"] for p in processes]
    study = optuna.load_study(study_name="kill", storage=storage)
    assert 20 <= len(study.trials) <= 20 + 3 * 4
    assert all(trial.state.is_finished() for trial in study.trials)
    # Nor are two of them alike.
    rates = [trial.params["mlpclassifier__lr"] for trial in study.trials]
    assert len({*rates}) == len(rates)
    # Whoever ends last knows all of them, and nobody has evaluated one of another.
    numbers = [sorted(map(int, table["trial"])) for table in tables]
    assert max(numbers, key=len) == [trial.number for trial in study.trials]
    for table in tables:
        rows = zip(table["trial"], table["mean_test_score"], strict=True)
        for number, score in rows:
            assert study.trials[int(number)].value == pytest.approx(float(score))


def test_a_trial_that_another_process_has_finished_is_left_to_it(tmp_path):
    storage = f"sqlite:///{tmp_path}/study.db"
    study = optuna.create_study(
        storage=storage, study_name="shared", direction="maximize"
    )
    study.enqueue_trial({"C": 2.0})

    def score(estimator, rows, y):
        if study.trials[0].state.name == "RUNNING":
            study.tell(0, 0.25)
        return estimator.score(rows, y)

    settings = {"storage": storage, "study_name": "shared", "n_iter": 4}
    search = make(SVC(), {"C": loguniform(1, 9)}, scoring=score, **settings).fit(X, Y)
    assert study.trials[0].value == 0.25
    assert all(trial.state.name == "COMPLETE" for trial in study.trials)
    assert search.cv_results_["mean_test_score"].min() > 0.9


@pytest.mark.parametrize(
    ("storage", "reason"),
    [
        ("sqlite:////nowhere/study.db", "unable to open"),
        ("sqlit:///a", "sqlit"),
        ("postgresql://a/b", "import"),
    ],
)
def test_a_database_that_cannot_be_opened_is_named(storage, reason):
    search = make(SVC(), {"C": [1.0, 2.0]}, storage=storage)
    message = f"'storage' parameter of OptunaSearchCV .* Got '{storage}': .*{reason}"
    with pytest.raises(ValueError, match=message):
        search.fit(X, Y)


def test_regression_weights_and_pickles():
    rows, y = make_regression(60, 4, random_state=0)
    search = make(MLPRegressor((4,), max_epochs=5), {"lr": loguniform(1e-3, 1)})
    search.fit(rows, y, sample_weight=np.ones(60))
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict(rows), search.predict(rows))
    assert clone(search).n_iter == 10


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sampler": "tpee"}, "'sampler' .* 'tpee'.*Did you mean 'tpe'"),
        ({"sampler": 3}, "'sampler' parameter of OptunaSearchCV"),
        ({"pruner": "medain"}, "'pruner' .* 'medain'.*Did you mean 'median'"),
        ({"n_points": 0}, "'n_points' parameter of OptunaSearchCV"),
        ({"pruner": "median", "estimator": SVC()}, "go on with its training"),
        ({"pruner": "median", "min_epochs": 99}, "'min_epochs' .* at most max_epochs"),
        ({"pruner": "median", "objectives": ["a", "b"]}, "several objectives"),
        ({"space": {"learning": [1]}}, "learning"),
    ],
)
def test_mistakes_are_named(settings, message):
    search = make(NET).set_params(**settings)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        search.fit(X, Y)


def never(estimator, X, y):
    raise AssertionError("nothing is to be trained")


METRICS = {"scoring": {"accuracy": "accuracy", "own": never}, "refit": "accuracy"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"objectives": ["accuracy", "own_"], **METRICS},
            r"'objectives' .* metrics of 'scoring', which has \['accuracy', 'own'\]. "
            r"Got 'own_'. Did you mean 'own'\?",
        ),
        ({"objectives": [1, "own"], **METRICS}, "'objectives' .* Got 1."),
        ({"objectives": [["own"], "own"], **METRICS}, r"'objectives' .* Got \['own'\]"),
        ({"objectives": ["own", "own"], **METRICS}, "name each metric once"),
        ({"objectives": [], **METRICS}, r"name at least one metric, .* Got \[\]"),
        (
            {"objectives": ["accuracy", "f1"], "scoring": "accuracy"},
            "'objectives' .* single metric.* Give 'scoring' a list",
        ),
        ({"pruner": 3}, "'pruner' parameter of OptunaSearchCV .* Got 3"),
        (
            {"pruner": optuna.pruners.MedianPruner},
            r"'pruner' .* Got <class .*MedianPruner'> .*Write MedianPruner\(\)\.",
        ),
        (
            {"sampler": optuna.samplers.TPESampler},
            r"'sampler' .* Got <class .*TPESampler'> .*Write TPESampler\(\)\.",
        ),
        ({"study_name": "a"}, "'study_name' .* without a storage.* Got 'a'"),
        ({"storage": 3}, "'storage' parameter of OptunaSearchCV .* Got 3"),
        ({"storage": "study.db"}, "'storage' .* write 'sqlite:///study.db'"),
        ({"storage": ""}, "'storage' .* write 'sqlite:///study.db'"),
        (
            {"storage": "study.db", "pruner": 3, "objectives": []},
            "(?s)'pruner' .*\n.*'storage' .*\n.*'objectives' ",
        ),
    ],
)
def test_mistakes_are_named_before_training(settings, message):
    search = make(NET, **{"scoring": never, "error_score": "raise", **settings})
    with pytest.raises(ValueError, match=message):
        search.fit(X, Y)


def accuracy_alone(estimator, X, y):
    return {"accuracy": estimator.score(X, y)}


def test_objectives_that_a_callable_does_not_return_are_named():
    search = make(objectives=["accuracy", "own"], scoring=accuracy_alone, refit=False)
    words = r"that 'scoring' returns, which are \['accuracy'\]. Got \['own'\]"
    with pytest.raises(ValueError, match=words):
        search.fit(X, Y)


@pytest.mark.parametrize("objectives", [None, ["accuracy", "neg_log_loss"]])
def test_a_study_of_other_directions_is_refused(objectives, tmp_path):
    storage = f"sqlite:///{tmp_path}/study.db"
    optuna.create_study(storage=storage, study_name="one", direction="minimize")
    metrics = {"scoring": ["accuracy", "neg_log_loss"], "refit": "accuracy"}
    search = make(storage=storage, study_name="one", objectives=objectives, **metrics)
    words = "of the directions .*'maximize'.* which has .*'minimize'.* delete the study"
    with pytest.raises(ValueError, match=words):
        search.fit(X, Y)
    assert not optuna.load_study(study_name="one", storage=storage).trials


def test_objectives_are_not_added_to_a_study(tmp_path):
    kept = {"storage": f"sqlite:///{tmp_path}/study.db", "study_name": "one"}
    metrics = {"scoring": ["accuracy", "neg_log_loss"], "refit": "accuracy"}
    make(n_iter=2, **kept, **metrics).fit(X, Y)
    search = make(objectives=metrics["scoring"], **kept, **metrics)
    with pytest.raises(ValueError, match=r"with objectives=.* Give another study_name"):
        search.fit(X, Y)


def test_without_optuna_it_says_what_to_install(tmp_path):
    (tmp_path / "optuna.py").write_text("raise ImportError('it is not here')")
    code = (
        "from sklearn.datasets import load_iris; from sklearn.svm import SVC\n"
        "from skhyper import OptunaSearchCV\n"
        "try: OptunaSearchCV(SVC(), {'C': [1.0]}).fit(*load_iris(return_X_y=True))\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"},
    )
    assert "OptunaSearchCV needs optuna" in done.stdout
    assert "pip install 'skhyper[optuna]'" in done.stdout


@pytest.mark.parametrize(
    "pruner", ["hyperband", "median", optuna.pruners.SuccessiveHalvingPruner()]
)
def test_pruned_searches_are_the_same_again_and_alone(pruner):
    search = make(pruner=pruner, max_epochs=9)
    first = clone(search).fit(X, Y)
    assert_same(first, clone(search).fit(X, Y))
    assert_same(first, clone(search).set_params(fused=False).fit(X, Y))
    assert_same(first, deepcopy(first).fit(X, Y))


def test_an_enqueued_trial_outside_the_space_is_named(tmp_path):
    kept = {"storage": f"sqlite:///{tmp_path}/study.db", "study_name": "one"}
    study = optuna.create_study(direction="maximize", **kept)
    study.enqueue_trial({"C": 2.0})
    study.enqueue_trial({"C": 2.0, "kernel": "rfb"})
    space = {"C": loguniform(1, 9), "kernel": ["rbf", "linear"]}
    search = make(SVC(), space, **kept, n_iter=4)
    words = "Trial 1 of the study, which was enqueued, must lie in .* 'rfb' not in"
    with pytest.raises(ValueError, match=words):
        search.fit(X, Y)
    search.fit(X, Y)
    states = [trial.state.name for trial in study.trials]
    assert states.count("FAIL") == 2
    assert states.count("COMPLETE") == len(search.cv_results_["params"]) == 4
    assert search.cv_results_["param_C"].tolist().count(2.0) == 1


def test_a_sampler_sees_the_trials_of_its_batch_wherever_they_are_kept(tmp_path):
    rates = []
    for storage in (None, f"sqlite:///{tmp_path}/study.db"):
        with pytest.warns(optuna.exceptions.ExperimentalWarning):
            sampler = optuna.samplers.QMCSampler(seed=0, scramble=False)
        search = make(SVC(), {"C": loguniform(1, 9)}, storage=storage, sampler=sampler)
        rates.append(search.fit(X, Y).cv_results_["param_C"].tolist())
    assert rates[0] == rates[1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sampler": optuna.samplers.GridSampler({"x": [1]})}, "parameter name, C"),
        (
            {"sampler": "cmaes", "objectives": ["r2", "neg_max_error"]},
            "'sampler' .*cmaes",
        ),
        ({"objectives": np.array(["r2"])}, "'objectives' parameter of OptunaSearchCV"),
    ],
)
def test_errors_of_a_sampler_are_its_own(settings, message):
    metrics = {"scoring": ["r2", "neg_max_error"], "refit": "r2"}
    search = make(SVR(), {"C": loguniform(1, 9)}, **{**metrics, **settings})
    with pytest.raises(ValueError, match=message) as caught:
        search.fit(X, Y)
    assert "enqueued" not in str(caught.value)


@pytest.mark.parametrize(
    ("sampler", "settings"),
    [("GridSampler", {"search_space": {"C": [1, 2]}}), ("BruteForceSampler", {})],
)
@pytest.mark.filterwarnings("ignore:BruteForceSampler is experimental")
def test_a_sampler_that_has_tried_all_ends_the_search(sampler, settings):
    made = getattr(optuna.samplers, sampler)(**settings)
    search = make(SVC(), {"C": [1, 2]}, sampler=made, n_points=1).fit(X, Y)
    assert sorted(search.cv_results_["param_C"]) == [1, 2]
    # In a batch it does not know what comes of the others.
    search.set_params(n_points=4).fit(X, Y)
    assert set(search.cv_results_["param_C"]) == {1, 2}
    assert len(search.cv_results_["params"]) == 4


@pytest.mark.parametrize(
    ("sampler", "settings"),
    [("GridSampler", {"search_space": {"C": [1, 2]}}), ("BruteForceSampler", {})],
)
@pytest.mark.filterwarnings("ignore:BruteForceSampler is experimental")
def test_a_sampler_that_stops_does_not_hide_a_mistake(sampler, settings):
    made = getattr(optuna.samplers, sampler)(**settings)
    kept = {"storage": optuna.storages.InMemoryStorage(), "study_name": "a"}
    search = make(SVC(), {"C": [1, 2]}, sampler=made, n_points=1, **kept).fit(X, Y)
    search.study_.enqueue_trial({"C": 9})
    with pytest.raises(ValueError, match="which was enqueued, must lie in the space"):
        search.fit(X, Y)


@pytest.mark.parametrize("has_begun", [False, True])
@pytest.mark.parametrize("in_memory", [False, True])
def test_a_grid_of_optuna_is_gone_on_with(has_begun, in_memory, tmp_path):
    storage = f"sqlite:///{tmp_path}/study.db"
    if in_memory:
        storage = optuna.storages.InMemoryStorage()
    kept = {"storage": storage, "study_name": "a"}
    grid = {"C": [1, 2, 3, 4]}
    sampler = optuna.samplers.GridSampler(grid, seed=0)
    search = make(SVC(), grid, sampler=sampler, n_points=1, n_iter=2, **kept)
    search.fit(X, Y)
    # Another process was killed that had begun the third of four.
    process = {"host": socket.gethostname(), "id": 2**22 + 1, "search": "another"}
    notes = {"skhyper:process": {"has_asked": False, **process}, "skhyper:place": 2}
    added = add_running(optuna, search.study_, notes)
    if has_begun:
        begin(optuna, search.study_, added)
    search.set_params(n_iter=9).fit(X, Y)
    assert sorted(search.cv_results_["param_C"]) == [1, 2, 3, 4]


@pytest.mark.parametrize("names", [[], ["C"]])
@pytest.mark.filterwarnings("ignore:BruteForceSampler is experimental")
def test_a_brute_force_search_that_was_killed_goes_on(names):
    kept = {"storage": optuna.storages.InMemoryStorage(), "study_name": "a"}
    space = {"C": [1, 2], "kernel": ["rbf", "linear"]}
    sampler = optuna.samplers.BruteForceSampler(seed=0)
    search = make(SVC(), space, sampler=sampler, n_points=1, n_iter=1, **kept)
    search.fit(X, Y)
    process = {"host": socket.gethostname(), "id": 2**22 + 1, "search": "another"}
    notes = {"skhyper:process": {"has_asked": False, **process}, "skhyper:place": 1}
    added = add_running(optuna, search.study_, notes)
    trial = begin(optuna, search.study_, added)
    for name in names:
        trial.suggest_categorical(name, space[name])
    search.set_params(n_iter=9).fit(X, Y)
    tried = {tuple(params.values()) for params in search.cv_results_["params"]}
    assert len(tried) == len(search.cv_results_["params"]) == 4


class Stopping(optuna.samplers.RandomSampler):
    def before_trial(self, study, trial):
        if trial.number == 2:
            study.stop()


def test_a_sampler_may_stop_the_study_before_a_trial():
    # The trial at hand is the last one, as in Optuna's own optimize.
    search = make(SVC(), {"C": loguniform(1, 9)}, sampler=Stopping(seed=0), n_iter=9)
    assert len(search.fit(X, Y).cv_results_["params"]) == 3


def test_a_trial_that_is_done_over_is_judged_anew():
    kept = {"storage": optuna.storages.InMemoryStorage(), "study_name": "a"}
    study = optuna.create_study(direction="maximize", **kept)
    process = {"host": socket.gethostname(), "id": 2**22 + 1, "search": "another"}
    notes = {"skhyper:process": process | {"has_asked": 1}}
    begun = begin(optuna, study, add_running(optuna, study, notes))
    begun.suggest_float("lr", 0.01, 0.1)
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1)
    study.pruner = pruner
    begun.report(0.123, 1)
    begun.should_prune()
    assert study.trials[0].system_attrs["completed_rung_0"] == 0.123
    space, epochs = {"lr": uniform(0.01, 0.09)}, {"min_epochs": 1, "max_epochs": 3}
    net = MLPClassifier((4,), random_state=0)
    search = make(net, space, pruner=pruner, n_iter=1, **epochs, **kept).fit(X, Y)
    again = search.study_.trials[1]
    assert again.params == begun.params
    assert 0.123 not in again.system_attrs.values()


def test_a_trial_that_was_enqueued_is_done_over_as_it_was():
    kept = {"storage": optuna.storages.InMemoryStorage(), "study_name": "a"}
    study = optuna.create_study(direction="maximize", **kept)
    process = {"host": socket.gethostname(), "id": 2**22 + 1, "search": "another"}
    notes = {"skhyper:process": {"has_asked": False, **process}}
    study.enqueue_trial({"C": 2.5}, notes)
    # It was killed before it had asked for the parameters.
    study.ask()
    search = make(SVC(), {"C": loguniform(1, 9)}, n_iter=1, **kept).fit(X, Y)
    assert [*search.cv_results_["param_C"]] == [2.5]
