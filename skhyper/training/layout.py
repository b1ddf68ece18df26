"""The schedule of a run, laid out over its epochs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from skhyper.rules import SCHEDULES, ScheduleRule
from skhyper.training.recipe import Arguments, Knobs

__all__ = ["ScheduleLayout"]


@dataclass(frozen=True)
class ScheduleLayout:
    """All that the learning rates of a run depend on.

    Parameters
    ----------
    name : str
        The schedule.
    params : tuple of (str, object)
        Arguments of the user.
    lr : float
        Learning rate of the run.
    max_epochs : int
        Its epochs.
    n_batches : int
        Batches in an epoch.
    """

    name: str
    params: Arguments
    lr: float
    max_epochs: int
    n_batches: int

    @classmethod
    def of(cls, knobs: Knobs, n_batches: int) -> Self:
        """Lay out the schedule of a run that has one.

        Parameters
        ----------
        knobs : Knobs
            Its rate, its schedule and its epochs.
        n_batches : int
            Batches in an epoch.

        Returns
        -------
        layout : ScheduleLayout
            The layout.
        """
        name, params = str(knobs.scheduler), knobs.scheduler_params
        return cls(name, params, knobs.lr, knobs.max_epochs, n_batches)

    @property
    def rule(self) -> ScheduleRule:
        """What the name stands for."""
        return SCHEDULES[self.name]

    @property
    def is_each_batch(self) -> bool:
        """Whether there is a step after each batch."""
        return self.rule.every == "batch"

    @property
    def is_watching(self) -> bool:
        """Whether the rates depend on the losses."""
        return self.rule.scheduler is ReduceLROnPlateau

    def keywords(self) -> dict[str, Any]:
        """Collect the arguments that torch's scheduler is called with.

        Returns
        -------
        keywords : dict of str to object
            The user's, and for the others those that suit the run.
        """
        return self.rule.keywords(
            dict(self.params),
            lr=self.lr,
            max_epochs=self.max_epochs,
            n_batches=self.n_batches,
        )

    def scheduler(self) -> LRScheduler:
        """Make torch's scheduler, over an optimizer of a single number.

        Returns
        -------
        scheduler : torch.optim.lr_scheduler.LRScheduler
            At the beginning of the run.
        """
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=self.lr)
        keywords = self.keywords()
        return self.rule.scheduler(optimizer, **keywords)

    def state_after(self, losses: Sequence[float]) -> tuple[float, dict[str, Any]]:
        """Give the rate and the state of torch's scheduler after some epochs.

        Parameters
        ----------
        losses : sequence of float
            What the schedule watched in each epoch so far.

        Returns
        -------
        rate : float
            The learning rate of the next batch.
        state : dict
            As of its ``state_dict``.
        """
        scheduler: Any = self.scheduler()
        for epoch, loss in enumerate(losses, start=1):
            if self.is_watching:
                scheduler.step(loss)
                continue
            n_steps = self.n_batches if self.is_each_batch else 1
            # There is no step after the last batch of all.
            for _ in range(n_steps - (epoch == self.max_epochs)):
                scheduler.optimizer.step()
                scheduler.step()
        return scheduler.optimizer.param_groups[0]["lr"], scheduler.state_dict()
