"""The backends of joblib that take stacks of tasks to workers."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from multiprocessing import current_process
from typing import Any

import joblib
import torch
from joblib.parallel import BatchedCalls, ParallelBackendBase, ThreadingBackend

from skhyper._extras import import_extra
from skhyper._joblib import TerminatedWorkerError, folder_chooser
from skhyper.fused._memory import free_memory
from skhyper.fused._stack import Call, Parcel

__all__ = ["ENGINES", "Engine"]

USER = "joblib.parallel_config('fused', over={!r})"

# Bytes from which an array travels apart from the stacks.
LARGE = 1_000

# Seconds in which a cluster of Dask must have a worker. joblib's own ten are too few
# where all of them have died and are started anew.
PATIENCE = 60

# What joblib would have run in the worker; the stack chooses another.
NESTED = ThreadingBackend(nesting_level=1), None


class Engine:
    """One of joblib's backends, and how it differs from the others.

    Parameters
    ----------
    **options : object
        Its own arguments.

    Attributes
    ----------
    backend : ParallelBackendBase
        The backend of joblib.
    lost, killed : tuple of type
        Errors of a call whose worker has died: it is to be sent again, or has been.
    """

    name = ""
    options: Sequence[str] = ()
    lost: tuple[type[BaseException], ...] = ()
    killed: tuple[type[BaseException], ...] = ()

    def __init__(self, **options: Any) -> None:
        with joblib.parallel_config(self.name, **options) as config:
            self.backend: ParallelBackendBase = config["backend"]

    def configure(self, n_jobs: int, parallel: Any, **settings: Any) -> int:
        """Make the workers ready, and give their number."""
        return self.backend.configure(n_jobs=n_jobs, parallel=parallel, **settings)

    def memory(self, n_workers: int) -> int | None:
        """Give the bytes for the fits of a worker; None if it knows better itself."""
        return None

    def pack(self, argument: Any) -> Any:
        """Give what travels in the place of an argument."""
        return argument

    def submit(self, call: Call, callback: Callable[[Any], None]) -> None:
        """Send a call with its arguments, and have the callback called with its end."""
        self.backend.submit(BatchedCalls([call], NESTED), callback)

    def renew(self) -> None:
        """Make good what was lost with a worker, so that calls can be sent again."""

    def end(self) -> None:
        """Let go of what was made for the calls."""


class Loky(Engine):
    """Processes of this machine, spawned by loky.

    Arrays from a megabyte on are written once and mapped into the memory of each.
    """

    name = "loky"
    lost = (TerminatedWorkerError,)
    options = ("idle_worker_timeout",)

    def configure(self, n_jobs: int, parallel: Any, **settings: Any) -> int:
        """Spawn the processes, each with a GPU of its own where there are several."""
        self._again = n_jobs, parallel, settings
        return super().configure(n_jobs, parallel, initializer=take_gpu, **settings)

    def memory(self, n_workers: int) -> int:
        """Give each process its part of half of what is free."""
        return max(free_memory() // 2 // n_workers, 1)

    def submit(self, call: Call, callback: Callable[[Any], None]) -> None:
        """Send a call, its large arrays as files."""
        choose = folder_chooser(self.backend)
        self.backend.submit(BatchedCalls([call], NESTED, choose), callback)

    def renew(self) -> None:
        """Spawn new processes: where one dies, loky ends them all."""
        self.backend.abort_everything(ensure_ready=False)
        n_jobs, parallel, settings = self._again
        self.configure(n_jobs, parallel, **settings)


class Dask(Engine):
    """The workers of a cluster of Dask, to each of which an array goes once.

    It is handed to one of them, from which the others have it. To hand it to all of
    them, Dask would go on trying for as long as one that has died is not there. Dask
    sends again what a dead worker was doing, but not the arrays that nobody else held.
    """

    name = "dask"
    options = (
        "client",
        "scheduler_host",
        "scatter",
        "wait_for_workers_timeout",
        "workers",
        "resources",
        "priority",
        "retries",
    )

    def __init__(self, **options: Any) -> None:
        distributed = import_extra("distributed", USER.format(self.name), "dask")
        self._dumps = distributed.protocol.pickle.dumps
        self._sizeof = import_extra("dask.sizeof", USER.format(self.name)).sizeof
        self._sent: list[Any] = []
        # Where all workers have died, what is sent before others are there is late. One
        # that dies while it is given an array has closed its line.
        self.lost = (
            CancelledError,
            TimeoutError,
            distributed.TimeoutError,
            distributed.comm.CommClosedError,
        )
        self.killed = (distributed.scheduler.KilledWorker,)
        super().__init__(**{"wait_for_workers_timeout": PATIENCE, **options})

    def pack(self, argument: Any) -> Any:
        """Send an array or a frame to the workers, the same one only once."""
        futures, client = self.backend.data_futures, self.backend.client
        is_large = hasattr(argument, "shape") and self._sizeof(argument) >= LARGE
        if is_large and id(argument) not in futures:
            [future] = client.scatter([argument], hash=False)
            futures[id(argument)] = future
            self._sent.append(argument)
        return argument

    def submit(self, call: Call, callback: Callable[[Any], None]) -> None:
        """Send a call; joblib would wait for ever if it cannot be, or is given up."""
        sent = self.backend.data_futures
        self._dumps([part for part in call[1] if id(part) not in sent])

        def tell(future: Future[Any]) -> None:
            if (error := future.exception()) is not None:
                callback(error)

        stack = BatchedCalls([call], NESTED)
        self.backend.submit(stack, callback).add_done_callback(tell)

    def renew(self) -> None:
        """Forget where the arrays were, so that they are sent again to who is there."""
        self.end()
        self.backend.effective_n_jobs(-1)

    def end(self) -> None:
        """Let the workers forget the arrays."""
        for argument in self._sent:
            del self.backend.data_futures[id(argument)]
        self._sent.clear()


class Ray(Engine):
    """Actors of a cluster of Ray; each array lies once in the store of a machine.

    Ray starts an actor that dies anew, and has it do again what it was doing.
    """

    name = "ray"
    options = ("ray_remote_args",)

    def __init__(self, ray_remote_args: dict[str, Any] | None = None) -> None:
        user = USER.format(self.name)
        import_extra("ray.util.joblib", user, "ray").register_ray()
        self._ray = import_extra("ray", user)
        self.killed = (self._ray.exceptions.RayActorError,)
        again = {"max_restarts": 3, "max_task_retries": 3}
        super().__init__(ray_remote_args={**again, **(ray_remote_args or {})})
        self._parcels: dict[int, tuple[Any, Parcel]] = {}

    def pack(self, argument: Any) -> Any:
        """Put an array into the store, the same one only once."""
        if getattr(argument, "nbytes", 0) < LARGE:
            return argument
        if id(argument) not in self._parcels:
            parcel = Parcel(RayFetch(self._ray.put(argument)))
            self._parcels[id(argument)] = argument, parcel
        return self._parcels[id(argument)][1]

    def end(self) -> None:
        """Take the arrays out of the store."""
        self._parcels.clear()


@dataclass(frozen=True)
class RayFetch:
    """Fetches an object from the store of Ray."""

    reference: Any

    def __call__(self) -> Any:
        """Give the object."""
        return import_extra("ray", USER.format("ray")).get(self.reference)


ENGINES: dict[str, type[Engine]] = {e.name: e for e in (Loky, Dask, Ray)}


def take_gpu() -> None:
    """Leave this process one of several GPUs, before it has used any.

    Processes of loky are numbered as they are spawned, and side by side have numbers
    that follow each other.
    """
    n_gpus = torch.cuda.device_count()
    if n_gpus > 1:
        seen = os.environ.get("CUDA_VISIBLE_DEVICES")
        names = seen.split(",") if seen else [str(gpu) for gpu in range(n_gpus)]
        number = int(current_process().name.rpartition("-")[2])
        os.environ["CUDA_VISIBLE_DEVICES"] = names[number % n_gpus]
