"""Runs that were begun, kept to go on with."""

import hashlib
from collections.abc import Callable
from dataclasses import fields, replace

import joblib

from skhyper.training.outcome import NetState, Outcome
from skhyper.training.recipe import Data, Recipe

__all__ = ["Checkpoints", "run_key"]


class Checkpoints:
    """What came of runs so far, found by what determines them.

    A run that was paused goes on from there, and one that had ended is not trained
    again, provided that it is the same run: the same recipe on the same rows.

    Parameters
    ----------
    pause : int or None, default=None
        Epoch after which runs are paused; None trains them to their end.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skhyper import MLPClassifier
    >>> from skhyper.training import Checkpoints, checkpoints_in_force
    >>> X, y = load_iris(return_X_y=True)
    >>> net, checkpoints = MLPClassifier(max_epochs=9, random_state=0), Checkpoints()
    >>> for checkpoints.pause in (2, 6, None):
    ...     with checkpoints_in_force(checkpoints):
    ...         print(net.fit(X, y).n_iter_, net.stop_reason_)
    2 pause
    6 pause
    9 max_epochs
    """

    def __init__(self, pause: int | None = None) -> None:
        self.pause = pause
        self.n_epochs = 0
        self._runs: dict[str, Outcome | NetState] = {}

    def train(
        self,
        train: Callable[[Recipe, Data, NetState | None], Outcome],
        recipe: Recipe,
        data: Data,
    ) -> Outcome:
        """Train a run from where it was.

        Parameters
        ----------
        train : callable
            What trains it.
        recipe : Recipe
            What to train.
        data : Data
            What to train on.

        Returns
        -------
        outcome : Outcome
            What came of it at the pause, or at its end.
        """
        key = run_key(recipe, data)
        known = self._runs.get(key)
        if isinstance(known, Outcome):
            return known
        outcome = train(replace(recipe, pause=self.pause), data, known)
        n_behind = 0 if known is None else len(known.history)
        self.n_epochs += len(outcome.epochs) - n_behind
        self._runs[key] = outcome if outcome.paused is None else outcome.paused
        return outcome


def run_key(recipe: Recipe, data: Data) -> str:
    """Name a run by everything that determines it.

    Parameters
    ----------
    recipe : Recipe
        What is trained; how it is watched and where it pauses does not matter.
    data : Data
        What it is trained on; the content matters.

    Returns
    -------
    key : str
        The same for the same run, in any process.
    """
    module = recipe.structure.module
    parts = [f"{module.__module__}.{module.__qualname__}"]
    for record in (recipe.structure, recipe.knobs):
        parts += [
            f"{field.name}={getattr(record, field.name)!r}"
            for field in fields(record)
            if field.name != "module"
        ]
    if recipe.callbacks:
        parts.append(joblib.hash(recipe.callbacks))
    parts += [rows.digest for rows in (data.train, data.valid) if rows is not None]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
