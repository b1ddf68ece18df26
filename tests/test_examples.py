"""The scripts are pages of the gallery that verify what they claim.

They are executed by the build of the documentation, which ends at an error.
"""

import ast
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("plot_*.py"))
every_script = pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)


def test_the_scripts_are_numbered_from_one_without_a_gap() -> None:
    numbers = [int(path.stem.split("_")[1]) for path in SCRIPTS]
    assert numbers
    assert numbers == list(range(1, len(numbers) + 1))


@every_script
def test_script_has_a_title_and_says_first_what_the_reader_will_be_able_to_do(
    path: Path,
) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring is not None
    title, underline, _, prose = docstring.split("\n", 3)
    assert underline == "=" * len(title)
    assert prose.startswith("At the end of this page you can ")


@every_script
def test_script_fits_on_a_page(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 100


@every_script
def test_script_verifies_its_claim_in_its_last_section(path: Path) -> None:
    *_, last = path.read_text(encoding="utf-8").split("# %%\n")
    assert last.startswith("# Verifying the result\n# ------")
    assert any(isinstance(node, ast.Assert) for node in ast.parse(last).body)


def test_quickstart_needs_nothing_but_the_hard_dependencies() -> None:
    tree = ast.parse((EXAMPLES / "plot_01_quickstart.py").read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).split(".")[0])
    allowed = {"numpy", "pandas", "scipy", "skhyper", "sklearn", "torch"}
    assert imported - sys.stdlib_module_names <= allowed
