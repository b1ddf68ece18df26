"""The models that were trained on the splits, of the best candidate so far."""

import math
from collections.abc import Callable

from skhyper.search._candidate import Outcome

__all__ = ["FoldModels"]

# A score that differs by less may still be ranked as equal.
TOLERANCE = 1e-9


class FoldModels:
    """Keeps the models of the best candidate, and lets go of all others.

    So a search holds the models of one candidate, however many it tries.

    Parameters
    ----------
    score : callable
        Scores a candidate; NaN for one that failed.
    """

    def __init__(self, score: Callable[[Outcome], float]) -> None:
        self._score = score
        self._best: list[Outcome] = []

    def see(self, outcome: Outcome) -> None:
        """Judge a candidate that has finished.

        Parameters
        ----------
        outcome : Outcome
            With its models, which it loses here or later if another one is better.
        """
        kept = [one for one in self._best if one is not outcome]
        most = max([*map(self._key, kept), self._key(outcome)])
        self._best = []
        for one in (*kept, outcome):
            if self._is_near(self._key(one), most):
                self._best.append(one)
            else:
                one.drop_models()

    def _key(self, outcome: Outcome) -> tuple[float, float]:
        """Rank those that were trained for longer first, as ``cv_results_`` does."""
        score = self._score(outcome)
        n_epochs = outcome.notes.get("n_resources", 0)
        return (-1, -math.inf) if math.isnan(score) else (n_epochs, score)

    @staticmethod
    def _is_near(key: tuple[float, float], best: tuple[float, float]) -> bool:
        return key[0] == best[0] and math.isclose(key[1], best[1], rel_tol=TOLERANCE)
