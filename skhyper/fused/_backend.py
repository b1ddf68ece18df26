"""joblib's backend in which fits are trained together."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from functools import partial
from typing import Any

import joblib
from joblib.parallel import ParallelBackendBase

from skhyper.fused._memory import free_memory
from skhyper.fused._options import check_options
from skhyper.fused._report import Report, report_here
from skhyper.fused._request import Footprint, Request
from skhyper.fused._scheduler import Scheduler, scheduler_here
from skhyper.fused._tasks import Task
from skhyper.fused._trainer import train_together
from skhyper.training import Halt, Outcome

__all__ = ["FusedBackend"]

# Calls of joblib's own from the one that a user makes to the end of a backend.
STACK_OF_JOBLIB = 4


class FusedBackend(ParallelBackendBase):
    """Runs joblib's tasks in threads and trains together the networks they fit.

    It is joblib's backend "fused". Whatever fits estimators of this package in
    ``joblib.Parallel`` is made faster by it, with the results it has without it; tasks
    that fit none of them run in its threads.

    Parameters
    ----------
    nesting_level : int or None, default=None
        As in joblib.
    inner_max_num_threads : None, default=None
        As in joblib, where it is of use to processes only.
    max_tasks : int, default=512
        Tasks under way at once, from 1 to 100,000. Each has a thread while it waits.
    memory : int or None, default=None
        Bytes that the fits which are trained together may need; None for half of
        what this process may still take when it begins, at least 1.
    **unknown : object
        Refused, with the nearest name that there is.

    Raises
    ------
    TypeError
        If there is no such parameter.
    ValueError
        If `max_tasks` or `memory` is not such a number, or there is an ``over``.

    Warns
    -----
    FusionWarning
        Once, when joblib has no more tasks, if networks were trained one after the
        other that need not have been, and no report of one's own hears of them.

    Examples
    --------
    >>> import joblib
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_val_score
    >>> from skhyper import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> with joblib.parallel_config("fused"):
    ...     scores = cross_val_score(MLPClassifier(max_epochs=5, random_state=0), X, y)
    >>> scores.shape
    (5,)
    """

    supports_retrieve_callback = True
    supports_sharedmem = True
    supports_timeout = True
    uses_threads = True
    default_n_jobs = -1

    def __init__(
        self,
        nesting_level: int | None = None,
        inner_max_num_threads: int | None = None,
        *,
        max_tasks: int = 512,
        memory: int | None = None,
        **unknown: Any,
    ) -> None:
        super().__init__(nesting_level, inner_max_num_threads)
        over = unknown.pop("over", None)
        elsewhere = (
            "FusedBackend trains in this process; 'over' is a parameter of "
            f"joblib.parallel_config('fused', over=...). Got {over!r}."
        )
        check_options(
            "FusedBackend",
            max_tasks,
            memory,
            others=unknown,
            known=("max_tasks", "memory", "over"),
            also=[elsewhere] if over is not None else [],
        )
        self.max_tasks = max_tasks
        self.memory = memory
        self.n_slots = 1
        self._scheduler: Scheduler | None = None
        self._report: Report | None = None
        self._n_tasks = 0
        self._n_at_once = 0
        self._is_nested = False
        self._is_dispatching = False

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Give the number of tasks that are under way at once, or 2 where it is one.

        joblib runs a single one without any backend, so that no fit of it would meet
        another or be told of. The scheduler keeps to one nonetheless.
        """
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 in Parallel has no meaning")
        return max(2, self.max_tasks)

    def configure(self, n_jobs: int = -1, parallel: Any = None, **options: Any) -> int:
        """Make ready for calls, and give the number of tasks at once."""
        self.parallel = parallel
        n_cores = joblib.cpu_count()
        self.n_slots = n_jobs if n_jobs > 0 else max(n_cores + 1 + n_jobs, 1)
        return self.effective_n_jobs(n_jobs)

    def start_call(self) -> None:
        """Begin a call: its tasks will be submitted now.

        Those of a call before whose results are not all asked for yet are submitted:
        joblib gives a generator of results when it has drawn what it draws at first.
        """
        self._end_dispatching()
        if not self._is_nested:
            budget = free_memory() // 2 if self.memory is None else self.memory
            trainer = partial(train_within, self.max_tasks, budget)
            self._scheduler = Scheduler(self.n_slots, self.max_tasks, budget, trainer)
            self._n_tasks = 0
            if report_here() is None and self._report is None:
                self._report = Report()
        if not self._is_in_task():
            self.scheduler.expect_tasks()
            self._is_dispatching = True

    @property
    def scheduler(self) -> Scheduler:
        """The scheduler of the call."""
        assert self._scheduler is not None, "tasks are submitted in calls"
        return self._scheduler

    def submit(
        self,
        func: Callable[[], Any],
        callback: Callable[[Future[Any]], None] | None = None,
    ) -> Future[Any]:
        """Let a task run when its turn comes."""
        self._n_tasks += 1
        task = Task(func, callback, self, report_here() or self._report)
        self.scheduler.submit(task)
        return task.future

    def retrieve_result_callback(self, out: Future[Any]) -> Any:
        """Give what a task has given, or raise what it has raised."""
        return out.result()

    @contextmanager
    def retrieval_context(self) -> Iterator[None]:
        """Wait for the tasks; from now on they alone bring others."""
        if self._is_in_task():
            with self.scheduler.blocked(self):
                yield
            return
        self._end_dispatching()
        yield

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Give up the tasks of the call."""
        self.scheduler.give_up(self if self._is_nested else None)

    def stop_call(self) -> None:
        """End a call."""
        self._end_dispatching()
        if not self._is_nested:
            self.scheduler.join()
        if self._report is not None:
            self._report.look_back(self._n_tasks, self._n_at_once)

    def terminate(self) -> None:
        """Warn of what was trained alone, at the end of all calls that belong together.

        Nothing is said where they were given up.
        """
        report, self._report = self._report, None
        if report is not None and not self.scheduler.halt.called:
            report.warn("parallel_config('fused')", stacklevel=STACK_OF_JOBLIB)

    def get_nested_backend(self) -> tuple[ParallelBackendBase, None]:
        """Give a backend whose tasks meet with those of this one."""
        nested = FusedBackend((self.nesting_level or 0) + 1, max_tasks=self.max_tasks)
        nested._scheduler, nested._is_nested = self.scheduler, True
        return nested, None

    def _is_in_task(self) -> bool:
        return self._is_nested and scheduler_here() is self._scheduler

    def _end_dispatching(self) -> None:
        if self._is_dispatching:
            self._is_dispatching = False
            self._n_at_once = self._n_tasks
            self.scheduler.expect_no_more()


def train_within(
    max_tasks: int,
    budget: int,
    requests: Sequence[Request],
    n_threads: int,
    halt: Halt,
    executor: Executor | None,
) -> list[Outcome | BaseException]:
    """Train runs that have met, and tell their reports what kept others away.

    Parameters
    ----------
    max_tasks : int
        Tasks under way at once.
    budget : int
        Bytes that the runs may need.
    requests, n_threads, halt, executor : object
        As in ``train_together``.

    Returns
    -------
    results : list of Outcome or BaseException
        As in ``train_together``.
    """
    limit = "max_tasks" if len(requests) >= max_tasks else None
    n_bytes = Footprint(requests).n_bytes
    last = n_bytes - Footprint(requests[:-1]).n_bytes
    if n_bytes + last > budget:
        limit = "memory"
    for request in requests:
        if request.report is not None:
            request.report.limit = limit
    return train_together(requests, n_threads, halt, executor)
