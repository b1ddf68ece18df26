"""Whether the fits of a search are trained together, and how that went."""

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from numbers import Integral
from pathlib import Path
from typing import Any

import joblib
from joblib import parallel

from skhyper._sklearn import BaseSearchCV, StrOptions
from skhyper.fused import FusedBackend, OverBackend
from skhyper.search._target import Parameters

__all__ = [
    "FUSED_CONSTRAINTS",
    "MEMORY_CONSTRAINTS",
    "joblib_options",
    "mistakes_in_jobs",
]

FUSED_CONSTRAINTS = ["boolean", StrOptions({"auto"})]
MEMORY_CONSTRAINTS = [str, Path, joblib.Memory, None]

# What joblib reads as a number of tasks, with 1 in the place of n_jobs.
ARITHMETIC = re.compile(r"[\d\s.+*/()-]*[1-9][\d\s.+*/()-]*")

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


def mistakes_in_jobs(search: BaseSearchCV) -> Iterator[str]:
    """Say for which ``n_jobs`` and ``pre_dispatch`` joblib would hang, or run nothing.

    Parameters
    ----------
    search : BaseSearchCV
        The search.

    Yields
    ------
    mistake : str
        A sentence for each mistake.
    """
    name, given = type(search).__name__, search.pre_dispatch
    if isinstance(search.n_jobs, int) and search.n_jobs == 0:
        yield (
            f"The 'n_jobs' parameter of {name} must be an int other than 0, or None. "
            f"Got {search.n_jobs!r} instead. -1 are all processors."
        )
    if isinstance(given, str):
        is_wrong = given != "all" and not _is_arithmetic(given.replace("n_jobs", "1"))
    else:
        is_wrong = isinstance(given, Integral) and int(given) < 1
    if is_wrong:
        yield (
            f"The 'pre_dispatch' parameter of {name} must be an int of at least 1, "
            f"'all', or arithmetic such as '2*n_jobs'. Got {given!r} instead."
        )


def _is_arithmetic(words: str) -> bool:
    with suppress(SyntaxError):
        ast.parse(words, mode="eval")
        return ARITHMETIC.fullmatch(words) is not None
    return False


def _is_chosen(backend: parallel.ParallelBackendBase) -> bool:
    """Tell whether somebody has chosen the active backend: the user, or a task's."""
    # A backend that nobody has chosen is made anew each time that joblib is asked.
    is_new = parallel.get_active_backend()[0] is not backend
    return not is_new or parallel.DEFAULT_BACKEND not in DEFAULT_BACKENDS
