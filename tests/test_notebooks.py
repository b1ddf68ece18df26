"""The notebooks run as a user would run them, and are kept without what they print."""

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_is_a_notebook() -> None:
    assert NOTEBOOKS


@every_notebook
def test_notebook_is_kept_without_outputs(path: Path) -> None:
    cells = code_cells(nbformat.read(path, as_version=4))
    assert cells
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)


@every_notebook
def test_notebook_names_no_kernel_of_one_machine(path: Path) -> None:
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"


@pytest.mark.slow
@every_notebook
def test_notebook_runs_from_top_to_bottom_with_a_plot_and_no_warning(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Unless told otherwise, a kernel puts plots into the notebook.
    monkeypatch.delenv("MPLBACKEND", raising=False)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    shown = [kind for output in outputs for kind in output.get("data", {})]
    assert "image/png" in shown
    warnings = [o.text for o in outputs if o.get("name") == "stderr"]
    assert warnings == []
