"""The lanes that are stepped at once, from the first epoch to the last."""

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skhyper.fused._feed import Feed
from skhyper.fused._lanes import Lane
from skhyper.fused._layers import Pass
from skhyper.fused._losses import StackedLoss, mean_losses
from skhyper.fused._network import Network
from skhyper.fused._optimizers import StackedOptimizer, make_optimizer
from skhyper.fused._penalties import Penalties
from skhyper.fused._validation import runs_of, validate
from skhyper.rules import OPTIMIZERS
from skhyper.training import heed_halt

__all__ = ["Tile"]


class Tile:
    """Trains lanes of one structure together.

    Parameters
    ----------
    lanes : sequence of Lane
        The lanes: the most rows first, those of one source beside each other.
    network : Network
        Their networks, as they start.
    at_end : callable
        Called as ``at_end(lane, place, tile)`` for each lane that has ended, while the
        tile still holds it at that place.
    """

    def __init__(
        self,
        lanes: Sequence[Lane],
        network: Network,
        at_end: Callable[[Lane, int, "Tile"], None],
    ) -> None:
        self.lanes = list(lanes)
        self.network = network
        self.at_end = at_end
        self.optimizer: StackedOptimizer = make_optimizer(
            lanes[0].recipe.structure.optimizer,
            network.parameters,
            [_keywords(lane) for lane in lanes],
        )
        self._gather()

    @torch.no_grad()
    def train(self) -> None:
        """Train until every lane has ended.

        Raises
        ------
        KeyboardInterrupt
            When the halt in force is called.
        """
        epoch = 0
        while self.lanes:
            self._train_epoch(epoch)
            self._leave()
            epoch += 1

    def _gather(self) -> None:
        """Make what depends on which lanes there are."""
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

    def _train_epoch(self, epoch: int) -> None:
        began = time.perf_counter()
        for lane in self.lanes:
            lane.begin_epoch()
        self.rates = np.array([lane.history[-1]["lr"] for lane in self.lanes])
        self.feed.begin_epoch(epoch)
        n_batches = len(self.lanes[0].source.bounds)
        like = self.network.parameters[0]
        losses = like.new_zeros((len(self.lanes), n_batches))
        shares = like.new_zeros((len(self.lanes), n_batches))
        for batch, lanes, n_rows in self.feed.steps():
            heed_halt()
            mean, share = self._step(epoch, batch, lanes, n_rows)
            losses[lanes, batch] = mean
            shares[lanes, batch] = share
        self._record("train", losses, shares)
        validate(self.lanes, self.network, self.loss)
        seconds = time.perf_counter() - began
        for place, lane in enumerate(self.lanes):
            if not lane.is_over and lane.end_epoch(seconds):
                lane.best_state = self.network.state(place)

    def _step(
        self, epoch: int, batch: int, lanes: slice, n_rows: int
    ) -> tuple[Tensor, Tensor | float]:
        """Take one step of some lanes; give their losses and the weights of these."""
        x, targets = self.feed.batch(batch, lanes, n_rows)
        at = Pass(lanes, training=True, uniforms=self.feed.draw(lanes))
        output = self.network.forward(x, at)
        mean, gradient = self.loss.of_training(output, targets, lanes)
        gradients = self.network.backward(gradient, at)
        self.penalties.add(gradients, self.network, lanes)
        self.optimizer.step(gradients, self._rates(epoch, batch, lanes), lanes)
        if targets.weight is None:
            return mean, float(n_rows)
        return mean, targets.weight.sum(1)

    def _rates(self, epoch: int, batch: int, lanes: slice) -> NDArray[np.float64]:
        if self.rates_change:
            here = self.lanes[lanes]
            return np.array([lane.rates.at(epoch, batch) for lane in here])
        return self.rates[lanes]

    def _record(self, prefix: str, losses: Tensor, shares: Tensor) -> None:
        """Record the epoch's mean losses, of lanes with as many batches at once."""
        counts = [len(lane.source.bounds) for lane in self.lanes]
        for n_batches, lanes in runs_of(counts):
            part = losses[lanes, :n_batches].contiguous()
            means = mean_losses(part, shares[lanes, :n_batches].contiguous())
            for lane, loss in zip(self.lanes[lanes], means.tolist(), strict=True):
                lane.record(prefix, loss, n_batches)

    def _leave(self) -> None:
        """Hand over the lanes that have ended, and go on with the others."""
        for place, lane in enumerate(self.lanes):
            if lane.is_over:
                self.at_end(lane, place, self)
        kept = [place for place, lane in enumerate(self.lanes) if not lane.is_over]
        if len(kept) == len(self.lanes):
            return
        self.lanes = [self.lanes[place] for place in kept]
        if self.lanes:
            index = torch.tensor(kept, device=self.network.parameters[0].device)
            self.network = self.network.keep(index)
            self.optimizer.keep(self.network.parameters, index)
            self._gather()


def _keywords(lane: Lane) -> dict[str, object]:
    knobs = lane.recipe.knobs
    return OPTIMIZERS[lane.recipe.structure.optimizer].keywords(
        weight_decay=knobs.weight_decay,
        momentum=knobs.momentum,
        nesterov=knobs.nesterov,
        optimizer_params=dict(knobs.optimizer_params),
    )
