"""What the space argument of a search means, for each of the three engines."""

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from numbers import Integral, Real
from operator import or_
from typing import Any, TypeGuard

from scipy.stats import rv_continuous, rv_discrete
from skopt.space import Categorical, Dimension, check_dimension

from skhyper.search._flat import FlatSpace
from skhyper.search._target import Parameters
from skhyper.spaces import Choice, Float, Int, Preset, SearchSpace, Switch, presets

__all__ = [
    "SPACE_CONSTRAINTS",
    "Space",
    "read_spaces",
    "read_subspaces",
    "to_distributions",
    "to_grids",
]

SPACE_CONSTRAINTS = [Mapping, list, tuple, str, Preset]
"""Types of the space argument, as scikit-learn's validation of parameters takes it."""

Space = Mapping[str, Any]


def read_spaces(given: Any, parameters: Parameters) -> list[Space]:
    """Look presets up and give every parameter its full name.

    A plain dict stays one, in the manner of scikit-learn or skopt.

    Parameters
    ----------
    given : str, Preset, SearchSpace, dict, or list of them
        Names and presets in a list are joined to one space; anything else in a list
        is an alternative to its neighbours.
    parameters : Parameters
        What the estimator has.

    Returns
    -------
    spaces : list of dict or SearchSpace
        The alternatives.

    Raises
    ------
    TypeError
        If something is neither a space nor a dict nor the name of a preset.
    ValueError
        If a preset or a parameter is unknown, or a preset is given for an estimator
        that holds no network.
    """
    spaces = [_single(item, parameters) for item in _alternatives(given)]
    return _with_full_names(spaces, parameters)


def read_subspaces(
    given: Any, n_iter: int, parameters: Parameters
) -> list[tuple["FlatSpace", int]]:
    """Read what BayesSearchCV takes: spaces, each with its number of candidates.

    As `read_spaces`, but a space in a list may be a pair with a number of its own in
    the place of `n_iter`.

    Raises
    ------
    TypeError
        As `read_spaces`.
    ValueError
        As `read_spaces`, and if a space is empty or the number of a pair is none.
    """
    if isinstance(given, tuple) and any(isinstance(item, Integral) for item in given):
        raise ValueError(_no_pair(given))
    pairs = [
        item if isinstance(item, tuple) else (item, n_iter)
        for item in _alternatives(given)
    ]
    for pair in pairs:
        if len(pair) != 2 or not isinstance(pair[1], Integral) or pair[1] < 0:
            raise ValueError(_no_pair(pair))
    spaces = [_single(space, parameters) for space, _ in pairs]
    if not all(spaces):
        raise ValueError(
            f"A Bayesian search must have at least one parameter. Got {given!r}."
        )
    full = _with_full_names(spaces, parameters)
    return [(to_flat(space), n) for space, (_, n) in zip(full, pairs, strict=True)]


def _no_pair(given: tuple[Any, ...]) -> str:
    return (
        "A tuple among the search spaces must be (space, n_iter) with an integer "
        f"n_iter >= 0. Got {given!r}. A list of one such pair is written "
        "[(space, n_iter)]."
    )


def _alternatives(given: Any) -> list[Any]:
    items = given if isinstance(given, list | tuple) else [given]
    if items and all(isinstance(item, str | Preset) for item in items):
        return [reduce(or_, _presets(items))]
    return list(items)


def _presets(items: Iterable[str | Preset]) -> list[Preset]:
    """Look presets up, all mistakes in one message."""
    found, mistakes = [], []
    for item in items:
        try:
            found.append(_preset(item))
        except ValueError as error:
            mistakes.append(str(error))
    if mistakes:
        raise ValueError("\n".join(mistakes))
    return found


def _preset(item: str | Preset) -> Preset:
    return presets.get(item) if isinstance(item, str) else item


def _single(item: Any, parameters: Parameters) -> Space:
    if isinstance(item, str | Preset):
        return _preset(item).for_family(parameters.the_network()[1].family)
    if isinstance(item, Mapping):
        return item
    raise TypeError(
        "A search space must be a dict, a SearchSpace, a Preset, the name of a preset, "
        f"or a list of them. Got {item!r}."
    )


def _with_full_names(spaces: list[Space], parameters: Parameters) -> list[Space]:
    def full_names(of_search_spaces: bool) -> dict[str, str]:
        names = [
            name
            for space in spaces
            if isinstance(space, SearchSpace) is of_search_spaces
            for name in space
        ]
        return parameters.full_names(names, network_first=of_search_spaces)

    in_search_spaces, in_dicts = full_names(True), full_names(False)
    return [
        _renamed(space, in_search_spaces)
        if isinstance(space, SearchSpace)
        else {in_dicts[name]: value for name, value in space.items()}
        for space in spaces
    ]


def _renamed(space: SearchSpace, full: dict[str, str]) -> SearchSpace:
    domains = {
        full[name]: domain.renamed(full[domain.on])
        if isinstance(domain, Switch)
        else domain
        for name, domain in space.items()
    }
    if isinstance(space, Preset):
        rows = [(name, domain, space.name) for name, domain in domains.items()]
        return Preset(space.name, space.description, rows, crossed=space.crossed)
    return SearchSpace(domains)


def _is_domain(value: Any) -> bool:
    return isinstance(value, Float | Int | Choice | Switch)


def _is_distribution(value: Any) -> bool:
    return hasattr(value, "rvs") and not isinstance(value, Dimension)


def to_grids(spaces: list[Space]) -> list[Any]:
    """Render spaces for scikit-learn's ParameterGrid."""
    grids: list[Any] = []
    for space in spaces:
        if isinstance(space, SearchSpace) or any(
            _is_domain(value) or hasattr(value, "rvs") or _names_its_prior(value)
            for value in space.values()
        ):
            grids += SearchSpace.coerce(space).to_grid()
        else:
            grids.append(space)
    return grids


def to_distributions(spaces: list[Space]) -> list[Any]:
    """Render spaces for scikit-learn's ParameterSampler."""
    distributions: list[Any] = []
    for space in spaces:
        # Refused here, as to scikit-learn they are distributions like any other.
        SearchSpace({name: value for name, value in space.items() if _is_open(value)})
        if isinstance(space, SearchSpace) or any(
            _is_domain(value) or isinstance(value, Dimension) or _names_its_prior(value)
            for value in space.values()
        ):
            distributions += SearchSpace.coerce(space).to_distributions()
        else:
            distributions.append(space)
    return distributions


def _is_open(value: Any) -> bool:
    """Tell whether a distribution cannot be drawn from until it has its arguments."""
    return isinstance(value, rv_continuous | rv_discrete) and bool(value.shapes)


def to_flat(space: Space) -> FlatSpace:
    """Render a space for skopt's Optimizer.

    A list is a list of values, as everywhere in scikit-learn, also where it holds two
    numbers: skopt 0.10 reads these as the ends of a range and warns that it will not
    for ever. A tuple of two numbers, and perhaps a prior, is a range.

    Raises
    ------
    ValueError
        If a dimension cannot be read. All mistakes are in the one message.
    """
    search_space: SearchSpace | None = None
    if not isinstance(space, SearchSpace):
        # What can be read only once is kept.
        space = {
            name: list(value) if isinstance(value, Iterator) else value
            for name, value in space.items()
        }
        _check_values(space)
    if isinstance(space, SearchSpace) or any(
        _is_domain(value) or _is_distribution(value) for value in space.values()
    ):
        # Beside a distribution a tuple is the range that it is by itself.
        read = {name: _as_range(value) for name, value in space.items()}
        search_space = SearchSpace.coerce(
            space if isinstance(space, SearchSpace) else read
        )
        [dimensions] = search_space.flatten().to_skopt()
    else:
        dimensions = {name: _dimension(value) for name, value in space.items()}
    return FlatSpace(dict(sorted(dimensions.items())), search_space)


def _dimension(value: Any) -> Dimension:
    if isinstance(value, Categorical):
        plain = all(map(_is_plain, value.categories))
        return value if plain else _options(value.categories)
    if isinstance(value, Dimension):
        return value
    value = _as_range(value)
    return value if isinstance(value, Dimension) else _options(value)


def _check_values(space: Space) -> None:
    """Refuse what skopt would misread, or refuse without the parameter's name."""
    mistakes = []
    for name, value in space.items():
        try:
            _check_value(name, value)
        except ValueError as error:
            mistakes.append(str(error))
    if mistakes:
        raise ValueError("\n".join(mistakes))


def _check_value(name: str, value: Any) -> None:
    if isinstance(value, Categorical):
        return
    if _is_domain(value) or hasattr(value, "rvs") or isinstance(value, set | frozenset):
        SearchSpace({name: value})
        return
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise ValueError(
            f"In the domain of {name!r}: A dimension of a Bayesian search must be a "
            "skopt dimension, a tuple of the two ends of a range, a list of values, a "
            f"domain or a scipy distribution. Got {value!r}."
        )
    if not _is_range(value):
        SearchSpace({name: list(value)})
        return
    # To a SearchSpace the two ends alone would be a range or two values.
    SearchSpace({name: (*value, "uniform") if len(value) == 2 else value})
    if not _is_base(value[3:]):
        raise ValueError(
            f"In the domain of {name!r}: A range must be (low, high), (low, high, "
            "prior) or (low, high, prior, base) with an int >= 2 as the base. Got "
            f"{value!r}."
        )


def _is_base(rest: tuple[Any, ...]) -> bool:
    return not rest or (
        len(rest) == 1 and isinstance(rest[0], Integral) and int(rest[0]) >= 2
    )


def _as_range(value: Any) -> Any:
    """Turn a tuple of the ends of a range into a dimension, and leave all else."""
    return check_dimension(value) if _is_range(value) else value


def _is_range(value: Any) -> TypeGuard[tuple[Any, ...]]:
    """Tell ``(low, high[, prior[, base]])`` from a tuple of values."""
    if not isinstance(value, tuple) or len(value) < 2:
        return False
    return all(
        isinstance(end, Real) and not isinstance(end, bool) for end in value[:2]
    ) and all(isinstance(name, str) for name in value[2:3])


def _names_its_prior(value: Any) -> bool:
    """Tell ``(low, high, prior[, base])``, a range to skopt and no values to anyone."""
    return _is_range(value) and len(value) > 2


def _is_plain(value: Any) -> bool:
    """Tell whether skopt keeps a value whole: what has parts, it takes apart."""
    return isinstance(value, str) or not hasattr(value, "__len__")


def _options(values: Iterable[Any]) -> Dimension:
    [dimensions] = SearchSpace(values=list(values)).to_skopt()
    return dimensions["values"]
