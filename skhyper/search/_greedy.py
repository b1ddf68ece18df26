"""Greedy selection of candidates to be averaged, by rows that they have not seen."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import is_classifier

from skhyper._sklearn import check_method_params
from skhyper.search._candidate import Outcome
from skhyper.search._candidate_ensemble import (
    CandidateEnsembleClassifier,
    CandidateEnsembleRegressor,
)
from skhyper.search._evaluation import Evaluation
from skhyper.training import Deadline

__all__ = ["N_CANDIDATES", "OutOfFold", "select"]

N_CANDIDATES = 20
"""Candidates among which is selected: the best of the search."""

# How often a candidate is added, one that is in already or another one.
N_STEPS = 20


def select(
    score: Callable[[Mapping[int, int]], float],
    n_candidates: int,
    deadline: Deadline | None = None,
    first: int = 0,
) -> list[tuple[int, float]]:
    """Select candidates one by one, with replacement, to average their predictions.

    The way is that of Caruana and others [1]_: each step adds the candidate with which
    the average scores highest, be it in already, and of all steps the one is the last
    after which the score was highest. Of equals, it is the first.

    Parameters
    ----------
    score : callable
        Scores the average, given how often each candidate counts.
    n_candidates : int
        How many there are.
    deadline : Deadline or None, default=None
        When to stop; of an unfinished step, what was tried counts.
    first : int, default=0
        The candidate that is tried first, and after the deadline too.

    Returns
    -------
    path : list of tuple of int and float
        For each step, the candidate that it adds and the score that follows. Empty if
        no average has a score.

    References
    ----------
    .. [1] R. Caruana, A. Niculescu-Mizil, G. Crew and A. Ksikes, "Ensemble Selection
       from Libraries of Models", International Conference on Machine Learning, 2004.
    """
    chosen: Counter[int] = Counter()
    path: list[tuple[int, float]] = []
    order = sorted(range(n_candidates), key=lambda number: number != first)
    for _ in range(N_STEPS):
        scores = np.full(n_candidates, np.nan)
        for number in order:
            is_late = deadline is not None and deadline.passed
            if is_late and (path or number != first):
                break
            scores[number] = score(chosen + Counter([number]))
        if np.isnan(scores).all():
            break
        added = int(np.nanargmax(scores))
        chosen[added] += 1
        path.append((added, float(scores[added])))
    if not path:
        return []
    last = int(np.argmax([score for _, score in path]))
    return path[: last + 1]


@dataclass(frozen=True)
class _Prediction:
    """What a fitted model predicts for some rows, in the place of the model."""

    classes_: Any
    of_rows: Any

    def predict_proba(self, X: Any) -> Any:
        return self.of_rows

    def predict(self, X: Any) -> NDArray[Any]:
        return np.asarray(self.of_rows)


class OutOfFold:
    """Scores averages of candidates as each of them was scored, split by split.

    The scorer of the search is given an ensemble that knows what the models of a split
    predict for the rows that the split has left out. The scores are averaged over the
    splits.

    Parameters
    ----------
    evaluation : Evaluation
        Has the rows, the splits and the scorer.
    outcomes : sequence of Outcome
        Candidates with their models.
    """

    def __init__(self, evaluation: Evaluation, outcomes: Sequence[Outcome]) -> None:
        estimator, X = evaluation.estimator, evaluation.X
        self._scorer = evaluation.procedure.scorer
        self._ensemble: Any = CandidateEnsembleRegressor([estimator])
        if is_classifier(estimator):
            self._ensemble = CandidateEnsembleClassifier([estimator])
        self._splits = []
        for split, fold in enumerate(evaluation.folds):
            _, test = fold.indices(X)
            cut = fold.cut(estimator, X, evaluation.y)
            params = evaluation.procedure.score_params
            self._splits.append(
                (
                    [self._predict(one, split, cut.X_test) for one in outcomes],
                    (cut.X_test, cut.y_test),
                    check_method_params(X, params, indices=test),
                )
            )

    def _predict(self, outcome: Outcome, split: int, X: Any) -> _Prediction:
        model = outcome.results[split].model
        if is_classifier(self._ensemble):
            return _Prediction(model.classes_, model.predict_proba(X))
        return _Prediction(None, model.predict(X))

    def score(self, weights: Mapping[int, int]) -> float:
        """Score the average of some candidates.

        Parameters
        ----------
        weights : mapping of int to int
            How often each of them counts.

        Returns
        -------
        score : float
            The mean over the splits.
        """
        scores = []
        for predictions, rows, params in self._splits:
            chosen = [predictions[number] for number in weights]
            self._ensemble._adopt(chosen, rows[1], pd.DataFrame(), [*weights.values()])
            scores.append(float(self._scorer(self._ensemble, *rows, **params)))
        return float(np.mean(scores))
