"""How much work a search will be."""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import nan
from numbers import Integral
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from skhyper._identity import identity
from skhyper.search._brackets import Rung
from skhyper.search._target import Parameters, fitted_networks
from skhyper.spaces import Choice, Float, Int, SearchSpace

__all__ = ["Plan", "plan_candidates", "plan_draws"]


@dataclass(frozen=True, repr=False)
class Plan:
    """How much work a search will be.

    Parameters
    ----------
    n_candidates : int
        Settings of the parameters that will be tried.
    n_splits : int
        Splits on which each of them is fitted.
    refit : bool
        Whether the best one is fitted once more, on all rows.
    max_epochs : int or None
        Epochs of all fits together if none stops early. None for an estimator that
        does not hold exactly one network of this package, and where the search draws
        ``max_epochs`` from a distribution without known bounds. A meta-estimator that
        trains several networks per fit takes as many times more.
    n_structures : int or None
        Kinds of networks: those of one kind differ in numbers like the learning rate,
        not in shape. None as above.
    exact : bool
        Whether the candidates are known yet. If not, all counts are upper bounds.
    brackets : sequence of sequence of Rung
        How many candidates are trained for how long, where that differs.
    seconds : float or None
        What the search will take, the refit included, if none stops early; without
        what chooses the candidates. None if nothing was timed.
    refit_seconds : float or None
        What the refit will take of it. None if nothing was timed, or is refitted.
    max_time : float or None
        Seconds after which the search ends in any case, if it has such a limit.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skhyper.estimators import MLPClassifier
    >>> from skhyper.search import GridSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> grid = {"lr": [0.01, 0.1], "hidden_layer_sizes": [(8,), (16,), (32,)]}
    >>> GridSearchCV(MLPClassifier(max_epochs=10), grid).plan(X, y)
    Plan: 6 candidates x 5 splits + 1 refit = 31 fits
    at most 310 epochs
    3 structures

    After a miniature was timed there is a line more:

    >>> from skhyper.search import Plan
    >>> Plan(6, 5, True, 310, 3, seconds=42.4, refit_seconds=1.34)
    Plan: 6 candidates x 5 splits + 1 refit = 31 fits
    at most 310 epochs
    3 structures
    about 42 s if none stops early, 1.3 s of it for the refit
    """

    n_candidates: int
    n_splits: int
    refit: bool
    max_epochs: int | None = None
    n_structures: int | None = None
    exact: bool = True
    brackets: Sequence[Sequence[Rung]] = ()
    seconds: float | None = None
    refit_seconds: float | None = None
    max_time: float | None = None

    @property
    def n_fits(self) -> int:
        """Fits in all, the refit included."""
        return self.n_candidates * self.n_splits + self.refit

    def __repr__(self) -> str:
        at_most = "" if self.exact else "at most "
        lines = [
            f"Plan: {at_most}{_counted(self.n_candidates, 'candidate')} x "
            f"{_counted(self.n_splits, 'split')}{' + 1 refit' if self.refit else ''} = "
            f"{_counted(self.n_fits, 'fit')}"
        ]
        if self.max_epochs is not None:
            lines.append(f"at most {_counted(self.max_epochs, 'epoch')}")
        if self.n_structures is not None:
            lines.append(f"{at_most}{_counted(self.n_structures, 'structure')}")
        for number, rungs in enumerate(self.brackets):
            stops = ", ".join(f"{r.n_candidates} to {r.n_epochs}" for r in rungs)
            lines.append(f"bracket {number}, candidates to epochs: {stops}")
        if self.seconds is not None:
            lines.append(self._duration(self.seconds))
        if self.max_time is not None:
            lines.append(f"ended after {_in_words(self.max_time)} by max_time")
        return "\n".join(lines)

    def _duration(self, seconds: float) -> str:
        words = f"about {_in_words(seconds)}"
        if self.max_epochs is not None:
            words += " if none stops early"
        if self.refit_seconds is not None:
            words += f", {_in_words(self.refit_seconds)} of it for the refit"
        return words

    def compare(self, search: Any) -> pd.DataFrame:
        """Show the plan beside what came true.

        Parameters
        ----------
        search : BaseSearch
            The search after its ``fit``.

        Returns
        -------
        table : DataFrame
            The columns ``planned`` and ``actual``, and a row each for candidates, fits,
            epochs and seconds. The seconds are those of the candidates and the refit.
            What is not known is NaN: the epochs of estimators without a network of this
            package, but for a search rung by rung.

        Raises
        ------
        NotFittedError
            If the search has evaluated no candidate.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skhyper.estimators import MLPClassifier
        >>> from skhyper.search import GridSearchCV
        >>> X, y = load_iris(return_X_y=True)
        >>> search = GridSearchCV(MLPClassifier(max_epochs=10), {"lr": [0.01, 0.1]})
        >>> search.plan(X, y).compare(search.fit(X, y)).round()
                    planned  actual
        candidates      2.0     2.0
        fits           11.0    11.0
        epochs        110.0   110.0
        seconds         NaN     ...
        """
        check_is_fitted(search, "cv_results_")
        results, n_splits = search.cv_results_, search.n_splits_
        n_candidates = len(results["params"])
        seconds = getattr(search, "_evaluation_seconds", nan)
        is_refitted = hasattr(search, "refit_time_")
        epochs = nan
        if "mean_n_epochs" in results:
            epochs = float(np.nansum(results["mean_n_epochs"])) * n_splits
        if is_refitted:
            seconds += search.refit_time_
            networks = fitted_networks(search.best_estimator_)
            counts = [network.n_iter_ for network in networks]
            epochs += fmean(counts) if counts else 0
        n_fits = n_candidates * n_splits + is_refitted
        return pd.DataFrame(
            {
                "planned": [
                    self.n_candidates,
                    self.n_fits,
                    self.max_epochs,
                    self.seconds,
                ],
                "actual": [n_candidates, n_fits, epochs, seconds],
            },
            index=["candidates", "fits", "epochs", "seconds"],
            dtype=float,
        )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + "s" * (number != 1)


def _in_words(seconds: float) -> str:
    """Write a duration with two digits, in a unit of which it is not too many."""
    unit, size = "h", 3600
    if seconds < 100 * 60:
        unit, size = ("s", 1) if seconds < 100 else ("min", 60)
    digits = float(f"{seconds / size:.2g}")
    return f"{digits:,g} {unit}"


def plan_candidates(
    candidates: Sequence[dict[str, Any]],
    parameters: Parameters,
    n_splits: int,
    refit: bool,
) -> Plan:
    """Plan a search whose candidates are known."""
    if len(parameters.networks) != 1:
        return Plan(len(candidates), n_splits, refit)
    epochs_name, default, structure = _names(parameters)
    epochs = [params.get(epochs_name, default) for params in candidates]
    structures = {
        tuple(identity(params.get(name, parameters.values[name])) for name in structure)
        for params in candidates
    }
    are_counts = all(isinstance(count, Integral) for count in epochs)
    return Plan(
        len(candidates),
        n_splits,
        refit,
        max_epochs=sum(epochs) * n_splits + max(epochs, default=0) * refit
        if are_counts
        else None,
        n_structures=len(structures),
    )


def plan_draws(
    draws: Iterable[tuple[Sequence[Mapping[str, Any]], int]],
    parameters: Parameters,
    n_splits: int,
    refit: bool,
) -> Plan:
    """Plan a search of which only the spaces are known.

    ``draws`` are lists of spaces, and how many candidates come from each list.
    """
    draws = list(draws)
    n_candidates = sum(n_draws for _, n_draws in draws)
    if len(parameters.networks) != 1:
        return Plan(n_candidates, n_splits, refit, exact=False)
    epochs_name, default, structure = _names(parameters)
    n_structures, epochs, most_epochs = 0, 0.0, 0.0
    for spaces, n_draws in draws:
        count = sum(_count(space, structure) for space in spaces)
        longest = max(_longest(space, epochs_name, default) for space in spaces)
        n_structures += int(min(count, n_draws))
        epochs += n_draws * longest
        most_epochs = max(most_epochs, longest)
    return Plan(
        n_candidates,
        n_splits,
        refit,
        max_epochs=int(epochs * n_splits + most_epochs * refit)
        if math.isfinite(epochs)
        else None,
        n_structures=n_structures,
        exact=False,
    )


def _names(parameters: Parameters) -> tuple[str, Any, list[str]]:
    """Give the full names of ``max_epochs``, with its value, and of the structure.

    A subclass of a network need not list all of them.
    """
    prefix, network = parameters.the_network()
    start = f"{prefix}__" if prefix else ""
    listed = network.get_params(deep=False)
    structure = [f"{start}{n}" for n in network.structure_parameters if n in listed]
    return f"{start}max_epochs", network.max_epochs, structure


def _count(space: Mapping[str, Any], names: Iterable[str]) -> float:
    """Count the settings of some parameters, over all branches of a space."""
    if isinstance(space, SearchSpace):
        branches = space.branches()
        if len(branches) > 1:
            return sum(_count(branch, names) for branch in branches)
    return math.prod(_size(space[name]) for name in names if name in space)


def _size(values: Any) -> float:
    domain = _as_domain(values)
    if isinstance(domain, Choice):
        return len(domain)
    if isinstance(domain, Float | Int) and domain.n_steps:
        return domain.n_steps
    if isinstance(domain, Int):
        return domain.high - domain.low + 1
    return math.inf


def _longest(space: Mapping[str, Any], name: str, default: int) -> float:
    if isinstance(space, SearchSpace):
        return max(_most(branch.get(name), default) for branch in space.branches())
    return _most(space.get(name), default)


def _most(values: Any, default: int) -> float:
    if values is None:
        return default
    domain = _as_domain(values)
    if isinstance(domain, Float | Int):
        return domain.high
    counts = domain if isinstance(domain, Choice) else ()
    known = counts and all(isinstance(count, Integral) for count in counts)
    return max(counts) if known else math.inf


def _as_domain(values: Any) -> Any:
    """Read values as a domain, or return None: a distribution need not be one."""
    with suppress(ValueError):
        return SearchSpace(values=values)["values"]
    return None
