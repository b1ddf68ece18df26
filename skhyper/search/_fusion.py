"""Whether the fits of a search are trained together, and how that went."""

from pathlib import Path
from typing import Any

import joblib
from joblib import parallel

from skhyper._sklearn import BaseSearchCV, StrOptions
from skhyper.fused import FusedBackend, OverBackend
from skhyper.search._target import Parameters

__all__ = ["FUSED_CONSTRAINTS", "MEMORY_CONSTRAINTS", "joblib_options"]

FUSED_CONSTRAINTS = ["boolean", StrOptions({"auto"})]
MEMORY_CONSTRAINTS = [str, Path, joblib.Memory, None]

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
    if not fused or isinstance(backend, FusedBackend | OverBackend):
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
