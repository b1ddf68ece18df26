"""Tasks in threads that take turns, so that their fits can meet."""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol

from skhyper.fused._report import report_here
from skhyper.fused._request import Footprint, Request
from skhyper.fused._sharing import KnownRows
from skhyper.fused._tasks import FitSeat, Seat, Task
from skhyper.training import Data, Halt, Outcome, Recipe, Start

__all__ = ["Scheduler", "Trainer", "scheduler_here"]

# Seconds to wait for tasks that were given up. Only one that is busy with something
# else than training takes longer; it ends by itself.
PATIENCE = 5.0


class Trainer(Protocol):
    """Trains runs together."""

    def __call__(
        self,
        requests: Sequence[Request],
        n_threads: int,
        halt: Halt,
        executor: Executor | None,
    ) -> list[Outcome | BaseException]:
        """Give an outcome or an error for each request, in their order."""


class _Here(threading.local):
    scheduler: "Scheduler | None" = None
    owner: object = None


_here = _Here()


def scheduler_here() -> "Scheduler | None":
    """Give the scheduler of the task that this thread runs."""
    return _here.scheduler


class Scheduler:
    """Runs tasks in threads, a few at a time, and trains their fits together.

    A task holds a slot while it runs. One that waits, for its fit to be trained or
    for tasks that it has submitted itself, gives the slot to the next. When nothing
    runs and nothing can be started, no fit can arrive any more: then those that wait
    are trained. No time is measured.

    Parameters
    ----------
    n_slots : int
        Tasks that run at once, and threads that train.
    max_tasks : int
        Tasks that are under way at once; those that wait for their own tasks are not
        counted.
    budget : int
        Bytes that the fits which wait may need for their training; when they do, they
        are trained without waiting for more.
    trainer : callable
        Trains the fits that have met.
    """

    def __init__(
        self, n_slots: int, max_tasks: int, budget: int, trainer: Trainer
    ) -> None:
        self.n_slots = n_slots
        self.max_tasks = max_tasks
        self.budget = budget
        self.trainer = trainer
        self.halt = Halt()
        self._lock = threading.Lock()
        self._queue: deque[Task] = deque()
        self._unfinished: Counter[object] = Counter()
        self._blocked: set[object] = set()
        self._returning: deque[Seat] = deque()
        self._waiting: list[FitSeat] = []
        self._footprint = Footprint()
        self._known = KnownRows()
        self._threads: list[threading.Thread] = []
        self._executor = ThreadPoolExecutor(n_slots)
        self._n_running = 0
        self._n_alive = 0
        self._n_dispatching = 0
        self._is_training = False

    def submit(self, task: Task) -> None:
        """Let a task run when its turn comes."""
        with self._lock:
            self._queue.append(task)
            self._unfinished[task.owner] += 1
            self._advance()

    def expect_tasks(self) -> None:
        """Wait for the tasks of a thread that is none of the tasks itself."""
        with self._lock:
            self._n_dispatching += 1

    def expect_no_more(self) -> None:
        """Go on without further tasks from such a thread."""
        with self._lock:
            self._n_dispatching -= 1
            self._advance()

    @contextmanager
    def blocked(self, owner: object) -> Iterator[None]:
        """Give the slot of this thread's task away while it waits for its own tasks."""
        with self._lock:
            self._n_running -= 1
            self._n_alive -= 1
            self._blocked.add(owner)
            self._advance()
        try:
            yield
        finally:
            seat = Seat()
            with self._lock:
                self._blocked.discard(owner)
                self._n_alive += 1
                self._returning.append(seat)
                self._advance()
            seat.called.wait()

    def train(self, recipe: Recipe, data: Data, start: Start = None) -> Outcome:
        """Hand in a run, wait until it is trained, and give its outcome.

        Parameters
        ----------
        recipe : Recipe
            What to train.
        data : Data
            What to train on.
        start : Outcome, NetState or None, default=None
            A run of the same structure whose last weights are the first here, or the
            state in which a run of this recipe was paused and goes on.

        Returns
        -------
        outcome : Outcome
            What came of it.

        Raises
        ------
        KeyboardInterrupt
            When the tasks are given up.
        Exception
            What went wrong in the training of this run.
        """
        seat = FitSeat(_here.owner, Request(recipe, data, start, report_here()))
        with self._lock:
            self._waiting.append(seat)
            self._footprint.add(seat.request)
            self._n_running -= 1
            self._advance()
        seat.called.wait()
        if seat.group:
            seat.called.clear()
            # The seat is one of the group: a circle would keep all outcomes.
            group, seat.group = seat.group, []
            self._train_group(group)
            del group
            seat.called.wait()
        if isinstance(seat.result, BaseException):
            raise seat.result
        assert seat.result is not None, "a run has an outcome or an error"
        return seat.result

    def give_up(self, owner: object = None) -> None:
        """Drop the tasks of an owner, or all, and end the training of their fits.

        Parameters
        ----------
        owner : object, default=None
            Whose tasks; None for everybody's.
        """
        with self._lock:
            dropped = [task for task in self._queue if owner in (None, task.owner)]
            for task in dropped:
                self._queue.remove(task)
                self._unfinished[task.owner] -= 1
            for seat in [*self._waiting]:
                if owner in (None, seat.owner):
                    self._waiting.remove(seat)
                    self._footprint.remove(seat.request)
                    seat.result = KeyboardInterrupt()
                    self._returning.append(seat)
            self._advance()
        for task in dropped:
            task.drop()
        if owner is None:
            self.halt.call()

    def join(self) -> None:
        """Wait until all threads have ended; not for long if tasks were given up."""
        until = time.monotonic() + PATIENCE
        for thread in self._threads:
            rest = max(until - time.monotonic(), 0.0)
            thread.join(rest if self.halt.called else None)
        self._executor.shutdown()

    def _advance(self, *, start: bool = True) -> None:
        """Let go on who may; to be called with the lock, after every change."""
        while self._n_running < self.n_slots and self._returning:
            self._n_running += 1
            self._returning.popleft().called.set()
        while start and (task := self._startable()) is not None:
            thread = threading.Thread(target=self._work, args=(task,), daemon=True)
            self._threads.append(thread)
            thread.start()
        if self._waiting and not self._is_training and self._is_time():
            self._is_training = True
            group = self._take_group()
            group[0].group = group
            group[0].called.set()

    def _is_time(self) -> bool:
        """Tell whether those that wait are to be trained now."""
        may_start = self._queue and self._n_alive < self.max_tasks
        # One whose own tasks have ended goes on as soon as it has noticed it.
        is_back = any(not self._unfinished[owner] for owner in self._blocked)
        n_coming = self._n_running + self._n_dispatching + len(self._returning)
        if not (n_coming or may_start or is_back):
            return True
        return self._is_spent()

    def _is_spent(self) -> bool:
        """Tell whether those that wait need all the memory there is."""
        return bool(self._waiting) and self._footprint.n_bytes >= self.budget

    def _take_group(self) -> list[FitSeat]:
        """Take the longest waiting ones, as many as there is memory for."""
        group: list[FitSeat] = []
        footprint = Footprint()
        while self._waiting:
            footprint.add(self._waiting[0].request)
            if group and footprint.n_bytes > self.budget:
                break
            group.append(self._waiting.pop(0))
            self._footprint.remove(group[-1].request)
        return group

    def _work(self, task: Task | None) -> None:
        """Run tasks in a thread, as long as there are some to start."""
        _here.scheduler = self
        while task is not None:
            _here.owner = task.owner
            try:
                task.run(self.halt, self.train, self._known.share)
            finally:
                task = self._next_task(task)

    def _next_task(self, ended: Task) -> Task | None:
        """Take another task, if it may be started, when one has ended."""
        with self._lock:
            self._unfinished[ended.owner] -= 1
            self._n_running -= 1
            self._n_alive -= 1
            self._advance(start=False)
            return self._startable()

    def _startable(self) -> Task | None:
        has_room = self._n_running < self.n_slots and self._n_alive < self.max_tasks
        # Those that wait hold their rows: they are trained before more are made.
        if not (has_room and self._queue) or self._is_spent():
            return None
        self._n_running += 1
        self._n_alive += 1
        return self._queue.popleft()

    def _train_group(self, group: list[FitSeat]) -> None:
        """Train the fits that have met, in the thread of one of them."""
        requests = [seat.request for seat in group]
        try:
            results = self.trainer(requests, self.n_slots, self.halt, self._executor)
        except BaseException as error:
            results = [error] * len(group)
        with self._lock:
            self._is_training = False
            for seat, result in zip(group, results, strict=True):
                seat.result = result
                self._returning.append(seat)
            self._advance()
