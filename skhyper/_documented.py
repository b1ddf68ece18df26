"""Descriptions that several classes share, put into their docstrings."""

import re
from collections.abc import Callable, Mapping
from textwrap import indent
from typing import TypeVar

__all__ = ["documented"]

Documented = TypeVar("Documented", bound=type)


def documented(
    shared: Mapping[str, str],
    references: Mapping[str, str] | None = None,
    *,
    leave_out: tuple[str, ...] = (),
) -> Callable[[Documented], Documented]:
    """Put shared descriptions into a class's docstring.

    Parameters
    ----------
    shared : mapping of str to str
        The descriptions by the names that stand for them.
    references : mapping of str to str or None, default=None
        The works that they cite; None leaves citations as they are.
    leave_out : tuple of str, default=()
        Arguments that the class does not have.

    Returns
    -------
    decorate : callable
        Replaces lines such as ``{training}`` by the descriptions of that name, and
        ``{references}`` by the works that these cite.
    """

    def decorate(kind: Documented) -> Documented:
        text = kind.__doc__ or ""
        for name, description in shared.items():
            entries = _without(description, leave_out)
            text = text.replace(f"    {{{name}}}\n", indent(entries, "    ") + "\n")
        kind.__doc__ = text if references is None else _cited(text, references)
        return kind

    return decorate


def _cited(text: str, references: Mapping[str, str]) -> str:
    """Give numbers to the works that are cited, and list them."""
    cited = dict.fromkeys(re.findall(r"\[(\w+)\]_", text))
    entries = []
    for number, name in enumerate(cited, start=1):
        text = text.replace(f"[{name}]_", f"[{number}]_")
        entry = indent(references[name], "   ").lstrip()
        entries.append(indent(f".. [{number}] {entry}", "    "))
    return text.replace("    {references}", "\n".join(entries))


def _without(text: str, names: tuple[str, ...]) -> str:
    kept, dropping = [], False
    for line in text.splitlines():
        if not line.startswith(" "):
            dropping = line.split(" : ")[0] in names
        if not dropping:
            kept.append(line)
    return "\n".join(kept)
