"""The time that an engine takes to suggest candidates."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from skhyper.training import deadline_here

__all__ = ["Stopwatch"]


class Stopwatch:
    """Tells whether there is time for another step of an engine.

    A step takes about as long as the last one did. The first is always taken.
    """

    def __init__(self) -> None:
        self._last: float | None = None

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
            self._last = time.perf_counter() - began

    def has_time(self) -> bool:
        """Tell whether another step would end before the deadline in force."""
        deadline = deadline_here()
        return deadline is None or self._last is None or deadline.left > self._last
