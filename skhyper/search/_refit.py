"""For how long the best candidate is trained on all rows."""

import math
from statistics import median

from sklearn.base import BaseEstimator

from skhyper._sklearn import BaseSearchCV, StrOptions
from skhyper.search._candidate import Outcome
from skhyper.search._leg import Leg
from skhyper.search._simplest import check_one_se
from skhyper.search._target import Parameters

__all__ = ["REFIT_EPOCHS_CONSTRAINTS", "check_refit", "median_leg"]

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
        If the rule of one standard error cannot be applied; or if there is no network
        of this package whose epochs could be counted.
    """
    check_one_se(search, parameters, n_splits)
    if search.refit and search.refit_epochs is not None and not parameters.networks:
        raise ValueError(
            f"refit_epochs={search.refit_epochs!r} of {type(search).__name__} needs a "
            "network of skhyper in the estimator, to count its epochs. Got "
            f"{type(search.estimator).__name__}. Set refit_epochs=None."
        )


def median_leg(estimator: BaseEstimator, outcome: Outcome, whole: Leg | None) -> Leg:
    """Make an estimator train on all of its rows, and say for how long.

    Its networks set no rows aside any more, neither to stop by nor to choose weights
    by. Their schedules stay laid out as they were on the splits.

    Parameters
    ----------
    estimator : estimator object
        Holds the networks; their parameters are changed.
    outcome : Outcome
        What its parameters gave on the splits.
    whole : Leg or None
        How it would be fitted to the end; None for as it says itself.

    Returns
    -------
    leg : Leg
        It goes to the median of the best epochs of the splits, halves rounded up.
    """
    for network in Parameters(estimator).networks.values():
        network.set_params(early_stopping=False, restore_best=False)
    best = [result.best_epoch for result in outcome.in_order]
    middle = median(epoch for epoch in best if not math.isnan(epoch))
    return Leg(math.floor(middle + 0.5), None if whole is None else whole.max_epochs)
