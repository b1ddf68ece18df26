"""Every combination of a grid."""

from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import GridSearchCV as SklearnGridSearchCV
from sklearn.model_selection import ParameterGrid

from skhyper.search._base import BaseSearch
from skhyper.search._budget import MAX_TIME_CONSTRAINTS
from skhyper.search._docs import documented
from skhyper.search._fusion import FUSED_CONSTRAINTS, MEMORY_CONSTRAINTS
from skhyper.search._plan import Plan, plan_candidates
from skhyper.search._refit import REFIT_EPOCHS_CONSTRAINTS
from skhyper.search._spaces import SPACE_CONSTRAINTS, read_spaces, to_grids
from skhyper.search._strategy import Listed
from skhyper.search._target import Parameters

__all__ = ["GridSearchCV"]


@documented()
class GridSearchCV(BaseSearch, SklearnGridSearchCV):
    """Try every combination of a grid of parameters, by cross-validation.

    scikit-learn's GridSearchCV, which it is a subclass of, with its arguments; it also
    takes presets and search spaces, finds the network inside a Pipeline, and loses
    nothing when it is interrupted, when a candidate fails or when a worker dies.

    Parameters
    ----------
    estimator : estimator object
        What to search; it is never changed itself. A network of this package may sit
        inside a Pipeline or another meta-estimator.
    param_grid : dict, list, SearchSpace, Preset or str
        Lists of values by name, or a list of such dicts, as in scikit-learn; a search
        space, scipy distributions or skopt dimensions, of which three values are taken
        per range; a preset or its name, or a list of them that are joined to one
        space. Names without prefix mean the network inside the estimator.
    {scoring}
    {n_jobs}
    {refit}
    {refit_epochs}
    cv : int, splitter or iterable, default=None
        Folds, as in scikit-learn; None for 5. The rows are split once, so that every
        candidate is judged on the same ones.
    {verbose}
    {pre_dispatch}
    {error_score}
    {return_train_score}
    random_state : int, RandomState or None, default=None
        Where an estimator inside has a
        ``random_state`` of None, all candidates and the refit are given one and the
        same seed, drawn from here: candidates then differ in nothing but their
        parameters. None draws it afresh from the operating system.
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
    RandomizedSearchCV : Draws candidates at random.
    BayesSearchCV : Learns from the candidates tried so far.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skhyper.estimators import MLPClassifier
    >>> from skhyper.search import GridSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> pipeline = make_pipeline(StandardScaler(), MLPClassifier(max_epochs=20))
    >>> search = GridSearchCV(pipeline, {"lr": [1e-6, 0.01]}, cv=3, random_state=0)
    >>> search.fit(X, y).best_params_
    {'mlpclassifier__lr': 0.01}
    >>> search.results_frame()[["rank_test_score", "lr", "mean_n_epochs"]]
               rank_test_score        lr  mean_n_epochs
    candidate
    1                        1  0.010000           20.0
    0                        2  0.000001           20.0
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SklearnGridSearchCV._parameter_constraints,
        "param_grid": SPACE_CONSTRAINTS,
        "random_state": ["random_state"],
        "refit_epochs": REFIT_EPOCHS_CONSTRAINTS,
        "fused": FUSED_CONSTRAINTS,
        "memory": MEMORY_CONSTRAINTS,
        "max_time": MAX_TIME_CONSTRAINTS,
    }

    def __init__(
        self,
        estimator: Any,
        param_grid: Any,
        *,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        refit_epochs: str | None = None,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        error_score: float | str = np.nan,
        return_train_score: bool = False,
        random_state: Any = None,
        fused: bool | str = "auto",
        memory: Any = None,
        max_time: float | None = None,
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
        self.refit_epochs = refit_epochs
        self.fused = fused
        self.memory = memory
        self.max_time = max_time

    def _candidates(self, parameters: Parameters) -> list[dict[str, Any]]:
        return list(ParameterGrid(to_grids(read_spaces(self.param_grid, parameters))))

    def _strategy(self, parameters: Parameters) -> Listed:
        return Listed(self._candidates(parameters))

    def _plan(self, parameters: Parameters, n_splits: int, refit: bool) -> Plan:
        candidates = self._candidates(parameters)
        return plan_candidates(candidates, parameters, n_splits, refit)
