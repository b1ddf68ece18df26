"""Training by skorch against the slow and obvious loop."""

import math
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping, LRScheduler

from skhyper.exceptions import TrainingDiverged
from skhyper.modules import MLP, penalized_parameters
from skhyper.rules import OPTIMIZERS, SCHEDULES, Noise
from skhyper.training import (
    Data,
    Knobs,
    Recipe,
    Rows,
    StopReason,
    Structure,
    batch_bounds,
    train,
    train_on,
)

N_FEATURES, N_CLASSES, BATCH_SIZE = 5, 3, 16


def make_rows(n_rows=41, *, weighted=False, seed=0):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(n_rows, N_FEATURES, generator=generator, dtype=torch.float64)
    y = (X[:, :N_CLASSES] + 0.1 * X[:, -1:]).argmax(1)
    weight = None
    if weighted:
        weight = torch.rand(n_rows, generator=generator, dtype=torch.float64) + 0.5
    return Rows(X, y, weight)


def make_recipe(*, optimizer="sgd", normalizer=None, callbacks=(), **knobs):
    module_params = (
        ("n_features", N_FEATURES),
        ("n_outputs", N_CLASSES),
        ("hidden_layer_sizes", (8,)),
        ("normalizer", normalizer),
    )
    structure = Structure(
        MLP, module_params, "cross_entropy", optimizer, BATCH_SIZE, torch.float64, "cpu"
    )
    defaults = {"lr": 0.05, "max_epochs": 6, "seed": 7, "momentum": 0.9}
    return Recipe(structure, Knobs(**(defaults | knobs)), callbacks)


def train_by_hand(recipe, data):
    """Train as one would with torch alone, written from the definitions."""
    knobs, structure = recipe.knobs, recipe.structure
    noise = Noise(knobs.seed)
    module = MLP(
        **dict(structure.module_params),
        dropout=0.0,
        dtype=structure.dtype,
        generator=noise.generator("weights"),
    )
    arguments = {"lr": knobs.lr, "weight_decay": knobs.weight_decay}
    if structure.optimizer == "sgd":
        arguments |= {"momentum": knobs.momentum, "nesterov": knobs.nesterov}
    arguments |= dict(knobs.optimizer_params)
    optimizer = OPTIMIZERS[structure.optimizer].optimizer(
        module.parameters(), **arguments
    )
    X, y, weight = data.train.X, data.train.y, data.train.weight
    bounds = batch_bounds(len(X), structure.batch_size)
    scheduler = None
    if knobs.scheduler is not None:
        rule = SCHEDULES[knobs.scheduler]
        scheduler = rule.scheduler(
            optimizer,
            **rule.keywords(
                dict(knobs.scheduler_params),
                lr=knobs.lr,
                max_epochs=knobs.max_epochs,
                n_batches=len(bounds),
            ),
        )
    n_steps, epoch_losses, rates = 0, [], []
    for epoch in range(knobs.max_epochs):
        module.train()
        order = noise.order(len(X), epoch)
        drops = noise.generator("dropout", epoch)
        total = mass = 0.0
        rates.append(optimizer.param_groups[0]["lr"])
        for start, stop in bounds:
            rows = order[start:stop]
            hidden = module[:-1](X[rows])
            if knobs.dropout:
                uniforms = torch.rand(hidden.shape, generator=drops)
                hidden = hidden * (uniforms >= knobs.dropout) / (1 - knobs.dropout)
            log_probability = module[-1](hidden).log_softmax(1)
            label = torch.nn.functional.one_hot(y[rows], N_CLASSES).double()
            label = (1 - knobs.label_smoothing) * label
            label += knobs.label_smoothing / N_CLASSES
            row_losses = -(label * log_probability).sum(1)
            counts = torch.ones(len(rows)) if weight is None else weight[rows]
            loss = (row_losses * counts).sum() / counts.sum()
            total += (row_losses * counts).sum().item()
            mass += counts.sum().item()
            for w in penalized_parameters(module):
                loss = loss + knobs.l1 * w.abs().sum() + knobs.l2 * w.square().sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            n_steps += 1
            last_step = n_steps == knobs.max_epochs * len(bounds)
            if scheduler is not None and rule.every == "batch" and not last_step:
                scheduler.step()
        epoch_losses.append(total / mass)
        if scheduler is not None and rule.every == "epoch":
            monitored = [epoch_losses[-1]] if knobs.scheduler == "plateau" else []
            scheduler.step(*monitored)
    return module, epoch_losses, rates


def assert_same_weights(module, expected, *, rtol=1e-9):
    for (name, value), other in zip(
        module.state_dict().items(), expected.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(value, other, rtol=rtol, atol=1e-12, msg=name)


def assert_equals_the_loop(recipe, data):
    outcome = train(recipe, data)
    module, losses, rates = train_by_hand(recipe, data)
    # The sums run in another order, so that the last digits differ.
    assert_same_weights(outcome.net.module_, module)
    np.testing.assert_allclose(outcome.history["train_loss"], losses, rtol=1e-9)
    np.testing.assert_allclose(outcome.history["lr"], rates, rtol=1e-12)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_trains_as_the_loop(optimizer):
    recipe = make_recipe(optimizer=optimizer, lr=0.01, weight_decay=0.02)
    assert_equals_the_loop(recipe, Data(make_rows()))


@pytest.mark.parametrize("scheduler", SCHEDULES)
def test_every_schedule_trains_as_the_loop(scheduler):
    recipe = make_recipe(scheduler=scheduler, max_epochs=9)
    assert_equals_the_loop(recipe, Data(make_rows()))


@pytest.mark.parametrize(
    "knobs",
    [
        {"nesterov": True},
        {"l1": 0.01},
        {"l2": 0.01},
        {"l1": 0.003, "l2": 0.02, "weight_decay": 0.01},
        {"label_smoothing": 0.2},
        {"dropout": 0.4},
        {"optimizer_params": (("dampening", 0.2),)},
        {"scheduler": "step", "scheduler_params": (("step_size", 2), ("gamma", 0.5))},
    ],
    ids=str,
)
@pytest.mark.parametrize("weighted", [False, True])
def test_every_regularizer_trains_as_the_loop(knobs, weighted):
    assert_equals_the_loop(make_recipe(**knobs), Data(make_rows(weighted=weighted)))


@pytest.mark.parametrize("normalizer", ["batch", "layer", "group"])
def test_every_normalizer_trains_as_the_loop(normalizer):
    recipe = make_recipe(normalizer=normalizer, dropout=0.2)
    assert_equals_the_loop(recipe, Data(make_rows()))


def test_a_remainder_of_one_row_joins_the_batch_before():
    recipe = make_recipe(normalizer="batch")
    assert_equals_the_loop(recipe, Data(make_rows(2 * BATCH_SIZE + 1)))


@pytest.mark.parametrize(
    ("n_rows", "batch_size", "expected"),
    [
        (1, 4, [(0, 1)]),
        (4, 4, [(0, 4)]),
        (5, 4, [(0, 5)]),
        (6, 4, [(0, 4), (4, 6)]),
        (9, 4, [(0, 4), (4, 9)]),
        (3, 1, [(0, 1), (1, 3)]),
    ],
)
def test_rows_are_cut_into_batches(n_rows, batch_size, expected):
    assert batch_bounds(n_rows, batch_size) == expected


def test_the_net_and_its_callbacks_are_those_of_skorch():
    recipe = make_recipe(scheduler="cosine", patience=3)
    net = train(recipe, Data(make_rows(), make_rows(seed=1))).net
    callbacks = [callback for _, callback in net.callbacks_]
    assert isinstance(net, NeuralNet)
    assert any(isinstance(callback, LRScheduler) for callback in callbacks)
    assert any(type(callback) is EarlyStopping for callback in callbacks)


def test_the_net_predicts_by_itself():
    rows = make_rows()
    net = train(make_recipe(), Data(rows)).net
    probability = net.predict_proba(rows.X.numpy())
    np.testing.assert_allclose(probability.sum(1), 1.0)
    assert probability.shape == (len(rows), N_CLASSES)


def test_training_stops_when_the_validation_loss_stalls_and_returns_to_the_best():
    data = Data(make_rows(), make_rows(seed=1))
    recipe = make_recipe(lr=1.0, max_epochs=200, patience=4, tol=1e-3)
    outcome = train(recipe, data)
    losses = outcome.history["valid_loss"].to_numpy()
    assert outcome.stop_reason is StopReason.EARLY_STOPPING
    assert len(losses) < 200
    # Four epochs in a row did not undercut the best by the tolerance.
    assert outcome.best_epoch == len(losses) - 4
    best = losses[outcome.best_epoch - 1]
    assert (losses[outcome.best_epoch :] >= best - 1e-3).all()
    shorter = make_recipe(lr=1.0, max_epochs=outcome.best_epoch)
    at_best = train(shorter, data).net.module_
    assert_same_weights(outcome.net.module_, at_best, rtol=0)


def test_the_last_weights_are_kept_where_that_is_wanted():
    data = Data(make_rows(), make_rows(seed=1))
    knobs = {"lr": 1.0, "max_epochs": 200, "patience": 4, "tol": 1e-3}
    outcome = train(make_recipe(**knobs, restore_best=False), data)
    epochs = len(outcome.history)
    last = train(make_recipe(lr=1.0, max_epochs=epochs), Data(data.train))
    assert outcome.stop_reason is StopReason.EARLY_STOPPING
    assert_same_weights(outcome.net.module_, last.net.module_, rtol=0)


def test_validation_rows_change_nothing_but_the_history():
    alone = train(make_recipe(dropout=0.3), Data(make_rows()))
    watched = train(make_recipe(dropout=0.3), Data(make_rows(), make_rows(seed=1)))
    assert_same_weights(alone.net.module_, watched.net.module_, rtol=0)
    assert alone.history["valid_loss"].isna().all()
    assert watched.history["valid_score"].between(0, 1).all()


class StopAfter(Callback):
    """End the training by skorch's custom, from a hook."""

    def __init__(self, epochs):
        self.epochs = epochs

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.epochs:
            raise KeyboardInterrupt


class CtrlC(Callback):
    """Interrupt as Ctrl-C does: outside of the hook's own statements."""

    def on_epoch_end(self, net, **kwargs):
        import _thread

        _thread.interrupt_main()
        for _ in range(1000):
            math.sqrt(2.0)


class StopByHelper(StopAfter):
    """The same, by way of a function that the hook calls."""

    def on_epoch_end(self, net, **kwargs):
        self.check(net)

    def check(self, net):
        StopAfter.on_epoch_end(self, net)


@pytest.mark.parametrize("kind", [StopAfter, StopByHelper])
def test_a_callback_may_end_the_training(kind):
    outcome = train(make_recipe(callbacks=(kind(3),)), Data(make_rows()))
    assert outcome.stop_reason is StopReason.CALLBACK
    assert len(outcome.history) == outcome.best_epoch == 3


def test_ctrl_c_is_not_taken_for_the_end_of_the_training():
    with pytest.raises(KeyboardInterrupt):
        train(make_recipe(callbacks=(CtrlC(),)), Data(make_rows()))


class Batches(Callback):
    """Note every call for a batch."""

    def initialize(self):
        self.calls = []
        return self

    def on_batch_begin(self, net, batch=None, training=None, **kwargs):
        self.calls.append(("begin", training, len(batch[0])))

    def on_grad_computed(self, net, named_parameters, **kwargs):
        names = [name for name, weight in named_parameters if weight.grad is not None]
        self.calls.append(("grad", names))

    def on_batch_end(self, net, batch=None, training=None, loss=None, **kwargs):
        self.calls.append(("end", training, float(loss)))


def test_a_callback_that_wants_batches_is_given_them():
    callback = Batches()
    data = Data(make_rows(20), make_rows(8, seed=1))
    recipe = make_recipe(callbacks=(callback,), max_epochs=1)
    outcome = train(recipe, data)
    kinds = [call[0] for call in callback.calls]
    assert kinds == ["begin", "grad", "end"] * 2 + ["begin", "end"]
    assert [call[1:] for call in callback.calls if call[0] == "begin"] == [
        (True, 16),
        (True, 4),
        (False, 8),
    ]
    assert len(callback.calls[1][1]) == 4
    plain = train(make_recipe(max_epochs=1), data)
    assert_same_weights(outcome.net.module_, plain.net.module_, rtol=0)


def test_a_callback_may_clip_gradients():
    from skorch.callbacks import GradientNormClipping

    clipping = (GradientNormClipping(1e-6),)
    clipped = train(make_recipe(callbacks=clipping, momentum=0.0), Data(make_rows()))
    start = MLP(
        **dict(clipped.net.get_params_for("module")) | {"dropout": 0.0},
        generator=Noise(7).generator("weights"),
    )
    for weight, first in zip(
        clipped.net.module_.parameters(), start.parameters(), strict=True
    ):
        # 18 steps of length 0.05 along a gradient of norm 1e-6 at most.
        assert 0 < (weight - first).norm() < 1e-6


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop"])
def test_a_loss_that_is_not_finite_names_epoch_rate_and_optimizer(optimizer):
    recipe = make_recipe(optimizer=optimizer, lr=1e200)
    with pytest.raises(TrainingDiverged, match=r"epoch \d+, with lr=1e\+200") as error:
        train(recipe, Data(make_rows()))
    assert OPTIMIZERS[optimizer].optimizer.__name__ in str(error.value)


def test_a_weight_that_is_not_finite_after_the_last_step_is_noticed():
    rows = make_rows(8)
    recipe = make_recipe(lr=1e308, momentum=0.0, max_epochs=1)
    huge = Rows(rows.X * 1e3, rows.y)
    with pytest.raises(TrainingDiverged, match="a weight is not finite in epoch 1"):
        train(recipe, Data(huge))


def test_threads_train_what_one_thread_trains():
    recipe = make_recipe(dropout=0.5, normalizer="batch", max_epochs=5)
    data = Data(make_rows())
    expected = train(recipe, data).net.module_
    trained = [None] * 4

    def run(number):
        trained[number] = train(recipe, data).net.module_

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for module in trained:
        assert_same_weights(module, expected, rtol=0)


def test_a_run_starts_from_the_weights_of_another():
    data = Data(make_rows())
    first = train(make_recipe(max_epochs=2), data)
    second = train(make_recipe(max_epochs=1, lr=1e-300), data, first)
    assert_same_weights(second.net.module_, first.net.module_, rtol=0)
    assert second.net is not first.net


@pytest.mark.parametrize("scheduler", [None, *SCHEDULES])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_epochs_one_by_one_are_a_run_in_one_go(scheduler, optimizer):
    recipe = make_recipe(optimizer=optimizer, scheduler=scheduler, dropout=0.2)
    data = Data(make_rows())
    outcome = None
    for _ in range(recipe.knobs.max_epochs):
        outcome = train_on(recipe, data, outcome)
    whole = train(recipe, data)
    assert_same_weights(outcome.net.module_, whole.net.module_, rtol=0)
    columns = ["epoch", "train_loss", "lr"]
    assert outcome.history[columns].equals(whole.history[columns])


@pytest.mark.parametrize("scheduler", SCHEDULES)
def test_a_schedule_that_is_over_keeps_its_rate(scheduler):
    recipe = make_recipe(scheduler=scheduler, max_epochs=2)
    outcome = train(recipe, Data(make_rows()))
    rates = []
    for _ in range(3):
        outcome = train_on(recipe, Data(make_rows()), outcome)
        rates.append(outcome.history["lr"].iloc[-1])
    assert rates[0] == rates[1] == rates[2]


@pytest.mark.parametrize("scheduler", ["plateau", "cosine"])
def test_a_run_that_was_stopped_early_goes_on_without_validation(scheduler):
    recipe = make_recipe(scheduler=scheduler, lr=1.0, max_epochs=50, patience=2)
    stopped = train(recipe, Data(make_rows(), make_rows(seed=1)))
    n_epochs, weight = len(stopped.history), stopped.net.module_.hidden0.weight.clone()
    further = train_on(recipe, Data(make_rows()), stopped)
    assert stopped.stop_reason is StopReason.EARLY_STOPPING
    assert len(further.history) == n_epochs + 1
    assert torch.equal(stopped.net.module_.hidden0.weight, weight)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_loss_beyond_float32_is_not_finite_in_float64_either(optimizer):
    recipe = make_recipe(optimizer=optimizer, lr=1e30, momentum=0.0)
    with pytest.raises(TrainingDiverged, match=r"epoch \d+, with lr=1e\+30"):
        train(recipe, Data(make_rows()))


@pytest.mark.parametrize(
    "knobs", [{"lr": 1e38}, {"l1": 1e300}, {"weight_decay": 1e300}]
)
def test_a_step_that_float32_cannot_hold_is_a_divergence(knobs):
    rows = make_rows()
    recipe = make_recipe(optimizer="adam", **knobs)
    recipe = replace(recipe, structure=replace(recipe.structure, dtype=torch.float32))
    with pytest.raises(TrainingDiverged, match=r"in epoch 1, with lr=.* Adam"):
        train(recipe, Data(Rows(rows.X.float(), rows.y)))


def test_the_callbacks_of_skorch_score_and_keep_the_best(tmp_path):
    from skorch.callbacks import BatchScoring, Checkpoint, EpochScoring

    callbacks = (
        EpochScoring("accuracy", name="accuracy", lower_is_better=False),
        BatchScoring("accuracy", name="by_batch", lower_is_better=False),
        EpochScoring("accuracy", name="trained", on_train=True, lower_is_better=False),
        Checkpoint(dirname=tmp_path, monitor="valid_loss_best"),
    )
    data = Data(make_rows(), make_rows(20, seed=1))
    net = train(make_recipe(callbacks=callbacks), data).net
    assert net.history[:, "accuracy"] == net.history[:, "valid_score"]
    assert net.history[:, "by_batch"] == net.history[:, "valid_score"]
    assert net.history[-1, "trained"] > 0.3
    assert (tmp_path / "params.pt").exists()
    best = net.history[:, "valid_loss_best"]
    losses = net.history[:, "valid_loss"]
    assert best == [loss <= min(losses[: i + 1]) for i, loss in enumerate(losses)]


def test_weights_that_give_no_finite_output_are_no_model():
    # The one loss is measured before the one step.
    recipe = make_recipe(optimizer="adam", lr=1e200, max_epochs=1)
    recipe = replace(
        recipe,
        structure=replace(recipe.structure, batch_size=64),
        knobs=replace(recipe.knobs, momentum=0.0),
    )
    with pytest.raises(TrainingDiverged, match="the output is not finite in epoch 1"):
        train(recipe, Data(make_rows()))
