"""Many candidates trained a little, the best of them further."""

from dataclasses import replace
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.callback import CallbackContext

from skhyper._sklearn import BaseSearchCV, Interval
from skhyper.search._brackets import Rung, make_brackets
from skhyper.search._budget import MAX_TIME_CONSTRAINTS, Budget
from skhyper.search._docs import documented
from skhyper.search._evaluation import Evaluation
from skhyper.search._fusion import FUSED_CONSTRAINTS, MEMORY_CONSTRAINTS
from skhyper.search._plan import Plan
from skhyper.search._refit import REFIT_EPOCHS_CONSTRAINTS
from skhyper.search._rung_search import RungSearch
from skhyper.search._rungs import Hyperband
from skhyper.search._spaces import SPACE_CONSTRAINTS
from skhyper.search._strategy import Strategy
from skhyper.search._target import Parameters

__all__ = ["HyperbandSearchCV"]


@documented()
class HyperbandSearchCV(RungSearch):
    """Train many candidates a little and the best of them further, by cross-validation.

    Hyperband [1]_ with epochs for the resource: in each bracket the best ``1/factor``
    of the candidates are trained ``factor`` times as long, again and again. Those that
    are promoted go on from their weights, with the state of their optimizer and on
    their schedule, which is laid out over ``max_epochs`` from the beginning; no epoch
    is trained twice. All brackets are trained side by side.

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
    max_epochs : int, default=81
        Epochs of the candidates that are trained for the longest, and of the refit, in
        the place of what the network itself says. The default is the resource of the
        example in [1]_.
    factor : int, default=3
        One of so many candidates is promoted, at least 2. The default is that of
        [1]_, which names 3 and 4.
    min_epochs : int, default=1
        Fewest epochs after which candidates are compared, at most `max_epochs`. More
        make fewer brackets.
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
        trained, ``bracket`` and ``rung`` where it got to, and the times are those of
        all its legs. Those that were trained for longer are ranked before the others:
        scores after different numbers of epochs do not compare.
    best_estimator_ : estimator
        The best candidate fitted on all rows for ``max_epochs``. Absent if
        ``refit=False``.
    {best}
    metadata_ : dict
        What the search has cost: ``n_candidates``, ``n_epochs`` that were trained over
        all splits, without the refit, and ``brackets``, for each of them the pairs of
        candidates and epochs. ``plan`` tells it before.
    {fitted}

    See Also
    --------
    ASHASearchCV : Promotes without waiting for a whole rung.
    RandomizedSearchCV : Trains every candidate to the end.

    Notes
    -----
    What is in front of a network in a Pipeline is fitted anew in each leg, on the same
    rows and with the same seed. Where it gives other rows nevertheless, the network
    begins anew. Callbacks are told of a beginning and an end in each leg.

    References
    ----------
    .. [1] L. Li, K. Jamieson, G. DeSalvo, A. Rostamizadeh and A. Talwalkar, "Hyperband:
       A Novel Bandit-Based Approach to Hyperparameter Optimization", Journal of Machine
       Learning Research 18 (185), 2018.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from skhyper import HyperbandSearchCV, MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"lr": loguniform(1e-4, 1), "activation": ["relu", "tanh"]}
    >>> net = MLPClassifier((8,))
    >>> search = HyperbandSearchCV(net, space, max_epochs=9, cv=3, random_state=0)
    >>> search.plan(X, y)
    Plan: 17 candidates x 3 splits + 1 refit = 52 fits
    at most 216 epochs
    2 structures
    bracket 0, candidates to epochs: 9 to 1, 3 to 3, 1 to 9
    bracket 1, candidates to epochs: 5 to 3, 1 to 9
    bracket 2, candidates to epochs: 3 to 9
    >>> search.fit(X, y).best_score_ > 0.8
    np.True_
    >>> search.metadata_["n_epochs"]
    207
    """

    _counted_by: ClassVar[tuple[str, ...]] = ("max_epochs", "factor", "min_epochs")

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSearchCV._parameter_constraints,
        "space": SPACE_CONSTRAINTS,
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
        self.max_epochs = max_epochs
        self.factor = factor
        self.min_epochs = min_epochs
        self.random_state = random_state
        self.refit_epochs = refit_epochs
        self.fused = fused
        self.memory = memory
        self.max_time = max_time

    @property
    def _brackets(self) -> list[list[Rung]]:
        return make_brackets(self.max_epochs, self.factor, self.min_epochs)

    @property
    def _n_candidates(self) -> int:
        return sum(rungs[0].n_candidates for rungs in self._brackets)

    def _strategy(self, parameters: Parameters) -> Hyperband:
        candidates = self._sample(self._n_candidates, parameters, self._generator())
        return Hyperband(candidates, self._brackets, self._objective)

    def _search(
        self,
        strategy: Strategy,
        evaluation: Evaluation,
        budget: Budget,
        context: CallbackContext,
    ) -> None:
        super()._search(strategy, evaluation, budget, context)
        assert isinstance(strategy, Hyperband)
        self.metadata_["brackets"] = strategy.reached

    def _plan(self, parameters: Parameters, n_splits: int, refit: bool) -> Plan:
        plan = self._foresee(self._n_candidates, parameters, n_splits, refit)
        brackets = self._filled(plan.n_candidates)
        n_epochs = sum(
            rung.n_candidates * (rung.n_epochs - before)
            for rungs in brackets
            for rung, before in zip(
                rungs, [0, *(rung.n_epochs for rung in rungs)], strict=False
            )
        )
        n_epochs = n_epochs * n_splits + self.max_epochs * refit
        return replace(plan, max_epochs=n_epochs, brackets=brackets)

    def _filled(self, n_candidates: int) -> list[list[Rung]]:
        """Give the brackets as so many candidates fill them, the last ones short."""
        filled = []
        for rungs in self._brackets:
            n_here = min(n_candidates, rungs[0].n_candidates)
            n_candidates -= n_here
            if n_here:
                filled.append(
                    [
                        Rung(min(n_here, rung.n_candidates), rung.n_epochs)
                        for rung in rungs
                    ]
                )
        return filled
