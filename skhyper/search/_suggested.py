"""What the searches share whose candidates another engine suggests."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from sklearn.callback import CallbackContext

from skhyper.search._base import BaseSearch
from skhyper.search._budget import Budget
from skhyper.search._evaluation import Evaluation
from skhyper.search._going_on import check_counts
from skhyper.search._plan import Plan, plan_draws
from skhyper.search._spaces import read_spaces
from skhyper.search._target import Parameters
from skhyper.spaces import SearchSpace

__all__ = ["SuggestedSearch"]


class SuggestedSearch(BaseSearch):
    """A search that renders its spaces for an engine; not to be used by itself."""

    space: Any
    n_iter: int

    def _spaces(self, parameters: Parameters) -> list[SearchSpace]:
        spaces = read_spaces(self.space, parameters)
        if self._whole_leg() is not None:
            check_counts(self, spaces, parameters)
        return list(map(SearchSpace.coerce, spaces))

    def _rungs(self) -> list[int]:
        """List the epochs after which candidates may be ended, and the last of all."""
        return []

    def _search(
        self,
        strategy: Any,
        evaluation: Evaluation,
        budget: Budget,
        context: CallbackContext,
    ) -> None:
        """Search, and tell the engine what was finished, whatever ended the search."""
        try:
            super()._search(strategy, evaluation, budget, context)
        except BaseException:
            # Nothing may take the place of what ended the search.
            with suppress(Exception):
                strategy.tell_rest(evaluation.finished())
            raise
        strategy.tell_rest(evaluation.outcomes)

    def _plan(self, parameters: Parameters, n_splits: int, refit: bool) -> Plan:
        spaces = self._spaces(parameters)
        plan = plan_draws([(spaces, self.n_iter)], parameters, n_splits, refit)
        leg = self._whole_leg()
        if leg is None:
            return plan
        n_longest = self.n_iter * n_splits + refit
        return replace(plan, max_epochs=n_longest * leg.n_epochs)
