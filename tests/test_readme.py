"""The README is executed, and its commands are the ones that are checked."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_python_blocks_run_in_order_in_one_namespace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    blocks = list(re.finditer(r"^```python\n(.*?)^```", README, re.M | re.S))
    assert blocks
    namespace: dict[str, object] = {"__name__": "readme"}
    for block in blocks:
        # A traceback then names the line of the README.
        line = README.count("\n", 0, block.start(1))
        code = compile("\n" * line + block.group(1), "README.md", "exec")
        exec(code, namespace)
    assert capsys.readouterr().out


def test_set_up_is_two_commands_of_one_line_each() -> None:
    commands = re.findall(r"^pip install -e.*$", README, re.M)
    assert commands == [
        "pip install -e . && python examples/plot_01_quickstart.py",
        'pip install -e ".[test]" && pytest',
    ]


def test_every_relative_link_leads_to_a_file() -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []
