"""Candidates trained further as soon as they are promising."""

from numbers import Integral
from typing import Any, ClassVar

import numpy as np

from skhyper._sklearn import BaseSearchCV, Interval
from skhyper.search._brackets import rung_epochs
from skhyper.search._budget import MAX_TIME_CONSTRAINTS
from skhyper.search._docs import documented
from skhyper.search._fusion import FUSED_CONSTRAINTS, MEMORY_CONSTRAINTS
from skhyper.search._plan import Plan
from skhyper.search._refit import REFIT_EPOCHS_CONSTRAINTS
from skhyper.search._rung_search import RungSearch
from skhyper.search._rungs import Asynchronous
from skhyper.search._spaces import SPACE_CONSTRAINTS
from skhyper.search._target import Parameters

__all__ = ["ASHASearchCV"]


@documented()
class ASHASearchCV(RungSearch):
    """Train candidates further as soon as they are promising, by cross-validation.

    Asynchronous successive halving [1]_ with epochs for the resource: candidates are
    evaluated a few at a time. One that is among the best ``1/factor`` of those that
    have come as far is trained ``factor`` times as long; where there is none, a new
    one begins, and when all have, the best of each rung is promoted. Those that are
    promoted go on from their weights, with the state of their optimizer and on their
    schedule, which is laid out over ``max_epochs`` from the beginning; no epoch is
    trained twice.

    Parameters
    ----------
    estimator : estimator object
        What to search; it is never changed itself. It holds a network of this package,
        alone, in a Pipeline or in another meta-estimator; or it is, or ends with, an
        estimator that has ``partial_fit``, each call of which is one epoch, or
        ``warm_start`` with ``n_estimators`` or ``max_iter``, which are then the epochs.
    space : dict, list, SearchSpace, Preset or str
        Distributions or lists of values by name, or a list of such dicts, as in
        scikit-learn; a search space or skopt dimensions; a preset or its name, or a
        list of them that are joined to one space. Names without prefix mean the
        network inside the estimator.
    n_iter : int, default=50
        Candidates to draw, at least 1. Lists alone are drawn from without repetition,
        so that there may be fewer.
    n_points : int, default=8
        How many to evaluate at once, at least 1: more are trained faster together,
        fewer are promoted later.
    max_epochs : int, default=81
        Epochs of the candidates that are trained for the longest, and of the refit, in
        the place of what the network itself says. The default is that of
        :class:`HyperbandSearchCV`.
    factor : int, default=3
        One of so many candidates is promoted, at least 2. The default is that of
        :class:`HyperbandSearchCV`; [1]_ has 4.
    min_epochs : int, default=1
        Fewest epochs after which candidates are compared, at most `max_epochs`.
    scoring : str, callable, list, tuple or dict, default=None
        How to score, as in scikit-learn; None for the estimator's own ``score``.
        Several metrics are scored at once; the one that `refit` names promotes, else
        the first.
    {n_jobs}
    {refit}
    {refit_epochs}
    {cv}
    {verbose}
    {pre_dispatch}
    random_state : int, RandomState or None, default=None
        Draws the candidates, as in ``RandomizedSearchCV``. Where an estimator inside
        has a ``random_state`` of None, all candidates and the refit are given one and
        the same seed, drawn from here. None draws it afresh from the operating system.
    error_score : 'raise' or float, default=np.nan
        Score of a fit that raised, ran out of memory, diverged or lost its worker.
        Whatever it is, such a candidate is ranked behind all others and is not
        promoted. With 'raise' the error ends the search.
    {return_train_score}
    {fused}
    {memory}
    {max_time}

    Attributes
    ----------
    cv_results_ : dict of str to ndarray
        One entry per candidate in each column, as in scikit-learn, with what is known
        of it after its last epoch: ``n_resources`` are the epochs up to which it was
        trained, ``rung`` where it got to, and the times are those of all its legs.
        Those that were trained for longer are ranked before the others: scores after
        different numbers of epochs do not compare.
    best_estimator_ : estimator
        The best candidate fitted on all rows for ``max_epochs``. Absent if
        ``refit=False``.
    {best}
    metadata_ : dict
        What the search has cost: ``n_candidates`` and ``n_epochs`` that were trained
        over all splits, without the refit. ``plan`` tells what it is at most.
    {fitted}

    See Also
    --------
    HyperbandSearchCV : Compares whole rungs, in brackets of several lengths.
    RandomizedSearchCV : Trains every candidate to the end.

    Notes
    -----
    What is in front of a network in a Pipeline is fitted anew in each leg, on the same
    rows and with the same seed. Where it gives other rows nevertheless, the network
    begins anew. Callbacks are told of a beginning and an end in each leg.

    References
    ----------
    .. [1] L. Li, K. Jamieson, A. Rostamizadeh, E. Gonina, J. Ben-tzur, M. Hardt, B.
       Recht and A. Talwalkar, "A System for Massively Parallel Hyperparameter Tuning",
       Proceedings of Machine Learning and Systems 2, 2020.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from skhyper import ASHASearchCV, MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"lr": loguniform(1e-4, 1), "activation": ["relu", "tanh"]}
    >>> search = ASHASearchCV(
    ...     MLPClassifier((8,)), space, n_iter=20, max_epochs=27, cv=3, random_state=0
    ... )
    >>> search.fit(X, y).best_score_ > 0.8
    np.True_
    >>> search.metadata_["n_candidates"]
    20
    """

    _counted_by: ClassVar[tuple[str, ...]] = ("n_iter",)

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSearchCV._parameter_constraints,
        "space": SPACE_CONSTRAINTS,
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "n_points": [Interval(Integral, 1, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "factor": [Interval(Integral, 2, None, closed="left")],
        "min_epochs": [Interval(Integral, 1, None, closed="left")],
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
        n_points: int = 8,
        max_epochs: int = 81,
        factor: int = 3,
        min_epochs: int = 1,
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
        self.n_points = n_points
        self.max_epochs = max_epochs
        self.factor = factor
        self.min_epochs = min_epochs
        self.random_state = random_state
        self.refit_epochs = refit_epochs
        self.fused = fused
        self.memory = memory
        self.max_time = max_time

    def _strategy(self, parameters: Parameters) -> Asynchronous:
        candidates = self._sample(self.n_iter, parameters, self._generator())
        epochs = rung_epochs(self.max_epochs, self.factor, self.min_epochs)
        return Asynchronous(
            candidates, epochs, self.factor, self.n_points, self._objective
        )

    def _plan(self, parameters: Parameters, n_splits: int, refit: bool) -> Plan:
        return self._foresee(self.n_iter, parameters, n_splits, refit)
