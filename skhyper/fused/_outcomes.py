"""From a lane that has ended to the outcome of its run."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from skorch import NeuralNet

from skhyper.exceptions import TrainingDiverged
from skhyper.fused._lanes import Lane
from skhyper.fused._tile import Tile
from skhyper.training import (
    NetState,
    Outcome,
    Recipe,
    ScheduleLayout,
    restore_net,
    state_under,
)

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
        state_under,
        recipe,
        n_batches,
        lane.history,
        lane.best_epoch,
        tile.optimizer.lane_state(place),
    )
    paused = None
    if lane.stop_reason.can_go_on:
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


def _make_net(
    recipe: Recipe, n_batches: int, make_state: Callable[[], NetState]
) -> NeuralNet:
    """Make the net that skorch would have trained."""
    knobs = recipe.knobs
    if knobs.scheduler is not None:
        # All its arguments, as those left open depend on the rows.
        keywords = ScheduleLayout.of(knobs, n_batches).keywords()
        knobs = replace(knobs, scheduler_params=tuple(keywords.items()))
    return restore_net(replace(recipe, knobs=knobs), make_state())
