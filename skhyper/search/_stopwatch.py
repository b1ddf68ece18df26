"""The time that an engine takes to suggest candidates."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from skhyper.training import deadline_here

__all__ = ["Stopwatch"]

# Of how many steps the longest foretells the next. A model's fit takes, now and then,
# four times as long as the one before; a first step, with its imports, is forgotten.
_N_STEPS = 16


class Stopwatch:
    """Tells whether there is time for another step of an engine.

    A step takes about as long as the longest of the last ones did. The first is always
    taken.
    """

    def __init__(self) -> None:
        self._steps: deque[float] = deque(maxlen=_N_STEPS)

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
        return deadline is None or deadline.left > max(self._steps, default=-1.0)
