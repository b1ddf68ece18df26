"""A space with a name, made for the estimators of this package."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

import pandas as pd

from skhyper.exceptions import did_you_mean
from skhyper.spaces._branches import flatten
from skhyper.spaces._choices import Domain, Switch
from skhyper.spaces._space import SearchSpace
from skhyper.spaces._text import as_brief, as_code

__all__ = ["Preset", "Row"]

Row = tuple[str, Domain | Switch, str]
Table = tuple[Row, ...]

_FAMILIES = ("mlp", "cnn")
_CALLER = "given by the caller"


class Preset(SearchSpace):
    """A search space with a name and a source for each of its domains.

    It is the space for multilayer perceptrons, and it has a twin for convolutional
    nets. What joins, cuts or changes it acts on both and gives a preset again.

    Parameters
    ----------
    name : str
        The name.
    description : str
        What the preset is for, in a sentence.
    mlp : iterable of (str, Float or Int or Choice or Switch, str)
        The parameters of multilayer perceptrons: name, domain and source of each.
    cnn : iterable of (str, Float or Int or Choice or Switch, str), default=None
        The same for convolutional nets. None where they do not differ.
    crossed : bool, default=True
        Whether its grid has all combinations. False for a star: the default candidate,
        then one parameter varied at a time.

    Attributes
    ----------
    name, description : str
        As given.
    crossed : bool
        As given.

    Raises
    ------
    ValueError
        If a table repeats a parameter, or its space breaks a rule of SearchSpace.

    Examples
    --------
    >>> from skhyper.spaces import presets
    >>> presets.dropout.name
    'dropout'
    >>> presets.dropout.to_grid()
    [{'dropout': [0.0, 0.25, 0.5]}]
    >>> (presets.dropout | {"lr": [0.01, 0.001]}).for_family("cnn").defaults()
    {'dropout': 0.0, 'lr': 0.01}
    """

    name: str
    description: str
    crossed: bool
    _tables: dict[str, Table]

    def __init__(
        self,
        name: str,
        description: str,
        mlp: Iterable[Row],
        cnn: Iterable[Row] | None = None,
        *,
        crossed: bool = True,
    ) -> None:
        table = tuple(mlp)
        twin = table if cnn is None else tuple(cnn)
        super().__init__(_space(table))
        self._fill(
            name=name,
            description=description,
            crossed=crossed,
            _tables={"mlp": table, "cnn": twin},
        )
        _space(twin)  # refuses the twin, too, before anyone uses it

    def for_family(self, family: str) -> "Preset":
        """Give the preset for one family of nets.

        Parameters
        ----------
        family : {'mlp', 'cnn'}
            The family; estimators have it as their attribute ``family``.

        Returns
        -------
        preset : Preset
            A preset that is the family's space, whose twin is the same.

        Raises
        ------
        ValueError
            If there is no such family.
        """
        if family not in _FAMILIES:
            raise ValueError(
                f"The 'family' of a preset must be one of {list(_FAMILIES)}. "
                f"Got {family!r}.{did_you_mean(family, _FAMILIES)}"
            )
        return Preset(
            self.name, self.description, self._tables[family], crossed=self.crossed
        )

    def without(self, *names: str) -> "Preset":
        """Leave parameters out of both spaces.

        Parameters
        ----------
        *names : str
            Their names.

        Returns
        -------
        preset : Preset
            The preset of the others.

        Raises
        ------
        ValueError
            If neither space has such a parameter, or a Switch hangs on it.
        """
        self._check_known(names)
        return self._remade(
            lambda table: tuple(row for row in table if row[0] not in names)
        )

    def replace(
        self, parameters: Mapping[str, Any] | None = None, /, **more: Any
    ) -> "Preset":
        """Give parameters another domain wherever they occur.

        Parameters
        ----------
        parameters : dict, default=None
            The new domains, by name, in any of the forms that SearchSpace takes.
        **more : object
            Further ones, by keyword.

        Returns
        -------
        preset : Preset
            The preset with the new domains.

        Raises
        ------
        ValueError
            If neither space has such a parameter, or a new space breaks a rule.
        """
        changes = {**(parameters or {}), **more}
        self._check_known(changes)

        def change(table: Table) -> Table:
            new = _space(table).replace(
                {row[0]: changes[row[0]] for row in table if row[0] in changes}
            )
            return tuple(
                (name, new[name], _CALLER if name in changes else source)
                for name, _, source in table
            )

        return self._remade(change)

    def prefix(self, prefix: str) -> "Preset":
        """Address the parameters of a step inside another estimator.

        Parameters
        ----------
        prefix : str
            What stands before the two underscores, such as the step's name in a
            Pipeline. An empty string changes nothing.

        Returns
        -------
        preset : Preset
            The preset in which ``lr`` is called ``<prefix>__lr``.
        """
        return self._remade(
            lambda table: tuple(
                (name, domain, source)
                for (name, domain), (_, _, source) in zip(
                    _space(table).prefix(prefix).items(), table, strict=True
                )
            )
        )

    def to_grid(
        self, points: int = 3, crossed: bool | None = None
    ) -> list[dict[str, list[Any]]]:
        """Render the space as a grid.

        Parameters
        ----------
        points : int, default=3
            How many values of a range, at least 1. Two or more contain both ends, and
            zero beside a range comes on top. One gives the default candidate alone.
        crossed : bool, default=None
            Whether all combinations are in the grid, or one parameter is varied at a
            time. None for the preset's own way.

        Returns
        -------
        grid : list of dict
            What GridSearchCV and ParameterGrid take.

        Raises
        ------
        ValueError
            If `points` is not an integer of at least 1.
        """
        return super().to_grid(points, self.crossed if crossed is None else crossed)

    def describe(self) -> pd.DataFrame:
        """Tabulate the parameters with their sources.

        Returns
        -------
        table : pandas.DataFrame
            Columns ``preset``, ``family`` ("mlp", "cnn", or "both" where the two
            agree), ``parameter`` (each case of a Switch by itself), ``domain``,
            ``default`` and ``source``.
        """
        lines = {family: _lines(self._tables[family]) for family in _FAMILIES}
        rows = []
        for family, other in (("mlp", "cnn"), ("cnn", "mlp")):
            for line in lines[family]:
                if line not in lines[other]:
                    rows.append((self.name, family, *line))
                elif family == "mlp":
                    rows.append((self.name, "both", *line))
        return pd.DataFrame(
            rows,
            columns=["preset", "family", "parameter", "domain", "default", "source"],
        )

    def __or__(self, other: Any) -> "Preset":
        if not isinstance(other, Mapping):
            return NotImplemented
        return _joined(self, _as_preset(other))

    def __ror__(self, other: Any) -> "Preset":
        if not isinstance(other, Mapping):
            return NotImplemented
        return _joined(_as_preset(other), self)

    def _remade(self, change: Callable[[Table], Table]) -> "Preset":
        return Preset(
            self.name,
            self.description,
            *(change(self._tables[family]) for family in _FAMILIES),
            crossed=self.crossed,
        )

    def _known(self) -> list[str]:
        return list(
            dict.fromkeys(row[0] for table in self._tables.values() for row in table)
        )

    def _content(self) -> Hashable:
        spaces = (_space(self._tables[family]) for family in _FAMILIES)
        return (self.name, self.crossed, *spaces)

    def __repr__(self) -> str:
        return f"Preset({self.name!r}, {as_code(self, as_brief)})"


def _space(table: Table) -> SearchSpace:
    counts = Counter(name for name, _, _ in table)
    mistakes = [
        f"A parameter must be given once. Got {name!r} {count} times."
        for name, count in counts.items()
        if count > 1
    ]
    if mistakes:
        raise ValueError("\n".join(mistakes))
    return SearchSpace({name: domain for name, domain, _ in table})


def _as_preset(space: Mapping[str, Any]) -> Preset:
    if isinstance(space, Preset):
        return space
    rows = [(name, d, _CALLER) for name, d in SearchSpace.coerce(space).items()]
    return Preset("", "", rows)


def _joined(left: Preset, right: Preset) -> Preset:
    tables = []
    for family in _FAMILIES:
        first, second = left._tables[family], right._tables[family]
        joined = _space(first) | _space(second)
        sources = {name: source for name, _, source in (*second, *first)}
        tables.append([(name, d, sources[name]) for name, d in joined.items()])
    return Preset(
        " | ".join(part.name for part in (left, right) if part.name),
        " ".join(part.description for part in (left, right) if part.description),
        *tables,
        crossed=left.crossed and right.crossed,
    )


def _lines(table: Table) -> list[tuple[str, str, str, str]]:
    """Write the table out: parameter, domain, default and source."""
    return [
        (case, as_brief(domain), repr(domain.default), source)
        for name, given, source in table
        for case, domain in flatten({name: given}).items()
    ]
