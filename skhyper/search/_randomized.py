"""Candidates drawn at random."""

from copy import deepcopy
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import ParameterSampler
from sklearn.model_selection import RandomizedSearchCV as SklearnRandomizedSearchCV

from skhyper.search._base import BaseSearch
from skhyper.search._plan import Plan, plan_candidates, plan_draws
from skhyper.search._spaces import (
    SPACE_CONSTRAINTS,
    Space,
    read_spaces,
    to_distributions,
)
from skhyper.search._strategy import Listed
from skhyper.search._target import Parameters

__all__ = ["RandomizedSearchCV"]


class RandomizedSearchCV(BaseSearch, SklearnRandomizedSearchCV):
    """Search over candidates that are drawn at random."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SklearnRandomizedSearchCV._parameter_constraints,
        "param_distributions": SPACE_CONSTRAINTS,
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_iter: int = 10,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: Any = None,
        error_score: float | str = np.nan,
        return_train_score: bool = False,
    ) -> None:
        super().__init__(
            estimator,
            param_distributions,
            n_iter=n_iter,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            random_state=random_state,
            error_score=error_score,
            return_train_score=return_train_score,
        )

    def _sampler(self, spaces: list[Space], random_state: Any) -> ParameterSampler:
        return ParameterSampler(
            to_distributions(spaces), self.n_iter, random_state=random_state
        )

    def _strategy(self, parameters: Parameters) -> Listed:
        spaces = read_spaces(self.param_distributions, parameters)
        return Listed(self._sampler(spaces, self.random_state))

    def _plan(self, parameters: Parameters, n_splits: int, refit: bool) -> Plan:
        spaces = read_spaces(self.param_distributions, parameters)
        sampler = self._sampler(spaces, deepcopy(self.random_state))
        if self.random_state is None:
            # To draw would move numpy's global generator, and tell of other candidates.
            return plan_draws([(spaces, len(sampler))], parameters, n_splits, refit)
        return plan_candidates(list(sampler), parameters, n_splits, refit)
