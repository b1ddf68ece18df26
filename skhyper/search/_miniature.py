"""A few candidates of a search, timed."""

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import fmean, median
from typing import TypeVar

import numpy as np

from skhyper.search._candidate import Ask, Outcome
from skhyper.search._evaluation import Evaluation
from skhyper.search._leg import Leg
from skhyper.search._pace import Pace, Timed, Work, pace_of
from skhyper.search._rehearsal import Rehearsal
from skhyper.search._target import fitted_networks

__all__ = ["Miniature", "choose"]

Result = TypeVar("Result")

# Epochs of two trainings, the difference of which is what the epochs between them take:
# of the short one; of the longer one, the first of these that takes so many seconds, as
# long as it is no larger part of all epochs.
SHORT, LONGER, ENOUGH, PART = 1, (9, 27, 81), 1.0, 1 / 3

# Candidates of the miniature: of one structure; networks in all, at least; others, at
# least; in all, at most; and one of so many where that is between.
TOGETHER, FEWEST, FEWEST_OTHERS, MOST, ONE_OF = 3, 8, 2, 24, 4

# Seconds of a short training beyond which there are fewer of them, and seconds up to
# which a training is repeated, so many times at most.
LIMIT, BRIEF, REPEATS = 10.0, 0.25, 3


class Miniature:
    """A few candidates of a search, trained for a few epochs.

    Parameters
    ----------
    evaluation : Evaluation
        Evaluates candidates as the search does.
    rehearsal : Rehearsal
        The candidates.
    name : str
        That of the search.
    """

    def __init__(self, evaluation: Evaluation, rehearsal: Rehearsal, name: str) -> None:
        self.evaluation = evaluation
        self.asks = rehearsal.asks
        self.whole = rehearsal.whole
        self.name = name
        self.has_epochs = any(work.n_epochs for work in self.whole)
        # Of the last training: those that did not fail, and why the first one did.
        self._sound: list[int] = []
        self._error: str | None = None

    def pace(self) -> Pace:
        """Time several candidates, and one of each structure.

        Returns
        -------
        pace : Pace
            What candidates take.

        Raises
        ------
        ValueError
            If every fit fails.
        """
        first = choose(self.whole, 1)
        # The first of all trainings is slower than any other.
        seconds, _ = _clocked(lambda: self._run(first, SHORT))
        if self.has_epochs:
            seconds, _ = _clocked(lambda: self._run(first, SHORT))
        fewest = FEWEST if self.has_epochs else FEWEST_OTHERS
        size = min(len(self.asks) // ONE_OF, MOST, int(LIMIT / seconds))
        numbers = choose(self.whole, max(size, fewest))
        of_structure = {self.whole[number].structure: number for number in numbers}
        few = None
        if self.has_epochs and len(of_structure) < len(numbers):
            few = self._time([*of_structure.values()])
        many = self._time(numbers)
        if not self._sound:
            raise ValueError(
                f"{self.name}.plan cannot tell how long the search will take: every "
                "fit of its miniature fails. Leave time=True out to plan without one, "
                f"or mend the first that fails:\n{self._error}"
            )
        return pace_of(few or many, many)

    def refit_seconds(self) -> float:
        """Time one candidate on all rows, after ``pace``.

        Returns
        -------
        seconds : float
            What it takes for as many epochs as any candidate has.
        """
        number = self._sound[len(self._sound) // 2]
        n_epochs = max(work.n_epochs for work in self.whole)
        if not self.whole[number].n_epochs:
            return _clocked(lambda: self._refit(number, None))[0]
        epochs, seconds = _twice(lambda stop: self._refit(number, stop), n_epochs)
        timed = Timed(1, 1, epochs, seconds)
        return timed.per_fit + n_epochs * timed.per_epoch

    def _time(self, numbers: Sequence[int]) -> Timed:
        """Time candidates side by side, and note those that do not fail."""
        works = [self.whole[number] for number in numbers]
        most = max(work.n_epochs for work in works)
        epochs, seconds = _twice(lambda stop: self._run(numbers, stop), most)
        n_structures = len({work.structure for work in works})
        return Timed(len(numbers), n_structures, epochs, seconds)

    def _run(self, numbers: Sequence[int], n_epochs: int) -> float:
        """Train candidates for so many epochs at most, and count those of all."""
        asks = []
        for number in numbers:
            ask, most = self.asks[number], self.whole[number].n_epochs
            stop = min(n_epochs, most) or None
            asks.append(Ask(ask.params, None, stop, ask.max_epochs))
        outcomes = self.evaluation.run(asks)
        self.evaluation.outcomes.clear()
        pairs = zip(numbers, outcomes, strict=True)
        self._sound = [number for number, outcome in pairs if not outcome.failed]
        self._error = outcomes[0].in_order[0].error
        return sum(map(_mean_epochs, outcomes))

    def _refit(self, number: int, n_epochs: int | None) -> float:
        """Train a candidate on all rows, and count its epochs."""
        ask, leg = self.asks[number], None
        if n_epochs is not None:
            n_epochs = min(n_epochs, self.whole[number].n_epochs)
            leg = Leg(n_epochs, ask.max_epochs)
        candidate = self.evaluation.candidate(ask.params)
        estimator = self.evaluation.fit_all(candidate, leg)
        counts = [network.n_iter_ for network in fitted_networks(estimator)]
        return fmean(counts) if counts else n_epochs or 0


def choose(works: Sequence[Work], size: int) -> list[int]:
    """Choose candidates of many structures, as far as possible a few of each.

    Parameters
    ----------
    works : sequence of Work
        What each candidate is to train.
    size : int
        How many to choose at most; fewer are chosen of structures that have few.

    Returns
    -------
    numbers : list of int
        Their places.
    """
    # Neighbours have one structure, and nothing else in common.
    order = np.random.default_rng(0).permutation(len(works)).tolist()
    order.sort(key=lambda number: repr(works[number].structure))
    if len(order) <= size:
        return order
    n_groups = math.ceil(size / TOGETHER)
    chosen: dict[int, None] = {}
    for group in range(n_groups):
        place = int((group + 0.5) * len(order) / n_groups)
        structure = works[order[place]].structure
        near = order[place : place + TOGETHER]
        chosen |= dict.fromkeys(n for n in near if works[n].structure == structure)
    return list(chosen)[:size]


def _clocked(call: Callable[[], Result]) -> tuple[float, Result]:
    """Call once; give the seconds that it takes, and what it gives."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def _median_clocked(call: Callable[[], Result]) -> tuple[float, Result]:
    """Call again what is over soon; give the median of the seconds."""
    times: list[float] = []
    while len(times) < REPEATS and sum(times) < BRIEF:
        seconds, result = _clocked(call)
        times.append(seconds)
    return median(times), result


def _twice(
    train: Callable[[int], float], most: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Time a short and a longer training, of which there are so many epochs at most."""
    short, n_short = _median_clocked(partial(train, SHORT))
    long, n_long = short, n_short
    # The difference is to be more than what two times of the same training differ by.
    enough = max(ENOUGH, min(2 * short, LIMIT))
    for stop in LONGER:
        is_first = stop == LONGER[0]
        if most > SHORT and (is_first or (long < enough and stop <= most * PART)):
            long, n_long = _median_clocked(partial(train, stop))
    return (n_short, n_long), (short, long)


def _mean_epochs(outcome: Outcome) -> float:
    """Count the epochs of a candidate, on average over its splits."""
    counts = [result.n_epochs for result in outcome.in_order]
    return fmean(0.0 if math.isnan(count) else count for count in counts)
