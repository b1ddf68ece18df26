"""The time that a search may take, shared out to its candidates and the refit."""

import math
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from numbers import Real
from typing import Any

from sklearn.base import BaseEstimator, clone

from skhyper._sklearn import BaseSearchCV, Interval
from skhyper.search._assembly import ENSEMBLES, GREEDY, NO_REFIT
from skhyper.search._evaluation import Evaluation
from skhyper.search._leg import Leg
from skhyper.search._retraining import train_best_again
from skhyper.search._target import Parameters, fitted_networks
from skhyper.training import Deadline, StopReason, deadline_here, deadline_in_force

__all__ = ["MAX_TIME_CONSTRAINTS", "Budget"]

MAX_TIME_CONSTRAINTS = [Interval(Real, 0, None, closed="neither"), None]
"""What ``max_time`` of a search may be."""

# Of the time of a search, at most: what is kept for the refit and for the scores of the
# candidates that the deadline ends, and what the trial takes that foretells both.
MOST_REFIT, MOST_SCORING, MOST_TRIED = 0.5, 0.1, 0.1

# Of the time that is left, at most: what learning from candidates takes, and asking for
# the next ones.
MOST_OF_ENGINE = 0.5

# What is kept for a refit at least, and for one or a selection that nothing foretells.
LEAST_REFIT, UNKNOWN_REFIT = 0.05, 0.2

# Epochs of the trial: a first one, for whatever is done but once, and some to time.
FIRST, LAST = 1, 3

# What may come on top of what the trial foretells, and how many times the epochs of
# those that were stopped early the best one may need.
MARGIN, STOPS_LATER = 1.1, 1.5

CUT_SHORT = [reason for reason in StopReason if reason.can_go_on]


@dataclass(frozen=True)
class Forecast:
    """What is still to be done when the last candidate has been trained.

    Parameters
    ----------
    scoring : float
        Seconds that it takes to score one candidate.
    begun : float
        Seconds of the refit for whatever is done but once, and for a few epochs.
    rest : float
        Seconds for the others.
    n_epochs : float
        Epochs in all if nothing stops them early.
    """

    scoring: float
    begun: float
    rest: float = 0.0
    n_epochs: float = math.inf

    def refit(self, most: float) -> float:
        """Foretell the seconds of a refit, where no fit has needed more epochs."""
        return self.begun + min(1.0, STOPS_LATER * most / self.n_epochs) * self.rest


class Budget:
    """The time of one search, from the moment that this is made.

    Parameters
    ----------
    search : BaseSearchCV
        With its ``max_time`` and ``refit``.
    """

    def __init__(self, search: BaseSearchCV) -> None:
        self.search = search
        self.end: float | None = None
        self._forecast: Forecast | None = None
        if search.max_time is not None:
            self.end = time.time() + search.max_time

    def begin(
        self,
        evaluation: Evaluation,
        params: dict[str, Any],
        whole: Leg | None,
    ) -> None:
        """Set the deadline of candidates.

        What is left until the end is for scoring them and for the refit. How long
        these take is foretold by training a candidate for three epochs on all rows, and
        anew whenever some fits have come to their own ends. For an ensemble, the best
        of an earlier search is trained again before all else: it may remain the best.

        Parameters
        ----------
        evaluation : Evaluation
            What is given the deadline, and looks again as its fits come to their ends.
        params : dict of str to object
            The first candidate.
        whole : Leg or None
            How the best one will be fitted.
        """
        if self.end is None:
            return
        if self._forecast is None:
            if self.search.refit in ENSEMBLES:
                now = time.time()
                latest = now + MOST_REFIT * (self._end_before(0.0) - now)
                train_best_again(self.search, evaluation, Deadline(latest))
            self._forecast = self._foretell(evaluation, params, whole)
        evaluation.look_at_time = partial(self._set, evaluation)
        evaluation.look_at_time(1)

    def _set(self, evaluation: Evaluation, n_candidates: int) -> None:
        """Set the deadline of candidates that are evaluated side by side."""
        assert self._forecast is not None, "nothing was timed"
        max_time = self.search.max_time
        n_scored = n_candidates if evaluation.options.get("backend") == "fused" else 1
        kept = min(MARGIN * self._forecast.scoring * n_scored, MOST_SCORING * max_time)
        if n_fits := self._count_refits(evaluation):
            refit = n_fits * self._forecast.refit(_most_epochs(evaluation))
            refit = max(MARGIN * refit, LEAST_REFIT * max_time)
            kept += min(refit, MOST_REFIT * max_time)
        if self.search.refit == GREEDY:
            kept += UNKNOWN_REFIT * max_time
        evaluation.deadline = Deadline(self._end_before(kept))

    def _end_before(self, kept: float) -> float:
        """Give the end less what is kept, or that of a search around this one."""
        assert self.end is not None, "there is no limit to the time"
        around = deadline_here()
        return min(self.end - kept, math.inf if around is None else around.seconds)

    def _count_refits(self, evaluation: Evaluation) -> int:
        """Count what may be fitted when the last candidate has been trained."""
        if self.search.refit not in NO_REFIT:
            return 1
        # Of a better one that another search adds, an ensemble needs the models.
        is_shared = any(outcome.was_read for outcome in evaluation.outcomes)
        return len(evaluation.folds) if self.search.refit and is_shared else 0

    @contextmanager
    def for_engine(self, evaluation: Evaluation) -> Iterator[None]:
        """Let what suggests candidates, and learns of them, know its time.

        That is a part of what is left: for candidates that are still to be trained, and
        for a step that takes longer than those before it.

        Parameters
        ----------
        evaluation : Evaluation
            Knows the deadline of candidates, once that is set.

        Yields
        ------
        None
            Nothing.
        """
        deadline = evaluation.deadline
        if deadline is None and self.end is not None:
            deadline = Deadline(self.end)
        if deadline is not None:
            deadline = Deadline(time.time() + MOST_OF_ENGINE * deadline.left)
        with deadline_in_force(deadline):
            yield

    @contextmanager
    def for_refit(self) -> Iterator[None]:
        """Let what is fitted within end with the time of the search.

        Yields
        ------
        None
            Nothing. One epoch is trained in any case.
        """
        deadline = None
        if self.end is not None:
            deadline = Deadline(self.end, grants_an_epoch=True)
        with deadline_in_force(deadline):
            yield

    def _foretell(
        self,
        evaluation: Evaluation,
        params: dict[str, Any],
        whole: Leg | None,
    ) -> Forecast:
        """Time the first epochs of a candidate on all rows, and its scoring.

        They are nothing for an estimator that holds no network of this package, which
        could not be paused. Of one that fails, a share is kept for another's refit.
        """
        estimator = evaluation.candidate(params)
        networks = Parameters(estimator).networks
        if not networks:
            return Forecast(0.0, 0.0)
        for network in networks.values():
            network.set_params(verbose=0)
        leg = Leg(FIRST, None if whole is None else whole.max_epochs)
        latest = time.time() + MOST_TRIED * self.search.max_time
        try:
            with (
                warnings.catch_warnings(),
                deadline_in_force(Deadline(latest, grants_an_epoch=True)),
            ):
                warnings.simplefilter("ignore")
                fitted, seconds = _timed(estimator, leg, evaluation)
                # The first fit of a process takes longer than any other.
                if seconds < MOST_REFIT * self.search.max_time:
                    leg.n_epochs = LAST
                    fitted, seconds = _timed(estimator, leg, evaluation)
                scoring = _scoring_seconds(fitted, evaluation)
        except Exception:
            return Forecast(0.0, UNKNOWN_REFIT * self.search.max_time)
        n_epochs = max(network.max_epochs for network in networks.values())
        return Forecast(scoring, seconds, _seconds_to_go(fitted), n_epochs)


def _most_epochs(evaluation: Evaluation) -> float:
    """Count the epochs of the longest fit; infinite while none has come to its end."""
    counts = [
        result.n_epochs
        for outcome in evaluation.outcomes
        for result in outcome.results.values()
        if not result.failed and not any(map(result.was_ended_by, CUT_SHORT))
    ]
    return max((count for count in counts if count >= 1), default=math.inf)


def _timed(
    estimator: BaseEstimator, leg: Leg, evaluation: Evaluation
) -> tuple[BaseEstimator, float]:
    """Fit to the end of a leg on all rows, and time it."""
    began = time.perf_counter()
    fitted = evaluation.fit_all(clone(estimator), leg)
    return fitted, time.perf_counter() - began


def _scoring_seconds(fitted: BaseEstimator, evaluation: Evaluation) -> float:
    """Time the scoring of a candidate: its test rows are all rows, once."""
    procedure, y = evaluation.procedure, evaluation.y
    data = (evaluation.X,) if y is None else (evaluation.X, y)
    began = time.perf_counter()
    procedure.scorer(fitted, *data, **procedure.score_params)
    seconds = time.perf_counter() - began
    return seconds * (procedure.n_splits if procedure.return_train_score else 1)


def _seconds_to_go(fitted: BaseEstimator) -> float:
    """Foretell the epochs that a trial has left, if nothing stops them early."""
    return sum(
        (network.max_epochs - network.n_iter_) * network.history_["seconds"].min()
        for network in fitted_networks(fitted)
    )
