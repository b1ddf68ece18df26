"""From a lane that has ended to the outcome of its run."""

from collections.abc import Callable, Mapping
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
from skhyper.training import NetState, Outcome, Recipe, StopReason, restore_net

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
    recipe, network, n_batches = lane.recipe, tile.network, len(lane.source.bounds)
    is_earlier = lane.restores_best and lane.best_epoch != len(lane.history)
    weights = network.state(place, best=is_earlier)
    # The lane itself holds its rows.
    state = partial(
        _state,
        recipe,
        n_batches,
        lane.history,
        lane.best_epoch,
        tile.optimizer.lane_state(place),
    )
    paused = None
    if lane.stop_reason is StopReason.PAUSE:
        best = network.state(place, best=True) if is_earlier else None
        paused = state(network.state(place), best)
    return Outcome(
        network.module(place, weights),
        lane.best_epoch,
        lane.stop_reason,
        lane.history,
        partial(_make_net, recipe, n_batches, partial(state, weights)),
        paused,
    )


def _state(
    recipe: Recipe,
    n_batches: int,
    history: list[dict[str, Any]],
    best_epoch: int,
    optimizer: list[dict[str, Tensor]],
    module: Mapping[str, Tensor],
    best: Mapping[str, Tensor] | None = None,
) -> NetState:
    """Say what skorch would have made of the net."""
    is_validated = "valid_loss" in history[-1]
    rate, schedule = recipe.knobs.lr, None
    if recipe.knobs.scheduler is not None:
        watched = "valid_loss" if is_validated else "train_loss"
        losses = [row[watched] for row in history]
        rate, schedule = scheduler_state(recipe.knobs, n_batches, losses)
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


def _make_net(
    recipe: Recipe, n_batches: int, make_state: Callable[[], NetState]
) -> NeuralNet:
    """Make the net that skorch would have trained."""
    knobs = recipe.knobs
    if knobs.scheduler is not None:
        # All its arguments, as those left open depend on the rows.
        keywords = SCHEDULES[knobs.scheduler].keywords(
            dict(knobs.scheduler_params),
            lr=knobs.lr,
            max_epochs=knobs.max_epochs,
            n_batches=n_batches,
        )
        knobs = replace(knobs, scheduler_params=tuple(keywords.items()))
    return restore_net(replace(recipe, knobs=knobs), make_state())
