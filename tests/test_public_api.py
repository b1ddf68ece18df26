"""What the package shows the world: its names, its imports, its layers."""

import ast
import importlib
import inspect
import pkgutil
import shutil
import subprocess
import sys
import tomllib
from enum import Enum
from pathlib import Path

import pytest
from numpydoc.validate import get_validation_checks, validate

import skhyper

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "skhyper").rglob("*.py"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OPTIONAL = ("optuna", "hyperopt", "ray", "dask", "matplotlib", "polars")
PUBLIC_MODULES = [
    "skhyper",
    *(
        f"skhyper.{module.name}"
        for module in pkgutil.iter_modules(skhyper.__path__)
        if not module.name.startswith("_")
    ),
]


def public_names() -> list[tuple[str, str]]:
    return [
        (module, name)
        for module in PUBLIC_MODULES
        for name in importlib.import_module(module).__all__
    ]


@pytest.mark.parametrize("module", PUBLIC_MODULES)
def test_public_module_lists_each_name_once_as_a_string(module: str) -> None:
    names = importlib.import_module(module).__all__
    assert all(isinstance(name, str) for name in names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("module", PUBLIC_MODULES)
def test_public_module_is_documented(module: str) -> None:
    assert importlib.import_module(module).__doc__


@pytest.mark.parametrize(("module", "name"), public_names())
def test_public_name_is_importable_and_documented(module: str, name: str) -> None:
    thing = getattr(importlib.import_module(module), name)
    if inspect.ismodule(thing) or callable(thing):
        assert inspect.getdoc(thing)


def documented_objects() -> list[str]:
    """Public classes and functions, and the methods that the classes add."""
    found = set()
    for module, name in public_names():
        thing = getattr(importlib.import_module(module), name)
        if not (inspect.isclass(thing) or inspect.isfunction(thing)):
            continue
        path = f"{thing.__module__}.{thing.__qualname__}"
        # Nobody calls an enumeration: its members are its documentation.
        if not (inspect.isclass(thing) and issubclass(thing, Enum)):
            found.add(path)
        for base in inspect.getmro(thing) if inspect.isclass(thing) else ():
            if base.__module__.startswith("skhyper"):
                found.update(
                    f"{path}.{key}"
                    for key, value in vars(base).items()
                    if not key.startswith("_")
                    and (inspect.isfunction(value) or isinstance(value, property))
                    and not is_documented_elsewhere(thing, key)
                )
    return sorted(found)


def is_documented_elsewhere(owner: type, method: str) -> bool:
    """Whether another project has laid down what the overridden method does."""
    return any(
        method in vars(base) and not base.__module__.startswith("skhyper")
        for base in inspect.getmro(owner)
    )


@pytest.mark.parametrize("path", documented_objects())
def test_docstring_of_public_object_is_complete_numpydoc(path: str) -> None:
    checks = set(PYPROJECT["tool"]["numpydoc_validation"]["checks"])
    asked_for = get_validation_checks(checks)
    errors = validate(path)["errors"]
    assert [f"{code} {text}" for code, text in errors if code in asked_for] == []


def test_import_loads_no_optional_package() -> None:
    code = (
        "import sys, skhyper;"
        f"print(*[name for name in {OPTIONAL!r} if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == ""


def test_version_is_the_one_of_the_metadata() -> None:
    assert skhyper.__version__ == PYPROJECT["project"]["version"]


def test_layers_are_kept_and_no_module_is_in_a_circle() -> None:
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert command is not None
    run = subprocess.run(
        [command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    "path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_source_file_is_at_most_350_lines_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350


@pytest.mark.parametrize(
    "path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_no_function_hides_an_import_of_the_package(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden = [
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if (isinstance(node, ast.ImportFrom) and "skhyper" in (node.module or ""))
        or (
            isinstance(node, ast.Import)
            and any("skhyper" in alias.name for alias in node.names)
        )
    ]
    assert hidden == []
