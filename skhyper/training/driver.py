"""Train a recipe by whichever trainer is in force in this thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from skhyper.training.alone import train_alone
from skhyper.training.recipe import Data, Outcome, Recipe

__all__ = ["Driver", "driver_in_force", "train"]


class Driver(Protocol):
    """Something that trains recipes."""

    def __call__(
        self, recipe: Recipe, data: Data, start: Outcome | None = None
    ) -> Outcome:
        """Train ``recipe`` on ``data``."""


class _Here(threading.local):
    driver: Driver = staticmethod(train_alone)


_here = _Here()


def train(recipe: Recipe, data: Data, start: Outcome | None = None) -> Outcome:
    """Train a recipe.

    Parameters
    ----------
    recipe : Recipe
        What to train.
    data : Data
        What to train on.
    start : Outcome or None, default=None
        A run of the same structure whose last weights are the first here.

    Returns
    -------
    outcome : Outcome
        The same bits on the CPU, whichever driver is in force.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C.
    TrainingDiverged
        When a loss or a weight stops being finite.
    """
    return _here.driver(recipe, data, start)


@contextmanager
def driver_in_force(driver: Driver) -> Iterator[None]:
    """Let ``train`` use another driver in this thread.

    Parameters
    ----------
    driver : callable
        Called as ``driver(recipe, data, start)``.

    Yields
    ------
    None
        Nothing.
    """
    before = _here.driver
    _here.driver = driver
    try:
        yield
    finally:
        _here.driver = before
