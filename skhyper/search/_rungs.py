"""Strategies that train many candidates a little and few for long."""

import math
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from skhyper.search._brackets import Rung
from skhyper.search._candidate import Ask, Outcome

__all__ = ["Asynchronous", "Hyperband"]

Score = Callable[[Outcome], float]


class Hyperband:
    """Promotes the best candidates of each rung, all brackets side by side.

    Parameters
    ----------
    candidates : sequence of dict
        The settings of the parameters. If there are fewer than the brackets take, the
        last brackets go short.
    brackets : sequence of sequence of Rung
        The brackets.
    score : callable
        Gives the score of an outcome, NaN for a failed one, which is not promoted.

    Attributes
    ----------
    reached : list of list of tuple of int
        The pairs of candidates and epochs that each bracket has come to.
    """

    def __init__(
        self,
        candidates: Sequence[dict[str, Any]],
        brackets: Sequence[Sequence[Rung]],
        score: Score,
    ) -> None:
        self.brackets = brackets
        self.score = score
        self.max_epochs = brackets[0][-1].n_epochs
        self.n_evaluations = sum(
            rung.n_candidates for rungs in brackets for rung in rungs
        )
        self.reached: list[list[tuple[int, int]]] = [[] for _ in brackets]
        rest = iter(candidates)
        self._next = [
            self._ask(params, bracket, 0)
            for bracket, rungs in enumerate(brackets)
            for params in islice(rest, rungs[0].n_candidates)
        ]

    def ask(self) -> list[Ask]:
        """Return the candidates of the next rung of every bracket."""
        asks, self._next = self._next, []
        return asks

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Promote the best of each bracket, and let go of the others."""
        of_brackets: defaultdict[int, list[Outcome]] = defaultdict(list)
        for outcome in outcomes:
            of_brackets[outcome.notes["bracket"]].append(outcome)
        for bracket, here in of_brackets.items():
            rungs, number = self.brackets[bracket], here[0].notes["rung"] + 1
            self.reached[bracket].append((len(here), rungs[number - 1].n_epochs))
            promoted: list[Outcome] = []
            if number < len(rungs):
                scored = [(self.score(outcome), outcome) for outcome in here]
                promoted = _best(scored)[: rungs[number].n_candidates]
            self._next += [
                self._ask(outcome.params, bracket, number, outcome)
                for outcome in promoted
            ]
            for outcome in here:
                if outcome not in promoted:
                    outcome.legs.clear()

    def _ask(
        self,
        params: dict[str, Any],
        bracket: int,
        number: int,
        outcome: Outcome | None = None,
    ) -> Ask:
        n_epochs = self.brackets[bracket][number].n_epochs
        notes = {"n_resources": n_epochs, "bracket": bracket, "rung": number}
        return Ask(params, outcome, n_epochs, self.max_epochs, notes)


class Asynchronous:
    """Promotes a candidate as soon as it is among the best of its rung so far.

    When all have begun, the best of each rung is promoted, however few it has.

    Parameters
    ----------
    candidates : sequence of dict
        The settings of the parameters.
    epochs : sequence of int
        Epochs after which candidates are compared, rung by rung.
    factor : int
        One of so many is promoted.
    n_points : int
        How many to ask for at once.
    score : callable
        Gives the score of an outcome, NaN for a failed one, which is not promoted.
    """

    def __init__(
        self,
        candidates: Sequence[dict[str, Any]],
        epochs: Sequence[int],
        factor: int,
        n_points: int,
        score: Score,
    ) -> None:
        self.epochs = epochs
        self.factor = factor
        self.n_points = n_points
        self.score = score
        # Some are promoted that would not be if those that come later were known.
        self.n_evaluations = None
        self._new = deque(candidates)
        # With the scores that they had there, as those promoted have new ones.
        self._reached: list[list[tuple[float, Outcome]]] = [[] for _ in epochs]
        self._promoted: list[set[int]] = [set() for _ in epochs]

    def ask(self) -> list[Ask]:
        """Return those that may be promoted, from the top down, then new ones."""
        return list(islice(self._asks(), self.n_points))

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Learn how far candidates have come."""
        for outcome in outcomes:
            reached = self.score(outcome), outcome
            self._reached[outcome.notes["rung"]].append(reached)
            if outcome.failed or outcome.notes["rung"] == len(self.epochs) - 1:
                outcome.legs.clear()

    def _asks(self) -> Iterator[Ask]:
        for number in range(len(self.epochs) - 1, 0, -1):
            below, promoted = self._reached[number - 1], self._promoted[number - 1]
            n_best = len(below) // self.factor
            if not (n_best or self._new):
                # All have begun: the best of few is to get to the end nevertheless.
                n_best = 1
            for outcome in _best(below)[:n_best]:
                if outcome.number not in promoted:
                    promoted.add(outcome.number)
                    yield self._ask(outcome.params, number, outcome)
        while self._new:
            yield self._ask(self._new.popleft(), 0)

    def _ask(
        self, params: dict[str, Any], number: int, outcome: Outcome | None = None
    ) -> Ask:
        n_epochs = self.epochs[number]
        notes = {"n_resources": n_epochs, "rung": number}
        return Ask(params, outcome, n_epochs, self.epochs[-1], notes)


def _best(scored: Sequence[tuple[float, Outcome]]) -> list[Outcome]:
    """Sort what has a score, the best first; of equals, the first one told."""
    sound = [(value, outcome) for value, outcome in scored if not math.isnan(value)]
    return [outcome for _, outcome in sorted(sound, key=lambda pair: -pair[0])]
