"""The directive ``presets-table``: one table for each preset, from the package."""

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.application import Sphinx

from skhyper import presets

CODE = ("parameter", "domain", "default")


def cell(column: str, value: object) -> str:
    """Return a value as reStructuredText on one line."""
    text = " ".join(str(value).split())
    if column in CODE:
        return f"``{text}``"
    return text.replace("*", r"\*").replace("|", r"\|")


class PresetsTable(Directive):
    """Write what ``presets.describe()`` returns."""

    def run(self) -> list[nodes.Node]:
        container = nodes.container()
        for name, rows in presets.describe().groupby("preset", sort=False):
            table = rows.drop(columns="preset")
            marks = ["   * - ", *["     - "] * (table.shape[1] - 1)]
            lines = [
                f".. rubric:: {name}",
                "",
                presets.get(name).description,
                "",
                ".. list-table::",
                "   :header-rows: 1",
                "   :width: 100%",
                "",
                *map("".join, zip(marks, table.columns, strict=True)),
            ]
            for row in table.itertuples(index=False):
                cells = map(cell, table.columns, row)
                lines += map("".join, zip(marks, cells, strict=True))
            self.state.nested_parse(
                StringList([*lines, ""], source="presets"),
                self.content_offset,
                container,
            )
        return [container]


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directive known."""
    app.add_directive("presets-table", PresetsTable)
    return {"parallel_read_safe": True}
