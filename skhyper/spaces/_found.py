"""A candidate of another search, found again in a space."""

from collections.abc import Iterator, Mapping
from typing import Any

from skhyper.spaces._choices import Choice, Domain, Switch
from skhyper.spaces._ranges import Int

__all__ = ["found", "placed"]

Domains = Mapping[str, Domain | Switch]


def found(candidate: Mapping[str, Any], domains: Domains) -> dict[str, Any]:
    """Find a candidate in a space.

    Parameters
    ----------
    candidate : mapping of str to object
        The values.
    domains : mapping of str to (Float, Int, Choice or Switch)
        The space.

    Returns
    -------
    candidate : dict of str to object
        The values as the space itself gives them, in its order.

    Raises
    ------
    ValueError
        If it is none of the space's. The message says why, as a part of a sentence.
    """
    for name in candidate:
        if name not in domains:
            raise ValueError(f"{name!r} is not in the space")
    values = {}
    for name in domains:
        domain = _domain_beside(candidate, name, domains)
        if domain is None and name in candidate:
            raise ValueError(f"{name!r} means nothing beside its other values")
        if domain is not None:
            if name not in candidate:
                raise ValueError(f"it has no value for {name!r}")
            if candidate[name] not in domain:
                raise ValueError(f"{name!r} is {candidate[name]!r}, not in {domain!r}")
            values[name] = _own_value(candidate[name], domain)
    return values


def placed(
    candidate: Mapping[str, Any], domains: Domains
) -> Iterator[tuple[str, Any, Domain]]:
    """Go through a candidate of a space.

    Parameters
    ----------
    candidate : mapping of str to object
        The values.
    domains : mapping of str to (Float, Int, Choice or Switch)
        The space.

    Yields
    ------
    name : str
        A parameter.
    value : object
        Its value.
    domain : Float or Int or Choice
        The domain that it has beside the other values.
    """
    for name, value in candidate.items():
        domain = _domain_beside(candidate, name, domains)
        assert domain is not None, "the candidate is one of the space"
        yield name, value, domain


def _domain_beside(
    candidate: Mapping[str, Any], name: str, domains: Domains
) -> Domain | None:
    """Give the domain of a parameter beside the others; None where it is absent."""
    domain = domains[name]
    if not isinstance(domain, Switch):
        return domain
    parent = _domain_beside(candidate, domain.on, domains)
    if parent is None or domain.on not in candidate:
        return None
    return domain.case(candidate[domain.on])


def _own_value(value: Any, domain: Domain) -> Any:
    if isinstance(domain, Choice):
        return domain.values[domain.index(value)]
    if isinstance(domain, Int):
        return int(value)
    if domain.n_steps and not (domain.zero and value == 0):
        return domain.nth(domain.index(value))
    return float(value)
