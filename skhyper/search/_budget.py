"""The time that a search may take, shared out to its candidates and the refit."""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Real
from typing import Any

from sklearn.base import BaseEstimator, clone

from skhyper._sklearn import BaseSearchCV, Interval
from skhyper.search._assembly import NO_REFIT
from skhyper.search._evaluation import Evaluation
from skhyper.search._leg import Leg
from skhyper.search._target import Parameters, fitted_networks
from skhyper.training import Deadline, deadline_here, deadline_in_force

__all__ = ["MAX_TIME_CONSTRAINTS", "Budget"]

MAX_TIME_CONSTRAINTS = [Interval(Real, 0, None, closed="neither"), None]
"""What ``max_time`` of a search may be."""

# Of the time of a search, at most: what is kept for the refit and for the scores of the
# candidates that the deadline ends, and what the trial takes that foretells both.
MOST_REFIT, MOST_SCORING, MOST_TRIED = 0.5, 0.1, 0.1
UNKNOWN_REFIT = 0.2

# Epochs of the trial: a first one, for whatever is done but once, and some to time.
FIRST, LAST = 1, 3

# What may come on top of what the trial foretells.
MARGIN = 1.1


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
        if search.max_time is not None:
            self.end = time.time() + search.max_time

    def begin(
        self,
        evaluation: Evaluation,
        params: dict[str, Any],
        n_candidates: int,
        whole: Leg | None,
    ) -> None:
        """Set the deadline of the candidates, unless it is set.

        What is left until the end is for scoring them and for the refit. How long
        these take is foretold by training a candidate for three epochs on all rows.

        Parameters
        ----------
        evaluation : Evaluation
            What is given the deadline.
        params : dict of str to object
            The first candidate.
        n_candidates : int
            How many are evaluated side by side.
        whole : Leg or None
            How the best one will be fitted.
        """
        if self.end is None or evaluation.deadline is not None:
            return
        scoring, refit = self._foretell(evaluation, params, whole)
        if evaluation.options.get("backend") == "fused":
            scoring *= n_candidates
        if self.search.refit in NO_REFIT:
            refit = 0.0
        kept = min(MARGIN * scoring, MOST_SCORING * self.search.max_time)
        kept += min(MARGIN * refit, MOST_REFIT * self.search.max_time)
        around = deadline_here()
        latest = self.end if around is None else min(self.end, around.seconds)
        evaluation.deadline = Deadline(min(latest, self.end - kept))

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
    ) -> tuple[float, float]:
        """Foretell the seconds of scoring one candidate and of the refit.

        They are nothing for an estimator that holds no network of this package, which
        could not be paused. Of one that fails, a share is kept for another's refit.
        """
        estimator = evaluation.candidate(params)
        networks = Parameters(estimator).networks
        if not networks:
            return 0.0, 0.0
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
                if time.time() < latest:
                    leg.n_epochs = LAST
                    fitted, seconds = _timed(estimator, leg, evaluation)
                scoring = _scoring_seconds(fitted, evaluation)
        except Exception:
            return 0.0, UNKNOWN_REFIT * self.search.max_time
        return scoring, seconds + _seconds_to_go(fitted)


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
