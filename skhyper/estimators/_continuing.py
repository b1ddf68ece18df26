"""What to say when a training that goes on does not do what one may think."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from skhyper.training import Knobs

__all__ = ["warn_of_changes", "warn_of_spent_schedule"]

# What ``partial_fit`` makes no use of: it neither draws a seed nor stops.
UNUSED_KNOBS = ("seed", "patience", "tol", "restore_best")

# The share of lr that a schedule may leave without a warning when its end is past.
SPENT_RATE = 1e-3

# From the estimator's own method to the line of the user.
STACKLEVEL = 5


def warn_of_changes(name: str, now: Knobs, before: Knobs) -> None:
    """Warn of arguments that were changed since the training began.

    Parameters
    ----------
    name : str
        The estimator's class.
    now : Knobs
        What the arguments say now.
    before : Knobs
        What the training goes on with.

    Warns
    -----
    UserWarning
        If something has changed.
    """
    if set(now.scheduler_params) <= set(before.scheduler_params):
        # A stored net has all of them, those too that had been left open.
        now = replace(now, scheduler_params=before.scheduler_params)
    changed = [
        field.name
        for field in fields(now)
        if field.name not in UNUSED_KNOBS
        and getattr(now, field.name) != getattr(before, field.name)
    ]
    if changed:
        warnings.warn(
            f"{name}.partial_fit goes on as it began. Changed since and without "
            f"effect: {', '.join(changed)}. Fit a clone to use them.",
            UserWarning,
            stacklevel=STACKLEVEL,
        )


def warn_of_spent_schedule(
    name: str, knobs: Knobs, epochs: Sequence[Mapping[str, Any]]
) -> None:
    """Warn when a schedule has left next to nothing of the learning rate.

    Parameters
    ----------
    name : str
        The estimator's class.
    knobs : Knobs
        What the training goes on with.
    epochs : sequence of mapping
        Rows of its history so far.

    Warns
    -----
    UserWarning
        If the schedule is over and the rate is spent.
    """
    rate, n_epochs = epochs[-1]["lr"], len(epochs)
    if n_epochs > knobs.max_epochs and rate < SPENT_RATE * knobs.lr:
        warnings.warn(
            f"{name}.partial_fit hardly learns any more: the schedule "
            f"{knobs.scheduler!r} is laid out over max_epochs={knobs.max_epochs} "
            f"epochs, this was epoch {n_epochs}, and the learning rate is {rate:.2g}. "
            "Set max_epochs to the number of epochs before the first one, or use no "
            "schedule.",
            UserWarning,
            stacklevel=STACKLEVEL,
        )
