"""How each row of the table is measured."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from products import Products, Steps
from searches import DIGITS, TINY, WIDE, Search, Size, digits
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold
from timing import clock_of, interleave, ratios

__all__ = [
    "Measured",
    "Settings",
    "compare",
    "lane_seconds",
    "peak_memory",
    "share_of_products",
    "single_fits",
]

PEAK_MEMORY = Path(__file__).parents[1] / "fused" / "peak_memory.py"
# Of each net: batches in an epoch, and epochs, so that the first does not count.
STEPS = {"tiny": (TINY, 25, 120), "digits": (DIGITS, 12, 50), "wide": (WIDE, 6, 40)}
LANES = (8, 32, 128, 512)
# Candidates of the smallest search of those whose memory is measured.
SMALLEST = "50"


@dataclass(frozen=True)
class Settings:
    """What the user has asked for.

    Parameters
    ----------
    size : Size
        How much is measured, and where.
    rounds : int
        Rounds that count.
    mnist : pathlib.Path or None
        Folder with the images.
    """

    size: Size
    rounds: int
    mnist: Path | None


class Measured(NamedTuple):
    """Ratios of a few rows, one a round, and what else is to be told."""

    ratios: dict[str, list[float]]
    remark: str


def compare(
    make_search: Callable[[Size], Search],
    settings: Settings,
    others: Sequence[str],
    *,
    n_jobs: int = 1,
    wall: bool = False,
    **backend: int,
) -> Measured:
    """Divide the times of others' searches by those of ours."""
    search = make_search(settings.size)
    searches = {
        "skhyper": partial(search.run_ours, n_jobs, **backend),
        "skorch": partial(search.run_skorch, n_jobs),
        "scikit-learn": search.run_sklearn,
        "bare": search.run_bare,
    }
    scores: dict[str, np.ndarray] = {}

    def run(name: str) -> None:
        scores[name] = searches[name]()

    clock = time.perf_counter if wall else clock_of(settings.size.device)
    names = ["skhyper", *others]
    seconds = interleave(
        {name: partial(run, name) for name in names}, settings.rounds, clock
    )
    seconds = {
        name: times if name == "skhyper" else [search.scale * each for each in times]
        for name, times in seconds.items()
    }
    scores["skhyper"] = scores["skhyper"][search.their_places]
    told = [
        f"{name} {np.median(seconds[name]):.2f} s, mean score {scores[name].mean():.3f}"
        for name in names
    ]
    return Measured(
        {name: ratios(seconds[name], seconds["skhyper"]) for name in others},
        f"{len(search.rates)} candidates x {search.n_folds} folds, {len(search.X):,} "
        f"rows; the others run {search.n_theirs} of the candidates, their times are "
        f"multiplied by {search.scale:g}. {'; '.join(told)}.",
    )


def share_of_products(settings: Settings, nets: Sequence[str]) -> Measured:
    """Divide the time of the bare matrix products by that of our steps."""
    size, found, told = settings.size, {}, []
    for net in nets:
        shape, n_batches, epochs = STEPS[net]
        steps = Steps(shape, n_batches, size.of(epochs), size.device)
        n_steps = n_batches * size.of(epochs)
        products = Products(shape, steps.n_lanes, n_steps, size.device)
        seconds = interleave(
            {"products": products.run, "steps": steps.run},
            settings.rounds,
            clock_of(size.device),
        )
        found[net] = ratios(seconds["products"], seconds["steps"])
        micro = {
            name: 1e6 * np.median(times) / (steps.n_lanes * n_steps)
            for name, times in seconds.items()
        }
        told.append(
            f"{shape}: {steps.n_lanes} lanes, {micro['steps']:.1f} us a lane-step, "
            f"{micro['products']:.1f} of the products"
        )
    return Measured(found, f"{'; '.join(told)}.")


def lane_seconds(settings: Settings, numbers: Sequence[str]) -> Measured:
    """Divide the time per lane in stacks of some lanes by that in the smallest."""
    size = settings.size
    search = replace(digits(size), n_folds=2)
    lanes = {str(number): number for number in LANES if str(number) in numbers}
    lanes = {str(LANES[0]): LANES[0], **lanes}
    runs = {
        name: partial(
            search.with_candidates(number // 2, 1).run_ours, max_tasks=LANES[-1]
        )
        for name, number in lanes.items()
    }
    seconds = interleave(runs, settings.rounds, clock_of(size.device))
    a_lane = {
        name: [each / lanes[name] for each in times] for name, times in seconds.items()
    }
    told = [f"{name} lanes {1e3 * np.median(a_lane[name]):.1f}" for name in lanes]
    return Measured(
        {name: ratios(a_lane[name], a_lane[str(LANES[0])]) for name in numbers},
        f"{DIGITS}, {size.epochs} epochs of {len(search.X) // 2} rows; milliseconds a "
        f"lane: {', '.join(told)}.",
    )


def single_fits(settings: Settings, rows: Sequence[str]) -> Measured:
    """Divide the time of a large search by that of one fit of skorch."""
    search = digits(settings.size)
    n_values = settings.size.of(10)
    grid = {
        "lr": np.geomspace(0.01, 0.3, n_values),
        "momentum": np.linspace(0.5, 0.95, n_values),
    }
    folds = [*StratifiedKFold(search.n_folds).split(search.X, search.y)]

    def fit_skorch() -> None:
        for train, _ in folds:
            clone(search.skorch).fit(search.X[train], search.y[train])

    seconds = interleave(
        {"skhyper": lambda: search.run_fused(grid), "skorch": fit_skorch},
        settings.rounds,
        clock_of(settings.size.device),
    )
    unit = [each / len(folds) for each in seconds["skorch"]]
    return Measured(
        {row: ratios(seconds["skhyper"], unit) for row in rows},
        f"{n_values} x {n_values} candidates x {len(folds)} folds in "
        f"{np.median(seconds['skhyper']):.2f} s; one fit of skorch takes "
        f"{np.median(unit):.3f} s, the mean over {len(folds)}.",
    )


def peak_memory(settings: Settings, numbers: Sequence[str]) -> Measured:
    """Divide the memory that searches need at most by that of the smallest."""
    megabytes = {}
    for number in (SMALLEST, *numbers):
        n_candidates = settings.size.of(int(number))
        command = [sys.executable, PEAK_MEMORY, "--candidates", str(n_candidates)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        megabytes[number] = float(done.stdout)
    told = [
        f"{settings.size.of(int(number))} candidates {size:.0f}"
        for number, size in megabytes.items()
    ]
    return Measured(
        {number: [megabytes[number] / megabytes[SMALLEST]] for number in numbers},
        "64-256-10, 5 folds, 256 tasks at once, a process each, once; megabytes that "
        f"the resident set grows by: {', '.join(told)}.",
    )
