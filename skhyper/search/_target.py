"""The network inside an estimator, and the full names of its parameters."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sklearn.base import BaseEstimator, clone

from skhyper.estimators import NeuralNetwork
from skhyper.exceptions import nearest

__all__ = ["Parameters", "as_candidate", "fitted_networks"]


class Parameters:
    """The parameters of an estimator, and those of the network inside it.

    A name is taken as it is where the estimator has such a parameter; otherwise it is
    one of the network's and gets the network's place in front, so that ``lr`` becomes
    ``net__lr`` in a Pipeline with a step ``net``.

    Parameters
    ----------
    estimator : estimator object
        A network, or anything that holds one at any depth of its parameters.
    """

    def __init__(self, estimator: BaseEstimator) -> None:
        self.estimator = estimator
        self.values: dict[str, Any] = estimator.get_params(deep=True)
        self.networks: dict[str, NeuralNetwork] = {
            name: value
            for name, value in self.values.items()
            if isinstance(value, NeuralNetwork)
        }
        if isinstance(estimator, NeuralNetwork):
            self.networks[""] = estimator

    @property
    def have_seeds(self) -> bool:
        """Whether all networks have a seed of their own."""
        return all(one.random_state is not None for one in self.networks.values())

    def the_network(self) -> tuple[str, NeuralNetwork]:
        """Return the one network with its prefix.

        Raises
        ------
        ValueError
            If there is none, or more than one.
        """
        if len(self.networks) == 1:
            return next(iter(self.networks.items()))
        kind = type(self.estimator).__name__
        if not self.networks:
            raise ValueError(
                "A preset is made for the estimators of skhyper. Got one for "
                f"{kind}, which holds none of them. Give the parameters of {kind} as "
                "a dict or a SearchSpace."
            )
        raise ValueError(self._several(kind))

    def _several(self, kind: str) -> str:
        prefixes = [f"{prefix}__" for prefix in self.networks]
        return (
            f"{kind} holds {len(prefixes)} networks. Say which one is meant: write the "
            f"names of the parameters in full, starting with one of {prefixes}."
        )

    def full_names(self, names: Iterable[str], network_first: bool) -> dict[str, str]:
        """Give the full name of each name.

        Parameters
        ----------
        names : iterable of str
            All names that candidates use, so that a parameter of an estimator that is
            itself put in by a candidate is known: ``clf__C`` beside ``clf``.
        network_first : bool
            Whether a name that both the estimator and the network have means the
            network's.

        Returns
        -------
        full : dict of str to str
            The full name by the given one.

        Raises
        ------
        ValueError
            If a name is unknown, could mean more than one parameter, or means the same
            as another. All mistakes are in the one message.
        """
        names = list(dict.fromkeys(names))
        full: dict[str, str] = {}
        mistakes = []
        for name in names:
            try:
                full[name] = self._full_name(name, names, network_first)
            except ValueError as error:
                mistakes.append(str(error))
        by_full: dict[str, str] = {}
        for name, target in full.items():
            if target in by_full:
                mistakes.append(
                    f"The names {by_full[target]!r} and {name!r} mean the same "
                    "parameter. Leave one out."
                )
            by_full.setdefault(target, name)
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return full

    def _full_name(self, name: str, names: list[str], network_first: bool) -> str:
        if not isinstance(name, str):
            raise ValueError(f"The name of a parameter must be a str. Got {name!r}.")
        owners = [
            f"{prefix}__{name}" if prefix else name
            for prefix, network in self.networks.items()
            if name in network.get_params()
        ]
        is_own = name in self.values or any(
            parent in names for parent in _parents(name)
        )
        if is_own and not (network_first and len(owners) == 1):
            return name
        kind = type(self.estimator).__name__
        if len(owners) > 1:
            raise ValueError(self._several(kind))
        if owners:
            return owners[0]
        if self._accepts(name):
            return name
        own = {*self._network_names()} or {*self.values}
        remedy = " or ".join(map(repr, self._meant(name, own)))
        raise ValueError(
            f"A parameter of the search must be one that {kind} has. Got {name!r}. "
            f"{f'Did you mean {remedy}?' if remedy else f'There are: {_listed(own)}.'}"
        )

    def _meant(self, name: str, own: set[str]) -> list[str]:
        """List what was meant: a name without its step, or one that is mistyped."""
        by_last: dict[str, list[str]] = {}
        for full in sorted(self.values):
            by_last.setdefault(full.split("__")[-1].lower(), []).append(full)
        by_last.update({short.lower(): [short] for short in self._network_names()})
        if name.lower() in by_last:
            return by_last[name.lower()]
        near = nearest(name, [*self.values, *own])
        if near is not None:
            return [near]
        return by_last.get(nearest(name, by_last) or "", [])

    def _accepts(self, name: str) -> bool:
        """Ask the estimator itself: some take more than their ``get_params`` lists."""
        try:
            clone(self.estimator).set_params(**{name: None})
        except Exception:
            return False
        return True

    def _network_names(self) -> Iterator[str]:
        for network in self.networks.values():
            yield from network.get_params()


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))


def _parents(name: str) -> Iterator[str]:
    parts = name.split("__")
    for end in range(1, len(parts)):
        yield "__".join(parts[:end])


def as_candidate(
    estimator: BaseEstimator, params: dict[str, Any], seed: int
) -> BaseEstimator:
    """Set parameters, and the search's seed for each ``random_state`` left unset.

    Parameters
    ----------
    estimator : estimator object
        A clone, which is changed.
    params : dict of str to object
        Those of a candidate.
    seed : int
        The seed.

    Returns
    -------
    estimator : estimator object
        The same.
    """
    # Parameters can be estimators: the ones of the user stay as they are.
    estimator.set_params(**clone(params, safe=False))
    unset = {
        name: seed
        for name, value in estimator.get_params(deep=True).items()
        if name.split("__")[-1] == "random_state"
        and value is None
        and name not in params
    }
    if unset:
        estimator.set_params(**unset)
    return estimator


def fitted_networks(estimator: Any) -> Iterator[NeuralNetwork]:
    """Find every fitted network in a fitted estimator.

    A meta-estimator keeps what it fitted in attributes, alone or in a list, tuple or
    dict: ``steps``, ``estimator_``, ``estimators_``, ``named_transformers_`` and more.
    """
    yield from _walk(estimator, set())


def _walk(value: Any, seen: set[int]) -> Iterator[NeuralNetwork]:
    if isinstance(value, NeuralNetwork):
        if id(value) not in seen and hasattr(value, "n_iter_"):
            seen.add(id(value))
            yield value
    elif isinstance(value, BaseEstimator):
        if id(value) not in seen:
            seen.add(id(value))
            for part in vars(value).values():
                yield from _walk(part, seen)
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _walk(part, seen)
    elif isinstance(value, list | tuple):
        for part in value:
            # Not into every list: the rows that an estimator keeps are no estimators.
            if isinstance(part, BaseEstimator | list | tuple):
                yield from _walk(part, seen)
