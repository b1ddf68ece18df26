"""What the searches share that train candidates rung by rung."""

import warnings
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any, ClassVar

from sklearn.callback import CallbackContext
from sklearn.model_selection import ParameterSampler

from skhyper.search._base import BaseSearch
from skhyper.search._budget import Budget
from skhyper.search._evaluation import Evaluation
from skhyper.search._going_on import check_counts, mistakes_in_rungs
from skhyper.search._leg import Leg
from skhyper.search._plan import Plan, plan_candidates
from skhyper.search._spaces import read_spaces, to_distributions
from skhyper.search._strategy import Strategy
from skhyper.search._target import Parameters

__all__ = ["RungSearch"]


class RungSearch(BaseSearch):
    """A search with epochs for the resource; not to be used by itself."""

    _counted_by: ClassVar[tuple[str, ...]]
    """What says how many candidates it begins with."""

    space: Any
    max_epochs: int
    factor: int
    min_epochs: int

    def _mistakes_in_combinations(self) -> Iterator[str]:
        yield from mistakes_in_rungs(self)

    def _sample(
        self, n_candidates: int, parameters: Parameters, random_state: Any
    ) -> list[dict[str, Any]]:
        """Draw candidates; lists alone are drawn from without repetition."""
        spaces = read_spaces(self.space, parameters)
        check_counts(self, spaces, parameters)
        distributions = to_distributions(spaces)
        sampler = ParameterSampler(
            distributions, n_candidates, random_state=random_state
        )
        with warnings.catch_warnings():
            # It speaks of an n_iter that the search may not have.
            warnings.filterwarnings("ignore", "The total space of parameters")
            candidates = list(sampler)
        if len(candidates) < n_candidates:
            counts = [f"{name}={getattr(self, name)}" for name in self._counted_by]
            warnings.warn(
                f"{type(self).__name__} begins with {n_candidates} candidates, by "
                f"{', '.join(counts)}, but the lists in its 'space' parameter make "
                f"only {len(candidates)}: it begins with these.",
                UserWarning,
                stacklevel=2,
            )
        return candidates

    def _search(
        self,
        strategy: Strategy,
        evaluation: Evaluation,
        budget: Budget,
        context: CallbackContext,
    ) -> None:
        super()._search(strategy, evaluation, budget, context)
        self.metadata_: dict[str, Any] = {
            "n_candidates": len(evaluation.outcomes),
            "n_epochs": sum(
                result.n_trained
                for outcome in evaluation.outcomes
                for result in outcome.in_order
            ),
        }

    def _whole_leg(self) -> Leg:
        return Leg(self.max_epochs, self.max_epochs)

    def _foresee(
        self, n_candidates: int, parameters: Parameters, n_splits: int, refit: bool
    ) -> Plan:
        """Plan the candidates, as if all of them were trained to the end."""
        is_known = self.random_state is not None
        # To draw would move numpy's global generator, and tell of other candidates.
        random_state = deepcopy(self.random_state) if is_known else 0
        candidates = self._sample(n_candidates, parameters, random_state)
        plan = plan_candidates(candidates, parameters, n_splits, refit)
        n_longest = len(candidates) * n_splits + refit
        return replace(plan, max_epochs=n_longest * self.max_epochs, exact=is_known)
