"""A candidate: what a strategy asks for, and what came of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from skhyper.search._leg import Leg
from skhyper.search._task import TaskResult
from skhyper.training import StopReason

__all__ = ["Ask", "Outcome", "number_anew", "put_in_order"]


@dataclass(eq=False)
class Outcome:
    """One candidate and what is known so far of its splits.

    ``notes`` are further columns of ``cv_results_``, of which ``n_resources`` becomes
    less where the time was up before; ``legs`` hold, for each split, what its training
    goes on from. ``was_read`` is one that an earlier search has evaluated; ``again`` is
    what came of it when it was trained anew, for its models.
    """

    params: dict[str, Any]
    n_splits: int
    number: int = 0
    results: dict[int, TaskResult] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    legs: dict[int, Leg] = field(default_factory=dict)
    was_read: bool = False
    again: "Outcome | None" = None
    _before: tuple[dict[int, TaskResult], Mapping[str, Any]] | None = None

    @property
    def finished(self) -> bool:
        """Whether every split has ended, well or not."""
        return len(self.results) == self.n_splits

    @property
    def failed(self) -> bool:
        """Whether a fit or a scorer failed on any split."""
        return any(result.failed for result in self.results.values())

    @property
    def cut_short(self) -> bool:
        """Whether the time was up for a fit on any split."""
        return any(self._cut)

    @property
    def _cut(self) -> list[TaskResult]:
        results = self.results.values()
        return [r for r in results if r.was_ended_by(StopReason.MAX_TIME)]

    @property
    def in_order(self) -> list[TaskResult]:
        """The results by split."""
        return [self.results[split] for split in sorted(self.results)]

    def begin(self, ask: "Ask") -> None:
        """Begin an evaluation, the first one or that of a candidate that goes on."""
        if self.finished:
            self._before = self.results, self.notes
        self.results, self.notes = {}, ask.notes
        if ask.n_epochs is None:
            return
        for split in range(self.n_splits):
            leg = self.legs.setdefault(split, Leg(max_epochs=ask.max_epochs))
            leg.n_epochs = ask.n_epochs

    def record(self, result: TaskResult) -> None:
        """Keep what came of a split; its times count from the beginning."""
        if self._before is not None:
            result = result.after(self._before[0][result.split])
        if result.leg is not None:
            self.legs[result.split] = result.leg
        # Whoever lets go of a leg is to be the last who holds it.
        self.results[result.split] = replace(result, leg=None)
        if self.finished:
            self._before = None
            if "n_resources" in self.notes and self.cut_short:
                trained = int(min(result.n_epochs for result in self._cut))
                self.notes = {**self.notes, "n_resources": trained}

    def drop_models(self) -> None:
        """Let go of the fitted models; while it goes on, of those it had before."""
        results = self.results if self._before is None else self._before[0]
        for split, result in results.items():
            results[split] = replace(result, model=None)

    def step_back(self) -> None:
        """Forget an evaluation that was cut off, if there is one before it."""
        if not self.finished and self._before is not None:
            self.results, self.notes = self._before


@dataclass(frozen=True)
class Ask:
    """What a strategy wants to be evaluated.

    Parameters
    ----------
    params : dict of str to object
        The settings of the parameters.
    outcome : Outcome or None, default=None
        The candidate that goes on; None for a new one.
    n_epochs : int or None, default=None
        Epochs up to which it is trained, to go on from there; None for all.
    max_epochs : int or None, default=None
        Epochs that networks are laid out for; None for as many as they say.
    notes : mapping of str to object, default={}
        Further columns of ``cv_results_``.
    """

    params: dict[str, Any]
    outcome: Outcome | None = None
    n_epochs: int | None = None
    max_epochs: int | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)


def put_in_order(outcomes: list[Outcome], place: Callable[[Any], int]) -> None:
    """Sort candidates by their trials, and number them anew.

    Parameters
    ----------
    outcomes : list of Outcome
        The candidates, which have a ``trial`` in their notes.
    place : callable
        Gives the place of a trial.
    """
    outcomes.sort(key=lambda outcome: place(outcome.notes["trial"]))
    number_anew(outcomes)


def number_anew(outcomes: Iterable[Outcome]) -> None:
    """Give candidates their places as numbers.

    Parameters
    ----------
    outcomes : iterable of Outcome
        The candidates.
    """
    for number, outcome in enumerate(outcomes):
        outcome.number = number
