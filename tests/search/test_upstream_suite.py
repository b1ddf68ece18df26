"""scikit-learn's own tests of its searches pass with ours in their place."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = "sklearn.model_selection.tests.test_search"


def run_upstream(searches, outcomes, *names):
    """Run scikit-learn's tests in a process of their own; return outcome by test."""
    here = Path(__file__).parent
    paths = [str(here), os.environ.get("PYTHONPATH", ""), str(here.parents[1])]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "upstream_plugin"]
    command += ["-p", "no:cacheprovider", "--pyargs", MODULE]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        # Away from the settings of this project: its tests run under scikit-learn's.
        cwd=outcomes.parent,
        env={
            **os.environ,
            "OUTCOMES": str(outcomes),
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "SEARCHES": searches,
            "ONLY": json.dumps(names),
        },
        check=False,
    )
    assert outcomes.exists(), done.stdout + done.stderr
    return json.loads(outcomes.read_text()), done.stdout


@pytest.mark.slow
def test_what_passes_with_their_searches_passes_with_ours(tmp_path):
    ours, report = run_upstream("skhyper", tmp_path / "ours.json")
    passed = [name for name, outcome in ours.items() if outcome == "passed"]
    others = [name for name in ours if ours[name] != "passed"]
    assert len(passed) > 100, report
    # What does not pass with ours must not pass with theirs either.
    theirs, _ = run_upstream("sklearn", tmp_path / "theirs.json", *others)
    assert set(theirs) == set(others)
    worse = [name for name in others if theirs[name] == "passed"]
    assert not worse, report
