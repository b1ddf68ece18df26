"""Train one recipe alone, by skorch."""

from copy import deepcopy
from typing import Any

from skorch.callbacks import Callback, EarlyStopping
from skorch.helper import predefined_split

from skhyper.rules import OPTIMIZERS, SCHEDULES, Loss
from skhyper.training.batches import batch_bounds
from skhyper.training.callbacks import Schedule
from skhyper.training.net import Net
from skhyper.training.recipe import Data, Knobs, Outcome, Recipe, StopReason
from skhyper.training.threads import one_thread

__all__ = ["build_net", "outcome_of", "train_alone", "train_on"]


def build_net(recipe: Recipe, data: Data) -> Net:
    """Set up the skorch net of a recipe, with its initial weights.

    Parameters
    ----------
    recipe : Recipe
        What to train.
    data : Data
        The rows; they decide about the number of batches and the validation.

    Returns
    -------
    net : Net
        An initialized net.
    """
    structure, knobs = recipe.structure, recipe.knobs
    net = Net(
        structure.module,
        criterion=Loss,
        criterion__name=structure.loss,
        criterion__label_smoothing=knobs.label_smoothing,
        optimizer=OPTIMIZERS[structure.optimizer].optimizer,
        lr=knobs.lr,
        max_epochs=knobs.max_epochs,
        batch_size=structure.batch_size,
        train_split=None if data.valid is None else predefined_split(data.valid),
        callbacks=_callbacks(recipe, data),
        callbacks__train_loss=None,
        callbacks__valid_loss=None,
        **({} if recipe.verbose else {"callbacks__print_log": None}),
        device=structure.device,
        compile=structure.compile,
        verbose=recipe.verbose,
        seed=knobs.seed,
        l1=knobs.l1,
        l2=knobs.l2,
        autocast=structure.autocast,
        **{f"optimizer__{name}": v for name, v in recipe.optimizer_keywords.items()},
        **{f"module__{name}": value for name, value in structure.module_params},
        module__dropout=knobs.dropout,
        module__dtype=structure.dtype,
    )
    return net.initialize()


def train_alone(recipe: Recipe, data: Data, start: Outcome | None = None) -> Outcome:
    """Train a recipe from its initial weights, or from those of another run.

    Parameters
    ----------
    recipe : Recipe
        What to train.
    data : Data
        What to train on.
    start : Outcome or None, default=None
        A run of the same structure whose last weights are the first here.

    Returns
    -------
    outcome : Outcome
        The trained net, its history and why it ended.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, within one batch.
    TrainingDiverged
        When a loss or a weight stops being finite.
    """
    with one_thread():
        net = build_net(recipe, data)
        if start is not None:
            net.module_.load_state_dict(start.module.state_dict())
        net.notify("on_train_begin", X=data.train, y=None)
        reason = net.train_epochs(data.train, recipe.knobs.max_epochs)
        net.notify("on_train_end", X=data.train, y=None)
        return outcome_of(net, reason)


def train_on(recipe: Recipe, data: Data, start: Outcome | None = None) -> Outcome:
    """Train a run for one more epoch, with its optimizer and its schedule.

    Parameters
    ----------
    recipe : Recipe
        What to train; of use for the first epoch only.
    data : Data
        Rows of this epoch.
    start : Outcome or None, default=None
        The run that goes on; None begins a new one.

    Returns
    -------
    outcome : Outcome
        The run after the epoch; ``start`` is not changed.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, within one batch.
    TrainingDiverged
        When a loss or a weight stops being finite.
    """
    with one_thread():
        net = build_net(recipe, data) if start is None else _without_validation(start)
        net.notify("on_train_begin", X=data.train, y=None)
        return outcome_of(net, net.train_epochs(data.train, epochs=1))


def _without_validation(start: Outcome) -> Net:
    """Copy the net of a run that goes on without validation rows."""
    net = deepcopy(start.net)
    callbacks = dict(net.callbacks_)
    callbacks.pop("early_stopping", None)
    if "schedule" in callbacks:
        callbacks["schedule"].monitor = "train_loss"
    net.callbacks_ = list(callbacks.items())
    return net


def outcome_of(net: Net, reason: StopReason) -> Outcome:
    """Gather what a trained net knows of its training."""
    # A callback may have ended the last epoch half-way.
    epochs = [row for row in net.history if "train_loss" in row]
    stopping = net.early_stopping_
    best = len(net.history) if stopping is None else stopping.best_epoch_
    _release_rows(net)
    return Outcome(net.module_, best, reason, epochs, make_net=lambda: net)


def _release_rows(net: Net) -> None:
    net.train_split = None
    net.optimizer_.zero_grad()


def _callbacks(recipe: Recipe, data: Data) -> list[tuple[str, Callback]]:
    knobs = recipe.knobs
    callbacks: list[tuple[str, Any]] = []
    if knobs.scheduler is not None:
        callbacks.append(("schedule", _schedule(recipe, data)))
    if knobs.patience is not None and data.valid is not None:
        callbacks.append(("early_stopping", _early_stopping(knobs)))
    for number, callback in enumerate(recipe.callbacks):
        named = isinstance(callback, tuple)
        callbacks.append(callback if named else (f"callback_{number}", callback))
    return callbacks


def _schedule(recipe: Recipe, data: Data) -> Schedule:
    knobs = recipe.knobs
    rule = SCHEDULES[str(knobs.scheduler)]
    keywords = rule.keywords(
        dict(knobs.scheduler_params),
        lr=knobs.lr,
        max_epochs=knobs.max_epochs,
        n_batches=len(batch_bounds(len(data.train), recipe.structure.batch_size)),
    )
    return Schedule(
        policy=rule.scheduler,
        monitor="train_loss" if data.valid is None else "valid_loss",
        event_name=None,
        step_every=rule.every,
        **keywords,
    )


def _early_stopping(knobs: Knobs) -> EarlyStopping:
    return EarlyStopping(
        monitor="valid_loss",
        patience=knobs.patience,
        threshold=knobs.tol,
        threshold_mode="abs",
        load_best=knobs.restore_best,
    )
