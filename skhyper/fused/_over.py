"""joblib's backend in which stacks of tasks go to the workers of another backend."""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from joblib.parallel import (
    BatchedCalls,
    ParallelBackendBase,
    register_parallel_backend,
)

from skhyper._joblib import FallbackToBackend, TerminatedWorkerError
from skhyper.exceptions import did_you_mean
from skhyper.fused._backend import STACK_OF_JOBLIB, FusedBackend
from skhyper.fused._engines import ENGINES
from skhyper.fused._options import MOST_TASKS, check_options
from skhyper.fused._report import Report, report_here
from skhyper.fused._stack import Callback, Stack

__all__ = ["OverBackend", "fused_backend"]

# How often a stack is sent whose worker dies.
MOST_TRIES = 3


class OverBackend(ParallelBackendBase):
    """Sends joblib's tasks to workers in stacks, each of which is trained together.

    It is joblib's backend "fused" where ``over`` is given. The tasks of a call are cut
    into about one stack for each worker, which runs it in the backend "fused" of its
    own process. A stack whose worker dies is sent again, twice at most.

    Parameters
    ----------
    over : {"loky", "dask", "ray"}
        The backend of joblib that has the workers.
    nesting_level, inner_max_num_threads : int or None, default=None
        As in joblib.
    max_tasks : int, default=512
        Tasks of a stack, at most.
    memory : int or None, default=None
        Bytes that the fits of a worker which are trained together may need; None for
        half of what is free there, shared by the processes of loky.
    **options : object
        Arguments of the other backend, such as ``scatter`` for Dask and
        ``ray_remote_args`` for Ray.

    Raises
    ------
    ValueError
        If there is no such backend, or a number is out of range.
    TypeError
        If there is no such parameter.
    ImportError
        If the package of the backend is not installed.

    Warns
    -----
    FusionWarning
        As FusedBackend.

    Examples
    --------
    >>> import joblib
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_val_score
    >>> from skhyper import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> with joblib.parallel_config("fused", over="loky", n_jobs=2):
    ...     scores = cross_val_score(MLPClassifier(max_epochs=5, random_state=0), X, y)
    >>> scores.shape
    (5,)
    """

    supports_retrieve_callback = True
    default_n_jobs = -1

    def __init__(
        self,
        over: str,
        nesting_level: int | None = None,
        inner_max_num_threads: int | None = None,
        *,
        max_tasks: int = 512,
        memory: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(nesting_level, inner_max_num_threads)
        _check_over(over, max_tasks, memory, options)
        # It does the work where there is one worker.
        self._here = FusedBackend(nesting_level, max_tasks=max_tasks, memory=memory)
        self.supports_inner_max_num_threads = over == "loky"
        self.max_tasks = max_tasks
        self.memory = memory
        self.engine = ENGINES[over](**options)
        self._lock = threading.Lock()
        self._pending: list[tuple[BatchedCalls, Callback]] = []
        self._report: Report | None = None
        self._sender: Executor | None = None
        self._workers = 0

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Give the number of tasks that are under way at once.

        joblib draws as many from its iterable before it waits for the first.
        """
        n_workers = self.engine.backend.effective_n_jobs(n_jobs)
        return n_workers and min(max(2, n_workers * self.max_tasks), MOST_TASKS)

    def configure(self, n_jobs: int = -1, parallel: Any = None, **options: Any) -> int:
        """Make the workers ready, and give the number of tasks at once."""
        self.parallel = parallel
        inner = self.engine.backend
        inner.nesting_level = self._here.nesting_level = self.nesting_level
        inner.inner_max_num_threads = self.inner_max_num_threads
        try:
            self.n_workers = self.engine.configure(n_jobs, parallel, **options)
        except FallbackToBackend:
            raise FallbackToBackend(self._here) from None
        return self.effective_n_jobs(n_jobs)

    def start_call(self) -> None:
        """Begin a call: its tasks will be submitted now."""
        self._pending = []
        # One thread sends, so that workers are renewed by one at a time, and never by
        # the thread of theirs that tells of their end.
        self._sender = ThreadPoolExecutor(1)
        if report_here() is None and self._report is None:
            self._report = Report()
        self._heard_by = report_here() or self._report
        memory = self.memory or self.engine.memory(self.n_workers)
        self._settings = {"max_tasks": self.max_tasks, "memory": memory}
        self.engine.backend.start_call()

    def submit(
        self, func: BatchedCalls, callback: Callback | None = None
    ) -> Future[Any]:
        """Keep a task until its stack is complete."""
        assert callback is not None, "joblib waits for its tasks by callbacks"
        with self._lock:
            self._pending.append((func, callback))
            is_full = len(self._pending) >= self.n_workers * self.max_tasks
        if is_full:
            self._send_pending(self.n_workers)
        return Future()

    def retrieve_result_callback(self, out: Future[Any]) -> Any:
        """Give what a task has given, or raise what it has raised."""
        return out.result()

    @contextmanager
    def retrieval_context(self) -> Iterator[None]:
        """Wait for the tasks; those that there are go to the workers now."""
        self._send_pending(self.n_workers)
        yield

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Give up the tasks of the call."""
        self._end_sending()
        self.engine.backend.abort_everything(ensure_ready=ensure_ready)

    def stop_call(self) -> None:
        """End a call."""
        self._end_sending()
        self.engine.backend.stop_call()
        self.engine.end()

    def terminate(self) -> None:
        """Let go of the workers, and warn of what was trained alone."""
        self.engine.backend.terminate()
        report, self._report = self._report, None
        if report is not None:
            report.warn("parallel_config('fused')", stacklevel=STACK_OF_JOBLIB)

    def _end_sending(self) -> None:
        with self._lock:
            sender, self._sender = self._sender, None
        if sender is not None:
            sender.shutdown(cancel_futures=True)

    def _send_pending(self, n_stacks: int) -> None:
        """Cut the tasks that wait into stacks of about equal size, and send them."""
        with self._lock:
            tasks, self._pending = self._pending, []
        n_tasks = len(tasks)
        n_stacks = min(max(n_stacks, -(-n_tasks // self.max_tasks)), n_tasks)
        for place in range(n_stacks):
            first, last = (n_tasks * end // n_stacks for end in (place, place + 1))
            self._post(Stack(tasks[first:last]))

    def _post(self, stack: Stack) -> None:
        """Have a stack sent, unless the call is over."""
        with self._lock:
            if self._sender is not None:
                self._sender.submit(self._send, stack)

    def _send(self, stack: Stack) -> None:
        """Send a stack, after new workers are there if it has met the end of one."""
        try:
            if stack.n_tries and stack.workers == self._workers:
                self.engine.renew()
                self._workers += 1
            stack.n_tries += 1
            stack.workers = self._workers
            call = stack.call(self._settings, self.engine.pack)
            self.engine.submit(call, lambda out: self._end(stack, out))
        except BaseException as error:
            self._end(stack, error)

    def _end(self, stack: Stack, out: Any) -> None:
        """Hand over what has come of a stack, or send it again if its worker died."""
        try:
            if isinstance(out, BaseException):
                raise out
            [(results, report)] = self.engine.backend.retrieve_result_callback(out)
        except BaseException as error:
            if isinstance(error, self.engine.lost) and stack.n_tries < MOST_TRIES:
                self._post(stack)
            elif isinstance(error, (*self.engine.lost, *self.engine.killed)):
                message = f"{error} (sent {stack.n_tries} times)"
                stack.fail(TerminatedWorkerError(message))
            else:
                stack.fail(error)
            return
        if self._heard_by is not None:
            self._heard_by.take(report)
        stack.succeed(results)
        # What joblib has submitted in the meantime is for the worker that is idle now.
        self._send_pending(1)


def _check_over(over: Any, max_tasks: Any, memory: Any, others: Iterable[str]) -> None:
    owner = "joblib's backend 'fused'"
    if isinstance(over, str) and over in ENGINES:
        owner += f" over {over!r}"
        known = ("max_tasks", "memory", *ENGINES[over].options)
        check_options(owner, max_tasks, memory, others=others, known=known)
        return
    # What others there are depends on it.
    words = (
        f"The 'over' parameter of {owner} must be one of "
        f"{', '.join(map(repr, ENGINES))}, or None for this process alone. Got "
        f"{over!r}.{did_you_mean(over, ENGINES)}"
    )
    check_options(owner, max_tasks, memory, also=[words])


def fused_backend(*args: Any, over: str | None = None, **options: Any) -> Any:
    """Make joblib's backend "fused": of this process, or over the workers of another.

    Parameters
    ----------
    *args : object
        As joblib gives them.
    over : {"loky", "dask", "ray"} or None, default=None
        The backend that has the workers; None for this process alone.
    **options : object
        Arguments of the backend.

    Returns
    -------
    backend : FusedBackend or OverBackend
        The backend.
    """
    if over is None:
        return FusedBackend(*args, **options)
    return OverBackend(over, *args, **options)


register_parallel_backend("fused", fused_backend)
