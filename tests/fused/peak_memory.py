"""A fused grid search that tells its peak memory; run as a script.

It prints how many megabytes the resident set had grown by at its peak, since all was
imported and a search of one candidate was done. It reads them from Linux's files.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import joblib
import numpy as np
import sklearn.model_selection
import torch
from sklearn.datasets import load_digits

import skhyper

N_ROWS = 600


def megabytes(name: str) -> float:
    """Read a number of the system's about this process: VmRSS, or VmHWM at its peak.

    The peak that ``getrusage`` tells would include that of the parent process.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith(f"{name}:"))
    return int(found.split()[1]) / 1000


def make_search(given: argparse.Namespace, n_candidates: int) -> Any:
    """Make the search of the learning rate of a net with one hidden layer."""
    net = skhyper.MLPClassifier(
        (given.width,),
        max_epochs=1,
        batch_size=256,
        random_state=0,
        early_stopping=given.early_stopping,
    )
    owner = skhyper if given.ours else sklearn.model_selection
    grid = {"lr": np.geomspace(1e-4, 1e-2, n_candidates)}
    return owner.GridSearchCV(
        net, grid, cv=given.folds, refit=False, error_score="raise"
    )


def make_rows(n_copies: int) -> tuple[np.ndarray, np.ndarray]:
    """Take some digits, and put copies of them one below the other."""
    X, y = load_digits(return_X_y=True)
    X, y = X[:N_ROWS].astype(np.float32), y[:N_ROWS]
    return np.tile(X, (n_copies, 1)), np.tile(y, n_copies)


def main() -> None:
    """Run the search that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, default=50)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--copies", type=int, default=1, help="of all rows")
    parser.add_argument("--early-stopping", action="store_true")
    parser.add_argument("--ours", action="store_true", help="not scikit-learn's search")
    parser.add_argument("--max-tasks", type=int, default=256)
    parser.add_argument("--memory", type=int, help="bytes")
    given = parser.parse_args()
    backend = {"max_tasks": given.max_tasks}
    if given.memory is not None:
        backend["memory"] = given.memory
    torch.set_num_threads(1)
    with joblib.parallel_config("fused", n_jobs=1, **backend):
        make_search(given, 1).fit(*make_rows(1))
        rows = make_rows(given.copies)
        before = megabytes("VmRSS")
        make_search(given, given.candidates).fit(*rows)
    sys.stdout.write(f"{megabytes('VmHWM') - before}\n")


if __name__ == "__main__":
    main()
