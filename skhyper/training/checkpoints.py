"""Runs that were begun, kept to go on with."""

import hashlib
from collections.abc import Callable
from dataclasses import fields, replace

import joblib
import numpy as np
import torch

from skhyper._version import __version__
from skhyper.training.alone import outcome_of
from skhyper.training.deadline import OutOfTime
from skhyper.training.outcome import NetState, Outcome, StopReason
from skhyper.training.recipe import Data, Knobs, Recipe, Structure
from skhyper.training.restore import inherited, restore_net, state_of
from skhyper.training.store import Entry, Store

__all__ = ["Checkpoints", "run_key"]

Train = Callable[[Recipe, Data, NetState | None], Outcome]

# Epochs between two writings: what is lost at most when a process is killed.
EPOCHS_BETWEEN = 10

# Of each half of a key: 128 bits, so that no two runs ever share one.
DIGITS = 32


class Checkpoints:
    """What came of runs so far, found by what determines them.

    A run that was paused goes on from there, and one that had ended is not trained
    again, provided that it is the same run: the same recipe on the same rows.

    Parameters
    ----------
    pause : int or None, default=None
        Epoch after which runs are paused; None trains them to their end.

    Attributes
    ----------
    n_epochs : int
        Epochs that were trained.

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
        self._left: dict[str, NetState] = {}

    def leave_to_others(self) -> None:
        """Let runs of the same structure on the same rows go on from these.

        Theirs are other knobs: what is left to them are the weights, the memory of the
        optimizer and the epochs that are behind.
        """
        for key, known in self._runs.items():
            if isinstance(known, Outcome):
                known = state_of(known.net, is_over=True)
            self._left[_kin(key)] = known
        self._runs.clear()

    def train(
        self, train: Train, recipe: Recipe, data: Data, store: Store | None = None
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
        store : Store or None, default=None
            Where it is kept beyond this process, every few epochs; None keeps it in
            memory alone.

        Returns
        -------
        outcome : Outcome
            What came of it at the pause, at the deadline, or at its end.

        Raises
        ------
        OutOfTime
            When the deadline has passed and there is nothing that was trained before.
        """
        key = run_key(recipe, data)
        last = replace(recipe, pause=self.pause).last_epoch
        known = self._known(key, last, recipe, data, store)
        passed: int | None = None
        while not isinstance(known, Outcome):
            n_behind = 0 if known is None else len(known.history)
            # What a callback sees is one training.
            is_kept = store is not None and not recipe.callbacks
            stop = min(last, n_behind + EPOCHS_BETWEEN) if is_kept else last
            try:
                outcome = train(replace(recipe, pause=stop), data, known)
            except OutOfTime:
                if known is None:
                    raise
                return _outcome_at(recipe, data, Entry(known, StopReason.MAX_TIME))
            self.n_epochs += len(outcome.epochs) - n_behind
            self._keep(key, outcome, store)
            if store is not None and passed is not None:
                # Nobody goes on from between two pauses but who was cut off there.
                store.remove(key, passed)
            if stop == last or outcome.stop_reason is not StopReason.PAUSE:
                return outcome
            known, passed = outcome.paused, stop
        return known

    def _known(
        self, key: str, last: int, recipe: Recipe, data: Data, store: Store | None
    ) -> Outcome | NetState | None:
        """Find how far a run has come: to its end, to the pause, or to before that."""
        known = self._runs.get(key)
        if isinstance(known, Outcome):
            return known
        if known is None and _kin(key) in self._left:
            known = inherited(recipe, self._left.pop(_kin(key)), data)
        entry = None if known is None else Entry(known, StopReason.PAUSE)
        if store is not None and (known is None or len(known.history) < last):
            # Another process may have come further.
            entry = store.read(key, last) or entry
        if entry is None:
            return None
        state, is_paused = entry.state, entry.reason is StopReason.PAUSE
        if is_paused and len(state.history) < last:
            return state
        outcome = _outcome_at(recipe, data, entry)
        self._runs[key] = state if is_paused else outcome
        return outcome

    def _keep(self, key: str, outcome: Outcome, store: Store | None) -> None:
        self._runs[key] = outcome if outcome.paused is None else outcome.paused
        if store is not None:
            state = outcome.paused or state_of(outcome.net, is_over=True)
            reason = StopReason.PAUSE if outcome.paused else outcome.stop_reason
            store.write(key, Entry(state, reason))


def _outcome_at(recipe: Recipe, data: Data, entry: Entry) -> Outcome:
    """Give what a run has come to by a state of it."""
    net = restore_net(recipe, entry.state, data)
    if entry.state.best is not None:
        net.module_.load_state_dict(entry.state.best)
    paused = entry.state if entry.reason.can_go_on else None
    return replace(outcome_of(net, entry.reason), paused=paused)


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
        The same for the same run, in any process with the same versions. Up to the dash
        it is the same for all runs of one structure on the same rows.
    """
    module = recipe.structure.module
    kin = [
        f"skhyper {__version__}, torch {torch.__version__}, numpy {np.__version__}",
        f"{module.__module__}.{module.__qualname__}",
        *_words(recipe.structure),
        *(rows.digest for rows in (data.train, data.valid) if rows is not None),
    ]
    own = _words(recipe.knobs)
    if recipe.callbacks:
        own.append(joblib.hash(recipe.callbacks))
    return "-".join(
        hashlib.sha256("\n".join(words).encode()).hexdigest()[:DIGITS]
        for words in (kin, own)
    )


def _kin(key: str) -> str:
    """Name what a run has in common with others that it could go on from."""
    return key.partition("-")[0]


def _words(record: Structure | Knobs) -> list[str]:
    return [
        f"{field.name}={getattr(record, field.name)!r}"
        for field in fields(record)
        if field.name != "module"
    ]
