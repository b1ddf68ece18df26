"""Parameters that hang on others, taken apart into spaces where none does."""

import keyword
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from skhyper._identity import identity
from skhyper.exceptions import did_you_mean
from skhyper.spaces._choices import Choice, Domain, Switch
from skhyper.spaces._grid import grid_values

__all__ = [
    "branches",
    "find_mistakes",
    "flatten",
    "resolve",
    "settle",
    "star",
    "unresolve",
]

Domains = Mapping[str, Domain | Switch]
Plain = dict[str, Domain]


def find_mistakes(domains: Domains) -> list[str]:
    """Say what is wrong with the names and the switches of a space."""
    mistakes = [
        f"The name of a parameter must have words around each '__'. Got {name!r}."
        for name in domains
        if not all(name.split("__")) or "___" in name
    ]
    for name, switch in domains.items():
        if not isinstance(switch, Switch):
            continue
        circle = _circle(name, domains)
        parent = domains.get(switch.on)
        if circle:
            mistakes.append(
                f"The domain of {name!r} must not hang on itself. "
                f"Got {' on '.join(map(repr, circle))}."
            )
        elif parent is None:
            mistakes.append(
                f"The domain of {name!r} must hang on a parameter of the space. "
                f"Got {switch.on!r}.{did_you_mean(switch.on, domains)}"
            )
        elif not all(isinstance(domain, Choice) for domain in _possible(parent)):
            mistakes.append(
                f"The domain of {name!r} must hang on a Choice. "
                f"Got {switch.on!r}, which is {parent!r}."
            )
        else:
            mistakes += [
                f"The cases of {name!r} must be values of {switch.on!r}. "
                f"Got {value!r}, which is not in {parent!r}."
                for values, _ in switch.cases
                for value in values
                if value not in parent
            ]
    return mistakes


def _circle(name: str, domains: Domains) -> list[str]:
    """Follow a parameter upwards; a circle back to it, or an empty list."""
    way = [name]
    while isinstance(domain := domains.get(way[-1]), Switch):
        way.append(domain.on)
        if domain.on == name:
            return way
        if domain.on in way[:-1]:
            break
    return []


def _possible(domain: Domain | Switch) -> list[Domain]:
    if isinstance(domain, Switch):
        return [case for _, case in domain.cases]
    return [domain]


def _narrow(domains: Domains, parent: str, value: Any) -> dict[str, Domain | Switch]:
    """Fix a Choice at one value, and with it all that hangs on it."""
    narrowed: dict[str, Domain | Switch] = {}
    for name, domain in domains.items():
        if name == parent and isinstance(domain, Choice):
            narrowed[name] = domain.only(value)
        elif isinstance(domain, Switch) and domain.on == parent:
            case = domain.case(value)
            if case is not None:
                narrowed[name] = case
        else:
            narrowed[name] = domain
    return _without_orphans(narrowed)


def _without_orphans(domains: dict[str, Domain | Switch]) -> dict[str, Domain | Switch]:
    """Drop what hangs on an absent parameter, down to the last grandchild."""
    kept = {
        name: domain
        for name, domain in domains.items()
        if not isinstance(domain, Switch) or domain.on in domains
    }
    return kept if len(kept) == len(domains) else _without_orphans(kept)


def _first_parent(domains: Domains) -> tuple[str, Choice] | None:
    parents = {domain.on for domain in domains.values() if isinstance(domain, Switch)}
    for name, domain in domains.items():
        if name in parents and isinstance(domain, Choice):
            return name, domain
    return None


def branches(domains: Domains) -> list[tuple[Plain, Fraction]]:
    """Split at every value of every parent, with the probability of each branch."""
    found = _first_parent(domains)
    if found is None:
        return [(dict(domains), Fraction(1))]  # type: ignore[arg-type]
    parent, choice = found
    return [
        (plain, weight / len(choice))
        for value in choice
        for plain, weight in branches(_narrow(domains, parent, value))
    ]


def settle(domains: Domains, fixed: Mapping[str, Any]) -> Plain:
    """Fix every parent, at its value in `fixed` or else at its default."""
    found = _first_parent(domains)
    if found is None:
        return dict(domains)  # type: ignore[arg-type]
    parent, choice = found
    value = fixed.get(parent, choice.default)
    return settle(_narrow(domains, parent, value), fixed)


def star(domains: Domains, points: int) -> list[dict[str, list[Any]]]:
    """List the default candidate, then one parameter varied at a time."""
    centre = settle(domains, {})
    base = {name: [domain.default] for name, domain in centre.items()}
    grids = [base]
    parents = {domain.on for domain in domains.values() if isinstance(domain, Switch)}
    for name in centre:
        domain = domains[name]
        if isinstance(domain, Switch):
            case = domain.case(centre[domain.on].default)
            assert case is not None, "an active parameter has a case"
            domain = case
        here = identity(base[name][0])
        others = [v for v in grid_values(domain, points) if identity(v) != here]
        if name in parents:
            # What hangs on this parameter changes with it.
            for value in others:
                moved = settle(domains, {name: value})
                grids.append({key: [at.default] for key, at in moved.items()})
        elif others:
            grids.append({**base, name: others})
    return grids


def flatten(domains: Domains) -> Plain:
    """Give every case of a switch a name of its own."""
    flat: Plain = {}
    for name, domain in domains.items():
        if isinstance(domain, Switch):
            for values, case in domain.cases:
                flat[_case_name(name, domain.on, values)] = case
        else:
            flat[name] = domain
    return flat


def resolve(domains: Domains, flat: Mapping[str, Any]) -> dict[str, Any]:
    """Read a candidate of the flat space as a candidate of the space."""
    resolved = {}
    for name in domains:
        resolved.update(_entry(name, domains, flat))
    return resolved


def unresolve(domains: Domains, candidate: Mapping[str, Any]) -> dict[str, Any]:
    """Write a candidate as one of the flat space, at the default where it has none."""
    flat = {name: domain.default for name, domain in flatten(domains).items()}
    for name, value in candidate.items():
        domain = domains[name]
        if isinstance(domain, Switch):
            parent = identity(candidate[domain.on])
            name = next(
                _case_name(name, domain.on, values)
                for values, _ in domain.cases
                if parent in map(identity, values)
            )
        flat[name] = value
    return flat


def _entry(name: str, domains: Domains, flat: Mapping[str, Any]) -> dict[str, Any]:
    """Give a parameter with its value; nothing where it is absent."""
    domain = domains[name]
    if not isinstance(domain, Switch):
        return {name: flat[name]}
    for parent_value in _entry(domain.on, domains, flat).values():
        for values, _ in domain.cases:
            if identity(parent_value) in map(identity, values):
                return {name: flat[_case_name(name, domain.on, values)]}
    return {}


def _case_name(name: str, on: str, values: tuple[Any, ...]) -> str:
    return f"{name}[{on}={'|'.join(map(_word, values))}]"


def _word(value: Any) -> str:
    """Show words bare, all else as Python writes it, so that '1' is not 1."""
    is_word = isinstance(value, str) and value.isidentifier()
    return value if is_word and not keyword.iskeyword(value) else repr(value)
