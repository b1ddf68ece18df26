"""Runs in other threads end when they are told to."""

import pickle
import threading
import time

import pytest
import torch

from skhyper.modules import MLP
from skhyper.training import Data, Halt, Knobs, Recipe, Rows, Structure, train


def endless_run():
    """Make a run that nobody would wait for."""
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(64, 4, generator=generator)
    arguments = (("n_features", 4), ("n_outputs", 2), ("hidden_layer_sizes", (8,)))
    structure = Structure(
        MLP, arguments, "cross_entropy", "sgd", 16, torch.float32, "cpu"
    )
    recipe = Recipe(structure, Knobs(lr=1e-6, max_epochs=10**6, seed=0))
    return recipe, Data(Rows(X, (X[:, 0] > 0).long()))


def test_all_runs_have_ended_when_the_call_returns():
    halt, ended = Halt(), []
    run, started = endless_run(), threading.Barrier(3)

    def work():
        try:
            with halt.in_force():
                started.wait()
                train(*run)
        except BaseException as error:
            ended.append(type(error))

    threads = [threading.Thread(target=work, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    started.wait()
    time.sleep(0.2)
    assert ended == []
    halt.call()
    for thread in threads:
        thread.join(timeout=10)
    assert ended == [KeyboardInterrupt, KeyboardInterrupt]


def test_no_run_begins_under_a_halt_that_was_called():
    halt = Halt()
    halt.call()
    with pytest.raises(KeyboardInterrupt), halt.in_force():
        raise AssertionError("this must not be reached")


def test_other_threads_train_on():
    Halt().call()
    recipe, data = endless_run()
    recipe = Recipe(recipe.structure, Knobs(lr=0.1, max_epochs=2, seed=0))
    assert len(train(recipe, data).history) == 2


def test_a_halt_is_another_one_in_another_process():
    halt = Halt()
    halt.call()
    assert not pickle.loads(pickle.dumps(halt)).called
