"""The directive ``presets-table``: one table for each preset, from the package."""

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.application import Sphinx

from skhyper import presets


def cell(value: object) -> str:
    """Return a value as reStructuredText on one line."""
    return " ".join(str(value).split()).replace("*", r"\*").replace("|", r"\|")


class PresetsTable(Directive):
    """Write what ``presets.describe()`` returns."""

    def run(self) -> list[nodes.Node]:
        table = presets.describe()
        container = nodes.container()
        for preset, rows in table.groupby("preset", sort=False):
            columns = [column for column in rows.columns if column != "preset"]
            lines = [
                f".. rubric:: {preset}",
                "",
                ".. list-table::",
                "   :header-rows: 1",
                "   :width: 100%",
                "",
            ]
            for values in (columns, *rows[columns].itertuples(index=False)):
                marks = ["   * - ", *["     - "] * (len(columns) - 1)]
                lines += [
                    mark + cell(value)
                    for mark, value in zip(marks, values, strict=True)
                ]
            lines.append("")
            self.state.nested_parse(
                StringList(lines, source="presets"), self.content_offset, container
            )
        return [container]


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directive known."""
    app.add_directive("presets-table", PresetsTable)
    return {"parallel_read_safe": True}
