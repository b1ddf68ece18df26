"""The simplest candidate whose score is as good as the best, as far as one can tell."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ONE_SE", "simplest_within_error"]

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
