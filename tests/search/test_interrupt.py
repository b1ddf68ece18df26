"""A swallowed Ctrl-C is raised again, and handlers are left as they were."""

import signal
import threading
from contextlib import suppress

import pytest

from skhyper.search._interrupt import raise_swallowed_interrupt


def swallow():
    """Take Ctrl-C for an early stop, as some training loops do."""
    with suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_swallowed_interrupt_is_raised_at_the_end():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), raise_swallowed_interrupt():
        swallow()
    assert signal.getsignal(signal.SIGINT) is before


def test_interrupt_that_is_not_swallowed_passes():
    with pytest.raises(KeyboardInterrupt), raise_swallowed_interrupt():
        signal.raise_signal(signal.SIGINT)


def test_nothing_happens_without_an_interrupt():
    before = signal.getsignal(signal.SIGINT)
    with raise_swallowed_interrupt():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_are_left_alone():
    seen = []

    def work():
        with raise_swallowed_interrupt():
            seen.append(signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with raise_swallowed_interrupt():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
