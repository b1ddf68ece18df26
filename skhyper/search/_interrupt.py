"""Ctrl-C: raised again where an estimator swallows it, and how to go on after it."""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral
from types import FrameType
from typing import Any

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


def how_to_go_on(search: Any, n_finished: int, has_networks: bool) -> str:
    """Say what is left of a search that was interrupted, and how to go on with it.

    Parameters
    ----------
    search : BaseSearch
        The search.
    n_finished : int
        How many of its candidates had finished.
    has_networks : bool
        Whether there is a network of this package, whose trainings ``memory`` keeps.

    Returns
    -------
    words : str
        A sentence or two.
    """
    plural = "" if n_finished == 1 else "s"
    kept = f"{type(search).__name__} had finished {n_finished} candidate{plural}"
    if n_finished:
        kept += ", kept in cv_results_"
    # Trainings of networks are kept by memory, candidates by what else there is.
    places = [search.kept_by] if search.kept_by else []
    places += [("memory",)] if has_networks else []
    given = [
        f"{name}={getattr(search, name)!r}"
        for place in places
        if _is_lasting(search, place)
        for name in place
    ]
    if not (given or has_networks):
        return f"{kept}."
    needs = [] if given else ["memory set to a folder"]
    if not isinstance(search.random_state, Integral):
        needs.append("an int as random_state")
    if needs:
        return (
            f"{kept}. With {' and '.join(needs)}, the same fit would go on from where "
            "it was cut off."
        )
    return f"{kept}. The same fit goes on from what is kept in {' and '.join(given)}."


def _is_lasting(search: Any, place: Sequence[str]) -> bool:
    """Tell whether a search keeps something where another fit finds it."""
    values = [getattr(search, name) for name in place]
    # Trials that were given as an object are copied.
    return not any(value is None or hasattr(value, "losses") for value in values)
