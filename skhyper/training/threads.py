"""One intra-op thread while a net trains on the CPU."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["one_thread"]

_lock = threading.Lock()
_running = 0
_before = 1


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch's operations in the calling thread alone.

    Small nets are fastest that way, several runs side by side do not fight for
    the cores, and the sums of a run do not depend on how many cores there are.
    The setting is process-wide: the first to come in remembers the number of
    threads there was, the last to leave restores it.

    Yields
    ------
    None
        Nothing.
    """
    global _running, _before
    with _lock:
        if _running == 0:
            _before = torch.get_num_threads()
        _running += 1
    torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _running -= 1
            if _running == 0:
                torch.set_num_threads(_before)
