"""A candidate of another search, found again in a space."""

from collections.abc import Mapping
from typing import Any

from skhyper.spaces._choices import Choice, Domain, Switch
from skhyper.spaces._ranges import Int

__all__ = ["domain_beside", "found"]

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
        domain = domain_beside(candidate, name, domains)
        if domain is None and name in candidate:
            raise ValueError(f"{name!r} means nothing beside its other values")
        if domain is not None:
            if name not in candidate:
                raise ValueError(f"it has no value for {name!r}")
            if candidate[name] not in domain:
                raise ValueError(f"{name!r} is {candidate[name]!r}, not in {domain!r}")
            values[name] = _own_value(candidate[name], domain)
    return values


def domain_beside(
    candidate: Mapping[str, Any], name: str, domains: Domains
) -> Domain | None:
    """Give the domain that a parameter has beside the values of a candidate.

    Parameters
    ----------
    candidate : mapping of str to object
        The values.
    name : str
        The parameter.
    domains : mapping of str to (Float, Int, Choice or Switch)
        The space.

    Returns
    -------
    domain : Float or Int or Choice or None
        The domain; None where the parameter is absent.
    """
    domain = domains[name]
    if not isinstance(domain, Switch):
        return domain
    parent = domain_beside(candidate, domain.on, domains)
    if parent is None or domain.on not in candidate:
        return None
    return domain.case(candidate[domain.on])


def _own_value(value: Any, domain: Domain) -> Any:
    if isinstance(domain, Choice):
        return domain.values[domain.index(value)]
    if isinstance(domain, Int):
        return int(value)
    if domain.n_steps and not (domain.zero and value == 0):
        return domain.nth(round((value - domain.low) / domain.step))
    return float(value)
