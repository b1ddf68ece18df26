"""Descriptions of the arguments and attributes that the searches share."""

from functools import partial

from skhyper._documented import documented as documented_by

__all__ = ["documented"]

SHARED = {
    "scoring": """\
scoring : str, callable, list, tuple or dict, default=None
    How to score, as in scikit-learn; None for the estimator's own ``score``.
    Several metrics are scored at once.""",
    "n_jobs": """\
n_jobs : int, default=None
    Fits to run at the same time: threads where they are trained together, else
    jobs of joblib's backend of the moment. None is 1 outside of
    ``joblib.parallel_config``, -1 is all processors.""",
    "refit": """\
refit : bool, str or callable, default=True
    Whether to fit the best candidate on all rows. Under several metrics, the name
    of the one that chooses; or a callable that is given ``cv_results_``
    and returns the index of its choice; or False. Under a single one, each of
    ``sklearn.metrics.get_scorer_names()`` counts as True, as in scikit-learn. With
    '1se' the choice is the simplest candidate within one standard error of the best:
    the one with the fewest weights, and of those the most regularized, by ``l1``,
    ``l2``, ``weight_decay``, ``dropout`` or ``label_smoothing``. With 'ensemble'
    nothing is fitted: the models of the best candidate, one for each split, are
    averaged. With 'greedy_ensemble' those of several candidates are, selected by what
    the average scores on the rows that the splits have left out; until then the models
    of the 20 best candidates are kept in memory.""",
    "refit_epochs": """\
refit_epochs : 'median' or None, default=None
    For how long the networks of the best candidate are trained in the refit. None is
    as they say themselves, which sets rows aside where they stop early. With 'median'
    they learn from all rows, for the median of the best epochs of the splits, under
    the learning rates that the splits had; ``stop_reason_`` is 'pause' then, if that
    is before ``max_epochs``.""",
    "cv": """\
cv : int, splitter or iterable, default=None
    Folds, as in scikit-learn; None for 5. The rows are split once, so that every
    candidate is judged on the same ones, which neither its network nor what is in
    front of it has seen.""",
    "verbose": """\
verbose : int, default=0
    0 is silent, 1 tells of each batch of candidates, above that of each fit.""",
    "pre_dispatch": """\
pre_dispatch : int or str, default="2*n_jobs"
    Fits handed out in advance, as in joblib.""",
    "error_score": """\
error_score : 'raise' or float, default=np.nan
    Score of a fit that raised, ran out of memory, diverged or lost its worker.
    Whatever it is, such a candidate is ranked behind all others. With 'raise' the
    error ends the search.""",
    "return_train_score": """\
return_train_score : bool, default=False
    Whether to score on the training rows as well.""",
    "fused": """\
fused : bool or 'auto', default='auto'
    Whether the networks of this package are trained together, in joblib's backend
    "fused", which changes nothing but the time it takes. 'auto' does so where the
    estimator is or holds one and no backend of joblib was chosen. Unless it is
    False, a FusionWarning tells of fits that had to be trained alone.""",
    "memory": """\
memory : str, Path, joblib.Memory or None, default=None
    Folder in which trainings of networks are kept, every 10 epochs and at their
    end. A search that was cut off, or that has further candidates, trains what is
    missing, with the same results. That takes an int as `random_state`.""",
    "max_time": """\
max_time : float or None, default=None
    Seconds that ``fit`` may take, the refit included; None for as many as it needs.
    Networks of this package then end behind the epoch that they are at, and are
    scored and ranked as they are, with the stop reason 'max_time'. Fits that have not
    begun are left out, but the first candidate is trained for one epoch at least.
    What the refit may take is foretold by training a candidate for three epochs, and
    kept for it, up to half of the time. An engine that is slow to suggest is asked for
    fewer candidates at once. With other estimators the search ends behind
    the fits that it is at.""",
    "warm_start_from": """\
warm_start_from : dict or DataFrame, default=None
    ``cv_results_`` of another search, with parameters by short or full names. The
    candidates in it that lie in this space are told to the engine before it is
    first asked, with their mean scores by the metric that guides this search. They
    are neither evaluated nor counted, nor are they in ``cv_results_``. A warning
    tells how many are left out: those outside the space, without a finite score, or
    with fewer ``n_resources`` than others had.""",
    "best_estimator_": """\
best_estimator_ : estimator
    The best candidate fitted on all rows. With ``refit="ensemble"`` the average of its
    models of the splits, with 'greedy_ensemble' of those of several candidates. Absent
    if ``refit=False``.""",
    "best": """\
best_params_ : dict
    Its parameters.
best_score_ : float
    Its mean score over the splits. Absent if ``refit`` is a callable.
best_index_ : int
    Its place in ``cv_results_``.""",
    "fitted": """\
scorer_ : callable or dict of str to callable
    What scored the candidates.
n_splits_ : int
    Number of splits.
evaluation_time_ : float
    Seconds that the candidates took, from the first fit to the last score: without
    the refit, and without what chooses the candidates. Absent where the estimator
    holds no network of this package, unless the search is a :class:`BayesSearchCV` or
    has trained networks of its candidates in joblib's backend "fused".
refit_time_ : float
    Seconds that the last fit took. Absent if there is none.
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
    where the estimator holds none.""",
}

documented = partial(documented_by, SHARED)
"""Puts the shared descriptions into the docstring of a search."""
