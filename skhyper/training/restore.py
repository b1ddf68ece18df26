"""A net made again from what is known of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from skhyper.training.alone import build_net
from skhyper.training.net import Net
from skhyper.training.recipe import Data, Recipe, Rows

__all__ = ["NetState", "restore_net"]


@dataclass(frozen=True, eq=False)
class NetState:
    """What training has made of a net.

    Parameters
    ----------
    history : sequence of dict
        Rows of skorch, one an epoch.
    is_validated : bool
        Whether rows were validated on.
    module : mapping of str to torch.Tensor
        State of the module.
    optimizer : dict
        State of the optimizer.
    schedule : dict or None
        State of torch's scheduler, if there is one.
    best_epoch : int
        Epoch of the best validation loss, or the last epoch without validation.
    """

    history: Sequence[Mapping[str, Any]]
    is_validated: bool
    module: Mapping[str, Tensor]
    optimizer: dict[str, Any]
    schedule: dict[str, Any] | None
    best_epoch: int


def restore_net(recipe: Recipe, state: NetState) -> Net:
    """Make a net as it was after its training.

    Parameters
    ----------
    recipe : Recipe
        What was trained.
    state : NetState
        What came of it.

    Returns
    -------
    net : Net
        The net, without rows.
    """
    # Nothing that is asked of the rows here is left open in the recipe.
    row = Rows(torch.empty(1, 0))
    net = build_net(recipe, Data(row, row if state.is_validated else None))
    net.train_split = None
    net.module_.load_state_dict(state.module)
    net.optimizer_.load_state_dict(state.optimizer)
    net.history.extend(state.history)
    callbacks = dict(net.callbacks_)
    if "schedule" in callbacks:
        callbacks["schedule"].state_ = state.schedule
    if "early_stopping" in callbacks:
        callbacks["early_stopping"].best_epoch_ = state.best_epoch
    return net
