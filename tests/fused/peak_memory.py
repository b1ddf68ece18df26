"""A fused grid search that tells its peak memory; run as a script.

It prints how many megabytes the resident set had grown by at its peak, since all was
imported and a search of one candidate was done. It reads them from Linux's files.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import joblib
import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from skhyper import MLPClassifier

N_ROWS = 600


def megabytes(name: str) -> float:
    """Read a number of the system's about this process: VmRSS, or VmHWM at its peak.

    The peak that ``getrusage`` tells would include that of the parent process.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith(f"{name}:"))
    return int(found.split()[1]) / 1000


def search(n_candidates: int, n_folds: int, width: int, **backend: int) -> None:
    """Search the learning rate of a net with one hidden layer."""
    X, y = load_digits(return_X_y=True)
    net = MLPClassifier((width,), max_epochs=1, batch_size=256, random_state=0)
    grid = {"lr": np.geomspace(1e-4, 1e-2, n_candidates)}
    with joblib.parallel_config("fused", n_jobs=1, **backend):
        GridSearchCV(net, grid, cv=n_folds, refit=False, error_score="raise").fit(
            X[:N_ROWS].astype(np.float32), y[:N_ROWS]
        )


def main() -> None:
    """Run the search that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, default=50)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--max-tasks", type=int, default=256)
    parser.add_argument("--memory", type=int, help="bytes")
    given = parser.parse_args()
    backend = {"max_tasks": given.max_tasks}
    if given.memory is not None:
        backend["memory"] = given.memory
    torch.set_num_threads(1)
    search(1, given.folds, given.width, **backend)
    before = megabytes("VmRSS")
    search(given.candidates, given.folds, given.width, **backend)
    sys.stdout.write(f"{megabytes('VmHWM') - before}\n")


if __name__ == "__main__":
    main()
