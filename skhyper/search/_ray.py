"""Candidates suggested and scheduled by Ray Tune."""

import time
from collections.abc import Iterator
from numbers import Integral
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from sklearn.callback import CallbackContext

from skhyper._extras import import_extra
from skhyper._sklearn import BaseSearchCV, Interval
from skhyper.search._base import NO_FITS
from skhyper.search._budget import MAX_TIME_CONSTRAINTS, Budget
from skhyper.search._docs import documented
from skhyper.search._evaluation import Evaluation
from skhyper.search._fusion import FUSED_CONSTRAINTS, MEMORY_CONSTRAINTS
from skhyper.search._leg import Leg
from skhyper.search._origin import Origin
from skhyper.search._ray_engine import mistakes_in_course, mistakes_in_engine
from skhyper.search._ray_runs import Runs
from skhyper.search._refit import REFIT_EPOCHS_CONSTRAINTS
from skhyper.search._spaces import SPACE_CONSTRAINTS
from skhyper.search._suggested import SuggestedSearch
from skhyper.search._target import Parameters

__all__ = ["RayTuneSearchCV"]

REMEDY = "Give another name, or delete the runs."


@documented()
class RayTuneSearchCV(SuggestedSearch):
    """Try candidates that Ray Tune suggests and schedules, by cross-validation.

    A trial of Ray Tune is one candidate, in a process of its own on any machine of the
    cluster, where its folds are trained together. Under a scheduler it reports after
    every rung, and goes on from there or is ended. Ray that is not running is started
    here, on all processors; ``ray.init`` says otherwise.

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
        Trials, at least 1.
    algorithm : {'random', 'optuna', 'hyperopt'} or ray.tune.search.Searcher, \
            default='random'
        What suggests the candidates. With the scheduler 'pbt', only 'random'.
    scheduler : {'asha', 'hyperband', 'median', 'pbt'}, \
            ray.tune.schedulers.TrialScheduler or None, default=None
        What ends trials early, by the metric ``score`` and the time ``n_epochs`` that
        they report. 'pbt' ends none, but has the worst go on from the weights of the
        best, with other rates, penalties, momentum, dropout and smoothing. None trains
        each to its end.
    max_epochs : int, default=81
        With a scheduler, epochs of the trials that are not ended, and of the refit, in
        the place of what the network itself says.
    factor : int, default=3
        For 'asha' and 'hyperband', how much longer each rung is than the one before, at
        least 2.
    min_epochs : int, default=1
        With a scheduler, epochs of the first rung, at most `max_epochs`; for 'median',
        'pbt' and schedulers of your own, of each.
    resources : dict of str to float or None, default=None
        What a trial takes, such as ``{"cpu": 2, "gpu": 0.5}``, of what one machine of
        the cluster has when the search begins; None is one processor.
    storage : str, Path or None, default=None
        Folder in which Ray Tune keeps the runs, under a path by which all machines
        reach it. None keeps them for as long as the search lasts. With 'pbt', all that
        the trials were at every `min_epochs` is kept with them.
    name : str or None, default=None
        Name of the runs there, to be given with `storage`. Runs of that name that were
        cut off go on, and those that had ended are taken as they are, if they are of
        the same data, estimator, epochs, scoring, space and splits, and of the same
        `n_iter`, `algorithm` and `scheduler`; others are refused.
    {scoring}
    n_jobs : int, default=None
        Trials at the same time; None and -1 are as many as there are resources for.
    {refit}
    {refit_epochs}
    {cv}
    {verbose}
    {pre_dispatch}
    random_state : int, RandomState or None, default=None
        Seeds an algorithm that is given by its name. Where an estimator inside has a
        ``random_state`` of None, all candidates and the refit are given one and the
        same seed, drawn from here. None draws it afresh from the operating system.
    error_score : 'raise' or float, default=np.nan
        Score of a fit that raised, ran out of memory or diverged, and of a trial whose
        process died for the second time. Whatever it is, such a candidate is ranked
        behind all others. With 'raise' the error ends the search.
    {return_train_score}
    {fused}
    {memory}
    {max_time}

    Attributes
    ----------
    results_ : ray.tune.ResultGrid
        What Ray Tune gives back: the configuration and the last report of each trial.
    cv_results_ : dict of str to ndarray
        One entry per trial in each column, as in scikit-learn, in the order in which
        they were suggested and with their names as ``trial``. With a scheduler, there
        are ``n_resources``, the epochs up to which it was trained, and ``rung``; those
        that were trained for longer are ranked before the others.
    {best_estimator_}
    {best}
    {fitted}

    See Also
    --------
    HyperbandSearchCV : In this process, with all candidates of a rung together.
    OptunaSearchCV : Suggests by Optuna.

    Notes
    -----
    Trials of most schedulers do not wait for each other, so which of them are ended
    depends on the speed of each: with `n_jobs` of 1 the same seed gives the same
    result, unless the search was cut off and goes on; with more it may not. After
    'pbt', which draws from Python's own random numbers and so has no seed of the
    search's, the parameters of a trial are those that it ended with; the best of them
    are refitted from the first epoch.

    Ctrl-C lets Ray Tune save the runs, then ends the search; with `storage`, the same
    call goes on.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skhyper import MLPClassifier, RayTuneSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"lr": (1e-4, 1.0, "log-uniform"), "activation": ["relu", "tanh"]}
    >>> net = MLPClassifier((8,), max_epochs=20)
    >>> search = RayTuneSearchCV(net, space, n_iter=4, cv=3, random_state=0)
    >>> search.fit(X, y).best_score_ > 0.5  # doctest: +SKIP
    np.True_
    """

    keeps_models: ClassVar[bool] = False

    kept_by: ClassVar[tuple[str, ...]] = ("storage", "name")

    _parameter_constraints: ClassVar[dict[str, list[Any] | str]] = {
        **BaseSearchCV._parameter_constraints,
        "space": SPACE_CONSTRAINTS,
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "algorithm": "no_validation",
        "scheduler": "no_validation",
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "factor": [Interval(Integral, 2, None, closed="left")],
        "min_epochs": [Interval(Integral, 1, None, closed="left")],
        "resources": [dict, None],
        "storage": [str, Path, None],
        "name": [str, None],
        "random_state": ["random_state"],
        "refit_epochs": REFIT_EPOCHS_CONSTRAINTS,
        "fused": FUSED_CONSTRAINTS,
        "memory": MEMORY_CONSTRAINTS,
        "max_time": MAX_TIME_CONSTRAINTS,
    }

    def __init__(
        self,
        estimator: Any,
        space: Any,
        *,
        n_iter: int = 50,
        algorithm: Any = "random",
        scheduler: Any = None,
        max_epochs: int = 81,
        factor: int = 3,
        min_epochs: int = 1,
        resources: dict[str, float] | None = None,
        storage: str | Path | None = None,
        name: str | None = None,
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
        self.algorithm = algorithm
        self.scheduler = scheduler
        self.max_epochs = max_epochs
        self.factor = factor
        self.min_epochs = min_epochs
        self.resources = resources
        self.storage = storage
        self.name = name
        self.random_state = random_state
        self.refit_epochs = refit_epochs
        self.fused = fused
        self.memory = memory
        self.max_time = max_time

    def _validate_params(self) -> None:
        super()._validate_params()
        import_extra("ray.tune", type(self).__name__, "ray")

    def _mistakes_in_values(self) -> Iterator[str]:
        yield from super()._mistakes_in_values()
        yield from mistakes_in_engine(self)

    def _mistakes_in_combinations(self) -> Iterator[str]:
        yield from mistakes_in_course(self)

    def _strategy(self, parameters: Parameters) -> Runs:
        tune = import_extra("ray.tune", type(self).__name__, "ray")
        return Runs(tune, self, self._spaces(parameters), self._draw_seed())

    def _search(
        self,
        strategy: Runs,
        evaluation: Evaluation,
        budget: Budget,
        context: CallbackContext,
    ) -> None:
        if not evaluation.folds:
            raise ValueError(NO_FITS)
        spaces = self._spaces(Parameters(evaluation.estimator))
        also = {"space": spaces, "course": self._course()}
        strategy.join(Origin(self, evaluation, spaces, REMEDY, also=also))
        search_context = context.subcontext(task_name="search")
        search_context.call_on_fit_task_begin(estimator=self)
        budget.begin(evaluation, {}, self._whole_leg())
        start = time.perf_counter()
        try:
            self.results_ = strategy.run(evaluation)
        finally:
            evaluation.seconds = time.perf_counter() - start
        search_context.call_on_fit_task_end(estimator=self)

    def _course(self) -> list[Any]:
        """List what Ray Tune takes from the runs that it goes on with."""
        engines = [
            engine if isinstance(engine, str) else type(engine)
            for engine in (self.algorithm, self.scheduler)
        ]
        has_rungs = self.scheduler is not None
        return [self.n_iter, engines, has_rungs and (self.factor, self.min_epochs)]

    def _whole_leg(self) -> Leg | None:
        has_rungs = self.scheduler is not None
        return Leg(self.max_epochs, self.max_epochs) if has_rungs else None
