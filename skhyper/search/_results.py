"""From the outcomes of candidates to ``cv_results_`` and to a frame to read."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.metrics import get_scorer

from skhyper._sklearn import (
    BaseSearchCV,
    MultimetricScorer,
    warn_or_raise_about_fit_failures,
)
from skhyper.search._candidate import Outcome
from skhyper.search._task import Scores, TaskResult

__all__ = [
    "cv_results",
    "first_scores",
    "has_one_metric",
    "mean_score",
    "metric_names",
    "results_frame",
    "train_ranks",
    "warn_of_failures",
]

SCORER = type(get_scorer("accuracy"))
SPLIT = re.compile(r"split\d+_")


def metric_names(outcomes: Iterable[Outcome], scorer: Any) -> list[str] | None:
    """Name the metrics, or return None where there is a single one.

    The names are those of the scorer where it tells them, else those of the first task
    that was scored: a callable says only by what it returns.
    """
    if isinstance(scorer, MultimetricScorer):
        return list(scorer._scorers)
    scores = first_scores(outcomes)
    return list(scores) if isinstance(scores, dict) else None


def first_scores(outcomes: Iterable[Outcome]) -> Scores | None:
    """Give what the first task was scored that did not fail; None if there is none."""
    for outcome in outcomes:
        for result in outcome.in_order:
            if result.test_scores is not None and not result.failed:
                return result.test_scores
    return None


def has_one_metric(scoring: Any) -> bool:
    """Tell whether there is surely one metric; a callable may give several."""
    return scoring is None or isinstance(scoring, str) or type(scoring) is SCORER


def mean_score(outcome: Outcome, metric: str) -> float:
    """Average the test score over the splits; NaN if any of them failed."""
    if outcome.failed:
        return float("nan")
    scores = [
        result.test_scores[metric]
        if isinstance(result.test_scores, dict)
        else result.test_scores
        for result in outcome.in_order
    ]
    return float(np.mean(np.asarray(scores, dtype=np.float64)))


def warn_of_failures(outcomes: Iterable[Outcome], error_score: float | str) -> None:
    """Warn of fits that failed, or raise ValueError if all of them did."""
    results = [
        {"fit_error": result.error}
        for outcome in outcomes
        for result in outcome.in_order
    ]
    warn_or_raise_about_fit_failures(results, error_score)


def cv_results(
    search: BaseSearchCV,
    outcomes: Sequence[Outcome],
    scorer: Any,
) -> dict[str, Any]:
    """Build the table of a search, as scikit-learn does, and rank failures last.

    Parameters
    ----------
    search : BaseSearchCV
        Its ``error_score`` stands in for the scores of what failed.
    outcomes : sequence of Outcome
        Finished candidates.
    scorer : callable
        What scored them.

    Returns
    -------
    results : dict of str to array
        As ``cv_results_`` of scikit-learn's searches. Where networks of this package
        were trained, it says also how long each did and why it stopped.
    """
    metrics = metric_names(outcomes, scorer)

    def filled(scores: Scores | None) -> Scores:
        if isinstance(scores, dict) or (scores is not None and metrics is None):
            return scores
        if metrics is None:
            return search.error_score
        return dict.fromkeys(metrics, search.error_score)

    rows = []
    for outcome in outcomes:
        for result in outcome.in_order:
            row = {
                "fit_time": result.fit_time,
                "score_time": result.score_time,
                "test_scores": filled(result.test_scores),
            }
            if search.return_train_score:
                row["train_scores"] = filled(result.train_scores)
            rows.append(row)
    n_splits = outcomes[0].n_splits
    params = [outcome.params for outcome in outcomes]
    results = search._format_results(params, n_splits, rows)
    failed = np.array([outcome.failed for outcome in outcomes])
    results |= {
        name: np.array([outcome.notes[name] for outcome in outcomes])
        for name in outcomes[0].notes
    }
    resources = results.get("n_resources", np.ones(len(outcomes)))
    for name in metrics or ["score"]:
        means = results[f"mean_test_{name}"]
        results[f"rank_test_{name}"] = _rank(means, resources, failed)
    reports = [result for outcome in outcomes for result in outcome.in_order]
    if not all(np.isnan(result.n_epochs) for result in reports):
        results |= _training_columns(outcomes)
    if any(result.stop_reason or result.failed for result in reports):
        for split in range(n_splits):
            results[f"split{split}_stop_reason"] = np.array(
                [_stop_reason(outcome.results[split]) for outcome in outcomes],
                dtype=object,
            )
    return results


def _rank(
    means: NDArray[np.float64], resources: NDArray[Any], failed: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """Rank from the highest score, what was trained for longer before what was not.

    Scores after different numbers of epochs do not compare. What failed is behind what
    did not: scikit-learn ranks failures by ``error_score``, so that with 0 they come
    first under every score that is negative.
    """
    failed = failed | np.isnan(means)
    # NaN is behind every number; it cannot be compared.
    means = np.where(np.isnan(means), -np.inf, means)
    keys = np.stack([failed.astype(float), np.where(failed, 0, -resources), -means])
    _, groups, counts = np.unique(keys, axis=1, return_inverse=True, return_counts=True)
    firsts = 1 + np.cumsum(counts) - counts
    return firsts[groups.ravel()].astype(np.int32)


def train_ranks(results: dict[str, Any]) -> dict[str, NDArray[np.int64]]:
    """Rank by the scores on the training rows, as skopt's search does."""
    return {
        name.replace("mean", "rank", 1): rankdata(-means, method="min").astype(int)
        for name, means in results.items()
        if name.startswith("mean_train_")
    }


def _training_columns(outcomes: Sequence[Outcome]) -> dict[str, NDArray[Any]]:
    def mean(name: str) -> NDArray[np.float64]:
        table = np.array(
            [[getattr(r, name) for r in outcome.in_order] for outcome in outcomes],
            dtype=np.float64,
        )
        trained = ~np.isnan(table)
        total = np.where(trained, table, 0.0).sum(axis=1)
        with np.errstate(invalid="ignore"):
            return total / trained.sum(axis=1)

    return {
        "mean_n_epochs": mean("n_epochs"),
        "mean_best_epoch": mean("best_epoch"),
        "mean_n_weights": mean("n_weights"),
    }


def _stop_reason(result: TaskResult) -> str | None:
    if result.error is not None:
        return result.stop_reason
    parts = [result.stop_reason, "scoring failed" if result.failed else None]
    return "; ".join(filter(None, parts)) or None


def results_frame(results: dict[str, Any], rank: str, splits: bool) -> pd.DataFrame:
    """Lay out ``cv_results_`` as a table to read, sorted by one of its ranks.

    The columns are the rank, the parameters by their last name (``net__lr`` is ``lr``
    unless another parameter ends so too), then all others, those of the single splits
    last or, but for the reasons why they stopped, not at all. The index is the number
    of the candidate, which is its place in ``cv_results_``.
    """
    params = [name for name in results if name.startswith("param_")]
    long = {name: name.removeprefix("param_") for name in params}
    last = {name: long[name].split("__")[-1] for name in params}
    taken = Counter(last.values()) + Counter(set(results) - set(params))
    short = {
        name: last[name] if taken[last[name]] == 1 else long[name] for name in params
    }
    rest = [name for name in results if name not in {rank, "params", *params}]
    if not splits:
        rest = [name for name in rest if not SPLIT.match(name)]
    # Times come first in cv_results_, where they are of the least interest.
    rest.sort(key=lambda name: (bool(SPLIT.match(name)), name.endswith("_time")))
    columns = {rank: results[rank]}
    columns |= {short[name]: _unmasked(results[name]) for name in params}
    if reasons := [results[n] for n in results if n.endswith("_stop_reason")]:
        columns["stop_reason"] = [
            ", ".join(dict.fromkeys(filter(None, of_splits)))
            for of_splits in zip(*reasons, strict=True)
        ]
    columns |= {name: results[name] for name in rest}
    frame = pd.DataFrame(columns).rename_axis(index="candidate")
    return frame.sort_values(rank, kind="stable")


def _unmasked(column: np.ma.MaskedArray[Any, Any]) -> pd.Series:
    """Put None where the parameter does not apply, keep the type where it does."""
    if not np.ma.getmaskarray(column).any():
        # Without its type told, pandas would take None beside strings for NaN.
        return pd.Series(column.data, dtype=column.dtype)
    values = [
        None if hidden else value
        for value, hidden in zip(
            column.data.tolist(), np.ma.getmaskarray(column), strict=True
        )
    ]
    return pd.Series(values, dtype=object)
