"""The learning rates of a lane, read off torch's own schedulers."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

from skhyper.training import Knobs, ScheduleLayout

__all__ = ["Rates", "make_rates"]


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

    def __init__(self, layout: ScheduleLayout) -> None:
        self.scheduler: Any = layout.scheduler()

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
    layout = ScheduleLayout.of(knobs, n_batches)
    if layout.is_watching:
        return Plateau(layout)
    return Planned(_planned(layout), n_batches if layout.is_each_batch else 0)


@lru_cache(maxsize=1024)
def _planned(layout: ScheduleLayout) -> tuple[float, ...]:
    scheduler = layout.scheduler()
    n_rates = layout.max_epochs * (layout.n_batches if layout.is_each_batch else 1)
    rates = []
    for step in range(n_rates):
        rates.append(scheduler.optimizer.param_groups[0]["lr"])
        if step < n_rates - 1:
            scheduler.optimizer.step()
            scheduler.step()
    return tuple(rates)
