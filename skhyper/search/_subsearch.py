"""One space and the optimizer of skopt that searches it."""

import math
import warnings
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import nullcontext
from copy import copy
from typing import Any

import numpy as np
from numpy.random import RandomState
from scipy.optimize import OptimizeResult
from skopt import Optimizer
from skopt.space import Categorical, Dimension, Integer
from skopt.utils import eval_callbacks

from skhyper._identity import identity
from skhyper.search._flat import FlatSpace
from skhyper.search._models import working_model
from skhyper.search._stopwatch import Stopwatch

__all__ = ["Subsearch"]

# How many random points are looked at before a space counts as used up: some for each
# candidate that a finite space has, so that hardly one is overlooked.
_DRAWS_PER_CANDIDATE = 20
_FEWEST_DRAWS, _MOST_DRAWS = 2_000, 200_000
_DRAWS_AT_ONCE = 100


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
    known : sequence of (dict, float), default=()
        Candidates of the space that the optimizer is told at the beginning, with their
        scores.
    """

    def __init__(
        self,
        space: FlatSpace,
        n_iter: int,
        random_state: RandomState,
        optimizer_kwargs: dict[str, Any],
        known: Sequence[tuple[dict[str, Any], float]] = (),
    ) -> None:
        self.space = space
        self.n_iter = self.remaining = n_iter
        dimensions = []
        for name, given in space.dimensions.items():
            # The optimizer changes its dimensions; the user's are not its own.
            dimension = copy(given)
            dimension.name = dimension.name or name
            dimensions.append(dimension)
        arguments = working_model(optimizer_kwargs, n_iter + len(known), random_state)
        self.optimizer = Optimizer(
            **{**arguments, "random_state": random_state, "dimensions": dimensions}
        )
        self._result: OptimizeResult | None = None
        self.asked: list[list[Any]] = []
        self.scores: list[float] = []
        self.known = known

    def begin(self) -> None:
        """Tell the optimizer what is known at the beginning."""
        self.asked = [
            [
                # An option is written as skopt does, a number is not rounded.
                dimension.inverse_transform(dimension.transform([value]))[0]
                if isinstance(dimension, Categorical)
                else value
                for value, dimension in zip(
                    self.space.unresolve(candidate).values(),
                    self.optimizer.space.dimensions,
                    strict=True,
                )
            ]
            for candidate, _ in self.known
        ]
        # There is time for the first ask, whatever this takes.
        self.tell([score for _, score in self.known], [], Stopwatch())

    def ask(
        self, n_points: int, seen: set[Hashable], stopwatch: Stopwatch
    ) -> list[dict[str, Any]]:
        """Return up to `n_points` candidates that are not in `seen`, and add them.

        There are fewer when there is no time for more, or when the space is used up,
        which ends the search of it.

        Warns
        -----
        UserWarning
            If the space is used up.
        """
        n_points = min(n_points, self.remaining)
        self.asked = []
        candidates: list[dict[str, Any]] = []
        points = self._points(n_points, stopwatch)
        while len(candidates) < n_points:
            if not stopwatch.has_time():
                self.remaining -= len(candidates)
                return candidates
            point = next(points, None)
            if point is None:
                break
            values = self.space.settle(self._named(point))
            candidate = self.space.resolve(values)
            key = frozenset((name, identity(candidate[name])) for name in candidate)
            if key not in seen:
                seen.add(key)
                self.asked.append(self._canonical(point, values))
                candidates.append(candidate)
        self.remaining -= n_points
        if len(candidates) < n_points:
            self.remaining = 0
            n_tried = len(self.scores) - len(self.known) + len(candidates)
            warnings.warn(
                f"The space is used up: all of its {n_tried}"
                f" candidates are tried, fewer than n_iter={self.n_iter}. A grid search"
                " does the same without a model.",
                UserWarning,
                stacklevel=2,
            )
        return candidates

    def _points(self, n_points: int, stopwatch: Stopwatch) -> Iterator[list[Any]]:
        """Give the optimizer's suggestions, then random points in their stead."""
        # As its own ``ask`` does it, which gives them all at once: a copy is told of
        # each provisionally, with the least of the losses.
        seed = self.optimizer.rng.randint(0, np.iinfo(np.int32).max)
        copied: Optimizer | None = None
        point: list[Any] = []
        for _ in range(n_points):
            # A step fits the model once, as the copy does when it is made.
            with stopwatch.running(), warnings.catch_warnings():
                # It says that a point is not new; such a point is replaced here.
                warnings.filterwarnings("ignore", "The objective has been evaluated")
                if copied is None:
                    copied = self.optimizer.copy(random_state=seed)
                else:
                    copied.tell(point, min(copied.yi, default=0.0))
                point = copied.ask()
            yield point
        for _ in range(0, self._n_draws(), _DRAWS_AT_ONCE):
            yield from self.optimizer.space.rvs(
                _DRAWS_AT_ONCE, random_state=self.optimizer.rng
            )

    def _n_draws(self) -> int:
        size = math.prod(map(_size, self.space.dimensions.values()))
        if math.isinf(size):
            return _FEWEST_DRAWS
        return int(min(max(_FEWEST_DRAWS, _DRAWS_PER_CANDIDATE * size), _MOST_DRAWS))

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
        self,
        scores: Sequence[float],
        callbacks: list[Callable[..., Any]],
        stopwatch: Stopwatch,
    ) -> None:
        """Learn how the points of the last ``ask`` scored; a failed one has no score.

        A callback that returns True ends the search of this space.
        """
        has_time = stopwatch.has_time()
        first = len(self.scores)
        self.scores += scores
        losses = self._losses()
        # What stands in for a score that is no number moves with the other scores.
        self.optimizer.yi[:] = losses[:first]
        for place, point in enumerate(self.asked):
            # The surrogate is fitted once for all of them.
            is_fitted = has_time and place == len(scores) - 1
            with stopwatch.running() if is_fitted else nullcontext():
                self._result = self.optimizer.tell(
                    point, losses[first + place], fit=is_fitted
                )
            if callbacks and eval_callbacks(callbacks, self.result):
                self.remaining = 0
                break

    def _losses(self) -> list[float]:
        """Turn scores into losses; one that is no number is put beyond all others.

        By one standard deviation: a fixed number would be a good loss under some scores
        and a wild one under others; one far beyond all would leave the surrogate blind
        to the rest.
        """
        finite = [-score for score in self.scores if math.isfinite(score)] or [0.0]
        margin = float(np.std(finite)) or 1.0
        best, worst = min(finite) - margin, max(finite) + margin
        return [
            -score if math.isfinite(score) else (best if score == math.inf else worst)
            for score in self.scores
        ]

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


def _size(dimension: Dimension) -> float:
    """Count the values of a dimension."""
    if isinstance(dimension, Categorical):
        return len(dimension.categories)
    if isinstance(dimension, Integer):
        return int(dimension.high - dimension.low) + 1
    return math.inf
