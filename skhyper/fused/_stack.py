"""Tasks that go to a worker together, and what the worker does with them."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import Any

import joblib
from joblib.parallel import BatchedCalls

from skhyper.fused._report import Report, report_in_force

__all__ = ["Call", "Callback", "Parcel", "Stack", "run_stack"]

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
Callback = Callable[[Future[Any]], None]


@dataclass(frozen=True)
class Parcel:
    """An argument that lies where every worker can fetch it."""

    fetch: Callable[[], Any]


@dataclass
class Stack:
    """Tasks that go to a worker together.

    ``n_tries`` counts how often they were sent, ``workers`` how often new workers had
    been made before they were sent last.
    """

    tasks: Sequence[tuple[BatchedCalls, Callback]]
    n_tries: int = 0
    workers: int = 0

    def call(self, settings: dict[str, Any], pack: Callable[[Any], Any]) -> Call:
        """Make the call that runs the tasks in a worker.

        Parameters
        ----------
        settings : dict of str to object
            Arguments of the backend "fused".
        pack : callable
            Gives what travels in the place of an argument.

        Returns
        -------
        call : tuple of (callable, tuple, dict)
            As joblib takes it.
        """
        calls = [call for batch, _ in self.tasks for call in batch.items]
        layout = [(func, len(args), tuple(kwargs)) for func, args, kwargs in calls]
        arguments = [
            pack(argument)
            for _, args, kwargs in calls
            for argument in (*args, *kwargs.values())
        ]
        return run_stack, (settings, layout, *arguments), {}

    def succeed(self, results: Iterable[Any]) -> None:
        """Hand over what the tasks have given."""
        rest = iter(results)
        for batch, callback in self.tasks:
            future: Future[Any] = Future()
            future.set_result(list(islice(rest, len(batch))))
            callback(future)

    def fail(self, error: BaseException) -> None:
        """Hand over what one of the tasks has raised, or their worker."""
        for _, callback in self.tasks:
            future: Future[Any] = Future()
            future.set_exception(error)
            callback(future)


def run_stack(
    settings: dict[str, Any],
    layout: Sequence[tuple[Callable[..., Any], int, tuple[str, ...]]],
    *flat: Any,
) -> tuple[list[Any], Report]:
    """Run the tasks of a stack in this process, and train their fits together.

    Parameters
    ----------
    settings : dict of str to object
        Arguments of the backend "fused".
    layout : sequence of (callable, int, tuple of str)
        For each task what is called, and with how many arguments by place and with
        which by name.
    *flat : object
        The arguments of all tasks, one after the other, so that each array is seen
        by what takes them to the worker.

    Returns
    -------
    results : list
        What the tasks give.
    report : Report
        Which fits were trained together.
    """
    # An array of many tasks is fetched once, so that they share it.
    parcels = {id(part): part for part in flat if isinstance(part, Parcel)}
    fetched = {place: parcel.fetch() for place, parcel in parcels.items()}
    arguments = iter([fetched.get(id(part), part) for part in flat])
    calls = [
        (
            func,
            tuple(islice(arguments, n_args)),
            dict(zip(names, arguments, strict=False)),
        )
        for func, n_args, names in layout
    ]
    report = Report()
    fused = joblib.parallel_config("fused", n_jobs=1, **settings)
    with report_in_force(report), fused:
        results = joblib.Parallel()(calls)
    return results, report
