"""Arguments of ``fit`` that would fail in every fit, told before the first."""

from collections.abc import Collection, Iterator, Mapping, Sized
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from inspect import Parameter, signature, unwrap
from itertools import chain
from typing import Any

from sklearn import get_config
from sklearn.pipeline import Pipeline

from skhyper._constraints import refuse
from skhyper._sklearn import BaseSearchCV
from skhyper.estimators._steps import (
    end_of_steps,
    fits_by_steps,
    has_own_fit,
    last_steps,
)
from skhyper.exceptions import did_you_mean
from skhyper.search._arguments import names_searched

__all__ = ["check_fit_arguments"]

# The packages whose decorators of ``fit`` take no argument for themselves.
PACKAGES = ("sklearn", "skhyper")


@dataclass(frozen=True)
class Taker:
    """Who takes an argument of a fit.

    Parameters
    ----------
    estimator : object
        Who it is, as far as the names of steps lead.
    place : str
        The names in front, as the user wrote them.
    argument : str
        What it is asked for: an argument, or a step that it does not have.
    known : set of str or None
        What would have been right; None if nobody knows.
    rest : str, default=""
        What the user wrote behind.
    """

    estimator: Any
    place: str
    argument: str
    known: set[str] | None
    rest: str = ""


def check_fit_arguments(
    search: BaseSearchCV, method: str, X: Any, params: Mapping[str, Any]
) -> None:
    """Refuse arguments that every fit would refuse, as far as that is certain.

    Nobody knows what a ``fit`` takes that takes any argument, nor what a step of a
    Pipeline does for which the candidates have others.

    Parameters
    ----------
    search : BaseSearchCV
        The search.
    method : {'fit', 'plan'}
        Which of its methods was given the arguments.
    X : indexable of length n_samples
        The data.
    params : mapping of str to object
        The arguments.

    Raises
    ------
    TypeError
        If there are such arguments; all of them are in the one message.
    ValueError
        If there are not as many weights as rows.
    """
    # With metadata routing whoever requests an argument takes it, and what nobody does
    # is refused.
    if not get_config()["enable_metadata_routing"]:
        mistakes = [*_mistakes(search, method, params)]
        if mistakes:
            raise TypeError("\n".join(mistakes))
    n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
    refuse(
        f"The {name!r} argument of {type(search).__name__}.{method} must hold a weight "
        f"for each of the {n_samples} rows. Got {len(weights)}."
        for name, weights in params.items()
        if name.rpartition("__")[2] == "sample_weight"
        and isinstance(weights, Sized)
        and getattr(weights, "ndim", 1) == 1
        and len(weights) != n_samples
    )


def _mistakes(
    search: BaseSearchCV, method: str, names: Collection[str]
) -> Iterator[str]:
    parameters = signature(getattr(search, method)).parameters.values()
    named = [one.name for one in parameters if one.kind is not Parameter.VAR_KEYWORD]
    own = [*dict.fromkeys(["X", "y", "groups", *named])]
    searched = names_searched(search)
    for name in names:
        if name in own:
            continue
        taker = _taker(search.estimator, name, searched)
        if taker.known is None:
            hint = did_you_mean(name, {*own} - {"X", "y", "groups"})
            is_wrong = bool(hint)
        else:
            right = taker.known | ({*own} if taker.argument == name else set())
            hint = did_you_mean(taker.argument, right, taker.place, taker.rest)
            is_wrong = taker.argument not in right
        if is_wrong:
            yield (
                f"{type(search).__name__}.{method} takes {', '.join(own)} and the "
                f"arguments of {type(taker.estimator).__name__}.fit"
                f"{_form(taker.estimator)}. Got {name!r}.{hint}"
            )


def _form(taker: Any) -> str:
    if not fits_by_steps(taker):
        return ""
    steps = ", ".join(repr(step) for step, _ in taker.steps)
    return f", as step__argument, and its steps are {steps}"


def _taker(estimator: Any, name: str, searched: AbstractSet[str]) -> Taker:
    """Follow the names of steps to who takes an argument."""
    for place, taker in last_steps(estimator):
        argument = name.removeprefix(place)
        if not isinstance(taker, Pipeline) or has_own_fit(taker):
            break
        first, _, rest = argument.partition("__")
        if not rest:
            return Taker(taker, place, argument, _known_at_end(taker))
        if f"{place}steps" in searched:
            # Nobody knows the steps of the candidates.
            return Taker(taker, place, argument, None)
        steps = [step for step, _ in taker.steps or ()]
        if first not in steps:
            return Taker(taker, place, first, {*steps}, f"__{rest}")
        # The steps before are asked for their ``fit_transform`` where they have one.
        if first != steps[-1] or f"{place}{first}" in searched:
            return Taker(taker, place, argument, None)
    return Taker(taker, place, argument, _known(taker))


def _known_at_end(pipeline: Any) -> set[str]:
    """Give what the end of a Pipeline takes, with the names of the steps in front."""
    place, end = end_of_steps(pipeline)
    return {f"{place}{name}" for name in _known(end) or ()}


def _known(estimator: Any) -> set[str] | None:
    # Some searches train step by step.
    fits = [getattr(estimator, method, None) for method in ("fit", "partial_fit")]
    known = [_arguments(fit) for fit in fits if fit is not None]
    certain = [names for names in known if names is not None]
    return {*chain(*certain)} if 0 < len(certain) == len(known) else None


def _arguments(fit: Any) -> set[str] | None:
    own = unwrap(fit, stop=lambda wrapper: not _is_of_packages(wrapper))
    try:
        parameters = signature(own, follow_wrapped=False).parameters
    except (TypeError, ValueError):
        return None
    takes_any = any(p.kind is Parameter.VAR_KEYWORD for p in parameters.values())
    return None if takes_any else {*parameters} - {"self", "X", "y"}


def _is_of_packages(fit: Any) -> bool:
    # Where it was written: a wrapper has the name and the module of what it wraps.
    written = getattr(getattr(fit, "__func__", fit), "__globals__", {})
    return str(written.get("__name__", "")).partition(".")[0] in PACKAGES
