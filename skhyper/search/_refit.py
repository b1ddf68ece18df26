"""The best candidate, fitted on all rows."""

import math
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean, median
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.callback import CallbackContext
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import get_scorer_names

from skhyper._constraints import refuse
from skhyper._sklearn import BaseSearchCV, StrOptions
from skhyper.exceptions import did_you_mean
from skhyper.search._assembly import (
    ENSEMBLES,
    assemble,
    mistakes_in_ensemble,
)
from skhyper.search._candidate import Outcome
from skhyper.search._evaluation import Evaluation
from skhyper.search._leg import Leg
from skhyper.search._results import first_scores, has_one_metric
from skhyper.search._simplest import ONE_SE
from skhyper.search._target import Parameters, fitted_networks
from skhyper.training import StopReason, kept_in

__all__ = [
    "REFIT_EPOCHS_CONSTRAINTS",
    "check_refit",
    "check_refit_of_callable",
    "check_single_metric",
    "mistakes_in_refit",
    "refit_best",
]

REFIT_EPOCHS_CONSTRAINTS = [StrOptions({"median"}), None]
"""What ``refit_epochs`` of a search may be."""


def check_refit(search: BaseSearchCV, parameters: Parameters, n_splits: int) -> None:
    """Check that the best candidate can be chosen and fitted as it is asked for.

    Parameters
    ----------
    search : BaseSearchCV
        With its ``refit`` and ``refit_epochs``.
    parameters : Parameters
        Knows the networks inside the estimator.
    n_splits : int
        Splits of the search.

    Raises
    ------
    ValueError
        If the rule of one standard error has less than two splits; or if there is no
        network of this package, whose weights that rule counts and whose epochs
        ``refit_epochs`` does; or if the models of the splits cannot be averaged. All
        mistakes are in the one message.
    """
    if not search.refit:
        return
    kind = type(search).__name__
    is_one_se = search.refit == ONE_SE
    mistakes: list[str] = []
    if search.refit in ENSEMBLES:
        mistakes += mistakes_in_ensemble(search)
    if is_one_se and n_splits < 2:
        mistakes.append(
            f"refit={ONE_SE!r} of {kind} needs at least 2 splits, to know the standard "
            f"error of a mean score. Got {n_splits}. Set cv to more, or refit=True."
        )
    got = (
        "needs a network of skhyper in the estimator. Got "
        f"{type(search.estimator).__name__}."
    )
    if is_one_se and not parameters.networks:
        mistakes.append(
            f"refit={ONE_SE!r} of {kind}, which counts weights, {got} Give a callable "
            "that knows what is simple, or refit=True."
        )
    if search.refit_epochs is not None and not parameters.networks:
        mistakes.append(
            f"refit_epochs={search.refit_epochs!r} of {kind}, which counts epochs, "
            f"{got} Set refit_epochs=None."
        )
    if mistakes:
        raise ValueError("\n".join(mistakes))


def mistakes_in_refit(search: Any) -> Iterator[str]:
    """Say that ``refit`` is a word without a meaning, where there is surely one metric.

    Parameters
    ----------
    search : BaseSearch
        With its ``refit`` and ``scoring``.

    Yields
    ------
    mistake : str
        What it must be.
    """
    if has_one_metric(search.scoring):
        yield from _mistakes_in_word(search)


def check_refit_of_callable(search: Any, outcomes: Sequence[Outcome]) -> None:
    """Check ``refit`` once it is known which metrics a callable gives.

    Parameters
    ----------
    search : BaseSearch
        Its ``scoring`` is a callable.
    outcomes : sequence of Outcome
        The candidates that it has scored.

    Raises
    ------
    ValueError
        If ``refit`` is none of the metrics, or a word without a meaning where there is
        one.
    """
    scores = first_scores(outcomes)
    if isinstance(scores, dict):
        search._check_refit_for_multimetric(scores)
    elif scores is not None:
        refuse(_mistakes_in_word(search))


def _mistakes_in_word(search: Any) -> Iterator[str]:
    """Refuse what is no choice and no metric; to scikit-learn any string is True."""
    refit, words = search.refit, [ONE_SE, *ENSEMBLES]
    named = [search.scoring] if isinstance(search.scoring, str) else []
    metrics = [*named, "score", *get_scorer_names()]
    if isinstance(refit, str) and refit not in [*words, *metrics]:
        hint = did_you_mean(refit, [*words, *named, "score"])
        yield (
            f"The 'refit' parameter of {type(search).__name__} must be a bool, a "
            f"callable, one of {', '.join(map(repr, words))}, or one of "
            "sklearn.metrics.get_scorer_names(), which count as True where there is "
            f"one metric. Got {refit!r}.{hint or ' Set refit=True.'}"
        )


def check_single_metric(search: Any, metrics: Iterable[str]) -> None:
    """Refuse a rule that goes by a single metric where there are several.

    Parameters
    ----------
    search : BaseSearch
        With its ``refit``.
    metrics : iterable of str
        The metrics.

    Raises
    ------
    ValueError
        If ``refit`` is such a rule.
    """
    if isinstance(search.refit, str) and search.refit in (ONE_SE, *ENSEMBLES):
        raise ValueError(
            f"The 'refit' parameter of {type(search).__name__} must be the name of a "
            f"metric, a callable or False under several metrics. Got {search.refit!r}"
            f", which goes by a single one, for {sorted(metrics)}. Give 'scoring' "
            "one metric."
        )


def refit_best(
    search: Any,
    evaluation: Evaluation,
    outcomes: Sequence[Outcome],
    leg: Leg | None,
    context: CallbackContext,
    data: dict[str, Any],
) -> None:
    """Fit the best candidate on all rows, or average the models that there are.

    Parameters
    ----------
    search : BaseSearchCV
        Knows which one it is, and is given ``best_estimator_`` and ``refit_time_``.
    evaluation : Evaluation
        Knows what was searched, and how it is fitted.
    outcomes : sequence of Outcome
        What the candidates gave on the splits.
    leg : Leg or None
        How far the best is trained; None for as it says itself.
    context : CallbackContext
        That of the search.
    data : dict of str to object
        Arguments of scikit-learn's callbacks, the rows among them.
    """
    if search.refit in ENSEMBLES:
        _adopt(search, assemble(search, evaluation, outcomes))
        return
    best = evaluation.candidate(search.best_params_)
    if search.refit_epochs is not None:
        leg = _median_leg(best, outcomes[search.best_index_], leg)
    refit_context = context.subcontext(task_name="refit-with-best-params")
    with refit_context.propagate_callback_context(best):
        refit_context.call_on_fit_task_begin(**data)
        start = time.time()
        with kept_in(evaluation.procedure.store):
            best = evaluation.fit_all(best, leg)
        search.refit_time_ = time.time() - start
    _warn_of_time(search, best, outcomes[search.best_index_])
    _adopt(search, best)
    refit_context.call_on_fit_task_end(**data)


def _adopt(search: Any, best: BaseEstimator) -> None:
    search.best_estimator_ = best
    if hasattr(best, "feature_names_in_"):
        search.feature_names_in_ = best.feature_names_in_


def _warn_of_time(search: Any, best: BaseEstimator, outcome: Outcome) -> None:
    """Warn of a refit that a deadline has cut short, if the splits had more epochs."""
    counts = [
        network.n_iter_
        for network in fitted_networks(best)
        if network.stop_reason_ == StopReason.MAX_TIME
    ]
    on_splits = fmean(result.n_epochs for result in outcome.in_order)
    if counts and min(counts) < on_splits:
        warnings.warn(
            f"The time was up in the refit of {type(search).__name__} after "
            f"{min(counts)} epochs, where the splits had {on_splits:.4g}: "
            "best_estimator_ may be worse than best_score_ tells. Set max_time to "
            "more, or refit='ensemble', which fits nothing on all rows.",
            ConvergenceWarning,
            stacklevel=4,
        )


def _median_leg(estimator: BaseEstimator, outcome: Outcome, whole: Leg | None) -> Leg:
    """Say for how long to train on all rows: for the median best epoch of the splits.

    The networks set no rows aside any more, neither to stop by nor to choose weights
    by. Their schedules stay laid out as they were on the splits. Halves are rounded up.
    """
    for network in Parameters(estimator).networks.values():
        network.set_params(early_stopping=False, restore_best=False)
    best = [result.best_epoch for result in outcome.in_order]
    middle = median(epoch for epoch in best if not math.isnan(epoch))
    return Leg(math.floor(middle + 0.5), None if whole is None else whole.max_epochs)
