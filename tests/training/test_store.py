"""Runs on disk: the same after reading, and never read when they are damaged."""

import resource
import signal
from dataclasses import replace

import pytest
import torch
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier

from skhyper import GridSearchCV, MLPClassifier
from skhyper.exceptions import StoreWarning
from skhyper.rules import OPTIMIZERS, SCHEDULES
from skhyper.training import (
    Checkpoints,
    Entry,
    NetState,
    Store,
    checkpoints_in_force,
    run_key,
    train_alone,
    train_on,
)
from tests.fused.runs import differences, make_requests


def make_run(**knobs):
    [request] = make_requests([{"max_epochs": 25, **knobs}], sizes=(40,), valid=True)
    return request.recipe, request.data


def train(store, recipe, data, pause=None):
    """Train as a fit does; give the outcome and the epochs that it took."""
    checkpoints = Checkpoints(pause)
    outcome = checkpoints.train(train_alone, recipe, data, store)
    return outcome, checkpoints.n_epochs


def files(folder):
    return sorted(folder.rglob("*"), key=str)


@pytest.mark.parametrize("scheduler", [None, *SCHEDULES])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_run_is_read_as_it_was_written(tmp_path, optimizer, scheduler):
    lanes = [{"max_epochs": 23, "scheduler": scheduler, "lr": 0.02, "patience": 20}]
    form = {"valid": True, "sizes": (40,), "normalizer": "batch"}
    [request] = make_requests(lanes, optimizer=optimizer, **form)
    recipe, data = request.recipe, request.data
    whole = train_alone(recipe, data)
    store = Store(tmp_path)
    # It is cut off after 10 epochs, goes on to the pause, and then to its end.
    assert train(store, recipe, data, pause=12)[1] == 12
    trained, n_epochs = train(Store(tmp_path), recipe, data)
    assert n_epochs == len(whole.history) - 12
    read, n_epochs = train(Store(tmp_path), recipe, data)
    assert n_epochs == 0
    for outcome in (trained, read):
        assert not differences(outcome, whole)
    going_on = [train_on(recipe, data, outcome) for outcome in (read, whole)]
    assert not differences(*going_on)


def test_what_a_pause_gives_is_read_too(tmp_path):
    recipe, data = make_run(patience=30, lr=1.0)
    store = Store(tmp_path)
    expected, _ = train(store, recipe, data, pause=7)
    train(store, recipe, data)
    again, n_epochs = train(store, recipe, data, pause=7)
    assert n_epochs == 0
    assert not differences(again, expected)
    assert isinstance(again.paused, NetState)


def test_only_what_may_be_gone_on_from_is_kept(tmp_path):
    recipe, data = make_run()
    train(Store(tmp_path), recipe, data, pause=12)
    train(Store(tmp_path), recipe, data)
    assert [path.name for path in files(tmp_path) if path.is_file()] == [
        "12.safetensors",
        "25.safetensors",
    ]


def test_another_run_has_another_key():
    recipe, data = make_run()
    key = run_key(recipe, data)
    assert run_key(replace(recipe, pause=3, verbose=1), data) == key
    other_rows = replace(data.train, X=data.train.X + 1e-6)
    structure, knobs = recipe.structure, recipe.knobs
    others = [
        (recipe, replace(data, train=other_rows)),
        (recipe, replace(data, valid=None)),
        (recipe, replace(data, valid=data.train, train=data.valid)),
        (replace(recipe, knobs=replace(knobs, lr=0.050000001)), data),
        (replace(recipe, knobs=replace(knobs, seed=4)), data),
        (replace(recipe, structure=replace(structure, batch_size=17)), data),
        (replace(recipe, structure=replace(structure, optimizer="adam")), data),
    ]
    keys = {run_key(*other) for other in others}
    assert len(keys | {key}) == len(others) + 1


def test_no_flipped_bit_is_overlooked(tmp_path):
    recipe, data = make_run(max_epochs=2)
    expected, _ = train(Store(tmp_path), recipe, data)
    [path] = [path for path in files(tmp_path) if path.is_file()]
    content = path.read_bytes()
    for part in range(211):
        place = part * len(content) // 211
        damaged = bytearray(content)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        with pytest.warns(StoreWarning, match="is damaged and is removed"):
            outcome, n_epochs = train(Store(tmp_path), recipe, data)
        assert n_epochs == 2
        assert not differences(outcome, expected)
        # Written anew; it took other times.
        content = path.read_bytes()


@pytest.mark.parametrize("size", [0, 1, 7, 100, -1])
def test_no_truncated_file_is_used(tmp_path, size):
    recipe, data = make_run(max_epochs=2)
    expected, _ = train(Store(tmp_path), recipe, data)
    [path] = [path for path in files(tmp_path) if path.is_file()]
    path.write_bytes(path.read_bytes()[:size])
    with pytest.warns(StoreWarning, match="is damaged and is removed"):
        outcome, n_epochs = train(Store(tmp_path), recipe, data)
    assert n_epochs == 2
    assert not differences(outcome, expected)


def test_a_damaged_file_leaves_the_one_before_it(tmp_path):
    recipe, data = make_run()
    train(Store(tmp_path), recipe, data, pause=12)
    train(Store(tmp_path), recipe, data)
    path = tmp_path / run_key(recipe, data) / "25.safetensors"
    path.write_bytes(b"damaged")
    with pytest.warns(StoreWarning, match="is damaged and is removed"):
        outcome, n_epochs = train(Store(tmp_path), recipe, data)
    assert n_epochs == 13
    assert not differences(outcome, train_alone(recipe, data))


def test_a_file_of_another_name_is_left_alone(tmp_path):
    recipe, data = make_run()
    train(Store(tmp_path), recipe, data)
    folder = tmp_path / run_key(recipe, data)
    stray = folder / "25 (copy).safetensors"
    stray.write_bytes((folder / "25.safetensors").read_bytes())
    _, n_epochs = train(Store(tmp_path), recipe, data)
    assert n_epochs == 0
    assert stray.exists()


@pytest.mark.parametrize("is_search", [False, True])
def test_without_a_seed_it_is_told_that_nothing_will_be_found(tmp_path, is_search):
    net = MLPClassifier((4,), max_epochs=1, memory=None if is_search else tmp_path)
    fitted, words = net, "the memory of MLPClassifier keeps, as random_state is None"
    if is_search:
        fitted = GridSearchCV(net, {"lr": [0.1]}, cv=2, memory=tmp_path)
        words = words.replace("MLPClassifier", "GridSearchCV")
    with pytest.warns(StoreWarning, match=words):
        fitted.fit(*load_iris(return_X_y=True))


def test_an_empty_path_is_refused():
    net = MLPClassifier(memory="")
    with pytest.raises(ValueError, match="'memory' parameter of MLPClassifier must be"):
        net.fit(*load_iris(return_X_y=True))


def test_a_full_disk_is_told_of_once_and_stops_nothing(tmp_path):
    recipe, data = make_run()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.warns(StoreWarning, match="cannot be kept in") as caught:
            outcome, _ = train(Store(tmp_path), recipe, data)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert len(caught) == 1
    assert not differences(outcome, train_alone(recipe, data))
    assert not [path for path in files(tmp_path) if path.is_file()]


def test_a_folder_that_cannot_be_made_stops_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    recipe, data = make_run(max_epochs=2)
    with pytest.warns(StoreWarning, match="cannot be kept in"):
        train(Store(tmp_path / "file" / "folder"), recipe, data)


def test_values_of_every_kind_come_back(tmp_path):
    state = NetState(
        history=[{"epoch": 1, "loss": float("nan"), "best": True, "rows": [{}]}],
        is_validated=False,
        module={"weight": torch.arange(3.0), "count": torch.tensor(7)},
        optimizer={"state": {0: {"step": torch.tensor(2.0)}}, "betas": (0.9, 0.99)},
        schedule={"last": None, "milestones": {3: 1}},
        best_epoch=1,
    )
    store = Store(tmp_path)
    store.write("key", Entry(state, "pause"))
    again = store.read("key", 1).state
    assert str(again) == str(state)
    assert again.optimizer["betas"] == (0.9, 0.99)
    assert list(again.schedule["milestones"]) == [3]


def test_a_fit_without_memory_is_kept_nowhere_whatever_came_before(tmp_path):
    X, y = load_iris(return_X_y=True)
    with checkpoints_in_force(Checkpoints()):
        MLPClassifier((4,), max_epochs=2, random_state=0, memory=tmp_path).fit(X, y)
        kept = files(tmp_path)
        MLPClassifier((4,), max_epochs=2, random_state=1).fit(X, y)
    assert kept
    assert files(tmp_path) == kept


def test_tasks_in_threads_are_kept_where_those_are_that_make_them(tmp_path):
    X, y = load_iris(return_X_y=True)
    bagging = BaggingClassifier(MLPClassifier((4,), max_epochs=2), 3, n_jobs=2)
    settings = {"cv": 2, "random_state": 0, "memory": tmp_path, "refit": False}
    GridSearchCV(bagging, {"estimator__lr": [0.01, 0.1]}, **settings).fit(X, y)
    n_files = len([path for path in files(tmp_path) if path.is_file()])
    assert n_files == 2 * 2 * 3
