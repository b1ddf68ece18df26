"""The best candidate, fitted on all rows."""

import math
import time
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator, clone, is_classifier, is_regressor
from sklearn.callback import CallbackContext

from skhyper._sklearn import BaseSearchCV, StrOptions
from skhyper.exceptions import did_you_mean
from skhyper.search._candidate import Outcome
from skhyper.search._ensemble import ENSEMBLE, ensemble_of
from skhyper.search._interrupt import raise_swallowed_interrupt
from skhyper.search._leg import Leg, fit_leg
from skhyper.search._simplest import ONE_SE
from skhyper.search._target import Parameters
from skhyper.search._task import Procedure, seed_unset
from skhyper.training import kept_in

__all__ = ["REFIT_EPOCHS_CONSTRAINTS", "check_refit", "refit_best"]

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
        ``refit_epochs`` does; if the models of the splits cannot be averaged; or if
        ``refit`` is mistyped. All mistakes are in the one message.
    """
    if not search.refit:
        return
    kind = type(search).__name__
    mistakes = [*_mistakes_in_name(search)]
    is_one_se = search.refit == ONE_SE
    if search.refit == ENSEMBLE:
        mistakes += _mistakes_in_ensemble(search)
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


def _mistakes_in_name(search: Any) -> Iterator[str]:
    """Refuse what is nearly one of our words: scikit-learn takes any word for True."""
    refit, scoring = search.refit, search.scoring
    is_single = scoring is None or isinstance(scoring, str)
    if is_single and isinstance(refit, str) and refit not in (ONE_SE, ENSEMBLE):
        hint = did_you_mean(refit, [ONE_SE, ENSEMBLE])
        if hint and refit != scoring:
            yield (
                f"The 'refit' parameter of {type(search).__name__} must be a bool, a "
                f"callable, {ONE_SE!r}, {ENSEMBLE!r} or the name of its metric. Got "
                f"{refit!r}.{hint}"
            )


def _mistakes_in_ensemble(search: Any) -> Iterator[str]:
    kind, estimator = type(search).__name__, search.estimator
    if not search.keeps_models:
        yield (
            f"refit={ENSEMBLE!r} of {kind}, whose trials leave their models behind in "
            "other processes, is not possible. Set refit=True, or use another search."
        )
    if search.refit_epochs is not None:
        yield (
            f"refit={ENSEMBLE!r} of {kind} fits nothing on all rows, so it takes no "
            f"refit_epochs. Got {search.refit_epochs!r}. Leave one of them out."
        )
    can_average = is_regressor(estimator) or (
        is_classifier(estimator) and hasattr(estimator, "predict_proba")
    )
    if not can_average:
        yield (
            f"refit={ENSEMBLE!r} of {kind} needs a regressor, or a classifier with "
            f"predict_proba. Got {type(estimator).__name__}. Set refit=True."
        )


def refit_best(
    search: Any,
    estimator: BaseEstimator,
    outcomes: Sequence[Outcome],
    leg: Leg | None,
    procedure: Procedure,
    context: CallbackContext,
    data: dict[str, Any],
) -> None:
    """Fit the best candidate on all rows.

    Parameters
    ----------
    search : BaseSearchCV
        Knows which one it is, and is given ``best_estimator_`` and ``refit_time_``.
    estimator : estimator object
        What was searched; it is cloned.
    outcomes : sequence of Outcome
        What the candidates gave on the splits.
    leg : Leg or None
        How far the best is trained; None for as it says itself.
    procedure : Procedure
        How it is fitted.
    context : CallbackContext
        That of the search.
    data : dict of str to object
        Arguments of scikit-learn's callbacks, the rows among them.
    """
    best = clone(estimator).set_params(**clone(search.best_params_, safe=False))
    seed_unset(best, procedure.seed, search.best_params_)
    if search.refit == ENSEMBLE:
        outcome = outcomes[search.best_index_]
        _adopt(search, _ensemble(search, best, data["y"], outcome))
        return
    if search.refit_epochs is not None:
        leg = _median_leg(best, outcomes[search.best_index_], leg)
    refit_context = context.subcontext(task_name="refit-with-best-params")
    X, y = data["X"], data["y"]
    with refit_context.propagate_callback_context(best):
        refit_context.call_on_fit_task_begin(**data)
        start = time.time()
        with raise_swallowed_interrupt(), kept_in(procedure.store):
            best = fit_leg(best, leg, X, y, procedure.fit_params)
        search.refit_time_ = time.time() - start
    _adopt(search, best)
    refit_context.call_on_fit_task_end(**data)


def _adopt(search: Any, best: BaseEstimator) -> None:
    search.best_estimator_ = best
    if hasattr(best, "feature_names_in_"):
        search.feature_names_in_ = best.feature_names_in_


def _ensemble(
    search: Any, best: BaseEstimator, y: Any, outcome: Outcome
) -> BaseEstimator:
    """Average the models that were fitted on the splits."""
    results = outcome.in_order
    members = pd.DataFrame(
        {
            "candidate": search.best_index_,
            "test_score": [result.test_scores for result in results],
            "n_epochs": [result.n_epochs for result in results],
            "best_epoch": [result.best_epoch for result in results],
            "stop_reason": [result.stop_reason for result in results],
        }
    )
    models = [result.model for result in results]
    if any(model is None for model in models):
        raise ValueError(
            f"refit={ENSEMBLE!r} of {type(search).__name__} has no models of the best "
            "candidate, which an earlier search has evaluated. Set refit=True."
        )
    outcome.drop_models()
    return ensemble_of(best, search.cv, models, y, members)


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
