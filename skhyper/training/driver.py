"""Train a recipe by whichever driver is in force in this thread."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from skhyper.training.alone import train_alone
from skhyper.training.checkpoints import Checkpoints
from skhyper.training.deadline import deadline_here
from skhyper.training.outcome import Outcome, Start
from skhyper.training.recipe import Data, Recipe
from skhyper.training.store import Store

__all__ = [
    "Driver",
    "checkpoints_here",
    "checkpoints_in_force",
    "driver_in_force",
    "kept_in",
    "share",
    "store_here",
    "train",
]


class Driver(Protocol):
    """Something that trains recipes."""

    def __call__(self, recipe: Recipe, data: Data, start: Start = None) -> Outcome:
        """Train ``recipe`` on ``data``."""


def keep(data: Data) -> Data:
    """Share rows with nobody.

    Parameters
    ----------
    data : Data
        The rows of a run.

    Returns
    -------
    data : Data
        The same.
    """
    return data


class _Here(threading.local):
    driver: Driver = staticmethod(train_alone)
    sharer: Callable[[Data], Data] = staticmethod(keep)
    checkpoints: Checkpoints | None = None
    store: Store | None = None


_here = _Here()


def train(recipe: Recipe, data: Data, start: Start = None) -> Outcome:
    """Train a recipe.

    Parameters
    ----------
    recipe : Recipe
        What to train.
    data : Data
        What to train on.
    start : Outcome, NetState or None, default=None
        A run of the same structure whose last weights are the first here, or the state
        in which a run of this recipe was paused and goes on.

    Returns
    -------
    outcome : Outcome
        The same bits on the CPU, whichever driver is in force.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C.
    OutOfTime
        When the deadline in force has passed before the run could begin.
    TrainingDiverged
        When a loss or a weight stops being finite.
    """
    checkpoints, store = _here.checkpoints, _here.store
    if (deadline := deadline_here()) is not None:
        recipe = replace(recipe, deadline=deadline)
    if start is not None or (checkpoints is None and store is None):
        return _here.driver(recipe, data, start)
    return (checkpoints or Checkpoints()).train(_here.driver, recipe, data, store)


def share(data: Data) -> Data:
    """Give equal rows that another run holds already, if there are some.

    Whoever waits for many runs asks it before, so that rows which are the same for
    all of them lie in memory once.

    Parameters
    ----------
    data : Data
        The rows of a run.

    Returns
    -------
    data : Data
        Equal rows of the same origin.
    """
    return _here.sharer(data)


@contextmanager
def driver_in_force(
    driver: Driver, sharer: Callable[[Data], Data] = keep
) -> Iterator[None]:
    """Let ``train`` use another driver in this thread.

    Parameters
    ----------
    driver : callable
        Called as ``driver(recipe, data, start)``.
    sharer : callable, default=keep
        Called as ``sharer(data)`` by ``share``.

    Yields
    ------
    None
        Nothing.
    """
    before = _here.driver, _here.sharer
    _here.driver, _here.sharer = driver, sharer
    try:
        yield
    finally:
        _here.driver, _here.sharer = before


def checkpoints_here() -> Checkpoints | None:
    """Give the checkpoints that are in force in this thread.

    Returns
    -------
    checkpoints : Checkpoints or None
        The checkpoints; None if runs are trained from the start to the end.
    """
    return _here.checkpoints


@contextmanager
def checkpoints_in_force(checkpoints: Checkpoints | None) -> Iterator[None]:
    """Let the runs of this thread go on from checkpoints, and pause as they say.

    Parameters
    ----------
    checkpoints : Checkpoints or None
        The checkpoints, in the place of those that are in force; None for none.

    Yields
    ------
    None
        Nothing.
    """
    before, _here.checkpoints = _here.checkpoints, checkpoints
    try:
        yield
    finally:
        _here.checkpoints = before


@contextmanager
def kept_in(store: Store | None) -> Iterator[None]:
    """Keep the runs of this thread in a store, if none keeps them already.

    Parameters
    ----------
    store : Store or None
        Where they are kept; None keeps them nowhere else.

    Yields
    ------
    None
        Nothing.
    """
    before = _here.store
    _here.store = before or store
    try:
        yield
    finally:
        _here.store = before


def store_here() -> Store | None:
    """Give the store that keeps the runs of this thread.

    Returns
    -------
    store : Store or None
        The store; None if none keeps them.
    """
    return _here.store
