"""What every search asks of its arguments, beyond scikit-learn's constraints."""

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from numbers import Integral

from sklearn.metrics import get_scorer_names

from skhyper._sklearn import BaseSearchCV
from skhyper.exceptions import did_you_mean

__all__ = ["mistakes_in_arguments"]

# What the searches call their spaces.
SPACES = ("param_distributions", "param_grid", "search_spaces", "space")

# What joblib reads as a number of tasks, with 1 in the place of n_jobs.
ARITHMETIC = re.compile(r"[\d\s.+*/()-]*[1-9][\d\s.+*/()-]*")


def mistakes_in_arguments(search: BaseSearchCV) -> Iterator[str]:
    """Say which arguments cannot be right, whatever the data.

    Parameters
    ----------
    search : BaseSearchCV
        The search.

    Yields
    ------
    mistake : str
        That the estimator is a class, that there is no space, that a list of metrics
        names one which there is not, or for which ``n_jobs`` and ``pre_dispatch``
        joblib would hang or run nothing.
    """
    for place, texts in (
        ("estimator", _of_estimator(search.estimator)),
        *((name, _of_spaces(getattr(search, name, None))) for name in SPACES),
        ("scoring", _of_scoring(search.scoring)),
        ("n_jobs", _of_jobs(search.n_jobs)),
        ("pre_dispatch", _of_dispatch(search.pre_dispatch)),
    ):
        for text in texts:
            yield f"The {place!r} parameter of {type(search).__name__} must {text}"


def _of_estimator(estimator: object) -> Iterator[str]:
    if isinstance(estimator, type):
        name = estimator.__name__
        yield f"be an estimator. Got the class {name}. Make one of it: {name}()."


def _of_spaces(spaces: object) -> Iterator[str]:
    if isinstance(spaces, list | tuple) and not spaces:
        yield f"hold at least one space. Got {spaces!r} instead."


def _of_scoring(scoring: object) -> Iterator[str]:
    if isinstance(scoring, dict | list | tuple | set):
        known = get_scorer_names()
        for name in scoring.values() if isinstance(scoring, dict) else scoring:
            if isinstance(name, str) and name not in known:
                yield (
                    "name metrics of sklearn.metrics.get_scorer_names(). Got "
                    f"{name!r} in it.{did_you_mean(name, known)}"
                )


def _of_jobs(n_jobs: object) -> Iterator[str]:
    if isinstance(n_jobs, int) and n_jobs == 0:
        yield (
            f"be an int other than 0, or None. Got {n_jobs!r} instead. -1 are all "
            "processors."
        )


def _of_dispatch(pre_dispatch: object) -> Iterator[str]:
    if isinstance(pre_dispatch, str):
        words = pre_dispatch.replace("n_jobs", "1")
        is_wrong = pre_dispatch != "all" and not _is_arithmetic(words)
    else:
        is_wrong = isinstance(pre_dispatch, Integral) and int(pre_dispatch) < 1
    if is_wrong:
        yield (
            "be an int of at least 1, 'all', or arithmetic such as '2*n_jobs'. Got "
            f"{pre_dispatch!r} instead."
        )


def _is_arithmetic(words: str) -> bool:
    with suppress(SyntaxError):
        ast.parse(words, mode="eval")
        return ARITHMETIC.fullmatch(words) is not None
    return False
