"""The directive ``strategies-table``: every search with the tests that show its use.

The table is read from the source of the tests, so that it has a cell for each test and
a test for each cell; below it are the tests themselves, to which the cells link.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

__all__ = ["Cell", "cells", "sources"]

ROOT = Path(__file__).resolve().parents[2]
TABLE = "tests/search/test_table.py"
LITERALS = ("SEARCHES", "COLUMNS", "ELSEWHERE")


@dataclass(frozen=True)
class Cell:
    """One search in one column, and the test that shows it."""

    search: str
    column: str
    test: str

    @property
    def function(self) -> str:
        """The test without the name of its search."""
        return self.test.split("[")[0]

    @property
    def anchor(self) -> str:
        """Where its source is on the page."""
        return nodes.make_id(self.function.split("::")[1])


def cells() -> Iterator[Cell]:
    """Yield the cells, row by row."""
    tree = ast.parse((ROOT / TABLE).read_text(encoding="utf-8"))
    searches, columns, elsewhere = (
        ast.literal_eval(node.value)
        for name in LITERALS
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    )
    for search in searches:
        for column, function in columns.items():
            own = f"{TABLE}::{function}[{search}]"
            yield Cell(search, column, elsewhere.get((search, column), own))


def sources() -> dict[str, str]:
    """Give the source of each function that a cell names, by its place."""
    found = {}
    for function in dict.fromkeys(cell.function for cell in cells()):
        path, name = function.split("::")
        text = (ROOT / path).read_text(encoding="utf-8")
        [test] = (
            node
            for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef) and node.name == name
        )
        first = min([test.lineno, *(mark.lineno for mark in test.decorator_list)])
        found[function] = "\n".join(text.splitlines()[first - 1 : test.end_lineno])
    return found


def entry(*content: nodes.Node) -> nodes.entry:
    """Make an entry of a table."""
    return nodes.entry("", nodes.paragraph("", "", *content))


def link(cell: Cell) -> nodes.entry:
    """Make an entry that links to the source of a test, and tells its name."""
    mark = nodes.reference("", "✓", refid=cell.anchor, reftitle=cell.test)
    return entry(mark)


class StrategiesTable(Directive):
    """Write the table, and the tests below it."""

    def run(self) -> list[nodes.Node]:
        rows: dict[str, list[Cell]] = {}
        for cell in cells():
            rows.setdefault(cell.search, []).append(cell)
            self.state.document.settings.record_dependencies.add(
                str(ROOT / cell.function.split("::")[0])
            )
        names = ["", *(cell.column for cell in rows[next(iter(rows))])]
        group = nodes.tgroup("", cols=len(names))
        group += [nodes.colspec(colwidth=1) for _ in names]
        group += nodes.thead("", nodes.row("", *map(entry, map(nodes.Text, names))))
        body = nodes.tbody()
        for search, row in rows.items():
            body += nodes.row("", entry(nodes.literal("", search)), *map(link, row))
        group += body
        return [nodes.table("", group), *self.tests()]

    def tests(self) -> Iterator[nodes.Node]:
        """Yield the tests, each below its name."""
        for function, source in sources().items():
            anchor = nodes.make_id(function.split("::")[1])
            yield nodes.paragraph("", "", nodes.literal("", function), ids=[anchor])
            yield nodes.literal_block(source, source, language="python")


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directive known."""
    app.add_directive("strategies-table", StrategiesTable)
    return {"parallel_read_safe": True}
