"""Candidates suggested by Hyperopt."""

from collections.abc import Iterator
from copy import deepcopy
from numbers import Integral
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from sklearn.callback import CallbackContext

from skhyper._extras import import_extra
from skhyper._sklearn import BaseSearchCV, HasMethods, Interval, StrOptions
from skhyper.search._budget import MAX_TIME_CONSTRAINTS, Budget
from skhyper.search._candidate import put_in_order
from skhyper.search._docs import documented
from skhyper.search._draws import Draws
from skhyper.search._evaluation import Evaluation
from skhyper.search._fusion import FUSED_CONSTRAINTS, MEMORY_CONSTRAINTS
from skhyper.search._origin import Origin
from skhyper.search._refit import REFIT_EPOCHS_CONSTRAINTS
from skhyper.search._spaces import SPACE_CONSTRAINTS
from skhyper.search._strategy import Strategy
from skhyper.search._suggested import SuggestedSearch
from skhyper.search._target import Parameters
from skhyper.search._trials_file import load_trials
from skhyper.search._warm import mistakes_in_warm_start, read_warm_start

__all__ = ["HyperoptSearchCV"]

ALGORITHMS = {"tpe": "tpe", "anneal": "anneal", "random": "rand"}


@documented()
class HyperoptSearchCV(SuggestedSearch):
    """Try candidates that Hyperopt suggests, by cross-validation.

    Parameters
    ----------
    estimator : estimator object
        What to search; it is never changed itself. A network of this package may sit
        inside a Pipeline or another meta-estimator.
    space : dict, list, SearchSpace, Preset or str
        Lists of values and distributions by name, or a list of such dicts, one of which
        a trial chooses; a search space or skopt dimensions; a preset or its name, or a
        list of them that are joined to one space. Names without prefix mean the
        network inside the estimator.
    n_iter : int, default=50
        Trials in all, those included that `trials` has, at least 1.
    n_points : int, default=8
        How many to ask for at once, at least 1: more are trained faster together, fewer
        are suggested with more knowledge.
    algorithm : {'tpe', 'anneal', 'random'}, default='tpe'
        What suggests the candidates. 'tpe' is what Hyperopt was made for.
    trials : str, Path, hyperopt.Trials or None, default=None
        Trials to go on with. Those of a file are loaded from there if it exists, and
        saved to it after each batch, in JSON and with a checksum; a Trials object is
        copied. What another search has saved must be of the same data, estimator,
        scoring, space and splits. None begins anew.
    {scoring}
    {n_jobs}
    {refit}
    {refit_epochs}
    {cv}
    {verbose}
    {pre_dispatch}
    random_state : int, RandomState or None, default=None
        Seeds the suggestions. Where an estimator inside has a ``random_state`` of None,
        all candidates and the refit are given one and the same seed, drawn from here.
        None draws it afresh from the operating system.
    error_score : 'raise' or float, default=np.nan
        Score of a fit that raised, ran out of memory, diverged or lost its worker.
        Whatever it is, such a candidate is ranked behind all others, and its trial
        has failed. With 'raise' the error ends the search.
    {return_train_score}
    {fused}
    {memory}
    {max_time}
    {warm_start_from}

    Attributes
    ----------
    trials_ : hyperopt.Trials
        All trials, for what else Hyperopt offers.
    cv_results_ : dict of str to ndarray
        One entry per trial in each column, as in scikit-learn, with its number as
        ``trial``.
    {best_estimator_}
    {best}
    {fitted}

    See Also
    --------
    OptunaSearchCV : Suggests by Optuna.
    BayesSearchCV : Suggests by scikit-optimize.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhyper import HyperoptSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": (0.01, 100.0, "log-uniform"), "kernel": ["rbf", "linear"]}
    >>> search = HyperoptSearchCV(SVC(), space, n_iter=8, random_state=0)
    >>> search.fit(X, y).best_score_ > 0.95
    np.True_
    >>> len(search.trials_)
    8
    """

    kept_by: ClassVar[tuple[str, ...]] = ("trials",)

    _parameter_constraints: ClassVar[dict[str, list[Any] | str]] = {
        **BaseSearchCV._parameter_constraints,
        "space": SPACE_CONSTRAINTS,
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "n_points": [Interval(Integral, 1, None, closed="left")],
        "algorithm": [StrOptions(set(ALGORITHMS))],
        "trials": [str, Path, HasMethods(["insert_trial_docs", "losses"]), None],
        "random_state": ["random_state"],
        "refit_epochs": REFIT_EPOCHS_CONSTRAINTS,
        "fused": FUSED_CONSTRAINTS,
        "memory": MEMORY_CONSTRAINTS,
        "max_time": MAX_TIME_CONSTRAINTS,
        "warm_start_from": "no_validation",
    }

    def __init__(
        self,
        estimator: Any,
        space: Any,
        *,
        n_iter: int = 50,
        n_points: int = 8,
        algorithm: str = "tpe",
        trials: Any = None,
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
        warm_start_from: Any = None,
    ) -> None:
        super().__init__(
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
        self.space = space
        self.n_iter = n_iter
        self.n_points = n_points
        self.algorithm = algorithm
        self.trials = trials
        self.random_state = random_state
        self.refit_epochs = refit_epochs
        self.fused = fused
        self.memory = memory
        self.max_time = max_time
        self.warm_start_from = warm_start_from

    def _mistakes_in_values(self) -> Iterator[str]:
        yield from super()._mistakes_in_values()
        yield from mistakes_in_warm_start(self)

    def _strategy(self, parameters: Parameters) -> Draws:
        spaces = self._spaces(parameters)
        known = read_warm_start(self, parameters, spaces)
        hyperopt = import_extra("hyperopt", type(self).__name__)
        path = Path(self.trials) if isinstance(self.trials, str | Path) else None
        if path is not None:
            self.trials_ = load_trials(hyperopt, path)
        elif self.trials is None:
            self.trials_ = hyperopt.Trials()
        else:
            self.trials_ = deepcopy(self.trials)
        return Draws(
            hyperopt,
            getattr(hyperopt, ALGORITHMS[self.algorithm]).suggest,
            spaces,
            self.trials_,
            path,
            self._draw_seed(),
            self.n_iter,
            self.n_points,
            self._objective,
            self.memory is not None,
            known,
        )

    def _search(
        self,
        strategy: Strategy,
        evaluation: Evaluation,
        budget: Budget,
        context: CallbackContext,
    ) -> None:
        assert isinstance(strategy, Draws)
        is_object = hasattr(self.trials, "insert_trial_docs")
        remedy = "Give None." if is_object else "Name another file, or delete it."
        spaces = self._spaces(Parameters(evaluation.estimator))
        strategy.join(Origin(self, evaluation, spaces, remedy))
        evaluation.outcomes += strategy.earlier(len(evaluation.folds))
        super()._search(strategy, evaluation, budget, context)
        put_in_order(evaluation.outcomes, int)
