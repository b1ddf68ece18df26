"""Learning-rate schedules by name, laid out over the epochs of a run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch.optim import lr_scheduler

__all__ = ["SCHEDULES", "ScheduleRule"]

Defaults = Callable[[float, int, int], dict[str, object]]


@dataclass(frozen=True)
class ScheduleRule:
    """A scheduler of torch, its arguments and their defaults.

    Parameters
    ----------
    scheduler : type of torch.optim.lr_scheduler.LRScheduler
        The class.
    arguments : tuple of str
        Names that ``scheduler_params`` may hold.
    defaults : callable
        Gives the arguments that a run of ``max_epochs`` epochs with
        ``n_batches`` batches each and the rate ``lr`` uses unless told otherwise,
        called as ``defaults(lr, max_epochs, n_batches)``.
    every : {"epoch", "batch"}, default="epoch"
        When the scheduler takes a step.
    """

    scheduler: type[lr_scheduler.LRScheduler]
    arguments: tuple[str, ...]
    defaults: Defaults
    every: str = "epoch"

    def keywords(
        self,
        scheduler_params: Mapping[str, object],
        *,
        lr: float,
        max_epochs: int,
        n_batches: int,
    ) -> dict[str, object]:
        """Collect the keyword arguments of the scheduler.

        Parameters
        ----------
        scheduler_params : mapping of str to object
            Arguments of the user, which take precedence over the defaults.
        lr : float
            Learning rate of the run.
        max_epochs : int
            Epochs of the run.
        n_batches : int
            Batches in an epoch.

        Returns
        -------
        keywords : dict of str to object
            What the scheduler is called with.
        """
        return {**self.defaults(lr, max_epochs, n_batches), **scheduler_params}


SCHEDULES: dict[str, ScheduleRule] = {
    # Three plateaus of equal length, a factor of ten between them.
    "step": ScheduleRule(
        lr_scheduler.StepLR,
        ("step_size", "gamma"),
        lambda lr, max_epochs, n_batches: {
            "step_size": max(1, -(-max_epochs // 3)),
            "gamma": 0.1,
        },
    ),
    # A hundredth of the first rate is left after the last epoch.
    "exponential": ScheduleRule(
        lr_scheduler.ExponentialLR,
        ("gamma",),
        lambda lr, max_epochs, n_batches: {"gamma": 0.01 ** (1 / max_epochs)},
    ),
    "plateau": ScheduleRule(
        lr_scheduler.ReduceLROnPlateau,
        (
            "factor",
            "patience",
            "threshold",
            "threshold_mode",
            "cooldown",
            "min_lr",
            "eps",
        ),
        lambda lr, max_epochs, n_batches: {
            "factor": 0.5,
            "patience": max(2, max_epochs // 20),
        },
    ),
    "cosine": ScheduleRule(
        lr_scheduler.CosineAnnealingLR,
        ("T_max", "eta_min"),
        lambda lr, max_epochs, n_batches: {"T_max": max_epochs},
    ),
    "linear": ScheduleRule(
        lr_scheduler.LinearLR,
        ("start_factor", "end_factor", "total_iters"),
        lambda lr, max_epochs, n_batches: {
            "start_factor": 1.0,
            "end_factor": 0.1,
            "total_iters": max_epochs,
        },
    ),
    # ``lr`` is the peak of the cycle; the momentum stays as the user set it.
    "onecycle": ScheduleRule(
        lr_scheduler.OneCycleLR,
        (
            "max_lr",
            "pct_start",
            "anneal_strategy",
            "div_factor",
            "final_div_factor",
            "three_phase",
        ),
        lambda lr, max_epochs, n_batches: {
            "max_lr": lr,
            "total_steps": max_epochs * n_batches,
            "cycle_momentum": False,
        },
        every="batch",
    ),
}
