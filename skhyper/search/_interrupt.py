"""A Ctrl-C that an estimator swallows is raised again."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["raise_swallowed_interrupt"]


@contextmanager
def raise_swallowed_interrupt() -> Iterator[None]:
    """Raise KeyboardInterrupt at the end if it was raised, and lost, within.

    Several estimators end their training at a Ctrl-C and return as if nothing had
    happened (scikit-learn's MLPClassifier, skorch's nets): the model is half trained,
    and whoever called cannot tell. Signals reach the main thread only, in any other
    thread nothing is watched.
    """
    previous = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or not callable(previous):
        yield
        return
    handler = previous
    interrupted = False

    def remember(signum: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        handler(signum, frame)

    signal.signal(signal.SIGINT, remember)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
    if interrupted:
        raise KeyboardInterrupt
