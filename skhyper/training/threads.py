"""One intra-op thread while a net trains on the CPU."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["one_thread"]


class _Threads:
    """How many runs there are, and the number of threads there was without them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.n_runs = 0
        self.before = 1


class _Here(threading.local):
    depth = 0


_threads = _Threads()
_here = _Here()


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch's operations in the calling thread alone.

    Small nets are fastest that way, several runs side by side do not fight for
    the cores, and the sums of a run do not depend on how many cores there are.

    torch keeps the number for each thread, but a thread that asks for the first
    time is told what any thread has set last. Hence the number to return to is
    noted when the first of several simultaneous runs begins.

    Yields
    ------
    None
        Nothing.
    """
    outermost = _here.depth == 0
    if outermost:
        # Asked first: a thread that sets before it asks is reset when it asks.
        now = torch.get_num_threads()
        with _threads.lock:
            if _threads.n_runs == 0:
                _threads.before = now
            _threads.n_runs += 1
        torch.set_num_threads(1)
    _here.depth += 1
    try:
        yield
    finally:
        _here.depth -= 1
        if outermost:
            torch.set_num_threads(_threads.before)
            with _threads.lock:
                _threads.n_runs -= 1
