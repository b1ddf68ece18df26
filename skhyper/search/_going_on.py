"""Which estimators can go on with their training, and what a search counts of them."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from skhyper.estimators._steps import has_own_fit, last_steps
from skhyper.search._arguments import is_searched, names_searched
from skhyper.search._spaces import Space
from skhyper.search._target import Parameters

__all__ = ["check_counts", "mistakes_in_rungs", "way_of"]

# What counts the rounds of a warm start, and of a fit that partial_fit is one round of.
COUNTS = ("n_estimators", "max_iter")
ROUNDS = ("max_iter", "max_epochs")

# What scikit-learn's partial_fit refuses, and what to do instead.
REFUSED = {
    "early_stopping": (
        True,
        "Set early_stopping=False, as rungs end what does not get better.",
    ),
    "class_weight": (
        "balanced",
        "Give a dict of what sklearn.utils.class_weight.compute_class_weight says.",
    ),
}


def mistakes_in_rungs(search: Any) -> Iterator[str]:
    """Say what a search lacks that trains candidates rung by rung.

    Parameters
    ----------
    search : BaseSearch
        The search, with its ``estimator``, ``min_epochs`` and ``max_epochs``.

    Yields
    ------
    mistake : str
        That the first rung is behind the last; that the estimator holds no network of
        this package, has no ``partial_fit`` and no ``warm_start`` with a number of
        iterations; what scikit-learn's ``partial_fit`` does not take of what it has
        been given; or that a Pipeline would not be fitted in its own way.
    """
    name, estimator = type(search).__name__, search.estimator
    if search.min_epochs > search.max_epochs:
        yield (
            f"The 'min_epochs' parameter of {name} must be at most max_epochs="
            f"{search.max_epochs}. Got {search.min_epochs}."
        )
    *_, (_, last) = last_steps(estimator)
    way = "network" if Parameters(estimator).networks else way_of(last)
    if way is None:
        yield (
            f"The 'estimator' parameter of {name} must be able to go on with its "
            "training: hold a network of skhyper, or have partial_fit, or warm_start "
            "with max_iter or n_estimators, at its end if it is a Pipeline. Got "
            f"{type(last).__name__}; RandomizedSearchCV takes any."
        )
    elif way != "network":
        yield from _with_own_fits(name, estimator, names_searched(search))
    if way == "partial_fit":
        yield from _refused(name, last)


def check_counts(search: Any, spaces: Sequence[Space], parameters: Parameters) -> None:
    """Refuse to search the number that is shared out rung by rung.

    Parameters
    ----------
    search : BaseSearch
        A search that trains candidates rung by rung.
    spaces : sequence of dict or SearchSpace
        What is searched, by full names.
    parameters : Parameters
        What the estimator has.

    Raises
    ------
    ValueError
        If a space holds the epochs of a network, or what counts as epochs of another
        estimator. All of them are in the one message.
    """
    names = {name for space in spaces for name in space}
    searched = sorted(names.intersection(_counts(parameters)))
    if searched:
        raise ValueError(
            f"The 'space' parameter of {type(search).__name__} must not hold "
            f"{' and '.join(map(repr, searched))}: the epochs are what it shares out "
            "itself, up to its own max_epochs. Leave it out."
        )


def way_of(estimator: Any) -> str | None:
    """Tell how an estimator goes on: the method, or the parameter that counts.

    Parameters
    ----------
    estimator : estimator object
        One that holds no network of this package.

    Returns
    -------
    way : str or None
        None if it cannot.
    """
    if hasattr(estimator, "partial_fit"):
        return "partial_fit"
    if not hasattr(estimator, "get_params"):
        return None
    names = estimator.get_params(deep=False)
    if "warm_start" not in names:
        return None
    return next((name for name in COUNTS if name in names), None)


def _refused(name: str, last: Any) -> Iterator[str]:
    """Name what partial_fit does not take, of an estimator and of those inside it."""
    inner = [v for v in last.get_params().values() if isinstance(v, BaseEstimator)]
    for own in (last, *inner):
        method = getattr(own, "partial_fit", None)
        # Those of other packages may take it.
        if not getattr(method, "__module__", "").startswith("sklearn."):
            continue
        params = own.get_params(deep=False)
        for argument, (value, remedy) in REFUSED.items():
            if params.get(argument) == value:
                yield (
                    f"The 'estimator' parameter of {name} must be able to go on by "
                    f"the partial_fit of {type(own).__name__}, which refuses "
                    f"{argument}={value!r}. Got {argument}={value!r}. {remedy} "
                    "RandomizedSearchCV takes it."
                )


def _with_own_fits(
    name: str, estimator: Any, searched: AbstractSet[str]
) -> Iterator[str]:
    """Name the kinds of Pipelines that are more than their steps one by one."""
    ends = [*last_steps(estimator)]
    if any(is_searched(place, last, searched) for place, last in ends):
        # Candidates may end otherwise.
        return
    for _, last in ends:
        if not (isinstance(last, Pipeline) and has_own_fit(last)):
            continue
        yield (
            f"The 'estimator' parameter of {name} must be fitted step by step where it "
            "does not end in a network of skhyper, so a Pipeline must not have a fit "
            f"of its own. Got {type(last).__name__}; take scikit-learn's Pipeline, or "
            "RandomizedSearchCV, which calls that fit."
        )


def _counts(parameters: Parameters) -> Iterator[str]:
    """Give the full names of what a search by rungs sets itself."""
    for place in parameters.networks:
        yield f"{place}__max_epochs" if place else "max_epochs"
    if not parameters.networks:
        *_, (place, last) = last_steps(parameters.estimator)
        way = way_of(last)
        for name in ROUNDS if way == "partial_fit" else (way,):
            yield f"{place}{name}"
