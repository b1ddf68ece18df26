"""Threads that can be waited for, and are let go of when they have ended."""

import threading
import time
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

__all__ = ["Threads"]


class Threads:
    """The threads that were begun and have not ended yet.

    A running thread is held by Python; one that has ended is held by nobody, however
    many there are in the course of a search.

    Examples
    --------
    >>> from skhyper.fused._threads import Threads
    >>> threads, done = Threads(), []
    >>> threads.begin(done.append, 1)
    >>> threads.join(lambda: False, patience=1.0)
    >>> done
    [1]
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun: WeakSet[threading.Thread] = WeakSet()

    def begin(self, work: Callable[..., object], *arguments: Any) -> None:
        """Do some work in a thread of its own.

        Parameters
        ----------
        work : callable
            What it does.
        *arguments : object
            What it is called with.

        Raises
        ------
        RuntimeError
            If the system has no more threads.
        """
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        with self._lock:
            self._begun.add(thread)

    def join(self, is_given_up: Callable[[], bool], patience: float) -> None:
        """Wait until all have ended, also those that others begin in the meantime.

        Parameters
        ----------
        is_given_up : callable
            Tells whether nobody waits for what they do any more.
        patience : float
            Seconds to wait for them all at most if so.
        """
        until = time.monotonic() + patience
        while (thread := self._any_alive()) is not None:
            rest = max(until - time.monotonic(), 0.0)
            if is_given_up() and not rest:
                return
            thread.join(rest if is_given_up() else None)

    def _any_alive(self) -> threading.Thread | None:
        with self._lock:
            return next((each for each in self._begun if each.is_alive()), None)
