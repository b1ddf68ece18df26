"""Domains that list their values, and domains that hang on another parameter."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from skhyper._identity import identity
from skhyper.spaces._frozen import Frozen, copied
from skhyper.spaces._ranges import Range

__all__ = ["Choice", "Domain", "Switch"]


class Choice(Frozen):
    """A list of values without an order.

    Parameters
    ----------
    values : iterable
        The values: anything an estimator takes, tuples, dicts and None included.
        Dicts, lists and arrays are copied.
    default : object, default=None
        The value of the default candidate, one of `values`. None for None itself
        where it is among the values, else for the first one.

    Attributes
    ----------
    values : tuple
        The values, in the order given.

    Raises
    ------
    ValueError
        If there is no value, a value occurs twice, or `default` is not among them.

    Examples
    --------
    >>> from skhyper.spaces import Choice
    >>> optimizer = Choice(["sgd", "adam"], default="adam")
    >>> "sgd" in optimizer, "lbfgs" in optimizer
    (True, False)
    >>> len(Choice([(64,), (64, 64)]))
    2
    """

    _values: tuple[Any, ...]
    _keys: tuple[Hashable, ...]
    _default: Any

    def __init__(self, values: Iterable[Any], *, default: Any = None) -> None:
        if isinstance(values, str | bytes | Mapping | set | frozenset) or not (
            isinstance(values, Iterable)
        ):
            raise ValueError(
                f"The 'values' parameter of Choice must be a list. Got {values!r}. "
                f"Write {_listed(values)!r}."
            )
        kept = tuple(copied(_plain(value)) for value in values)
        keys = tuple(map(identity, kept))
        mistakes = []
        if not kept:
            mistakes.append(
                "The 'values' parameter of Choice must have at least one value. "
                "Got none."
            )
        counts = Counter(keys)
        mistakes += [
            "The 'values' parameter of Choice must not repeat a value. "
            f"Got {value!r} {counts[key]} times."
            for key, value in dict(zip(keys, kept, strict=True)).items()
            if counts[key] > 1
        ]
        default = _plain(default)
        if default is None and identity(None) not in keys:
            default = kept[0] if kept else None
        elif identity(default) not in keys:
            mistakes.append(
                f"The 'default' parameter of Choice must be one of {list(kept)!r}. "
                f"Got {default!r}."
            )
        if mistakes:
            raise ValueError("\n".join(mistakes))
        self._fill(_values=kept, _keys=keys, _default=copied(default))

    @property
    def values(self) -> tuple[Any, ...]:
        """The values, in the order given."""
        values: tuple[Any, ...] = copied(self._values)
        return values

    @property
    def default(self) -> Any:
        """The value of the default candidate."""
        return copied(self._default)

    def index(self, value: Any) -> int:
        """Find where a value stands in the list.

        Parameters
        ----------
        value : object
            One of the values.

        Returns
        -------
        index : int
            Its position, from 0.

        Raises
        ------
        ValueError
            If it is not one of the values.
        """
        try:
            return self._keys.index(identity(value))
        except ValueError:
            raise ValueError(
                f"The value must be one of {list(self._values)!r}. Got {value!r}."
            ) from None

    def only(self, value: Any) -> "Choice":
        """Narrow the list to one of its values.

        Parameters
        ----------
        value : object
            One of the values.

        Returns
        -------
        choice : Choice
            The choice that has no other value.
        """
        return Choice([self._values[self.index(value)]])

    def __contains__(self, value: object) -> bool:
        return identity(value) in self._keys

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)

    def _content(self) -> Hashable:
        return (self._keys, identity(self._default))

    def __getstate__(self) -> dict[str, Any]:
        return {"_values": self._values, "_default": self._default}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Made anew: the key of an object may be its address, which is another one in
        # the process that reads the pickle.
        self._fill(**state, _keys=tuple(map(identity, state["_values"])))

    def __repr__(self) -> str:
        first = self._values[0] if None not in self else None
        tail = (
            ""
            if identity(first) == identity(self._default)
            else f", default={self._default!r}"
        )
        return f"Choice({list(self._values)!r}{tail})"


class Switch(Frozen):
    """A domain that hangs on the value of another parameter.

    Parameters
    ----------
    on : str
        The name of the other parameter, whose domain must be a Choice or again a
        Switch.
    cases : dict
        The domain under each value of `on`. A tuple as a key stands for all the
        values in it (so a value that is itself a tuple is written ``((64, 64),)``).
        Under a value without a case the parameter is absent.

    Attributes
    ----------
    on : str
        The name of the other parameter.
    cases : tuple of (tuple, Float or Int or Choice)
        The values and their domain, case by case.

    Raises
    ------
    ValueError
        If `on` is not a name, there is no case, a case is not a domain, or a value
        has two cases.

    Examples
    --------
    >>> from skhyper.spaces import Float, Switch
    >>> momentum = Switch("optimizer", {"sgd": Float(0.5, 0.99, default=0.9)})
    >>> momentum.case("sgd")
    Float(0.5, 0.99, default=0.9)
    >>> momentum.case("adam") is None
    True
    """

    on: str
    cases: tuple[tuple[tuple[Any, ...], "Domain"], ...]

    def __init__(self, on: str, cases: Mapping[Any, Any]) -> None:
        mistakes = []
        if not isinstance(on, str) or not on:
            mistakes.append(
                "The 'on' parameter of Switch must be the name of a parameter. "
                f"Got {on!r}."
            )
        if not isinstance(cases, Mapping) or not cases:
            mistakes.append(
                "The 'cases' parameter of Switch must be a dict with at least one "
                f"case. Got {cases!r}."
            )
            raise ValueError("\n".join(mistakes))
        kept = []
        for given, domain in cases.items():
            values = given if isinstance(given, tuple) else (given,)
            if isinstance(domain, list):
                domain = Choice(domain)
            if not isinstance(domain, Range | Choice):
                mistakes.append(
                    f"Under {given!r}, 'cases' of Switch must have a Float, an Int, a "
                    f"Choice or a list of values. Got {domain!r}."
                )
            kept.append((values, domain))
        keys = [identity(value) for values, _ in kept for value in values]
        if len(set(keys)) < len(keys):
            mistakes.append(
                "The 'cases' parameter of Switch must not have a value in two cases. "
                f"Got {cases!r}."
            )
        if mistakes:
            raise ValueError("\n".join(mistakes))
        self._fill(on=on, cases=tuple(kept))

    def case(self, value: Any) -> "Domain | None":
        """Give the domain under a value of the other parameter.

        Parameters
        ----------
        value : object
            A value of the parameter named by `on`.

        Returns
        -------
        domain : Float or Int or Choice or None
            Its domain, None where the parameter is absent.
        """
        key = identity(value)
        for values, domain in self.cases:
            if key in map(identity, values):
                return domain
        return None

    def renamed(self, on: str) -> "Switch":
        """Hang the same cases on a parameter of another name.

        Parameters
        ----------
        on : str
            The name.

        Returns
        -------
        switch : Switch
            The switch on that name.
        """
        return Switch(on, dict(self.cases))

    def __contains__(self, value: object) -> bool:
        return any(value in domain for _, domain in self.cases)

    def _content(self) -> Hashable:
        return (
            self.on,
            frozenset((identity(v), d) for values, d in self.cases for v in values),
        )

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{(values[0] if _alone(values) else values)!r}: {domain!r}"
            for values, domain in self.cases
        )
        return f"Switch({self.on!r}, {{{shown}}})"


Domain = Range | Choice


def _alone(values: tuple[Any, ...]) -> bool:
    return len(values) == 1 and not isinstance(values[0], tuple)


def _plain(value: Any) -> Any:
    """Turn a numpy scalar into the number or string that it stands for."""
    return value.item() if isinstance(value, np.generic) else value


def _listed(values: Any) -> list[Any]:
    is_many = isinstance(values, Iterable) and not isinstance(values, str | bytes)
    return sorted(values, key=repr) if is_many else [values]
