"""Training runs that end when their time is up."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["Deadline", "OutOfTime", "deadline_here", "deadline_in_force"]


class OutOfTime(BaseException):
    """The deadline had passed before a run could begin.

    It is no error of the run, and passes by what catches errors.
    """


@dataclass(frozen=True)
class Deadline:
    """When training runs are to end.

    A run ends behind the epoch in which its deadline passes, and gives what it has
    come to.

    Parameters
    ----------
    seconds : float
        Seconds since the epoch of ``time.time``, which all processes of a machine
        share.
    grants_an_epoch : bool, default=False
        Whether a run that begins too late is trained for one epoch, instead of not at
        all.

    Examples
    --------
    >>> import time
    >>> from skhyper.training import Deadline
    >>> Deadline(time.time() + 60).passed
    False
    """

    seconds: float
    grants_an_epoch: bool = False

    @property
    def passed(self) -> bool:
        """Whether it has passed."""
        return time.time() >= self.seconds

    @property
    def left(self) -> float:
        """Seconds until then, or 0."""
        return max(0.0, self.seconds - time.time())

    def check(self) -> None:
        """Let a run begin.

        Raises
        ------
        OutOfTime
            If it is too late.
        """
        if self.passed and not self.grants_an_epoch:
            raise OutOfTime("The time was up before this training could begin.")


class _Here(threading.local):
    deadline: Deadline | None = None


_here = _Here()


def deadline_here() -> Deadline | None:
    """Give the deadline that is in force in this thread.

    Returns
    -------
    deadline : Deadline or None
        The deadline; None if runs may take as long as they need.
    """
    return _here.deadline


@contextmanager
def deadline_in_force(deadline: Deadline | None) -> Iterator[None]:
    """Let the runs of this thread end at a deadline, or at that in force if earlier.

    Parameters
    ----------
    deadline : Deadline or None
        The deadline; None sets none.

    Yields
    ------
    None
        Nothing.
    """
    before = _here.deadline
    both = [one for one in (before, deadline) if one is not None]
    _here.deadline = min(both, key=lambda one: one.seconds, default=None)
    try:
        yield
    finally:
        _here.deadline = before
