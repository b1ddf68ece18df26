"""The lanes that are stepped at once, from the first epoch to the last."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from skhyper.fused._feed import Feed, Turn
from skhyper.fused._lanes import Lane
from skhyper.fused._losses import StackedLoss
from skhyper.fused._means import EpochLosses, Room
from skhyper.fused._network import Network
from skhyper.fused._optimizers import StackedOptimizer, make_optimizer
from skhyper.fused._penalties import Penalties
from skhyper.fused._runs import runs_of
from skhyper.fused._soundness import fail_unsound
from skhyper.fused._steps import TrainingStep
from skhyper.fused._tiling import bucket
from skhyper.fused._validation import Validation
from skhyper.training import NetState, heed_halt

__all__ = ["Tile"]


class Move(NamedTuple):
    """A turn, the step that is taken in it, and where its losses are kept."""

    turn: Turn
    step: TrainingStep
    room: Room


class Tile:
    """Trains lanes of one structure together.

    Parameters
    ----------
    lanes : sequence of Lane
        The lanes: the most rows first, those of one source beside each other.
    network : Network
        Their networks, as they start.
    states : sequence of NetState of length n_lanes, default=()
        What they go on from, if they were paused after the same epoch.
    at_end : callable
        Called as ``at_end(lane, place, tile)`` for each lane that has ended, while the
        tile still holds it at that place.
    """

    def __init__(
        self,
        lanes: Sequence[Lane],
        network: Network,
        at_end: Callable[[Lane, int, "Tile"], None],
        states: Sequence[NetState] = (),
    ) -> None:
        self.lanes = list(lanes)
        self.network = network
        self.at_end = at_end
        self.optimizer: StackedOptimizer = make_optimizer(
            lanes[0].recipe.structure.optimizer,
            network.parameters,
            [lane.recipe.optimizer_keywords for lane in lanes],
        )
        for place, (lane, state) in enumerate(zip(lanes, states, strict=bool(states))):
            n_steps = lane.n_behind * len(lane.source.bounds)
            self.optimizer.go_on(place, n_steps, state.optimizer["state"])
            if lane.restores_best:
                network.remember_as(place, state.best or state.module)
        self._lay_out()

    @torch.no_grad()
    def train(self) -> None:
        """Train until every lane has ended.

        Raises
        ------
        KeyboardInterrupt
            When the halt in force is called.
        """
        epoch = self.lanes[0].n_behind
        while self.lanes:
            self._train_epoch(epoch)
            self._leave()
            epoch += 1

    def _lay_out(self) -> None:
        """Make what depends on which lanes there are."""
        # What was made for more of them makes room first.
        self.moves: list[Move] = []
        structure = self.lanes[0].recipe.structure
        knobs = [lane.recipe.knobs for lane in self.lanes]
        self.rates_change = any(lane.rates.changes_in_epoch for lane in self.lanes)
        self.feed = Feed([lane.source for lane in self.lanes])
        self.penalties = Penalties(
            [(knob.l1, knob.l2) for knob in knobs], structure.dtype, structure.device
        )
        self.loss = StackedLoss(
            structure.loss,
            [knob.label_smoothing for knob in knobs],
            structure.dtype,
            structure.device,
        )
        self.validation = Validation(self.lanes, self.network, self.loss)
        longest = self.lanes[0].source
        self.losses = EpochLosses(
            len(self.lanes),
            longest.n_rows,
            self.network.parameters[0],
            is_weighted=longest.train.weight is not None,
        )
        self.moves = list(self._moves())

    def _moves(self) -> Iterator[Move]:
        """Go through the turns of an epoch; those of one form have one step."""
        steps: dict[tuple[int, int, int], TrainingStep] = {}
        for turn in self.feed.turns:
            key = (turn.lanes.start, turn.lanes.stop, turn.stop - turn.start)
            if key not in steps:
                steps[key] = TrainingStep(
                    turn,
                    self.feed,
                    self.network,
                    self.loss,
                    self.penalties,
                    self.optimizer,
                )
            room = self.losses.room(turn.lanes, turn.start, turn.stop)
            yield Move(turn, steps[key], room)

    def _train_epoch(self, epoch: int) -> None:
        began = time.perf_counter()
        for lane in self.lanes:
            lane.begin_epoch()
        self.rates = np.array([lane.rate for lane in self.lanes])
        self.feed.begin_epoch(epoch)
        for turn, step, room in self.moves:
            heed_halt()
            step.take(turn, self._rates(epoch, turn))
            room.keep(step.losses, step.weight)
        self._record_losses()
        self.validation.record()
        seconds = time.perf_counter() - began
        best = [
            place
            for place, lane in enumerate(self.lanes)
            if not lane.is_over and lane.end_epoch(seconds)
        ]
        self.network.remember(best)

    def _rates(self, epoch: int, turn: Turn) -> NDArray[np.float64]:
        if self.rates_change:
            here = self.lanes[turn.lanes]
            return np.array([lane.rates.at(epoch, turn.batch) for lane in here])
        return self.rates[turn.lanes]

    def _record_losses(self) -> None:
        """Record the epoch's mean losses, of lanes with as many rows at once."""
        counts = [lane.source.n_rows for lane in self.lanes]
        for _, lanes in runs_of(counts):
            bounds = self.lanes[lanes.start].source.bounds
            means = self.losses.means(lanes, bounds)
            for lane, loss in zip(self.lanes[lanes], means, strict=True):
                if not lane.is_over:
                    lane.record("train", loss, len(bounds))

    def _leave(self) -> None:
        """Hand over the lanes that have ended, and go on with the others.

        Where few have ended the stack stays as it is, and computes them too: another
        size of it costs more than that.
        """
        fail_unsound(self.lanes, self.network)
        for place, lane in enumerate(self.lanes):
            if lane.is_over and not lane.is_gone:
                self.at_end(lane, place, self)
                lane.is_gone = True
        kept = [place for place, lane in enumerate(self.lanes) if not lane.is_over]
        size = min(bucket(len(kept)), len(self.lanes))
        if size == len(self.lanes):
            return
        # Some that are gone fill the stack up.
        filling = [place for place, lane in enumerate(self.lanes) if lane.is_over]
        kept = sorted([*kept, *filling[: size - len(kept)]])
        self.lanes = [self.lanes[place] for place in kept]
        if self.lanes:
            index = torch.tensor(kept, device=self.network.parameters[0].device)
            self.network = self.network.keep(index)
            self.optimizer.keep(self.network.parameters, index)
            self._lay_out()
