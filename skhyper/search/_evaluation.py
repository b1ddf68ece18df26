"""Candidates times splits, run through joblib, and the record of what came out."""

import math
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sklearn.base import BaseEstimator, clone
from sklearn.callback import CallbackContext
from sklearn.utils.parallel import Parallel, delayed

from skhyper._joblib import TerminatedWorkerError
from skhyper.fused import Report, report_in_force
from skhyper.search._candidate import Ask, Outcome, number_anew
from skhyper.search._fold import Fold
from skhyper.search._fold_models import FoldModels
from skhyper.search._interrupt import raise_swallowed_interrupt
from skhyper.search._leg import Leg, fit_leg
from skhyper.search._target import as_candidate
from skhyper.search._task import (
    Procedure,
    Task,
    TaskResult,
    last_words,
    run_task,
)
from skhyper.training import (
    Deadline,
    Halt,
    OutOfTime,
    deadline_here,
    deadline_in_force,
)

__all__ = ["Evaluation"]

# Results by candidate and split.
Ended = dict[tuple[int, int], TaskResult]

# Tasks that are prepared together at first where there is a deadline.
FEW = 8


class Evaluation:
    """Evaluates candidates for a search and keeps the record of all of them.

    Results are taken as they come, so that whatever ends a search early leaves the
    candidates that are finished in ``finished``. A worker process that dies costs the
    candidate that killed it, not the search: what was under way is tried again, one
    task at a time, until a task kills its worker a second time.

    Parameters
    ----------
    estimator : estimator object
        Cloned for each task.
    X, y : array-like
        All rows.
    folds : sequence of Fold
        The same for all candidates.
    procedure : Procedure
        How to fit and score.
    options : dict of str to object
        Arguments of joblib's Parallel.

    Attributes
    ----------
    outcomes : list of Outcome
        All candidates so far, in the order asked for.
    report : Report
        Tells which fits were trained together.
    deadline : Deadline or None
        When the tasks are to end. Those that have not begun by then are left out, but
        for those of the first candidate, which are trained for an epoch.
    look_at_time : callable
        Called with the number of candidates that are next; may set another deadline.
    fold_models : FoldModels or None
        Is shown the candidates that come with their models.
    seconds : float
        What all runs took so far.
    """

    def __init__(
        self,
        estimator: BaseEstimator,
        X: Any,
        y: Any,
        folds: Sequence[Fold],
        procedure: Procedure,
        options: dict[str, Any],
    ) -> None:
        self.estimator = estimator
        self.X = X
        self.y = y
        self.folds = folds
        self.procedure = procedure
        self.options = options
        self.outcomes: list[Outcome] = []
        self.report = Report()
        self.deadline: Deadline | None = None
        self.look_at_time: Callable[[int], None] = lambda _: None
        self.fold_models: FoldModels | None = None
        self.seconds = 0.0
        self._needs_one = True
        self._n_tasks = 0

    def afresh(self, deadline: Deadline | None) -> "Evaluation":
        """Make one of the same rows and splits, which needs no candidate in time."""
        procedure = replace(self.procedure, return_train_score=False)
        other = Evaluation(
            self.estimator, self.X, self.y, self.folds, procedure, self.options
        )
        other.deadline = deadline
        other._needs_one = False
        return other

    def candidate(self, params: dict[str, Any]) -> BaseEstimator:
        """Make the estimator of a candidate, not fitted, with the search's seed."""
        return as_candidate(clone(self.estimator), params, self.procedure.seed)

    def fit_all(self, estimator: BaseEstimator, leg: Leg | None) -> BaseEstimator:
        """Fit an estimator on all rows, to the end of a leg or to its own."""
        with raise_swallowed_interrupt():
            return fit_leg(estimator, leg, self.X, self.y, self.procedure.fit_params)

    @property
    def is_over(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and self.deadline.passed

    def drop_unfinished(self) -> None:
        """Forget the candidates that were not evaluated on every split."""
        self.outcomes = self.finished()
        number_anew(self.outcomes)

    def finished(self) -> list[Outcome]:
        """Give the candidates that were evaluated on every split, in their order.

        One that was going on when something ended the search is given as it was.
        """
        for outcome in self.outcomes:
            outcome.step_back()
        return [outcome for outcome in self.outcomes if outcome.finished]

    def run(
        self, asks: Sequence[Ask], context: CallbackContext | None = None
    ) -> list[Outcome]:
        """Evaluate candidates on every split and return their outcomes."""
        start = time.perf_counter()
        try:
            return self._run(asks, context)
        finally:
            self.seconds += time.perf_counter() - start

    def _run(
        self, asks: Sequence[Ask], context: CallbackContext | None
    ) -> list[Outcome]:
        outcomes = [self._begin(ask) for ask in asks]
        tasks = [
            Task(outcome.number, split, outcome.params, fold, outcome.legs.get(split))
            for outcome in outcomes
            for split, fold in enumerate(self.folds)
        ]
        # Made before the loop: a context cannot be added to a search that is being
        # pickled for a worker.
        contexts = {
            (task.candidate, task.split): None
            if context is None
            else context.subcontext(
                task_name="candidate-split-evaluation",
                task_id=self._n_tasks + number,
            )
            for number, task in enumerate(tasks)
        }
        self._n_tasks += len(tasks)
        n_splits = max(1, len(self.folds))
        # What is prepared when the time is up is in vain: it begins with a few.
        size = len(asks) if self.deadline is None else math.ceil(FEW / n_splits)
        while tasks:
            self.look_at_time(size)
            self._run_all(tasks[: size * n_splits], contexts)
            tasks, size = tasks[size * n_splits :], 2 * size
        return outcomes

    def _run_all(
        self,
        tasks: Sequence[Task],
        contexts: dict[tuple[int, int], CallbackContext | None],
    ) -> None:
        """Run tasks until each of them has ended, whatever dies."""
        while (tasks := self._unfinished(tasks)) and not self._is_late(tasks):
            if (around := deadline_here()) is not None:
                # That of a search around this one ends this one too.
                around.check()
            dispatched: list[Task] = []
            try:
                self._run_parallel(tasks, contexts, dispatched)
            except TerminatedWorkerError:
                suspects = self._unfinished(dispatched)
                if self.procedure.error_score == "raise" or not suspects:
                    raise
                self._find_culprit(suspects, contexts)

    def _is_late(self, tasks: Sequence[Task]) -> bool:
        """Tell whether none of the tasks would begin any more."""
        return self.is_over and not any(map(self._is_needed, tasks))

    def _is_needed(self, task: Task) -> bool:
        return self._needs_one and task.candidate == 0

    def _deadline_of(self, task: Task) -> Deadline | None:
        if self.deadline is None:
            return None
        return replace(self.deadline, grants_an_epoch=self._is_needed(task))

    def _begin(self, ask: Ask) -> Outcome:
        outcome = ask.outcome
        if outcome is None:
            outcome = Outcome(ask.params, len(self.folds), len(self.outcomes))
            self.outcomes.append(outcome)
        outcome.begin(ask)
        return outcome

    def _unfinished(self, tasks: Iterable[Task]) -> list[Task]:
        return [
            task
            for task in tasks
            if task.split not in self.outcomes[task.candidate].results
        ]

    def _run_parallel(
        self,
        tasks: Sequence[Task],
        contexts: dict[tuple[int, int], CallbackContext | None],
        dispatched: list[Task],
    ) -> None:
        """Run tasks side by side; record each as it ends, note what was started."""
        halt = Halt()
        # Filled by the tasks that share the memory of this process: at an interrupt
        # joblib does not hand back what has ended since it was last asked.
        ended: Ended = {}

        def calls() -> Iterator[Any]:
            for task in tasks:
                dispatched.append(task)
                yield delayed(_run_and_record)(
                    ended,
                    self._deadline_of(task),
                    clone(self.estimator),
                    self.X,
                    self.y,
                    task,
                    self.procedure,
                    halt,
                    contexts[task.candidate, task.split],
                )

        results: Iterable[TaskResult | None] = ()
        try:
            with report_in_force(self.report):
                results = self._parallel()(calls())
                n_at_once = len(dispatched)
                for result in results:
                    if result is not None:
                        ended.pop((result.candidate, result.split), None)
                    self._record(result)
            self.report.look_back(len(tasks), n_at_once)
        except BaseException:
            halt.call()
            if isinstance(results, Generator):
                # joblib warns of the tasks that it stops; they are meant to stop.
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    results.close()
            for result in ended.values():
                self._record(result)
            raise

    def _record(self, result: TaskResult | None) -> None:
        if result is None:
            return
        outcome = self.outcomes[result.candidate]
        outcome.record(result)
        if self.fold_models is not None and outcome.finished:
            self.fold_models.see(outcome)

    def _parallel(self) -> Parallel:
        try:
            return Parallel(return_as="generator_unordered", **self.options)
        except ValueError:
            # The backend hands back all results at the end or nothing.
            return Parallel(**self.options)

    def _find_culprit(
        self,
        suspects: Sequence[Task],
        contexts: dict[tuple[int, int], CallbackContext | None],
    ) -> None:
        """Run tasks one at a time until one kills its worker: its candidate failed."""
        for task in suspects:
            try:
                self._run_parallel([task], contexts, [])
            except TerminatedWorkerError as error:
                outcome = self.outcomes[task.candidate]
                for split in {*range(len(self.folds))}.difference(outcome.results):
                    outcome.record(
                        TaskResult(
                            task.candidate,
                            split,
                            error=f"{type(error).__name__}: {error}",
                            failed=True,
                            stop_reason=last_words(error),
                        ),
                    )
                return


def _run_and_record(
    ended: Ended, deadline: Deadline | None, *arguments: Any
) -> TaskResult | None:
    """Run a task; give None if its time was up before it could begin."""
    result = None
    with suppress(OutOfTime), deadline_in_force(deadline):
        if deadline is not None:
            deadline.check()
        result = run_task(*arguments)
        ended[result.candidate, result.split] = result
    return result
