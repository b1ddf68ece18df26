"""Training runs in other threads, ended from outside."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Halt", "heed_halt", "heeding_run"]


class Halt:
    """Ends the runs of other threads: Ctrl-C reaches the main thread only.

    Whoever has runs in several threads gives all of them one halt. In another process
    it is a halt of its own, which nobody calls: processes are ended otherwise.

    Examples
    --------
    >>> from skhyper.training import Halt
    >>> halt = Halt()
    >>> with halt.in_force():
    ...     halt.called
    False
    >>> halt.call()
    >>> halt.called
    True
    """

    def __init__(self) -> None:
        self._called = threading.Event()
        self.changed = threading.Condition()
        self.n_runs = 0

    def __reduce__(self) -> tuple[type["Halt"], tuple[()]]:
        return Halt, ()

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Let the runs of this thread heed the halt.

        Yields
        ------
        None
            Nothing.

        Raises
        ------
        KeyboardInterrupt
            If the halt has been called.
        """
        before, _here.halt = _here.halt, self
        try:
            heed_halt()
            yield
        finally:
            _here.halt = before

    def call(self) -> None:
        """End all runs that heed it, now and later, and wait until they have ended.

        A run ends behind the batch it is at.
        """
        self._called.set()
        with self.changed:
            self.changed.wait_for(lambda: self.n_runs == 0)

    @property
    def called(self) -> bool:
        """Whether it has been called."""
        return self._called.is_set()


class _Here(threading.local):
    halt: Halt | None = None


_here = _Here()


def heed_halt() -> None:
    """End what this thread is at, if the halt in force has been called.

    Raises
    ------
    KeyboardInterrupt
        If it has.
    """
    if _here.halt is not None and _here.halt.called:
        raise KeyboardInterrupt


@contextmanager
def heeding_run() -> Iterator[None]:
    """Have the halt in force wait for what is done within.

    Yields
    ------
    None
        Nothing.
    """
    halt = _here.halt
    if halt is None:
        yield
        return
    with halt.changed:
        halt.n_runs += 1
    try:
        yield
    finally:
        with halt.changed:
            halt.n_runs -= 1
            halt.changed.notify_all()
