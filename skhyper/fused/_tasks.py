"""What a scheduler keeps account of: calls that were submitted, threads that wait."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from skhyper.fused._report import Report, report_in_force
from skhyper.fused._request import Request
from skhyper.training import (
    Data,
    Halt,
    Outcome,
    checkpoints_here,
    checkpoints_in_force,
    deadline_here,
    deadline_in_force,
    driver_in_force,
    kept_in,
    store_here,
)
from skhyper.training.driver import Driver

__all__ = ["FitSeat", "Seat", "Task"]


class Task:
    """A call that was submitted.

    ``owner`` is whoever submitted it, to be told from others when it is given up.
    ``report`` hears of its fits, and of those of the tasks that follow it. Its runs go
    on from the checkpoints that are in force in the thread that makes it, and are kept
    in the same store, and end at the same deadline.
    """

    def __init__(
        self,
        function: Callable[[], Any],
        callback: Callable[[Future[Any]], None] | None,
        owner: object,
        report: Report | None,
    ) -> None:
        self.function = function
        self.callback = callback
        self.owner = owner
        self.report = report
        self.checkpoints = checkpoints_here()
        self.store = store_here()
        self.deadline = deadline_here()
        self.future: Future[Any] = Future()

    def run(self, halt: Halt, driver: Driver, sharer: Callable[[Data], Data]) -> None:
        """Call it, with what its fits are trained by, and hand over what it gives."""
        with (
            report_in_force(self.report),
            checkpoints_in_force(self.checkpoints),
            kept_in(self.store),
            deadline_in_force(self.deadline),
        ):
            try:
                with halt.in_force(), driver_in_force(driver, sharer):
                    result = self.function()
            except BaseException as error:
                self.future.set_exception(error)
            else:
                self.future.set_result(result)
            self._call_back()

    def drop(self) -> None:
        """Tell whoever waits for it that it will not be called."""
        self.future.set_exception(KeyboardInterrupt())
        self._call_back()

    def _call_back(self) -> None:
        if self.callback is not None:
            self.callback(self.future)


class Seat:
    """Where a thread waits until it may go on."""

    def __init__(self) -> None:
        self.called = threading.Event()


class FitSeat(Seat):
    """Where a thread waits for the training of a fit.

    ``group`` is set for the one whose thread trains them all.
    """

    def __init__(self, owner: object, request: Request) -> None:
        super().__init__()
        self.owner = owner
        self.request = request
        self.result: Outcome | BaseException | None = None
        self.group: list[FitSeat] = []
