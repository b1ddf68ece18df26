"""Candidates suggested by a model of what has been seen so far."""

import secrets
import warnings
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from scipy.stats import rankdata
from sklearn.callback import CallbackContext
from sklearn.utils import check_random_state
from skopt import BayesSearchCV as SkoptBayesSearchCV
from skopt.callbacks import check_callback

from skhyper._sklearn import BaseSearchCV, Interval
from skhyper.search._base import BaseSearch
from skhyper.search._evaluation import Evaluation
from skhyper.search._plan import Plan, plan_draws
from skhyper.search._spaces import SPACE_CONSTRAINTS, FlatSpace, read_subspaces
from skhyper.search._strategy import Strategy
from skhyper.search._surrogate import Subsearch, SurrogateStrategy
from skhyper.search._target import Parameters
from skhyper.spaces import Preset

__all__ = ["BayesSearchCV"]


class BayesSearchCV(BaseSearch, SkoptBayesSearchCV):
    """Bayesian search."""

    _parameter_constraints: ClassVar[dict[str, list[Any] | str]] = {
        **BaseSearchCV._parameter_constraints,
        "search_spaces": SPACE_CONSTRAINTS,
        "optimizer_kwargs": [dict, None],
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "fit_params": [dict, None],
        "n_points": [Interval(Integral, 1, None, closed="left")],
        "iid": "no_validation",
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        search_spaces: Any,
        optimizer_kwargs: dict[str, Any] | None = None,
        n_iter: int = 50,
        scoring: Any = None,
        fit_params: dict[str, Any] | None = None,
        n_jobs: int | None = 1,
        n_points: int = 8,
        iid: Any = "deprecated",
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: Any = None,
        error_score: float | str = np.nan,
        return_train_score: bool = False,
    ) -> None:
        # Not by way of skopt's, which looks at the spaces: that is for fit to do.
        BaseSearchCV.__init__(
            self,
            estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.search_spaces = search_spaces
        self.optimizer_kwargs = optimizer_kwargs
        self.n_iter = n_iter
        self.fit_params = fit_params
        self.n_points = n_points
        self.iid = iid
        self.random_state = random_state

    # skopt's allows the name of a metric only.
    _check_refit_for_multimetric = BaseSearchCV._check_refit_for_multimetric

    @property
    def total_iterations(self) -> int:
        """Candidates to try, over all spaces."""
        spaces = self.search_spaces
        if not isinstance(spaces, list):
            return self.n_iter
        if all(isinstance(space, str | Preset) for space in spaces):
            return self.n_iter
        return sum(
            space[1] if isinstance(space, tuple) else self.n_iter for space in spaces
        )

    def _subspaces(self, parameters: Parameters) -> list[tuple[FlatSpace, int]]:
        return read_subspaces(self.search_spaces, self.n_iter, parameters)

    def _strategy(self, parameters: Parameters) -> SurrogateStrategy:
        random_state = self.random_state
        if random_state is None:
            random_state = secrets.randbits(32)
        random_state = check_random_state(random_state)
        subsearches = [
            Subsearch(space, n_iter, random_state, self.optimizer_kwargs or {})
            for space, n_iter in self._subspaces(parameters)
        ]
        self.optimizers_ = [subsearch.optimizer for subsearch in subsearches]
        return SurrogateStrategy(
            subsearches, self.n_points, self._objective, self._callbacks, self.verbose
        )

    def _plan(self, parameters: Parameters, n_splits: int, refit: bool) -> Plan:
        draws = [
            ([space.dimensions if space.space is None else space.space], n_iter)
            for space, n_iter in self._subspaces(parameters)
        ]
        return plan_draws(draws, parameters, n_splits, refit)

    def _search(
        self, strategy: Strategy, evaluation: Evaluation, context: CallbackContext
    ) -> None:
        assert isinstance(strategy, SurrogateStrategy)
        try:
            super()._search(strategy, evaluation, context)
        finally:
            self._optim_results = strategy.results
            self.optimizer_time_ = strategy.optimizer_seconds
            self.evaluation_time_ = strategy.evaluation_seconds

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        groups: Any = None,
        callback: Any = None,
        **fit_params: Any,
    ) -> Self:
        """Search."""
        self._validate_params()
        if self.iid != "deprecated":
            warnings.warn(
                "The 'iid' parameter of BayesSearchCV has no effect.",
                FutureWarning,
                stacklevel=2,
            )
        self._callbacks = check_callback(callback)
        params = {**(self.fit_params or {}), **fit_params}
        if groups is not None:
            params["groups"] = groups
        super().fit(X, y, **params)
        if self.return_train_score:
            for name in [*self.cv_results_]:
                if name.startswith("mean_train_"):
                    self.cv_results_[name.replace("mean", "rank", 1)] = rankdata(
                        -self.cv_results_[name], method="min"
                    ).astype(int)
        return self
