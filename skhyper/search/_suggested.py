"""What the searches share whose candidates another engine suggests."""

from dataclasses import replace
from typing import Any

from skhyper.search._base import BaseSearch
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

    def _plan(self, parameters: Parameters, n_splits: int, refit: bool) -> Plan:
        spaces = self._spaces(parameters)
        plan = plan_draws([(spaces, self.n_iter)], parameters, n_splits, refit)
        leg = self._whole_leg()
        if leg is None:
            return plan
        n_longest = self.n_iter * n_splits + refit
        return replace(plan, max_epochs=n_longest * leg.n_epochs)
