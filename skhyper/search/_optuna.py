"""Candidates suggested by Optuna."""

from collections.abc import Iterator, Sequence
from functools import partial
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.callback import CallbackContext

from skhyper._extras import import_extra
from skhyper._sklearn import BaseSearchCV, Interval
from skhyper.search._brackets import rung_epochs
from skhyper.search._budget import MAX_TIME_CONSTRAINTS, Budget
from skhyper.search._candidate import Outcome
from skhyper.search._docs import documented
from skhyper.search._evaluation import Evaluation
from skhyper.search._fusion import FUSED_CONSTRAINTS, MEMORY_CONSTRAINTS
from skhyper.search._leg import Leg
from skhyper.search._origin import Origin, goes_on
from skhyper.search._refit import REFIT_EPOCHS_CONSTRAINTS
from skhyper.search._results import mean_score, metric_names
from skhyper.search._spaces import SPACE_CONSTRAINTS
from skhyper.search._strategy import Strategy
from skhyper.search._study import (
    open_study,
    params_from,
    set_sampler,
    suggest_from,
)
from skhyper.search._study_arguments import (
    check_metrics,
    mistakes_in_engine,
    mistakes_in_study,
)
from skhyper.search._suggested import SuggestedSearch
from skhyper.search._target import Parameters
from skhyper.search._trials import Trials
from skhyper.search._warm import mistakes_in_warm_start, read_warm_start

__all__ = ["OptunaSearchCV"]


@documented()
class OptunaSearchCV(SuggestedSearch):
    """Try candidates that Optuna suggests, by cross-validation.

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
        Trials of the study, those included that it has from before, at least 1.
    n_points : int, default=8
        How many to ask for at once, at least 1: more are trained faster together, fewer
        are suggested with more knowledge.
    sampler : {'tpe', 'gp', 'cmaes', 'random'} or optuna.samplers.BaseSampler, \
            default='tpe'
        What suggests the candidates. 'tpe' is Optuna's own default; 'gp' is a Gaussian
        process; 'cmaes' is for numbers, and draws the rest at random. One by its name
        is seeded anew for each trial, so that a study which was cut off goes on as if
        it had not been. Not so with a pruner, as new trials take the place of those
        that are pruned, and what they are depends on how far the others have come, nor
        with 'cmaes' in a `storage`, for which a trial that is done over is another one.
        An object is used as it is, and goes on with its own random numbers from one
        ``fit`` to the next. One that tries each candidate once and then stops, such as
        Optuna's GridSampler, ends the search; with ``n_points=1`` it repeats none, but
        for one in each ``fit`` that goes on with a study where all are tried.
    pruner : {'median', 'hyperband'}, optuna.pruners.BasePruner or None, default=None
        What ends trials early: each is trained rung by rung, `factor` times as long
        each time, and the score of every rung is reported. None trains each to its end.
    max_epochs : int, default=81
        With a pruner, epochs of the trials that are not pruned, and of the refit, in
        the place of what the network itself says.
    factor : int, default=3
        With a pruner, how much longer each rung is than the one before, at least 2.
    min_epochs : int, default=1
        With a pruner, fewest epochs after which a trial may be pruned.
    storage : str, optuna.storages.BaseStorage or None, default=None
        Where the study is kept, such as ``"sqlite:///study.db"``. Several processes may
        share it; each of them but the first may begin a trial beyond `n_iter`. None
        keeps it in memory.
    study_name : str or None, default=None
        Name of the study in the storage; one that exists is gone on with, if its trials
        are of the same data, estimator, epochs, scoring, space and splits. Ranges may
        have other ends: trials outside them stay among the results, and CMA-ES draws at
        random from then on. None has Optuna draw a name where there is a storage; by
        the name its HyperbandPruner shares out the trials.
    objectives : sequence of str or None, default=None
        Metrics of `scoring` that are all to be high, so that there is a front of best
        trials; None for the one that `refit` names, else the first.
    {scoring}
    {n_jobs}
    {refit}
    {refit_epochs}
    {cv}
    {verbose}
    {pre_dispatch}
    random_state : int, RandomState or None, default=None
        Seeds the sampler. Where an estimator inside has a ``random_state`` of None, all
        candidates and the refit are given one and the same seed, drawn from here. None
        draws it afresh from the operating system.
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
    study_ : optuna.study.Study
        The study, for Optuna's own plots, importances and dashboard.
    front_ : list of int
        Places in ``cv_results_`` of the trials than which none is better in all
        objectives.
    cv_results_ : dict of str to ndarray
        One entry per trial in each column, as in scikit-learn, with its number in the
        study as ``trial``. With a pruner, ``n_resources`` are the epochs up to which it
        was trained and ``rung`` is where it got to; those that were trained for longer
        are ranked before the others.
    {best_estimator_}
    {best}
    {fitted}

    See Also
    --------
    BayesSearchCV : Suggests by scikit-optimize.
    HyperbandSearchCV : Ends most trainings early.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhyper import OptunaSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": (0.01, 100.0, "log-uniform"), "kernel": ["rbf", "linear"]}
    >>> search = OptunaSearchCV(SVC(), space, n_iter=8, random_state=0)
    >>> search.fit(X, y).best_score_ > 0.95
    np.True_
    >>> len(search.study_.trials)
    8
    """

    kept_by: ClassVar[tuple[str, ...]] = ("storage", "study_name")

    _parameter_constraints: ClassVar[dict[str, list[Any] | str]] = {
        **BaseSearchCV._parameter_constraints,
        "space": SPACE_CONSTRAINTS,
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "n_points": [Interval(Integral, 1, None, closed="left")],
        "sampler": "no_validation",
        "pruner": "no_validation",
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "factor": [Interval(Integral, 2, None, closed="left")],
        "min_epochs": [Interval(Integral, 1, None, closed="left")],
        "storage": "no_validation",
        "study_name": [str, None],
        "objectives": [list, tuple, None],
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
        sampler: Any = "tpe",
        pruner: Any = None,
        max_epochs: int = 81,
        factor: int = 3,
        min_epochs: int = 1,
        storage: Any = None,
        study_name: str | None = None,
        objectives: Sequence[str] | None = None,
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
        self.sampler = sampler
        self.pruner = pruner
        self.max_epochs = max_epochs
        self.factor = factor
        self.min_epochs = min_epochs
        self.storage = storage
        self.study_name = study_name
        self.objectives = objectives
        self.random_state = random_state
        self.refit_epochs = refit_epochs
        self.fused = fused
        self.memory = memory
        self.max_time = max_time
        self.warm_start_from = warm_start_from

    def _validate_params(self) -> None:
        super()._validate_params()
        import_extra("optuna", type(self).__name__)
        if self.sampler == "cmaes":
            import_extra("cmaes", "sampler='cmaes'", "optuna")

    def _mistakes_in_values(self) -> Iterator[str]:
        yield from super()._mistakes_in_values()
        yield from mistakes_in_warm_start(self)
        yield from mistakes_in_engine(self)

    def _mistakes_in_combinations(self) -> Iterator[str]:
        yield from mistakes_in_study(self)

    def _strategy(self, parameters: Parameters) -> Trials:
        optuna = import_extra("optuna", type(self).__name__)
        spaces = self._spaces(parameters)
        known = read_warm_start(self, parameters, spaces, self.objectives)
        n_objectives = len(self.objectives or [""])
        self.study_ = open_study(optuna, self, n_objectives)
        return Trials(
            optuna,
            self.study_,
            partial(suggest_from, spaces),
            partial(set_sampler, optuna, self.study_, self.sampler, self._draw_seed()),
            self.n_iter,
            self.n_points,
            self._scores,
            self._rungs(),
            self.memory is not None and goes_on(self),
            [
                (params_from(spaces, *next(iter(one.spaces.items()))), one.scores)
                for one in known
            ],
        )

    def _rungs(self) -> list[int]:
        if self.pruner is None:
            return []
        return rung_epochs(self.max_epochs, self.factor, self.min_epochs)

    def _scores(self, outcome: Outcome) -> list[float]:
        if self.objectives is None:
            return [self._objective(outcome)]
        names = metric_names([outcome], self.scoring)
        if not outcome.failed:
            check_metrics(self, names)
        return [mean_score(outcome, metric) for metric in self.objectives]

    def _search(
        self,
        strategy: Strategy,
        evaluation: Evaluation,
        budget: Budget,
        context: CallbackContext,
    ) -> None:
        assert isinstance(strategy, Trials)
        n_splits = len(evaluation.folds)
        spaces = self._spaces(Parameters(evaluation.estimator))
        remedy = "Give another study_name, or delete the study."
        with strategy.joined(Origin(self, evaluation, spaces, remedy)):
            strategy.add_finished(evaluation.outcomes, n_splits)
            super()._search(strategy, evaluation, budget, context)
            strategy.add_finished(evaluation.outcomes, n_splits)
        best = strategy.front()
        self.front_ = [
            outcome.number
            for outcome in evaluation.outcomes
            if outcome.notes["trial"] in best
        ]

    def _whole_leg(self) -> Leg | None:
        is_pruned = self.pruner is not None
        return Leg(self.max_epochs, self.max_epochs) if is_pruned else None
