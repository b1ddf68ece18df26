"""Candidates suggested by a surrogate model of the score, by way of skopt."""

import math
import time
import warnings
from collections.abc import Callable, Hashable, Iterator, Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.random import RandomState
from scipy.optimize import OptimizeResult
from skopt import Optimizer
from skopt.utils import eval_callbacks
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from skhyper.search._evaluation import Outcome
from skhyper.search._models import working_model
from skhyper.search._spaces import FlatSpace
from skhyper.spaces._frozen import identity

__all__ = ["Subsearch", "SurrogateStrategy"]

# How many random points are looked at before a space counts as used up.
_DRAWS = 2_000


class Subsearch:
    """One space with the optimizer that searches it.

    Parameters
    ----------
    space : FlatSpace
        The space.
    n_iter : int
        How many candidates to try.
    random_state : RandomState
        For the optimizer.
    optimizer_kwargs : dict
        Further arguments of skopt's Optimizer.
    """

    def __init__(
        self,
        space: FlatSpace,
        n_iter: int,
        random_state: RandomState,
        optimizer_kwargs: dict[str, Any],
    ) -> None:
        self.space = space
        self.remaining = n_iter
        dimensions = []
        for name, given in space.dimensions.items():
            # The optimizer changes its dimensions; the user's are not its own.
            dimension = copy(given)
            dimension.name = dimension.name or name
            dimensions.append(dimension)
        arguments = working_model(optimizer_kwargs, n_iter, random_state)
        self.optimizer = Optimizer(
            **{**arguments, "random_state": random_state, "dimensions": dimensions}
        )
        self._result: OptimizeResult | None = None
        self.asked: list[list[Any]] = []
        self.failed: list[int] = []
        self.finite: list[float] = []

    def ask(self, n_points: int, seen: set[Hashable]) -> list[dict[str, Any]]:
        """Return up to `n_points` candidates that are not in `seen`, and add them.

        There are fewer when the space is used up, which ends the search of it.
        """
        n_points = min(n_points, self.remaining)
        self.asked = []
        candidates: list[dict[str, Any]] = []
        if not n_points:
            return candidates
        for point in self._points(n_points):
            values = self.space.settle(self._named(point))
            candidate = self.space.resolve(values)
            key = frozenset((name, identity(candidate[name])) for name in candidate)
            if key not in seen:
                seen.add(key)
                self.asked.append(self._canonical(point, values))
                candidates.append(candidate)
                if len(candidates) == n_points:
                    break
        self.remaining = self.remaining - n_points if self.asked else 0
        return candidates

    def _points(self, n_points: int) -> Iterator[list[Any]]:
        """Give the optimizer's suggestions, then random points in their stead."""
        with warnings.catch_warnings():
            # It says that a point is not new; such a point is replaced here.
            warnings.filterwarnings("ignore", "The objective has been evaluated")
            yield from self.optimizer.ask(n_points=n_points)
        for _ in range(_DRAWS):
            yield self.optimizer.space.rvs(random_state=self.optimizer.rng)[0]

    def _named(self, point: list[Any]) -> dict[str, Any]:
        """Give the values their names, as plain Python numbers and strings."""
        return {
            name: np.array(value).item()
            for name, value in zip(self.space.dimensions, point, strict=True)
        }

    def _canonical(self, point: list[Any], values: dict[str, Any]) -> list[Any]:
        """Write settled values as skopt does."""
        own = self._named(point)
        return [
            value
            if own[name] is values[name]
            or identity(own[name]) == identity(values[name])
            else dimension.inverse_transform(dimension.transform([values[name]]))[0]
            for name, value, dimension in zip(
                values, point, self.optimizer.space.dimensions, strict=True
            )
        ]

    def tell(
        self, scores: Sequence[float], callbacks: list[Callable[..., Any]]
    ) -> None:
        """Learn how the points of the last ``ask`` scored; a failed one has no score.

        A callback that returns True ends the search of this space.
        """
        first = len(self.optimizer.yi)
        self.finite += [-score for score in scores if math.isfinite(score)]
        self.failed += [
            first + place
            for place, score in enumerate(scores)
            if not math.isfinite(score)
        ]
        worst = self._worse_than_all()
        for place in self.failed:
            if place < first:
                self.optimizer.yi[place] = worst
        for place, (point, score) in enumerate(zip(self.asked, scores, strict=True)):
            loss = -score if math.isfinite(score) else worst
            # The surrogate is fitted once for all of them.
            is_last = place == len(scores) - 1
            self._result = self.optimizer.tell(point, loss, fit=is_last)
            if callbacks and eval_callbacks(callbacks, self.result):
                self.remaining = 0
                break

    def _worse_than_all(self) -> float:
        """Give the loss of a failure: one standard deviation beyond the worst.

        A fixed number would be a good loss under some scores and a wild one under
        others; one far beyond all would leave the surrogate blind to the rest.
        """
        if not self.finite:
            return 0.0
        return max(self.finite) + (float(np.std(self.finite)) or 1.0)

    @property
    def result(self) -> OptimizeResult | None:
        """What skopt knows, with the values themselves in place of their wrappers."""
        if self._result is None:
            return None
        result = copy(self._result)
        result["x_iters"] = [self._plain(point) for point in self._result["x_iters"]]
        result["x"] = self._plain(self._result["x"])
        return result

    def _plain(self, point: list[Any]) -> list[Any]:
        return list(self._named(point).values())


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
        self.n_candidates = sum(search.remaining for search in subsearches)
        self.optimizer_seconds = 0.0
        self.evaluation_seconds = 0.0
        self._current: Subsearch | None = None
        self._seen: set[Hashable] = set()
        self._best = -math.inf
        self._n_told = 0
        self._since = time.perf_counter()

    @property
    def results(self) -> list[OptimizeResult]:
        """The result of each space that was searched."""
        results = [search.result for search in self.subsearches]
        return [result for result in results if result is not None]

    def ask(self) -> list[dict[str, Any]]:
        """Return the next batch of candidates, or none at the end."""
        start = time.perf_counter()
        candidates: list[dict[str, Any]] = []
        for search in self.subsearches:
            # BLAS threads only hinder each other on matrices this small.
            with threadpool_limits(limits=1, user_api="blas"):
                candidates = search.ask(self.n_points, self._seen)
            if candidates:
                self._current = search
                break
        self._since = time.perf_counter()
        self.optimizer_seconds += self._since - start
        return candidates

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Learn how the last batch did."""
        assert self._current is not None, "there is nothing to tell before an ask"
        start = time.perf_counter()
        self.evaluation_seconds += start - self._since
        scores = [self.score(outcome) for outcome in outcomes]
        with threadpool_limits(limits=1, user_api="blas"):
            self._current.tell(scores, self.callbacks)
        self.optimizer_seconds += time.perf_counter() - start
        self._n_told += len(scores)
        self._best = max([self._best, *filter(math.isfinite, scores)])
        if self.verbose > 0:
            print(  # noqa: T201
                f"{self._n_told} of {self.n_candidates} candidates, best score "
                f"{self._best:.4g}; seconds: {self.evaluation_seconds:.1f} for the "
                f"fits, {self.optimizer_seconds:.1f} for the optimizer"
            )
