"""pytest plugin: scikit-learn's tests with the searches of this package in place.

Loaded with ``-p`` in a process of its own. ``SEARCHES`` says whose searches the test
module finds under their names, ``ONLY`` is a JSON list of the tests to run, all if it
is empty, and ``OUTCOMES`` is the file that the outcomes go to.
"""

import json
import os
from pathlib import Path

import sklearn.model_selection

from skhyper.search import GridSearchCV, RandomizedSearchCV

if os.environ["SEARCHES"] == "skhyper":
    sklearn.model_selection.GridSearchCV = GridSearchCV
    sklearn.model_selection.RandomizedSearchCV = RandomizedSearchCV

outcomes: dict[str, str] = {}


def pytest_collection_modifyitems(items):
    only = json.loads(os.environ["ONLY"])
    if only:
        items[:] = [item for item in items if item.nodeid.partition("::")[2] in only]


def pytest_runtest_logreport(report):
    name = report.nodeid.partition("::")[2]
    if report.when == "call" or report.outcome != "passed":
        outcomes[name] = report.outcome


def pytest_sessionfinish():
    Path(os.environ["OUTCOMES"]).write_text(json.dumps(outcomes))
