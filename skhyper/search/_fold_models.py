"""The models that were trained on the splits, of the best candidates so far."""

import math
from collections.abc import Callable

from skhyper.search._candidate import Outcome

__all__ = ["FoldModels"]

# A score that differs by less may still be ranked as equal.
TOLERANCE = 1e-9

# The epochs, the score and, for the first of equals to be the best, minus the number.
Key = tuple[float, float, int]


class FoldModels:
    """Keeps the models of the best candidates, and lets go of all others.

    So a search holds the models of a few candidates, however many it tries.

    Parameters
    ----------
    score : callable
        Scores a candidate; NaN for one that failed.
    n_best : int
        Candidates whose models are kept. Those that are behind the last of them by
        rounding alone are kept as well.
    """

    def __init__(self, score: Callable[[Outcome], float], n_best: int) -> None:
        self._score = score
        self._n_best = n_best
        self._kept: list[tuple[Key, Outcome]] = []

    @property
    def best(self) -> list[Outcome]:
        """The candidates whose models are kept."""
        return [outcome for _, outcome in self._kept]

    def see(self, outcome: Outcome) -> None:
        """Judge a candidate that has finished.

        Parameters
        ----------
        outcome : Outcome
            With its models, which it loses here if it failed, or here or later if
            others are better.
        """
        # One that goes on is judged by what it was until it has finished again.
        kept = [(key, one) for key, one in self._kept if one is not outcome]
        score = self._score(outcome)
        if math.isnan(score):
            outcome.drop_models()
        else:
            # Trained for longer is better, as in cv_results_.
            n_epochs = outcome.notes.get("n_resources", 0)
            kept.append(((n_epochs, score, -outcome.number), outcome))
        kept.sort(key=lambda pair: pair[0], reverse=True)
        self._kept = kept[: self._n_best]
        for key, one in kept[self._n_best :]:
            if self._is_just_behind(key, self._kept[-1][0]):
                self._kept.append((key, one))
            else:
                one.drop_models()

    @staticmethod
    def _is_just_behind(key: Key, last: Key) -> bool:
        return (
            key[0] == last[0]
            and key[1] != last[1]
            and math.isclose(key[1], last[1], rel_tol=TOLERANCE)
        )
