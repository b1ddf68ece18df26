"""Times of several runs that take turns, so that a slow minute slows all of them."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch

__all__ = ["Clock", "clock_of", "interleave", "ratios", "spread", "timed"]

Clock = Callable[[], float]


def interleave(
    runs: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: Clock = time.process_time,
) -> dict[str, list[float]]:
    """Time each run once a round, after one round that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            time_taken = timed(run, clock)
            if number:
                seconds[name].append(time_taken)
    return seconds


def timed(run: Callable[[], object], clock: Clock) -> float:
    """Run once; give the seconds that it takes."""
    start = clock()
    run()
    return clock() - start


def clock_of(device: str) -> Clock:
    """Give the clock of a device: the processor's time, or a card's when it is done."""
    return time.process_time if device == "cpu" else partial(_when_done, device)


def _when_done(device: str) -> float:
    torch.cuda.synchronize(device)
    return time.perf_counter()


def ratios(theirs: Sequence[float], ours: Sequence[float]) -> list[float]:
    """Divide the times of each round."""
    return [one / other for one, other in zip(theirs, ours, strict=True)]


def spread(values: Sequence[float], form: str) -> tuple[str, str]:
    """Write the median and the range of values."""
    low, high = format(min(values), form), format(max(values), form)
    return format(statistics.median(values), form), f"{low} - {high}"
