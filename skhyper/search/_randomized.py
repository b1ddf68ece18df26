"""Candidates drawn at random."""

from copy import deepcopy
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import ParameterSampler
from sklearn.model_selection import RandomizedSearchCV as SklearnRandomizedSearchCV

from skhyper.search._base import BaseSearch
from skhyper.search._budget import MAX_TIME_CONSTRAINTS
from skhyper.search._docs import documented
from skhyper.search._fusion import FUSED_CONSTRAINTS, MEMORY_CONSTRAINTS
from skhyper.search._plan import Plan, plan_candidates, plan_draws
from skhyper.search._refit import REFIT_EPOCHS_CONSTRAINTS
from skhyper.search._spaces import (
    SPACE_CONSTRAINTS,
    Space,
    read_spaces,
    to_distributions,
)
from skhyper.search._strategy import Listed
from skhyper.search._target import Parameters

__all__ = ["RandomizedSearchCV"]


@documented()
class RandomizedSearchCV(BaseSearch, SklearnRandomizedSearchCV):
    """Try candidates drawn at random, by cross-validation.

    scikit-learn's RandomizedSearchCV, which it is a subclass of, with its arguments; it
    also takes presets and search spaces, finds the network inside a Pipeline, and loses
    nothing when it is interrupted, when a candidate fails or when a worker dies.

    Parameters
    ----------
    estimator : estimator object
        What to search; it is never changed itself. A network of this package may sit
        inside a Pipeline or another meta-estimator.
    param_distributions : dict, list, SearchSpace, Preset or str
        Distributions or lists of values by name, or a list of such dicts, as in
        scikit-learn; a search space or skopt dimensions; a preset or its name, or a
        list of them that are joined to one space. Names without prefix mean the
        network inside the estimator.
    n_iter : int, default=10
        Candidates to draw, at least 1. Lists alone are drawn from without repetition,
        so that there may be fewer.
    {scoring}
    {n_jobs}
    {refit}
    {refit_epochs}
    cv : int, splitter or iterable, default=None
        Folds, as in scikit-learn; None for 5. The rows are split once, so that every
        candidate is judged on the same ones.
    {verbose}
    {pre_dispatch}
    random_state : int, RandomState or None, default=None
        Draws the candidates: an int gives the same ones as in scikit-learn, None draws
        other ones each time, without numpy's global generator. Where an estimator
        inside has a ``random_state`` of None, all candidates and the refit are given
        one and the same seed, drawn from here: candidates then differ in nothing but
        their parameters. None draws it afresh from the operating system.
    {error_score}
    {return_train_score}
    {fused}
    {memory}
    {max_time}

    Attributes
    ----------
    cv_results_ : dict of str to ndarray
        One entry per candidate in each column, as in scikit-learn. Where networks of
        this package were trained it has ``mean_n_epochs``, ``mean_best_epoch``,
        ``mean_n_weights`` and, for each split, ``split0_stop_reason``. After Ctrl-C it
        holds the candidates that had finished.
    {best_estimator_}
    {best}
    {fitted}

    See Also
    --------
    GridSearchCV : Tries every combination.
    BayesSearchCV : Learns from the candidates tried so far.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from skhyper.estimators import MLPClassifier
    >>> from skhyper.search import RandomizedSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"lr": loguniform(1e-3, 1e-1), "activation": ["relu", "tanh"]}
    >>> estimator = MLPClassifier(max_epochs=20)
    >>> search = RandomizedSearchCV(estimator, space, n_iter=4, random_state=0)
    >>> search.plan(X, y)
    Plan: 4 candidates x 5 splits + 1 refit = 21 fits
    at most 420 epochs
    2 structures
    >>> search.fit(X, y).best_score_ > 0.8
    np.True_
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SklearnRandomizedSearchCV._parameter_constraints,
        "param_distributions": SPACE_CONSTRAINTS,
        "refit_epochs": REFIT_EPOCHS_CONSTRAINTS,
        "fused": FUSED_CONSTRAINTS,
        "memory": MEMORY_CONSTRAINTS,
        "max_time": MAX_TIME_CONSTRAINTS,
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
        refit_epochs: str | None = None,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: Any = None,
        error_score: float | str = np.nan,
        return_train_score: bool = False,
        fused: bool | str = "auto",
        memory: Any = None,
        max_time: float | None = None,
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
        self.refit_epochs = refit_epochs
        self.fused = fused
        self.memory = memory
        self.max_time = max_time

    def _sampler(self, spaces: list[Space], random_state: Any) -> ParameterSampler:
        return ParameterSampler(
            to_distributions(spaces), self.n_iter, random_state=random_state
        )

    def _strategy(self, parameters: Parameters) -> Listed:
        spaces = read_spaces(self.param_distributions, parameters)
        return Listed(self._sampler(spaces, self._generator()))

    def _plan(self, parameters: Parameters, n_splits: int, refit: bool) -> Plan:
        spaces = read_spaces(self.param_distributions, parameters)
        sampler = self._sampler(spaces, deepcopy(self.random_state))
        if self.random_state is None:
            # To draw would move numpy's global generator, and tell of other candidates.
            return plan_draws([(spaces, len(sampler))], parameters, n_splits, refit)
        return plan_candidates(list(sampler), parameters, n_splits, refit)
