"""The simplest candidate whose score is as good as the best, as far as one can tell."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhyper._sklearn import BaseSearchCV
from skhyper.search._target import Parameters

__all__ = ["ONE_SE", "check_one_se", "simplest_within_error"]

ONE_SE = "1se"
"""The ``refit`` that stands for one standard error."""

REGULARIZATION = ("l1", "l2", "weight_decay", "dropout", "label_smoothing")
"""Arguments of networks, more of which is simpler, the first that differs deciding."""


def simplest_within_error(results: dict[str, Any]) -> int:
    """Choose the simplest candidate within one standard error of the best.

    The rule is that of Breiman and others [1]_. The standard error is that of the best
    candidate's mean score: the standard deviation over the n splits, with n - 1 in the
    denominator, over the square root of n. Simpler is what has fewer weights; then
    what is regularized more, by the first of ``l1``, ``l2``, ``weight_decay``,
    ``dropout`` and ``label_smoothing`` that differs, one that is not searched being as
    if 0; then what is ranked higher.

    Parameters
    ----------
    results : dict of str to ndarray
        ``cv_results_`` of a single metric. Where candidates were trained for
        differently long, only those come into question that were trained as long as
        the best.

    Returns
    -------
    index : int
        The place of the candidate.

    References
    ----------
    .. [1] L. Breiman, J. Friedman, R. Olshen and C. Stone, "Classification and
       Regression Trees", 1984, section 3.4.3.
    """
    ranks = results["rank_test_score"]
    means = results["mean_test_score"]
    best = int(ranks.argmin())
    n_splits = sum(
        name.startswith("split") and name.endswith("_test_score") for name in results
    )
    error = results["std_test_score"][best] / np.sqrt(n_splits - 1)
    # What failed has no weights, whatever score stands in for its own.
    good = (means >= means[best] - error) & ~np.isnan(results["mean_n_weights"])
    if "n_resources" in results:
        good &= results["n_resources"] == results["n_resources"][best]
    places = np.flatnonzero(good)
    if not places.size:
        return best
    keys: list[NDArray[Any]] = [ranks[places]]
    keys += [
        -_amounts(results["params"], name)[places] for name in REGULARIZATION[::-1]
    ]
    keys.append(results["mean_n_weights"][places])
    return int(places[np.lexsort(keys)[0]])


def _amounts(params: list[dict[str, Any]], name: str) -> NDArray[np.float64]:
    """Read an argument of the networks of each candidate, summed if several have it."""
    return np.array(
        [
            sum(
                float(value)
                for full, value in candidate.items()
                if full.split("__")[-1] == name
            )
            for candidate in params
        ]
    )


def check_one_se(search: BaseSearchCV, parameters: Parameters, n_splits: int) -> None:
    """Check that the rule of one standard error can be applied where it is asked for.

    Parameters
    ----------
    search : BaseSearchCV
        Its ``refit`` may ask for it.
    parameters : Parameters
        Knows the networks inside the estimator.
    n_splits : int
        Splits of the search.

    Raises
    ------
    ValueError
        If there are not at least two splits, or no network of this package, whose
        weights are counted. Both mistakes are in the one message.
    """
    if search.refit != ONE_SE:
        return
    rule, mistakes = f"refit={ONE_SE!r} of {type(search).__name__}", []
    if n_splits < 2:
        mistakes.append(
            f"{rule} needs at least 2 splits, to know the standard error of a mean "
            f"score. Got {n_splits}. Set cv to more, or refit=True."
        )
    if not parameters.networks:
        mistakes.append(
            f"{rule} needs a network of skhyper in the estimator, to count its "
            f"weights. Got {type(search.estimator).__name__}. Give a callable that "
            "knows what is simple, or refit=True."
        )
    if mistakes:
        raise ValueError("\n".join(mistakes))
