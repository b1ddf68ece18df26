"""How long a search will take, told from a miniature of it."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from math import nan
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from skhyper._sklearn import InvalidParameterError
from skhyper.search._evaluation import Evaluation
from skhyper.search._fold import make_folds
from skhyper.search._fusion import joblib_options
from skhyper.search._miniature import Miniature
from skhyper.search._plan import Plan
from skhyper.search._rehearsal import rehearse
from skhyper.search._target import Parameters
from skhyper.search._task import Procedure

__all__ = ["check_time", "with_seconds"]

# Arguments of a search that it writes to, or goes on from; and those that move on.
KEPT_ELSEWHERE = ("storage", "study_name", "trials")
STATEFUL = ("random_state", "sampler")


def check_time(search: BaseEstimator, time: Any) -> None:
    """Check that ``time`` of ``plan`` is a bool.

    Parameters
    ----------
    search : BaseSearch
        Named in the message.
    time : object
        What is given.

    Raises
    ------
    InvalidParameterError
        If it is none; it is a ValueError.
    """
    if not isinstance(time, bool):
        raise InvalidParameterError(
            f"The 'time' parameter of {type(search).__name__}.plan must be a bool. "
            f"Got {time!r}. True times a miniature, False counts only."
        )


def with_seconds(
    search: Any, plan: Plan, X: Any, y: Any, splitter: Any, routed: Any
) -> Plan:
    """Time a miniature of a search, and add to its plan what it will take.

    Parameters
    ----------
    search : BaseSearch
        The search; it stays as it is.
    plan : Plan
        How much work it will be.
    X, y : array-like
        All rows; `y` may be None.
    splitter : cross-validation splitter
        What splits them.
    routed : Bunch
        Arguments of ``fit``, of the scorer and of the splitter.

    Returns
    -------
    plan : Plan
        With ``seconds`` and ``refit_seconds``.

    Raises
    ------
    InvalidParameterError
        If the search evaluates candidates elsewhere; it is a ValueError.
    ValueError
        If every fit of the miniature fails.
    """
    with _quietly():
        own = _without_trace(search)
        estimator = clone(search.estimator)
        names = estimator.get_params(deep=True)
        memories = [name for name in names if name.split("__")[-1] == "memory"]
        estimator.set_params(**dict.fromkeys(memories))
        rehearsal = rehearse(own, estimator, plan.n_candidates)
        if rehearsal is None:
            raise InvalidParameterError(
                f"The 'time' parameter of {type(search).__name__}.plan must be False: "
                "its candidates are evaluated in processes of another engine, of which "
                "a miniature in this one tells nothing. Got True."
            )
        folds = make_folds(deepcopy(splitter), X, y, routed.splitter.split)
        procedure = Procedure(
            scorer=own._get_scorers()[0],
            fit_params=routed.estimator.fit,
            score_params=routed.scorer.score,
            return_train_score=search.return_train_score,
            error_score=nan,
            verbose=0,
            n_splits=len(folds),
            seed=own._draw_seed(),
            search=own,
        )
        options = joblib_options(search, Parameters(estimator))
        evaluation = Evaluation(estimator, X, y, folds, procedure, options)
        miniature = Miniature(evaluation, rehearsal, type(search).__name__)
        pace = miniature.pace()
        rounds = sum(pace.seconds(works) for works in rehearsal.rounds)
        seconds, refit_seconds = rounds * rehearsal.share, None
        if plan.refit:
            refit_seconds = miniature.refit_seconds()
            seconds += refit_seconds
    return replace(plan, seconds=seconds, refit_seconds=refit_seconds)


def _without_trace(search: Any) -> Any:
    """Make a search that draws the same candidates, and that nobody hears of."""
    params = search.get_params(deep=False)
    params |= {name: None for name in KEPT_ELSEWHERE if name in params}
    params |= {name: deepcopy(params[name]) for name in STATEFUL if name in params}
    if params["random_state"] is None:
        # As for the plan: to draw would move numpy's global generator.
        params["random_state"] = 0
    return type(search)(**params)


@contextmanager
def _quietly() -> Iterator[None]:
    """Let nobody be warned, and leave numpy's global generator where it is."""
    state = np.random.get_state()  # noqa: NPY002
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
