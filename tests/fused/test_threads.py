"""Threads are waited for until they have ended, and not kept when they have."""

import gc
import threading
import time
import weakref

from skhyper.fused._threads import Threads


def test_those_that_others_begin_are_awaited_as_well():
    threads, done = Threads(), []

    def work(n_more):
        time.sleep(0.01)
        if n_more:
            threads.begin(work, n_more - 1)
        done.append(n_more)

    for _ in range(10):
        threads.begin(work, 5)
    threads.join(lambda: False, patience=0.0)
    assert sorted(done) == sorted([*range(6)] * 10)


def test_those_that_were_given_up_are_not_awaited_for_long():
    threads, stuck = Threads(), threading.Event()
    threads.begin(stuck.wait)
    began = time.monotonic()
    threads.join(lambda: True, patience=0.1)
    assert 0.1 <= time.monotonic() - began < 5
    stuck.set()
    threads.join(lambda: False, patience=0.0)


def test_those_that_have_ended_are_not_kept():
    threads, seen = Threads(), []
    threads.begin(lambda: seen.append(weakref.ref(threading.current_thread())))
    threads.join(lambda: False, patience=0.0)
    gc.collect()
    assert seen[0]() is None
