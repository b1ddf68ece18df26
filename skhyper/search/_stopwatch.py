"""The time that an engine takes to suggest candidates, and to learn from them."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from skhyper.training import deadline_here

__all__ = ["Stopwatch"]

# The fit of a model takes, now and then, so many times as long as the one before, and
# not longer than the longest of so many.
TIMES_AS_LONG, N_STEPS = 4, 16


class Stopwatch:
    """Tells whether there is time for another step of an engine.

    A step takes up to four times as long as the one before, though no longer than the
    longest of the last sixteen. The first is always taken.
    """

    def __init__(self) -> None:
        self._steps: deque[float] = deque(maxlen=N_STEPS)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time what is done within, as one step.

        Yields
        ------
        None
            Nothing.
        """
        began = time.perf_counter()
        try:
            yield
        finally:
            self._steps.append(time.perf_counter() - began)

    def has_time(self) -> bool:
        """Tell whether another step would end before the deadline in force."""
        deadline = deadline_here()
        if deadline is None or not self._steps:
            return True
        return deadline.left > min(max(self._steps), TIMES_AS_LONG * self._steps[-1])
