"""From a lane that has ended to the outcome of its run."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from skorch import NeuralNet
from torch import Tensor

from skhyper.exceptions import TrainingDiverged
from skhyper.fused._lanes import Lane
from skhyper.fused._rates import scheduler_state
from skhyper.fused._tile import Tile
from skhyper.rules import OPTIMIZERS, SCHEDULES
from skhyper.training import NetState, Outcome, Recipe, restore_net

__all__ = ["outcome_of"]


def outcome_of(lane: Lane, place: int, tile: Tile) -> Outcome | TrainingDiverged:
    """Gather what a lane knows of its training.

    Parameters
    ----------
    lane : Lane
        A lane that has ended.
    place : int
        Where it is in the tile.
    tile : Tile
        The tile.

    Returns
    -------
    outcome : Outcome or TrainingDiverged
        What the run gave, or the error that it ended with.
    """
    if lane.error is not None or lane.stop_reason is None:
        assert lane.error is not None, "a lane ends for a reason"
        return lane.error
    is_earlier = lane.restores_best and lane.best_epoch != len(lane.history)
    state = tile.network.state(place, best=is_earlier)
    make_net = partial(
        _make_net,
        lane.recipe,
        lane.history,
        state,
        tile.optimizer.lane_state(place),
        lane.best_epoch,
        len(lane.source.bounds),
    )
    module = tile.network.module(place, state)
    return Outcome(module, lane.best_epoch, lane.stop_reason, lane.history, make_net)


def _make_net(
    recipe: Recipe,
    history: list[dict[str, Any]],
    module: Mapping[str, Tensor],
    optimizer: list[dict[str, Tensor]],
    best_epoch: int,
    n_batches: int,
) -> NeuralNet:
    """Make the net that skorch would have trained."""
    knobs = recipe.knobs
    is_validated = "valid_loss" in history[-1]
    rate, schedule = knobs.lr, None
    if knobs.scheduler is not None:
        watched = "valid_loss" if is_validated else "train_loss"
        losses = [row[watched] for row in history]
        rate, schedule = scheduler_state(knobs, n_batches, losses)
        keywords = SCHEDULES[knobs.scheduler].keywords(
            dict(knobs.scheduler_params),
            lr=knobs.lr,
            max_epochs=knobs.max_epochs,
            n_batches=n_batches,
        )
        knobs = replace(knobs, scheduler_params=tuple(keywords.items()))
    like: Any = OPTIMIZERS[recipe.structure.optimizer].optimizer
    arguments = recipe.optimizer_keywords
    groups = like([torch.zeros(1) for _ in optimizer], lr=rate, **arguments)
    return restore_net(
        replace(recipe, knobs=knobs),
        NetState(
            history=history,
            is_validated=is_validated,
            module=module,
            optimizer={
                "state": dict(enumerate(optimizer)),
                "param_groups": groups.state_dict()["param_groups"],
            },
            schedule=schedule,
            best_epoch=best_epoch,
        ),
    )
