"""Every combination of a grid."""

from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import GridSearchCV as SklearnGridSearchCV
from sklearn.model_selection import ParameterGrid

from skhyper.search._base import BaseSearch
from skhyper.search._plan import Plan, plan_candidates
from skhyper.search._spaces import SPACE_CONSTRAINTS, read_spaces, to_grids
from skhyper.search._strategy import Listed
from skhyper.search._target import Parameters

__all__ = ["GridSearchCV"]


class GridSearchCV(BaseSearch, SklearnGridSearchCV):
    """Exhaustive search over a grid."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SklearnGridSearchCV._parameter_constraints,
        "param_grid": SPACE_CONSTRAINTS,
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        param_grid: Any,
        *,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        error_score: float | str = np.nan,
        return_train_score: bool = False,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            estimator,
            param_grid,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.random_state = random_state

    def _candidates(self, parameters: Parameters) -> list[dict[str, Any]]:
        return list(ParameterGrid(to_grids(read_spaces(self.param_grid, parameters))))

    def _strategy(self, parameters: Parameters) -> Listed:
        return Listed(self._candidates(parameters))

    def _plan(self, parameters: Parameters, n_splits: int, refit: bool) -> Plan:
        candidates = self._candidates(parameters)
        return plan_candidates(candidates, parameters, n_splits, refit)
