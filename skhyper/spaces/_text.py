"""Spaces and domains as text for people to read."""

import html
from collections.abc import Callable, Mapping
from typing import Any

from skhyper.spaces._choices import Choice, Domain, Switch

__all__ = ["as_brief", "as_code", "as_html"]

_MANY = 8  # more values than this are not listed one by one where space is scarce


def as_code(
    domains: Mapping[str, Domain | Switch],
    written: Callable[[Domain | Switch], str] = repr,
) -> str:
    """Write a space as the code that makes it, if `written` writes domains so."""
    if all(map(str.isidentifier, domains)):
        items = [f"{name}={written(domain)}" for name, domain in domains.items()]
        opening, closing = "SearchSpace(", ")"
    else:
        items = [f"{name!r}: {written(domain)}" for name, domain in domains.items()]
        opening, closing = "SearchSpace({", "})"
    if len(items) <= 1:
        return opening + "".join(items) + closing
    return "\n".join([opening, *(f"    {item}," for item in items), closing])


def as_html(domains: Mapping[str, Domain | Switch], defaults: Mapping[str, Any]) -> str:
    """Write a space as a table; the default of an absent parameter stays empty."""
    rows = ""
    for name, domain in domains.items():
        default = repr(defaults[name]) if name in defaults else ""
        cells = (name, as_brief(domain), default)
        rows += f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}</tr>"
    head = "<tr><th>parameter</th><th>domain</th><th>default</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def as_brief(domain: Domain | Switch) -> str:
    """Write a domain in the width of a table's cell."""
    if isinstance(domain, Choice) and len(domain) > _MANY:
        first, *_, last = domain.values
        return f"{len(domain)} values from {first!r} to {last!r}"
    return repr(domain)
