"""Seconds of a search against its number of candidates, as a figure or a table."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
from searches import DIGITS, Size, digits
from timing import clock_of, timed

__all__ = ["write_figure"]

CANDIDATES = (5, 10, 20, 50)
INCHES = (6.4, 4.0)


def write_figure(path: Path, size: Size) -> None:
    """Time searches of growing size, each of them once and in full.

    Parameters
    ----------
    path : pathlib.Path
        The file; with the suffix ``.csv`` it gets the numbers.
    size : Size
        How much is measured, and where.
    """
    clock = clock_of(size.device)
    for run in runs_of(2, size).values():
        run()
    lines = []
    for number in dict.fromkeys(size.of(number) for number in CANDIDATES):
        seconds = {
            name: timed(run, clock) for name, run in runs_of(number, size).items()
        }
        lines.append({"candidates": number, **seconds})
        print("  ".join(f"{name} {value:g}" for name, value in lines[-1].items()))
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, lines[0])
            writer.writeheader()
            writer.writerows(lines)
    else:
        draw(path, lines, size)


def runs_of(n_candidates: int, size: Size) -> dict[str, Callable[[], object]]:
    """Give the same search by everyone.

    Parameters
    ----------
    n_candidates : int
        How many candidates all of them run.
    size : Size
        How much is measured, and where.

    Returns
    -------
    runs : dict of str to callable
        Whoever trains on the device.
    """
    search = digits(size).with_candidates(n_candidates, n_candidates)
    runs = {"skorch": search.run_skorch, "scikit-learn": search.run_sklearn}
    if size.device != "cpu":
        del runs["scikit-learn"]
    return {**runs, "skhyper": search.run_ours}


def draw(path: Path, lines: Sequence[Mapping[str, float]], size: Size) -> None:
    """Draw the seconds of everyone on logarithmic scales.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    lines : sequence of mapping of str to float
        The number of candidates, and the seconds of each library.
    size : Size
        How they were measured.
    """
    candidates = [line["candidates"] for line in lines]
    # The file is the same whenever it is drawn from the same numbers.
    plt.rcParams["svg.hashsalt"] = "skhyper"
    figure, axes = plt.subplots(figsize=INCHES, layout="constrained")
    for name in [*lines[0]][1:]:
        seconds = [line[name] for line in lines]
        axes.loglog(candidates, seconds, marker="o", label=name)
    axes.set_xticks(candidates, [str(number) for number in candidates], minor=False)
    axes.minorticks_off()
    axes.set_xlabel(f"candidates, on 5 folds for {size.epochs} epochs ({DIGITS})")
    kind = "CPU seconds, one thread" if size.device == "cpu" else "seconds"
    axes.set_ylabel(kind)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)
