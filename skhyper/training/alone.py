"""Train one recipe alone, by skorch."""

from copy import deepcopy
from dataclasses import replace

from skhyper.training.build import build_net
from skhyper.training.net import Net
from skhyper.training.outcome import NetState, Outcome, Start, StopReason
from skhyper.training.recipe import Data, Recipe
from skhyper.training.restore import begin_again, restore_net, state_of
from skhyper.training.threads import one_thread

__all__ = ["outcome_of", "train_alone", "train_on"]


def train_alone(recipe: Recipe, data: Data, start: Start = None) -> Outcome:
    """Train a recipe from its initial weights, those of another run, or a pause.

    Parameters
    ----------
    recipe : Recipe
        What to train.
    data : Data
        What to train on.
    start : Outcome, NetState or None, default=None
        A run of the same structure whose last weights are the first here; or the
        state in which a run of this recipe was paused, which goes on as if it had not
        been. The user's callbacks are told of a new beginning.

    Returns
    -------
    outcome : Outcome
        The trained net, its history and why it ended.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, within one batch.
    OutOfTime
        When the deadline of the recipe has passed already.
    TrainingDiverged
        When a loss or a weight stops being finite.
    """
    recipe.check_deadline()
    with one_thread():
        if isinstance(start, NetState):
            net = restore_net(recipe, start, data)
            begin_again(net, start, data)
        else:
            net = build_net(recipe, data)
            if start is not None:
                net.module_.load_state_dict(start.module.state_dict())
            net.notify("on_train_begin", X=data.train, y=None)
        n_left = recipe.last_epoch - len(net.history)
        reason = net.train_epochs(data.train, n_left, recipe.deadline)
        paused = None
        if reason in (StopReason.MAX_EPOCHS, StopReason.MAX_TIME):
            reason = recipe.reason_after(len(net.history)) or reason
        if reason.can_go_on:
            paused = state_of(net)
        net.notify("on_train_end", X=data.train, y=None)
        return replace(outcome_of(net, reason), paused=paused)


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
