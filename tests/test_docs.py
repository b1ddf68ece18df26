"""The table of the searches in the documentation names tests that there are."""

import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXTENSIONS = ROOT / "docs" / "ext"
NAME = "strategies_table"


@pytest.fixture(scope="module")
def table() -> ModuleType:
    spec = spec_from_file_location(NAME, EXTENSIONS / f"{NAME}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)
    return module


def run(*arguments: str, **settings: object) -> str:
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, **settings
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_each_cell_is_a_test_and_each_test_a_cell(table: ModuleType) -> None:
    named = [cell.test for cell in table.cells()]
    assert len(set(named)) == len(named) == 8 * 8
    paths = sorted({test.split("::")[0] for test in named})
    listed = run("pytest", "--collect-only", "-q", *paths).splitlines()
    assert set(named) <= set(listed)
    assert {test for test in listed if test.startswith(table.TABLE)} <= set(named)


def test_each_mark_on_the_page_leads_to_the_source_of_its_test(
    table: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "index.rst").write_text("Table\n=====\n\n.. strategies-table::\n")
    options = ["-W", "-q", "-C", "-D", f"extensions={NAME}"]
    run(
        "sphinx",
        *options,
        str(tmp_path),
        str(tmp_path / "html"),
        env={"PYTHONPATH": str(EXTENSIONS)},
    )
    page = (tmp_path / "html" / "index.html").read_text(encoding="utf-8")
    marks = re.findall(r'<a [^>]*href="#([^"]*)" title="([^"]*)">✓</a>', page)
    assert [name for _, name in marks] == [cell.test for cell in table.cells()]
    for anchor, name in marks:
        _, _, below = page.partition(f'<p id="{anchor}">')
        shown = re.sub("<[^>]*>", "", below.split("</pre>")[0])
        function = name.split("[")[0]
        assert shown.startswith(function)
        assert f"def {function.split('::')[1]}(" in shown
