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
from skhyper.fused._threads import Threads
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


# Seconds without any change, in which the process computes nothing, after which tasks
# are taken to wait for each other: one holds a lock while its fit waits for a task that
# waits for the lock. From then on it is not looked at for so long.
STALL, NEXT_STALL = 15.0, 0.2
BUSY = 0.05


class _Here(threading.local):
    scheduler: "Scheduler | None" = None
    owner: object = None
    # Calls of its own that this thread waits for, or goes through the results of.
    n_blocked = 0


_here = _Here()


def scheduler_here() -> "Scheduler | None":
    """Give the scheduler of the task that this thread runs."""
    return _here.scheduler


class Scheduler:
    """Runs tasks in threads, a few at a time, and trains their fits together.

    A task holds a slot while it runs. One that waits, for its fit to be trained or
    for tasks that it has submitted itself, gives the slot to the next. When nothing
    runs and nothing can be started, no fit can arrive any more: then those that wait
    are trained. No time is measured, but to find out that tasks wait for each other.

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
        self._threads = Threads()
        self._executor = ThreadPoolExecutor(n_slots)
        self._n_running = 0
        self._n_alive = 0
        self._n_dispatching = 0
        self._is_training = False
        self._n_changes = 0
        self._stall = STALL

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
        is_first = not _here.n_blocked
        with self._lock:
            if is_first:
                self._n_running -= 1
                self._n_alive -= 1
            self._blocked.add(owner)
            self._advance()
        _here.n_blocked += 1
        try:
            yield
        finally:
            _here.n_blocked -= 1
            seat = Seat()
            with self._lock:
                self._blocked.discard(owner)
                if is_first:
                    self._n_alive += 1
                    self._returning.append(seat)
                self._advance()
            if is_first:
                self._wait(seat)

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
            # Between the results of its own tasks it has no slot.
            self._n_running -= not _here.n_blocked
            self._advance()
        self._wait(seat)
        if seat.group:
            seat.called.clear()
            # The seat is one of the group: a circle would keep all outcomes.
            group, seat.group = seat.group, []
            self._train_group(group)
            del group
            self._wait(seat)
        if _here.n_blocked:
            with self._lock:
                self._n_running -= 1
                self._advance()
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
        self._threads.join(lambda: self.halt.called, PATIENCE)
        self._executor.shutdown()

    def _wait(self, seat: Seat) -> None:
        """Wait to be called, and see to it that somebody is."""
        while True:
            before, began = self._n_changes, time.process_time()
            if seat.called.wait(self._stall):
                return
            is_idle = time.process_time() - began < BUSY * self._stall
            with self._lock:
                if is_idle and before == self._n_changes and not self._is_training:
                    self._break_stall()

    def _break_stall(self) -> None:
        """Let go on who must wait for others that wait for it."""
        self._n_changes += 1
        self._stall = NEXT_STALL
        if self._returning:
            # Those that hold the slots do nothing with them.
            self._n_running += 1
            self._returning.popleft().called.set()
        else:
            self._begin_training()

    def _advance(self, *, start: bool = True) -> None:
        """Let go on who may; to be called with the lock, after every change."""
        self._n_changes += 1
        while self._n_running < self.n_slots and self._returning:
            self._n_running += 1
            self._returning.popleft().called.set()
        while start and (task := self._startable()) is not None:
            try:
                self._threads.begin(self._work, task)
            except RuntimeError:
                # The system has no more threads: those that there are do all.
                self._n_running -= 1
                self._n_alive -= 1
                self._queue.appendleft(task)
                if not self._n_alive:
                    raise
                self.max_tasks = self._n_alive
                break
        if not self._is_training and self._is_time():
            self._begin_training()

    def _begin_training(self) -> None:
        """Let one of those that wait train as many of them as there is memory for."""
        if self._waiting:
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
        return not (n_coming or may_start or is_back) or self._is_spent()

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
