"""Candidates suggested by a surrogate model of the score, by way of skopt."""

import math
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from scipy.optimize import OptimizeResult
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from skhyper.search._candidate import Ask, Outcome
from skhyper.search._stopwatch import Stopwatch
from skhyper.search._subsearch import Subsearch

__all__ = ["SurrogateStrategy", "as_callbacks"]


class SurrogateStrategy:
    """Asks an optimizer of skopt for a few candidates at a time.

    Parameters
    ----------
    subsearches : sequence of Subsearch
        Searched one after the other.
    n_points : int
        How many candidates to ask for at once.
    score : callable
        Gives the score of an outcome, NaN for a failed one.
    callbacks : list of callable
        Called after each candidate with the result so far.
    verbose : int
        Whether to tell after each batch how far the search is.
    """

    def __init__(
        self,
        subsearches: Sequence[Subsearch],
        n_points: int,
        score: Callable[[Outcome], float],
        callbacks: list[Callable[..., Any]],
        verbose: int,
    ) -> None:
        self.subsearches = subsearches
        self.n_points = n_points
        self.score = score
        self.callbacks = callbacks
        self.verbose = verbose
        self.n_evaluations = sum(search.remaining for search in subsearches)
        self.evaluation_seconds = 0.0
        self._current: Subsearch | None = None
        self._seen: set[Hashable] = set()
        self._best = -math.inf
        self._n_told = 0
        self._stopwatch = Stopwatch()
        start = time.perf_counter()
        with threadpool_limits(limits=1, user_api="blas"):
            for search in subsearches:
                search.begin()
        self._since = time.perf_counter()
        self.optimizer_seconds = self._since - start

    @property
    def results(self) -> list[OptimizeResult]:
        """The result of each space that was searched."""
        results = [search.result for search in self.subsearches]
        return [result for result in results if result is not None]

    def ask(self) -> list[Ask]:
        """Return the next batch of candidates, or none at the end."""
        start = time.perf_counter()
        candidates: list[dict[str, Any]] = []
        for search in self.subsearches:
            # BLAS threads only hinder each other on matrices this small.
            with threadpool_limits(limits=1, user_api="blas"):
                candidates = search.ask(self.n_points, self._seen, self._stopwatch)
            if candidates:
                self._current = search
                break
        self._since = time.perf_counter()
        self.optimizer_seconds += self._since - start
        return [Ask(params) for params in candidates]

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Learn how the last batch did."""
        assert self._current is not None, "there is nothing to tell before an ask"
        start = time.perf_counter()
        self.evaluation_seconds += start - self._since
        scores = [self.score(outcome) for outcome in outcomes]
        with threadpool_limits(limits=1, user_api="blas"):
            self._current.tell(scores, self.callbacks, self._stopwatch)
        self.optimizer_seconds += time.perf_counter() - start
        self._n_told += len(scores)
        self._best = max([self._best, *filter(math.isfinite, scores)])
        if self.verbose > 0:
            print(  # noqa: T201
                f"{self._n_told} of {self.n_evaluations} candidates, best score "
                f"{self._best:.4g}; seconds: {self.evaluation_seconds:.1f} for the "
                f"fits, {self.optimizer_seconds:.1f} for the optimizer"
            )


def as_callbacks(given: Any) -> list[Callable[..., Any]]:
    """List what is called after each candidate.

    Parameters
    ----------
    given : callable, list of callable or None
        What ``fit`` was given.

    Returns
    -------
    callbacks : list of callable
        The same as a list.

    Raises
    ------
    ValueError
        If it is none.
    """
    if given is None:
        return []
    callbacks = given if isinstance(given, list) else [given]
    if not all(map(callable, callbacks)):
        raise ValueError(
            "The 'callback' argument of BayesSearchCV.fit must be a callable, a list "
            f"of callables or None. Got {given!r}."
        )
    return callbacks
