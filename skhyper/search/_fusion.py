"""Whether the fits of a search are trained together, and how that went."""

import warnings
from typing import Any

from joblib import parallel

from skhyper._sklearn import BaseSearchCV, StrOptions
from skhyper.exceptions import FusionWarning
from skhyper.fused import FusedBackend, Report
from skhyper.search._target import Parameters

__all__ = ["FUSED_CONSTRAINTS", "joblib_options", "warn_of_lone_fits"]

FUSED_CONSTRAINTS = ["boolean", StrOptions({"auto"})]

# What to do where a limit has kept fits from each other.
REMEDIES = {
    "pre_dispatch": "Raise pre_dispatch; its default, '2*n_jobs', is enough.",
    "max_tasks": "Raise it: joblib.parallel_config('fused', max_tasks=...).",
    "memory": (
        "Raise it above half of what is free, its default, or use fewer rows: "
        "joblib.parallel_config('fused', memory=...)."
    ),
}

# Whatever else joblib has for its default, somebody has chosen.
DEFAULT_BACKENDS = {"loky", "threading"}


def joblib_options(search: BaseSearchCV, parameters: Parameters) -> dict[str, Any]:
    """Choose joblib's backend, and how many jobs it runs at once.

    Parameters
    ----------
    search : BaseSearchCV
        Its ``fused``, ``n_jobs`` and ``pre_dispatch`` say what is wanted.
    parameters : Parameters
        Knows the networks inside the estimator.

    Returns
    -------
    options : dict of str to object
        Arguments of joblib's Parallel.
    """
    options = {"n_jobs": search.n_jobs, "pre_dispatch": search.pre_dispatch}
    backend, n_jobs = parallel.get_active_backend()
    fused = search.fused
    if isinstance(fused, str):
        fused = parameters.networks and not _is_chosen(backend)
    if not fused or isinstance(backend, FusedBackend):
        return options
    if search.n_jobs is None:
        # As without "fused", the own default of which is all processors.
        options["n_jobs"] = backend.default_n_jobs if n_jobs is None else n_jobs
    return {**options, "backend": "fused"}


def _is_chosen(backend: parallel.ParallelBackendBase) -> bool:
    """Tell whether somebody has chosen the active backend: the user, or a task's."""
    # A backend that nobody has chosen is made anew each time that joblib is asked.
    is_new = parallel.get_active_backend()[0] is not backend
    return not is_new or parallel.DEFAULT_BACKEND not in DEFAULT_BACKENDS


def warn_of_lone_fits(search: BaseSearchCV, report: Report) -> None:
    """Warn once if fits were trained alone that need not have been, and say what to do.

    A fit that was the only one at its time had nothing to be stacked with, like each
    of a Bayesian search that asks for one point and has one split: no fault of anyone.
    One that was kept from others by `pre_dispatch` or by a limit of the backend had.

    Parameters
    ----------
    search : BaseSearchCV
        It is not told of where its ``fused`` is False.
    report : Report
        What has heard of its fits.
    """
    reasons = report.reasons()
    if search.fused and reasons:
        parts = (f"{count} because {why}" for why, count in reasons.most_common())
        remedies = [f" {REMEDIES[limit]}" for limit in report.limits()]
        warnings.warn(
            f"{type(search).__name__}: {reasons.total()} of {report.n_runs} fits were "
            f"trained one after the other: {', '.join(parts)}."
            f"{''.join(remedies)} See fusion_report_.",
            FusionWarning,
            stacklevel=4,
        )
