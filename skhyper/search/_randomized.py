"""Candidates drawn at random."""

from copy import deepcopy
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import ParameterSampler
from sklearn.model_selection import RandomizedSearchCV as SklearnRandomizedSearchCV

from skhyper.search._base import BaseSearch
from skhyper.search._fusion import FUSED_CONSTRAINTS, MEMORY_CONSTRAINTS
from skhyper.search._plan import Plan, plan_candidates, plan_draws
from skhyper.search._spaces import (
    SPACE_CONSTRAINTS,
    Space,
    read_spaces,
    to_distributions,
)
from skhyper.search._strategy import Listed
from skhyper.search._target import Parameters

__all__ = ["RandomizedSearchCV"]


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
    scoring : str, callable, list, tuple or dict, default=None
        How to score, as in scikit-learn; None for the estimator's own ``score``.
        Several metrics are scored at once.
    n_jobs : int, default=None
        Fits to run at the same time: threads where they are trained together, else
        jobs of joblib's backend of the moment. None is 1 outside of
        ``joblib.parallel_config``, -1 is all processors.
    refit : bool, str or callable, default=True
        Whether to fit the best candidate on all rows. Under several metrics, the name
        of the one that chooses; or a callable that is given ``cv_results_``
        and returns the index of its choice; or False.
    cv : int, splitter or iterable, default=None
        Folds, as in scikit-learn; None for 5. The rows are split once, so that every
        candidate is judged on the same ones.
    verbose : int, default=0
        0 is silent, 1 tells of each batch of candidates, above that of each fit.
    pre_dispatch : int or str, default="2*n_jobs"
        Fits handed out in advance, as in joblib.
    random_state : int, RandomState or None, default=None
        Draws the candidates: an int gives the same ones as in scikit-learn, None uses
        numpy's global generator as there. Where an estimator inside has a
        ``random_state`` of None, all candidates and the refit are given one and the
        same seed, drawn from here: candidates then differ in nothing but their
        parameters. None draws it afresh from the operating system.
    error_score : 'raise' or float, default=np.nan
        Score of a fit that raised, ran out of memory, diverged or lost its worker.
        Whatever it is, such a candidate is ranked behind all others. With 'raise' the
        error ends the search.
    return_train_score : bool, default=False
        Whether to score on the training rows as well.
    fused : bool or 'auto', default='auto'
        Whether the networks of this package are trained together, in joblib's backend
        "fused", which changes nothing but the time it takes. 'auto' does so where the
        estimator is or holds one and no backend of joblib was chosen. Unless it is
        False, a FusionWarning tells of fits that had to be trained alone.
    memory : str, Path, joblib.Memory or None, default=None
        Folder in which trainings of networks are kept, every 10 epochs and at their
        end. A search that was cut off, or that has further candidates, trains what is
        missing, with the same results. That takes an int as `random_state`.

    Attributes
    ----------
    cv_results_ : dict of str to ndarray
        One entry per candidate in each column, as in scikit-learn. Where networks of
        this package were trained it has ``mean_n_epochs``, ``mean_best_epoch`` and, for
        each split, ``split0_stop_reason``. After Ctrl-C it holds the candidates that
        had finished.
    best_estimator_ : estimator
        The best candidate fitted on all rows. Absent if ``refit=False``.
    best_params_ : dict
        Its parameters.
    best_score_ : float
        Its mean score over the splits. Absent if ``refit`` is a callable.
    best_index_ : int
        Its place in ``cv_results_``.
    scorer_ : callable or dict of str to callable
        What scored the candidates.
    n_splits_ : int
        Number of splits.
    refit_time_ : float
        Seconds that the last fit took. Absent if ``refit=False``.
    multimetric_ : bool
        Whether several metrics were scored.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` had some.
    classes_ : ndarray of shape (n_classes,)
        Class labels, for a classifier.
    fusion_report_ : DataFrame
        How the networks were trained in the backend "fused": a row for each stack and
        each fit alone, with the columns of :meth:`skhyper.fused.Report.frame`. Absent
        where the estimator holds none.

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
        "fused": FUSED_CONSTRAINTS,
        "memory": MEMORY_CONSTRAINTS,
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
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: Any = None,
        error_score: float | str = np.nan,
        return_train_score: bool = False,
        fused: bool | str = "auto",
        memory: Any = None,
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
        self.fused = fused
        self.memory = memory

    def _sampler(self, spaces: list[Space], random_state: Any) -> ParameterSampler:
        return ParameterSampler(
            to_distributions(spaces), self.n_iter, random_state=random_state
        )

    def _strategy(self, parameters: Parameters) -> Listed:
        spaces = read_spaces(self.param_distributions, parameters)
        return Listed(self._sampler(spaces, self.random_state))

    def _plan(self, parameters: Parameters, n_splits: int, refit: bool) -> Plan:
        spaces = read_spaces(self.param_distributions, parameters)
        sampler = self._sampler(spaces, deepcopy(self.random_state))
        if self.random_state is None:
            # To draw would move numpy's global generator, and tell of other candidates.
            return plan_draws([(spaces, len(sampler))], parameters, n_splits, refit)
        return plan_candidates(list(sampler), parameters, n_splits, refit)
