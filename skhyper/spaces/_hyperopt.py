"""A space as an expression of Hyperopt, and what it draws as a candidate."""

import math
from collections.abc import Mapping
from typing import Any

from skhyper._extras import import_extra
from skhyper.spaces._choices import Choice, Domain, Switch
from skhyper.spaces._found import placed
from skhyper.spaces._optuna import label_under
from skhyper.spaces._ranges import Int

__all__ = ["candidate_of", "drawn_as", "hyperopt_expression"]

Domains = Mapping[str, Domain | Switch]


def hyperopt_expression(domains: Domains, prefix: str = "") -> dict[str, Any]:
    """Render a space for Hyperopt.

    Parameters
    ----------
    domains : mapping of str to (Float, Int, Choice or Switch)
        The space.
    prefix : str, default=""
        What the labels of Hyperopt begin with.

    Returns
    -------
    expression : dict of str to object
        An expression for each parameter that hangs on no other. That of a Choice draws
        the number of a value, together with the expressions of what hangs on it.
    """
    hp = import_extra("hyperopt", "to_hyperopt").hp
    return {
        name: _expression(hp, name, prefix + name, domain, domains)
        for name, domain in domains.items()
        if not isinstance(domain, Switch)
    }


def _expression(
    hp: Any, name: str, label: str, domain: Domain, domains: Domains
) -> Any:
    if isinstance(domain, Choice):
        options = [
            {"number": number, "below": _below(hp, name, label, value, domains)}
            for number, value in enumerate(domain.values)
        ]
        return hp.choice(label, options)
    if domain.zero:
        return hp.choice(f"{label} is not 0", [0.0, _range(hp, label, domain)])
    return _range(hp, label, domain)


def _below(
    hp: Any, name: str, label: str, value: Any, domains: Domains
) -> dict[str, Any]:
    """Render what hangs on a value of a parameter."""
    return {
        # To Hyperopt, another domain is another parameter.
        child: _expression(hp, child, label_under(child, label, value), case, domains)
        for child, domain in domains.items()
        if isinstance(domain, Switch)
        and domain.on == name
        and (case := domain.case(value)) is not None
    }


def _range(hp: Any, label: str, domain: Any) -> Any:
    if domain.n_steps:
        return hp.randint(label, domain.n_steps)
    if isinstance(domain, Int) and domain.log:
        # Half a unit beyond both ends, so that the ends get their full share.
        low, high = math.log(domain.low - 0.5), math.log(domain.high + 0.5)
        return hp.loguniform(label, low, high)
    if isinstance(domain, Int):
        return hp.randint(label, domain.low, domain.high + 1)
    if domain.log:
        return hp.loguniform(label, math.log(domain.low), math.log(domain.high))
    return hp.uniform(label, domain.low, domain.high)


def candidate_of(drawn: Mapping[str, Any], domains: Domains) -> dict[str, Any]:
    """Read what Hyperopt has drawn as a candidate.

    Parameters
    ----------
    drawn : mapping of str to object
        What an expression gives.
    domains : mapping of str to (Float, Int, Choice or Switch)
        The space.

    Returns
    -------
    candidate : dict of str to object
        The values.
    """
    values: dict[str, Any] = {}

    def read(name: str, value: Any, domain: Domain) -> None:
        if not isinstance(domain, Choice):
            values[name] = _number(value, domain)
            return
        values[name] = domain.values[value["number"]]
        for child, below in value["below"].items():
            case = domains[child].case(values[name])  # type: ignore[union-attr]
            assert case is not None, "there are no others in the expression"
            read(child, below, case)

    for name, value in drawn.items():
        read(name, value, domains[name])  # type: ignore[arg-type]
    return {name: values[name] for name in domains if name in values}


def _number(value: Any, domain: Any) -> Any:
    if domain.zero and value == 0 and isinstance(value, float):
        return 0.0
    if domain.n_steps:
        return domain.nth(int(value))
    value = round(value) if isinstance(domain, Int) else float(value)
    # A logarithm and its inverse may end beyond an end.
    return min(max(value, domain.low), domain.high)


def drawn_as(
    candidate: Mapping[str, Any], domains: Domains, prefix: str = ""
) -> dict[str, Any]:
    """Give what Hyperopt has to draw for the expression to give a candidate.

    Parameters
    ----------
    candidate : mapping of str to object
        A candidate of the space.
    domains : mapping of str to (Float, Int, Choice or Switch)
        The space.
    prefix : str, default=""
        That of the expression.

    Returns
    -------
    drawn : dict of str to object
        The number or value of each label that is drawn.
    """

    def label_of(name: str) -> str:
        domain = domains[name]
        if not isinstance(domain, Switch):
            return prefix + name
        return label_under(name, label_of(domain.on), candidate[domain.on])

    drawn: dict[str, Any] = {}
    for name, value, domain in placed(candidate, domains):
        label = label_of(name)
        if isinstance(domain, Choice):
            drawn[label] = domain.index(value)
            continue
        if domain.zero:
            drawn[f"{label} is not 0"] = int(value != 0)
            if value == 0:
                continue
        drawn[label] = domain.index(value) if domain.n_steps else value
    return drawn
