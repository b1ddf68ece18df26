"""Candidates suggested by a model of what has been seen so far."""

import secrets
import warnings
from collections.abc import Callable, Iterator
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.callback import CallbackContext
from sklearn.utils import check_random_state
from skopt import BayesSearchCV as SkoptBayesSearchCV

from skhyper._sklearn import BaseSearchCV, Interval
from skhyper.search._base import BaseSearch
from skhyper.search._budget import MAX_TIME_CONSTRAINTS, Budget
from skhyper.search._docs import documented
from skhyper.search._evaluation import Evaluation
from skhyper.search._flat import FlatSpace
from skhyper.search._fusion import FUSED_CONSTRAINTS, MEMORY_CONSTRAINTS
from skhyper.search._optimizer_kwargs import mistakes_in_optimizer_kwargs
from skhyper.search._plan import Plan, plan_draws
from skhyper.search._refit import REFIT_EPOCHS_CONSTRAINTS
from skhyper.search._results import train_ranks
from skhyper.search._spaces import SPACE_CONSTRAINTS, read_subspaces
from skhyper.search._strategy import Strategy
from skhyper.search._subsearch import Subsearch
from skhyper.search._surrogate import SurrogateStrategy, as_callbacks
from skhyper.search._target import Parameters
from skhyper.search._warm import mistakes_in_warm_start, read_warm_start
from skhyper.spaces import Preset

__all__ = ["BayesSearchCV"]


@documented()
class BayesSearchCV(BaseSearch, SkoptBayesSearchCV):
    """Try candidates that a model of the scores so far suggests.

    skopt's BayesSearchCV, which it is a subclass of, with its arguments. It also takes
    presets and search spaces, finds the network inside a Pipeline, and loses nothing
    when it is interrupted, when a candidate fails or when a worker dies. Against
    skopt's: a value may be a tuple; a candidate that fails or scores NaN is a bad one,
    not the end of the search; no candidate is evaluated twice; `refit` may be a
    callable, or False under several metrics; and candidates are asked for in batches.

    Parameters
    ----------
    estimator : estimator object
        What to search; it is never changed itself. A network of this package may sit
        inside a Pipeline or another meta-estimator.
    search_spaces : dict, list, SearchSpace, Preset or str
        Dimensions by name, as in skopt, or scipy distributions; a tuple of two numbers
        is a range, a list is always a list of values, also one of two numbers; a list
        of such spaces or of pairs ``(space, n_iter)``, searched one after the other; a
        search space; a preset or its name, or a list of them that are joined to one
        space. Names without prefix mean the network inside the estimator.
    optimizer_kwargs : dict, default=None
        Arguments of skopt's Optimizer, but for those that the search has itself
        and what needs the time of each fit. ``{"base_estimator": ...}`` chooses the
        model: "GP" (the default), "ET" or "forest", "RF", "GBRT", "dummy" or "random"
        for none at all, or a regressor whose ``predict`` takes ``return_std``.
    n_iter : int, default=50
        Candidates to try, at least 1. There are fewer when the space has no more.
    {scoring}
    fit_params : dict, default=None
        Passed on to the estimator's ``fit``, as those of ``fit`` are.
    n_jobs : int, default=1
        Fits to run at the same time: threads where they are trained together, else
        jobs of joblib's backend of the moment. None is 1 outside of
        ``joblib.parallel_config``, -1 is all processors.
    n_points : int, default=8
        Candidates to ask for at once, at least 1. The model learns from a batch when
        all of it is done. skopt's default is 1, which leaves it waiting for each fit
        and the processors for it.
    iid : object, default="deprecated"
        Without effect; kept for its place among the arguments.
    refit : bool, str or callable, default=True
        Whether to fit the best candidate on all rows. Under several metrics, the name
        of the one that chooses and guides the search; or a callable that is given
        ``cv_results_`` and returns the index of its choice; or False. '1se', 'ensemble'
        and 'greedy_ensemble' are as in :class:`GridSearchCV`.
    cv : int, splitter or iterable, default=None
        Folds, as in scikit-learn; None for 5. The rows are split once, so that every
        candidate is judged on the same ones.
    {verbose}
    {pre_dispatch}
    random_state : int, RandomState or None, default=None
        Guides the optimizer. Where an estimator inside has a
        ``random_state`` of None, all candidates and the refit are given one and the
        same seed, drawn from here: candidates then differ in nothing but their
        parameters. None draws it afresh from the operating system.
    {error_score}
    {return_train_score}
    {refit_epochs}
    {fused}
    {memory}
    {max_time}
    {warm_start_from}

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
    optimizer_results_, optimizers_ : list of OptimizeResult, list of Optimizer
        What skopt knows of each space, its parameters sorted by name.
    total_iterations : int
        Candidates to try, over all spaces.
    optimizer_time_ : float
        Seconds spent in the optimizer.

    See Also
    --------
    GridSearchCV : Tries every combination.
    RandomizedSearchCV : Draws candidates at random.

    Notes
    -----
    Where `refit` is a callable, or False, the optimizer is guided by the first metric.
    A failed candidate is told to it one standard deviation worse than the worst score
    so far. Parameters that hang on another are dimensions of one flat space; where they
    mean nothing they are told at their default.

    A Gaussian process costs the optimizer some tenths of a second per candidate, and
    seconds with the many dimensions of a preset like ``full``, where it can take longer
    than the fits. ``optimizer_time_`` says how long in all; "ET" is cheaper.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhyper.search import BayesSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": (0.01, 100.0, "log-uniform"), "kernel": ["rbf", "linear"]}
    >>> search = BayesSearchCV(SVC(), space, n_iter=8, random_state=0)
    >>> search.fit(X, y).best_score_ > 0.95
    np.True_
    """

    _parameter_constraints: ClassVar[dict[str, list[Any] | str]] = {
        **BaseSearchCV._parameter_constraints,
        "search_spaces": SPACE_CONSTRAINTS,
        "optimizer_kwargs": [dict, None],
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "fit_params": [dict, None],
        "n_points": [Interval(Integral, 1, None, closed="left")],
        "iid": "no_validation",
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
        *,
        refit_epochs: str | None = None,
        fused: bool | str = "auto",
        memory: Any = None,
        max_time: float | None = None,
        warm_start_from: Any = None,
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
        self.refit_epochs = refit_epochs
        self.fused = fused
        self.memory = memory
        self.max_time = max_time
        self.warm_start_from = warm_start_from

    _callbacks: list[Callable[..., Any]] = []  # of the fit at hand

    @property
    def total_iterations(self) -> int:
        """Candidates to try, over all spaces."""
        spaces = self.search_spaces
        is_list = isinstance(spaces, list | tuple)
        if not is_list or all(isinstance(space, str | Preset) for space in spaces):
            return self.n_iter
        return sum(
            space[1] if isinstance(space, tuple) else self.n_iter for space in spaces
        )

    def _get_routed_params_for_fit(self, params: dict[str, Any]) -> Any:
        # For ``plan``, which is not given those that the search holds itself.
        return super()._get_routed_params_for_fit({**(self.fit_params or {}), **params})

    def _mistakes_in_values(self) -> Iterator[str]:
        yield from super()._mistakes_in_values()
        yield from mistakes_in_warm_start(self)
        yield from mistakes_in_optimizer_kwargs(
            type(self).__name__, self.optimizer_kwargs
        )

    def _subspaces(self, parameters: Parameters) -> list[tuple[FlatSpace, int]]:
        return read_subspaces(self.search_spaces, self.n_iter, parameters)

    def _strategy(self, parameters: Parameters) -> SurrogateStrategy:
        random_state = self.random_state
        if random_state is None:
            random_state = secrets.randbits(32)
        random_state = check_random_state(random_state)
        subspaces = self._subspaces(parameters)
        given = [space.as_search_space() for space, _ in subspaces]
        known = read_warm_start(self, parameters, given)
        subsearches = [
            Subsearch(
                space,
                n_iter,
                random_state,
                self.optimizer_kwargs or {},
                [(one.spaces[n], one.scores[0]) for one in known if n in one.spaces],
            )
            for n, (space, n_iter) in enumerate(subspaces)
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
        self,
        strategy: Strategy,
        evaluation: Evaluation,
        budget: Budget,
        context: CallbackContext,
    ) -> None:
        assert isinstance(strategy, SurrogateStrategy)
        try:
            super()._search(strategy, evaluation, budget, context)
        finally:
            self._optim_results = strategy.results
            self.optimizer_time_ = strategy.optimizer_seconds
            self.evaluation_time_ = evaluation.seconds

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        groups: Any = None,
        callback: Any = None,
        **fit_params: Any,
    ) -> Self:
        """Search for the best parameters, and fit the estimator with them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, n_samples)
            Training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target; None for unsupervised learning.
        groups : array-like of shape (n_samples,), default=None
            Groups of the samples, for the splitter.
        callback : callable or list of callable, default=None
            Called after each candidate with skopt's result so far. One that returns
            True ends the search of the space at hand.
        **fit_params : dict of str to object
            Passed on to the estimator's ``fit``, the scorer and the splitter.

        Returns
        -------
        self : object
            The fitted search.

        Raises
        ------
        InvalidParameterError
            If an argument of the search is wrong; it is a ValueError and a TypeError.
        TypeError
            If a part of the space is none, the estimator can neither score nor is there
            a scoring, or its ``fit`` does not take an argument, or `X` has no rows.
        ValueError
            If a parameter to search does not exist, its domain cannot be read, a space
            is empty, the data are unfit, `callback` is not callable, or every fit
            failed. With ``error_score="raise"``, whatever a fit raises.
        KeyboardInterrupt
            At Ctrl-C. The candidates that had finished are in ``cv_results_``; the best
            is fitted if `refit` says so. A note of the error says how to go on.
        """
        self._validate_params()
        if self.iid != "deprecated":
            warnings.warn(
                "The 'iid' parameter of BayesSearchCV has no effect.",
                FutureWarning,
                stacklevel=2,
            )
        self._callbacks = as_callbacks(callback)
        grouped = {} if groups is None else {"groups": groups}
        params = {**(self.fit_params or {}), **fit_params, **grouped}
        try:
            super().fit(X, y, **params)
        finally:
            # The user's functions may not be fit for a pickle.
            del self._callbacks
        if self.return_train_score:
            self.cv_results_ |= train_ranks(self.cv_results_)
        return self
