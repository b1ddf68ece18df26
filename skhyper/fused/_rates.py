"""The learning rates of a lane, read off torch's own schedulers."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import torch
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from skhyper.rules import SCHEDULES
from skhyper.training import Knobs

__all__ = ["Rates", "make_rates", "scheduler_state"]


class Rates(Protocol):
    """The learning rates of one run."""

    changes_in_epoch: bool

    def at(self, epoch: int, batch: int) -> float:
        """Give the rate of a batch; both count from zero."""

    def end_epoch(self, loss: float) -> None:
        """Learn the loss of an epoch that has ended."""


class Planned:
    """Rates that are known from the start."""

    def __init__(self, rates: Sequence[float], n_batches: int) -> None:
        self.rates = rates
        self.n_batches = n_batches
        self.changes_in_epoch = n_batches > 0

    def at(self, epoch: int, batch: int) -> float:
        """Give the rate of a batch; past the end it stays."""
        step = epoch * self.n_batches + batch if self.n_batches else epoch
        return self.rates[min(step, len(self.rates) - 1)]

    def end_epoch(self, loss: float) -> None:
        """Learn nothing."""


class Plateau:
    """Rates that fall when the loss does not."""

    changes_in_epoch = False

    def __init__(self, knobs: Knobs, n_batches: int) -> None:
        self.scheduler: Any = _scheduler(*_arguments(knobs, n_batches))

    def at(self, epoch: int, batch: int) -> float:
        """Give the rate of now."""
        rate: float = self.scheduler.optimizer.param_groups[0]["lr"]
        return rate

    def end_epoch(self, loss: float) -> None:
        """Let the scheduler look at the loss."""
        self.scheduler.step(loss)


def make_rates(knobs: Knobs, n_batches: int) -> Rates:
    """Lay out the learning rates of a run.

    Parameters
    ----------
    knobs : Knobs
        Its rate, its schedule and its epochs.
    n_batches : int
        Batches in an epoch.

    Returns
    -------
    rates : Rates
        The rates.
    """
    if knobs.scheduler is None:
        return Planned([knobs.lr], 0)
    rule = SCHEDULES[knobs.scheduler]
    if rule.scheduler is ReduceLROnPlateau:
        return Plateau(knobs, n_batches)
    is_each_batch = rule.every == "batch"
    return Planned(
        _planned(*_arguments(knobs, n_batches)), n_batches if is_each_batch else 0
    )


Arguments = tuple[str, tuple[tuple[str, Any], ...], float, int, int]


def _arguments(knobs: Knobs, n_batches: int) -> Arguments:
    """List what a schedule depends on."""
    name = str(knobs.scheduler)
    return name, knobs.scheduler_params, knobs.lr, knobs.max_epochs, n_batches


def _scheduler(
    name: str,
    params: tuple[tuple[str, Any], ...],
    lr: float,
    max_epochs: int,
    n_batches: int,
) -> LRScheduler:
    rule = SCHEDULES[name]
    keywords = rule.keywords(
        dict(params), lr=lr, max_epochs=max_epochs, n_batches=n_batches
    )
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=lr)
    return rule.scheduler(optimizer, **keywords)  # type: ignore[arg-type]


@lru_cache(maxsize=1024)
def _planned(
    name: str,
    params: tuple[tuple[str, Any], ...],
    lr: float,
    max_epochs: int,
    n_batches: int,
) -> tuple[float, ...]:
    scheduler = _scheduler(name, params, lr, max_epochs, n_batches)
    n_rates = max_epochs * (n_batches if SCHEDULES[name].every == "batch" else 1)
    rates = []
    for step in range(n_rates):
        rates.append(scheduler.optimizer.param_groups[0]["lr"])
        if step < n_rates - 1:
            scheduler.optimizer.step()
            scheduler.step()
    return tuple(rates)


def scheduler_state(
    knobs: Knobs, n_batches: int, losses: Sequence[float]
) -> tuple[float, dict[str, Any]]:
    """Give the rate and the state of torch's scheduler after some epochs.

    Parameters
    ----------
    knobs : Knobs
        The run's rate, schedule and epochs.
    n_batches : int
        Batches in an epoch.
    losses : sequence of float
        What the schedule watched in each epoch so far.

    Returns
    -------
    rate : float
        The learning rate of the next batch.
    state : dict
        As of its ``state_dict``.
    """
    scheduler: Any = _scheduler(*_arguments(knobs, n_batches))
    every_batch = SCHEDULES[str(knobs.scheduler)].every == "batch"
    for epoch, loss in enumerate(losses, start=1):
        if isinstance(scheduler, ReduceLROnPlateau):
            scheduler.step(loss)
            continue
        for batch in range(n_batches if every_batch else 1):
            last = epoch == knobs.max_epochs and (
                not every_batch or batch == n_batches - 1
            )
            if not last:
                scheduler.optimizer.step()
                scheduler.step()
    return scheduler.optimizer.param_groups[0]["lr"], scheduler.state_dict()
