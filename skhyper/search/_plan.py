"""How much work a search will be."""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from skhyper._identity import identity
from skhyper.search._brackets import Rung
from skhyper.search._target import Parameters
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
    """

    n_candidates: int
    n_splits: int
    refit: bool
    max_epochs: int | None = None
    n_structures: int | None = None
    exact: bool = True
    brackets: Sequence[Sequence[Rung]] = ()

    @property
    def n_fits(self) -> int:
        """Fits in all, the refit included."""
        return self.n_candidates * self.n_splits + self.refit

    def __repr__(self) -> str:
        at_most = "" if self.exact else "at most "
        lines = [
            f"Plan: {at_most}{self.n_candidates:,} candidates x {self.n_splits} splits"
            f"{' + 1 refit' if self.refit else ''} = {self.n_fits:,} fits"
        ]
        if self.max_epochs is not None:
            lines.append(f"at most {self.max_epochs:,} epochs")
        if self.n_structures is not None:
            plural = "s" if self.n_structures != 1 else ""
            lines.append(f"{at_most}{self.n_structures:,} structure{plural}")
        for number, rungs in enumerate(self.brackets):
            stops = ", ".join(f"{r.n_candidates} to {r.n_epochs}" for r in rungs)
            lines.append(f"bracket {number}, candidates to epochs: {stops}")
        return "\n".join(lines)


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
