"""The search space: an ordered set of parameters and their domains."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from skhyper.exceptions import did_you_mean
from skhyper.spaces import _branches
from skhyper.spaces._choices import Domain, Switch
from skhyper.spaces._frozen import Frozen
from skhyper.spaces._read import as_domain
from skhyper.spaces._rendered import Rendered
from skhyper.spaces._text import as_code, as_html

__all__ = ["SearchSpace"]


class SearchSpace(Rendered, Frozen, Mapping[str, Domain | Switch]):
    """An ordered set of parameters, each with the domain of its values.

    A space never changes: its methods give a new one. It is a mapping from names to
    domains, so ``space["lr"]``, ``"lr" in space``, ``len(space)`` and iteration work
    as for a dict.

    Parameters
    ----------
    parameters : dict, default=None
        The domain of each parameter, by name. A domain is a Float, an Int, a Choice or
        a Switch; or a list, tuple, range or array of values; or a frozen ``uniform``,
        ``loguniform`` or ``randint`` of scipy; or a dimension of skopt, or its
        shorthand ``(low, high, prior)``. A tuple of two numbers is refused, for it is a
        range to skopt and two values to scikit-learn.
    **more : object
        Further parameters, by keyword.

    Raises
    ------
    ValueError
        If a domain cannot be read, or a Switch hangs on a parameter that the space
        does not have, that is no Choice, that lacks one of the values, or in a circle.
        All mistakes are in the one message.

    See Also
    --------
    skhyper.spaces.Preset : A space with a name, made for the estimators.

    Examples
    --------
    >>> from skhyper.spaces import Float, SearchSpace, Switch
    >>> space = SearchSpace(
    ...     optimizer=["sgd", "adam"],
    ...     lr=Float(1e-4, 1e-2, log=True),
    ...     momentum=Switch("optimizer", {"sgd": [0.0, 0.9]}),
    ... )
    >>> space.defaults()
    {'optimizer': 'sgd', 'lr': 0.001, 'momentum': 0.0}
    >>> for grid in space.to_grid(points=2):
    ...     print(grid)
    {'optimizer': ['sgd'], 'lr': [0.0001, 0.01], 'momentum': [0.0, 0.9]}
    {'optimizer': ['adam'], 'lr': [0.0001, 0.01]}
    """

    _domains: dict[str, Domain | Switch]

    def __init__(
        self, parameters: Mapping[str, Any] | None = None, /, **more: Any
    ) -> None:
        given = {} if parameters is None else parameters
        if not isinstance(given, Mapping):
            raise ValueError(
                f"A search space must be a dict of domains by name. Got {parameters!r}."
            )
        mistakes = [
            f"A parameter must be given once. Got {name!r} twice."
            for name in given
            if name in more
        ]
        domains: dict[str, Domain | Switch] = {}
        for name, value in {**given, **more}.items():
            if not isinstance(name, str) or not name:
                mistakes.append(f"The name of a parameter must be a str. Got {name!r}.")
                continue
            try:
                domains[name] = as_domain(value)
            except ValueError as error:
                mistakes.append(f"In the domain of {name!r}: {error}")
        if mistakes := mistakes or _branches.find_mistakes(domains):
            raise ValueError("\n".join(mistakes))
        self._fill(_domains=domains)

    @classmethod
    def coerce(cls, value: Any) -> "SearchSpace":
        """Read what users give a search as a space.

        Parameters
        ----------
        value : SearchSpace or dict
            A space, which is returned as it is, or a dict of anything that the
            constructor reads as a domain.

        Returns
        -------
        space : SearchSpace
            The space.

        Raises
        ------
        ValueError
            If it cannot be read.

        Examples
        --------
        >>> from scipy.stats import loguniform
        >>> from skhyper.spaces import SearchSpace
        >>> SearchSpace.coerce({"C": loguniform(0.1, 10.0)})
        SearchSpace(C=Float(0.1, 10.0, log=True))
        """
        return value if isinstance(value, SearchSpace) else SearchSpace(value)

    def __getitem__(self, name: str) -> Domain | Switch:
        try:
            return self._domains[name]
        except KeyError:
            raise KeyError(_unknown(name, self._known())) from None

    def __contains__(self, name: object) -> bool:
        return name in self._domains

    def __iter__(self) -> Iterator[str]:
        return iter(self._domains)

    def __len__(self) -> int:
        return len(self._domains)

    def _content(self) -> Hashable:
        return frozenset(self._domains.items())

    def __or__(self, other: Any) -> "SearchSpace":
        if not isinstance(other, Mapping):
            return NotImplemented
        other = SearchSpace.coerce(other)
        mistakes = [
            f"The parameter {name!r} must have one domain. Got {self[name]!r} and "
            f"{other[name]!r}. Leave one out with without({name!r}), or change one "
            f"with replace({name}=...)."
            for name in self
            if name in other and self[name] != other[name]
        ]
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return SearchSpace({**self, **other})

    def __ror__(self, other: Any) -> "SearchSpace":
        if not isinstance(other, Mapping):
            return NotImplemented
        return SearchSpace.coerce(other) | self

    def without(self, *names: str) -> "SearchSpace":
        """Leave parameters out.

        Parameters
        ----------
        *names : str
            Their names.

        Returns
        -------
        space : SearchSpace
            The space of the others.

        Raises
        ------
        ValueError
            If the space has no such parameter, or a Switch hangs on it.
        """
        self._check_known(names)
        return SearchSpace({n: d for n, d in self.items() if n not in names})

    def replace(
        self, parameters: Mapping[str, Any] | None = None, /, **more: Any
    ) -> "SearchSpace":
        """Give parameters another domain.

        Parameters
        ----------
        parameters : dict, default=None
            The new domains, by name, in any of the forms that the constructor takes.
        **more : object
            Further ones, by keyword.

        Returns
        -------
        space : SearchSpace
            The space with the new domains, in the old order.

        Raises
        ------
        ValueError
            If the space has no such parameter, or the new space breaks a rule.
        """
        changes = {**(parameters or {}), **more}
        self._check_known(changes)
        return SearchSpace({**self, **changes})

    def prefix(self, prefix: str) -> "SearchSpace":
        """Address the parameters of a step inside another estimator.

        Parameters
        ----------
        prefix : str
            What stands before the two underscores, such as the step's name in a
            Pipeline. An empty string changes nothing.

        Returns
        -------
        space : SearchSpace
            The space in which ``lr`` is called ``<prefix>__lr``.

        Examples
        --------
        >>> from skhyper.spaces import SearchSpace
        >>> SearchSpace(lr=[0.1, 0.01]).prefix("net")
        SearchSpace(net__lr=Choice([0.1, 0.01]))
        """
        if not prefix:
            return self
        return SearchSpace(
            {
                f"{prefix}__{name}": (
                    domain.renamed(f"{prefix}__{domain.on}")
                    if isinstance(domain, Switch)
                    else domain
                )
                for name, domain in self.items()
            }
        )

    def defaults(self) -> dict[str, Any]:
        """Give the default candidate.

        Returns
        -------
        candidate : dict
            The default of each parameter. What its parent's default makes absent is
            left out.
        """
        centre = _branches.settle(self._domains, {})
        return {name: domain.default for name, domain in centre.items()}

    def branches(self) -> tuple["SearchSpace", ...]:
        """Split the space at the parameters that others hang on.

        Returns
        -------
        spaces : tuple of SearchSpace
            One space without any Switch for each value of each such parameter. A space
            without a Switch is its own only branch.

        Examples
        --------
        >>> from skhyper.spaces import SearchSpace, Switch
        >>> space = SearchSpace(
        ...     optimizer=["sgd", "adam"],
        ...     momentum=Switch("optimizer", {"sgd": [0.0, 0.9]}),
        ... )
        >>> for branch in space.branches():
        ...     print(branch)
        SearchSpace(
            optimizer=Choice(['sgd']),
            momentum=Choice([0.0, 0.9]),
        )
        SearchSpace(optimizer=Choice(['adam']))
        """
        return tuple(
            SearchSpace(plain) for plain, _ in _branches.branches(self._domains)
        )

    def flatten(self) -> "SearchSpace":
        """Give every case of a Switch a parameter of its own.

        For optimizers that want one space of fixed size. Read what they suggest with
        `resolve`.

        Returns
        -------
        space : SearchSpace
            A space without any Switch, whose parameters are all present at all times.

        Examples
        --------
        >>> from skhyper.spaces import SearchSpace, Switch
        >>> space = SearchSpace(
        ...     optimizer=["sgd", "adam"],
        ...     momentum=Switch("optimizer", {"sgd": [0.0, 0.9]}),
        ... )
        >>> list(space.flatten())
        ['optimizer', 'momentum[optimizer=sgd]']
        >>> space.resolve({"optimizer": "adam", "momentum[optimizer=sgd]": 0.9})
        {'optimizer': 'adam'}
        """
        return SearchSpace(_branches.flatten(self._domains))

    def resolve(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Read a candidate of the flat space as a candidate of this one.

        Parameters
        ----------
        values : dict
            A value for each parameter of ``flatten()``.

        Returns
        -------
        candidate : dict
            The values under the parameters' own names, those that are absent left out.

        Raises
        ------
        ValueError
            If a parameter of the flat space is missing or unknown.
        """
        flat = _branches.flatten(self._domains)
        if set(values) != set(flat):
            missing = [name for name in flat if name not in values]
            unknown = [name for name in values if name not in flat]
            raise ValueError(
                "The candidate must have exactly the parameters of the flat space. "
                f"Got none for {missing!r}, and unknown ones {unknown!r}."
            )
        return _branches.resolve(self._domains, values)

    def _check_known(self, names: Any) -> None:
        known = self._known()
        if unknown := [_unknown(name, known) for name in names if name not in known]:
            raise ValueError("\n".join(unknown))

    def _known(self) -> list[str]:
        return list(self._domains)

    def __repr__(self) -> str:
        return as_code(self)

    def _repr_html_(self) -> str:
        return as_html(self, self.defaults())


def _unknown(name: object, known: list[str]) -> str:
    return (
        f"A parameter of this space must be one of {known!r}. "
        f"Got {name!r}.{did_you_mean(name, known)}"
    )
