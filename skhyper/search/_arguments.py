"""What every search asks of its arguments, beyond scikit-learn's constraints."""

from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from numbers import Integral
from typing import Any, TypeGuard

from joblib import effective_n_jobs
from sklearn.metrics import get_scorer_names
from sklearn.pipeline import Pipeline

from skhyper._joblib import eval_expr
from skhyper._sklearn import BaseSearchCV, InvalidParameterError
from skhyper.estimators._steps import check_pairs, has_own_fit
from skhyper.exceptions import did_you_mean
from skhyper.search._splits import mistakes_in_splits
from skhyper.spaces import SearchSpace

__all__ = [
    "SPACES",
    "is_searched",
    "mistakes_in_arguments",
    "mistakes_in_choice",
    "mistakes_in_scoring",
    "names_searched",
]

SPACES = ("param_distributions", "param_grid", "search_spaces", "space")
"""What the searches call their spaces."""


def mistakes_in_arguments(search: BaseSearchCV) -> Iterator[str]:
    """Say which arguments cannot be right, whatever the data.

    Parameters
    ----------
    search : BaseSearchCV
        The search.

    Yields
    ------
    mistake : str
        That the estimator, a step of a Pipeline or the splitter is a class, that steps
        have no names, that there is no space, that a split is no pair, that a list of
        metrics names one which there is not, or for which ``n_jobs`` and
        ``pre_dispatch`` joblib would hang or run nothing.
    """
    owner = type(search).__name__
    for place, texts in (
        ("estimator", _of_estimator(search.estimator, names_searched(search))),
        *((name, _of_spaces(getattr(search, name, None))) for name in SPACES),
        ("cv", _of_splitter(search.cv)),
        ("n_jobs", _of_jobs(search.n_jobs)),
        ("pre_dispatch", _of_dispatch(search.pre_dispatch, search.n_jobs)),
    ):
        for text in texts:
            yield f"The {place!r} parameter of {owner} must {text}"
    yield from mistakes_in_splits(owner, "cv", search.cv)
    if not isinstance(search.scoring, str):
        # That one the constraints have been asked for.
        yield from mistakes_in_scoring(owner, search.scoring)


def names_searched(search: BaseSearchCV) -> set[str]:
    """Give the names in all spaces of a search, as they were written.

    Parameters
    ----------
    search : BaseSearchCV
        The search.

    Returns
    -------
    names : set of str
        Those of presets are short.
    """
    spaces = [getattr(search, argument, None) for argument in SPACES]
    return {name for space in spaces for name in _names(space)}


def is_searched(place: str, estimator: Any, searched: AbstractSet[str]) -> bool:
    """Tell whether candidates may put something else at a place.

    Parameters
    ----------
    place : str
        What the user writes in front of the arguments of a step.
    estimator : object
        What is there.
    searched : set of str
        The names in the spaces.

    Returns
    -------
    is_searched : bool
        Whether it is searched itself, or is a Pipeline of which the steps are.
    """
    has_others = isinstance(estimator, Pipeline) and f"{place}steps" in searched
    return has_others or place.removesuffix("__") in searched


def mistakes_in_scoring(owner: str, scoring: object) -> Iterator[str]:
    """Say which metrics there are not.

    Parameters
    ----------
    owner : str
        Whose argument it is.
    scoring : object
        A metric by its name, or several in a list, a tuple or as the values of a dict.

    Yields
    ------
    mistake : str
        A sentence for each of them.
    """
    if not isinstance(scoring, str | dict | list | tuple):
        return
    metrics = list(scoring.values()) if isinstance(scoring, dict) else scoring
    where = " in it"
    if isinstance(metrics, str):
        metrics, where = [metrics], ""
    known = get_scorer_names()
    for metric in metrics:
        is_name = isinstance(metric, str)
        # None is the estimator's own score.
        is_other = metric is None or callable(metric)
        if metric not in known if is_name else not is_other:
            yield (
                f"The 'scoring' parameter of {owner} must name metrics of "
                f"sklearn.metrics.get_scorer_names(). Got {metric!r}{where}."
                f"{did_you_mean(metric, known)}"
            )


def mistakes_in_choice(
    search: BaseSearchCV,
    argument: str,
    known: Collection[str],
    method: str,
    library: str,
    *,
    or_none: bool = False,
) -> Iterator[str]:
    """Say that an argument is neither a known name nor an object of a library.

    Parameters
    ----------
    search : BaseSearchCV
        The search.
    argument : str
        The argument's name.
    known : collection of str
        The names it may be.
    method : str
        What an object of that kind has.
    library : str
        Whose objects it may be.
    or_none : bool, default=False
        Whether it may be None.

    Yields
    ------
    mistake : str
        A sentence, if it is wrong.
    """
    value = getattr(search, argument)
    is_known = isinstance(value, str) and value in known
    is_none = or_none and value is None
    is_made = hasattr(value, method) and not isinstance(value, type)
    if not (is_known or is_none or is_made):
        make = f" Write {value.__name__}()." if isinstance(value, type) else ""
        yield (
            f"The {argument!r} parameter of {type(search).__name__} must be one of "
            f"{sorted(known)}{', None' if or_none else ''} or an object of {library}. "
            f"Got {value!r} instead.{did_you_mean(value, known)}{make}"
        )


def _of_estimator(
    estimator: object, searched: AbstractSet[str], place: str = ""
) -> Iterator[str]:
    where = f" in its step {place.removesuffix('__')!r}" if place else ""
    if isinstance(estimator, type):
        name = estimator.__name__
        yield f"be an estimator{where}. Got the class {name}. Make one of it: {name}()."
    if not isinstance(estimator, Pipeline):
        return
    # Some have their steps only once they are fitted, and others from a candidate.
    is_late = has_own_fit(estimator) and not getattr(estimator, "steps", None)
    if is_late or is_searched(place, estimator, searched):
        return
    try:
        check_pairs(estimator)
    except InvalidParameterError as error:
        yield f"be made of steps that have names{where}. {error}"
    else:
        for name, step in estimator.steps:
            yield from _of_estimator(step, searched, f"{place}{name}__")


def _of_spaces(spaces: object) -> Iterator[str]:
    if isinstance(spaces, list | tuple) and not spaces:
        yield f"hold at least one space. Got {spaces!r} instead."


def _of_splitter(cv: object) -> Iterator[str]:
    if isinstance(cv, type):
        name = cv.__name__
        yield (
            "be an int, a splitter, an iterable of splits or None. Got the class "
            f"{name} instead. Write {name}()."
        )


def _of_jobs(n_jobs: object) -> Iterator[str]:
    if _is_count(n_jobs) and n_jobs == 0:
        yield f"be an int other than 0, or None. Got {n_jobs!r} instead."


def _of_dispatch(pre_dispatch: object, n_jobs: object) -> Iterator[str]:
    n_tasks, reason = pre_dispatch, ""
    if isinstance(pre_dispatch, str) and pre_dispatch != "all":
        # None is whatever number joblib was configured for.
        n_at_once = effective_n_jobs(n_jobs if _is_count(n_jobs) and n_jobs else None)
        try:
            n_tasks = int(eval_expr(pre_dispatch.replace("n_jobs", str(n_at_once))))
        except (ArithmeticError, TypeError, ValueError) as error:
            n_tasks, reason = 0, f" joblib says: {error}"
    if _is_count(n_tasks) and n_tasks < 1:
        yield (
            "be 'all', an int of at least 1, or arithmetic that gives one, such as "
            f"'2*n_jobs'. Got {pre_dispatch!r} instead.{reason}"
        )


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _names(space: Any) -> Iterator[str]:
    if isinstance(space, Mapping):
        yield from space.flatten() if isinstance(space, SearchSpace) else space
    elif isinstance(space, list | tuple):
        for one in space:
            yield from _names(one)
