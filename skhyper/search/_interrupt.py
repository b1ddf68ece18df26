"""Ctrl-C: raised again where an estimator swallows it, and how to go on after it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from types import FrameType

from skhyper._sklearn import BaseSearchCV

__all__ = ["how_to_go_on", "raise_swallowed_interrupt"]


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


def how_to_go_on(search: BaseSearchCV, n_finished: int) -> str:
    """Say what is left of a search that was interrupted, and how to go on with it.

    Parameters
    ----------
    search : BaseSearchCV
        The search, with the attributes that its finished candidates have given it.
    n_finished : int
        How many there are.

    Returns
    -------
    words : str
        Two sentences.
    """
    name, plural = type(search).__name__, "" if n_finished == 1 else "s"
    kept = f"{name} had finished {n_finished} candidate{plural}"
    if n_finished:
        kept += ", kept in cv_results_"
    if n_finished and search.refit:
        is_fitted = hasattr(search, "best_estimator_")
        kept += f"; best_estimator_ is {'the best of them' if is_fitted else 'missing'}"
    needs = ["memory set to a folder"] if search.memory is None else []
    if not isinstance(search.random_state, Integral):
        needs.append("an int as random_state")
    if needs:
        return (
            f"{kept}. With {' and '.join(needs)}, the same fit would go on from where "
            "it was cut off."
        )
    return (
        f"{kept}. The same fit goes on from what is kept in memory={search.memory!r}."
    )
