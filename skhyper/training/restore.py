"""A net made again from what is known of it."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor

from skhyper.rules import OPTIMIZERS
from skhyper.training.batches import batch_bounds
from skhyper.training.build import build_net
from skhyper.training.layout import ScheduleLayout
from skhyper.training.net import Net
from skhyper.training.outcome import NetState
from skhyper.training.recipe import Data, Recipe, Rows

__all__ = ["begin_again", "inherited", "restore_net", "state_of", "state_under"]


def restore_net(recipe: Recipe, state: NetState, data: Data | None = None) -> Net:
    """Make a net as it was after its training.

    Parameters
    ----------
    recipe : Recipe
        What was trained.
    state : NetState
        What came of it; it is not changed by what becomes of the net.
    data : Data or None, default=None
        The rows that it will be trained on further; None gives it none, for which
        nothing that is asked of the rows may be left open in the recipe.

    Returns
    -------
    net : Net
        The net.
    """
    row = Rows(torch.empty(1, 0))
    rows = data or Data(row, row if state.is_validated else None)
    net = build_net(recipe, rows)
    if data is None:
        net.train_split = None
    net.module_.load_state_dict(state.module)
    net.optimizer_.load_state_dict(deepcopy(state.optimizer))
    net.history.extend(state.history)
    callbacks = dict(net.callbacks_)
    if "schedule" in callbacks:
        callbacks["schedule"].state_ = state.schedule
    if "early_stopping" in callbacks:
        callbacks["early_stopping"].best_epoch_ = state.best_epoch
    return net


def state_of(net: Net, *, is_over: bool = False) -> NetState:
    """Copy what training has made of a net.

    Parameters
    ----------
    net : Net
        A net in its training, between two epochs, or after it.
    is_over : bool, default=False
        Whether the training is over, so that the net has its best weights if these are
        restored.

    Returns
    -------
    state : NetState
        What it can be made from again, and go on from.
    """
    schedule, stopping = dict(net.callbacks_).get("schedule"), net.early_stopping_
    last = len(net.history)
    best = last if stopping is None else stopping.best_epoch_
    return NetState(
        history=[*net.history],
        is_validated="valid_loss" in net.history[-1],
        module=deepcopy(net.module_.state_dict()),
        optimizer=deepcopy(net.optimizer_.state_dict()),
        schedule=None if schedule is None else schedule.__getstate__()["state_"],
        best_epoch=best,
        best=None
        if is_over or best == last
        else deepcopy(stopping.best_model_weights_),
    )


def state_under(
    recipe: Recipe,
    n_batches: int,
    history: Sequence[Mapping[str, Any]],
    best_epoch: int,
    optimizer: Sequence[dict[str, Tensor]],
    module: Mapping[str, Tensor],
    best: Mapping[str, Tensor] | None = None,
) -> NetState:
    """Say what skorch would have made of a net that is trained as a recipe says.

    Parameters
    ----------
    recipe : Recipe
        What is trained; the rates are those of its schedule after so many epochs.
    n_batches : int
        Batches in an epoch.
    history : sequence of mapping
        Rows of skorch, one an epoch.
    best_epoch : int
        Epoch of the best validation loss, or the last epoch without validation.
    optimizer : sequence of dict
        What the optimizer keeps of each parameter.
    module : mapping of str to torch.Tensor
        State of the module.
    best : mapping of str to torch.Tensor or None, default=None
        Its state after the best epoch, if it is to be restored and not the last.

    Returns
    -------
    state : NetState
        The state.
    """
    is_validated = "valid_loss" in history[-1]
    rate, schedule = recipe.knobs.lr, None
    if recipe.knobs.scheduler is not None:
        watched = "valid_loss" if is_validated else "train_loss"
        losses = [row[watched] for row in history]
        rate, schedule = ScheduleLayout.of(recipe.knobs, n_batches).state_after(losses)
    like: Any = OPTIMIZERS[recipe.structure.optimizer].optimizer
    arguments = recipe.optimizer_keywords
    groups = like([torch.zeros(1) for _ in optimizer], lr=rate, **arguments)
    return NetState(
        history=history,
        is_validated=is_validated,
        module=module,
        optimizer={
            "state": dict(enumerate(optimizer)),
            "param_groups": groups.state_dict()["param_groups"],
        },
        schedule=schedule,
        best_epoch=best_epoch,
        best=best,
    )


def inherited(recipe: Recipe, state: NetState, data: Data) -> NetState:
    """Let a run go on from where another one of its structure was.

    Parameters
    ----------
    recipe : Recipe
        The run that goes on, with knobs of its own.
    state : NetState
        What came of the other one.
    data : Data
        The rows, the same for both.

    Returns
    -------
    state : NetState
        The weights and the optimizer's memory of the other, at the place in the run's
        own schedule where it would be after as many epochs.
    """
    n_batches = len(batch_bounds(len(data.train), recipe.structure.batch_size))
    remembered = state.optimizer["state"]
    return state_under(
        recipe,
        n_batches,
        state.history,
        state.best_epoch,
        [remembered.get(number, {}) for number in range(len(remembered))],
        state.module,
        state.best,
    )


def begin_again(net: Net, state: NetState, data: Data) -> None:
    """Let the callbacks of a net go on where they were.

    Parameters
    ----------
    net : Net
        A net that was restored with its rows.
    state : NetState
        What it was restored from.
    data : Data
        The rows.
    """
    net.notify("on_train_begin", X=data.train, y=None)
    stopping: Any = net.early_stopping_
    if stopping is None:
        return
    lowest = state.history[state.best_epoch - 1]["valid_loss"]
    stopping.dynamic_threshold_ = lowest - stopping.threshold
    stopping.misses_ = len(state.history) - state.best_epoch
    stopping.best_epoch_ = state.best_epoch
    if stopping.load_best:
        best = state.module if state.best is None else state.best
        stopping.best_model_weights_ = deepcopy(dict(best))
