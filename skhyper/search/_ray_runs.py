"""The runs of Ray Tune, and what came of them."""

import builtins
import json
import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import replace
from functools import partial
from io import StringIO
from math import nan
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from skhyper._extras import import_extra
from skhyper._files import write_whole
from skhyper.search._brackets import rung_epochs
from skhyper.search._candidate import Outcome
from skhyper.search._evaluation import Evaluation
from skhyper.search._origin import Origin
from skhyper.search._ray_engine import (
    check_resources,
    machines_of,
    make_algorithm,
    make_scheduler,
    ray_spaces,
)
from skhyper.search._ray_trial import RESULTS, SCORE, Work, make_trainable
from skhyper.search._study import suggest_from
from skhyper.search._task import TaskResult, last_words
from skhyper.search._written import read_outcome
from skhyper.spaces import SearchSpace
from skhyper.spaces._ray import Drawn
from skhyper.training import Deadline

__all__ = ["Runs"]

# Where it is kept among the runs from what they are made.
ORIGIN = "skhyper.json"

# How often a trial may lose its process before it has failed.
MOST_LOSSES = 1

# Up to so many checkpoints of a trial are all kept, as to remove one has Ray Tune save
# its own state; of more the last two, if a trial goes on from its own only.
MANY, FEW = 10, 2
ALONE = ("asha", "hyperband", "median")


class Runs:
    """Has Ray Tune run trials, and reads what they report.

    Parameters
    ----------
    tune : module
        ``ray.tune``.
    search : RayTuneSearchCV
        The search.
    spaces : list of SearchSpace
        One of them is chosen by each trial.
    seed : int
        Seed of the algorithm.
    """

    def __init__(
        self, tune: ModuleType, search: Any, spaces: list[SearchSpace], seed: int
    ) -> None:
        self.tune = tune
        self.search = search
        self.spaces = spaces
        self.seed = seed

    def join(self, origin: Origin) -> None:
        """Go on with the runs that there are, or note from what they will be made.

        Parameters
        ----------
        origin : Origin
            What that is.

        Raises
        ------
        ValueError
            If there are runs that were made from something else, or not by a search.
        """
        if self.search.storage is None:
            return
        folder = (Path(self.search.storage) / self.search.name).resolve()
        note = folder / ORIGIN
        if not self.tune.Tuner.can_restore(str(folder)):
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(note, json.dumps(origin.prints).encode())
        elif note.exists():
            origin.check([json.loads(note.read_bytes())])
        else:
            raise ValueError(
                "The 'storage' and 'name' parameters of "
                f"{type(self.search).__name__} must not hold runs that are not a "
                f"search's: there are some without {ORIGIN!r}, which says from what "
                f"they were made. Got storage={self.search.storage!r}, "
                f"name={self.search.name!r}. {origin.remedy}"
            )

    def run(self, evaluation: Evaluation) -> Any:
        """Run the trials, and add their outcomes to those of an evaluation.

        Parameters
        ----------
        evaluation : Evaluation
            What each trial does for its candidate; it is given their outcomes.

        Returns
        -------
        results : ray.tune.ResultGrid
            What Ray Tune knows of them.

        Raises
        ------
        KeyboardInterrupt
            If some have not come to their end.
        TimeoutError
            If none has begun in time.
        ValueError
            If the cluster has not the resources that a trial takes.
        """
        search = self.search
        with ExitStack() as stack:
            if not search.verbose:
                stack.enter_context(_silence())
            if search.resources is not None:
                ray = import_extra("ray", type(search).__name__, "ray")
                check_resources(search, machines_of(ray))
            storage = search.storage or stack.enter_context(TemporaryDirectory())
            tuner = self._tuner(self._work(evaluation), Path(storage).resolve())
            results, is_whole = _fit(tuner)
            # A trial that has reported nothing is known only to those.
            trials = self.tune.ExperimentAnalysis(results.experiment_path).trials
        if search.error_score == "raise" and results.errors:
            error = results.errors[0]
            raise getattr(error, "cause", None) or error
        of_trial = {result.metrics.get("trial_id"): result for result in results}
        for trial in sorted(trials, key=_place):
            result = of_trial.get(trial.trial_id)
            # Where the time was up, some have nothing to report.
            if result is None or (
                result.error is None and RESULTS not in result.metrics
            ):
                continue
            # A trial that a scheduler has ended in a pause is not reported as done.
            if is_whole or result.metrics.get("done"):
                params = read_config(self.spaces, trial.config)
                n_splits, number = len(evaluation.folds), len(evaluation.outcomes)
                outcome = self._outcome(result, params, n_splits, number)
                outcome.notes = {**outcome.notes, "trial": trial.trial_id}
                evaluation.outcomes.append(outcome)
        if not is_whole:
            raise KeyboardInterrupt("Ray Tune was told to stop.")
        if evaluation.is_over and not evaluation.outcomes:
            raise TimeoutError(
                f"No trial of {type(search).__name__} has reported within max_time="
                f"{search.max_time} seconds, which hold the start of Ray. Give it more."
            )
        return results

    def _work(self, evaluation: Evaluation) -> Work:
        return Work(
            evaluation.estimator,
            evaluation.X,
            evaluation.y,
            evaluation.folds,
            evaluation.procedure,
            {**evaluation.options, "n_jobs": 1},
            list(self._epochs()),
            partial(read_config, self.spaces),
            self.search._objective,
            self._deadline(evaluation),
        )

    def _deadline(self, evaluation: Evaluation) -> Deadline | None:
        """Give each trial that has begun what it needs to report."""
        if evaluation.deadline is None:
            return None
        return replace(evaluation.deadline, grants_an_epoch=True)

    def _epochs(self) -> Iterator[int]:
        """List the epochs after which a trial reports."""
        search = self.search
        if search.scheduler in ("asha", "hyperband"):
            yield from rung_epochs(search.max_epochs, search.factor, search.min_epochs)
        elif search.scheduler is not None:
            yield from range(search.min_epochs, search.max_epochs, search.min_epochs)
            yield search.max_epochs

    def _tuner(self, work: Work, storage: Path) -> Any:
        """Set Ray Tune up, or let it go on with what it has of that name."""
        tune, search = self.tune, self.search
        resources = search.resources or {"cpu": 1}
        trainable = tune.with_resources(
            tune.with_parameters(make_trainable(tune), work=work), resources
        )
        folder = str(storage / (search.name or "search"))
        if tune.Tuner.can_restore(folder):
            return tune.Tuner.restore(
                folder, trainable, resume_unfinished=True, resume_errored=True
            )
        space = ray_spaces(tune, self.spaces)
        is_limited = search.n_jobs not in (None, -1)
        is_patient = search.error_score != "raise"
        is_alone = isinstance(search.scheduler, str) and search.scheduler in ALONE
        return tune.Tuner(
            trainable,
            param_space=space,
            tune_config=tune.TuneConfig(
                metric=SCORE,
                mode="max",
                num_samples=search.n_iter,
                search_alg=make_algorithm(tune, search.algorithm, self.seed),
                scheduler=make_scheduler(tune, search, space),
                max_concurrent_trials=search.n_jobs if is_limited else None,
                reuse_actors=True,
                time_budget_s=None if work.deadline is None else work.deadline.left,
            ),
            run_config=tune.RunConfig(
                name=Path(folder).name,
                storage_path=str(storage),
                failure_config=tune.FailureConfig(
                    max_failures=MOST_LOSSES if is_patient else 0,
                    fail_fast=not is_patient,
                ),
                checkpoint_config=tune.CheckpointConfig(
                    checkpoint_frequency=1 if work.epochs else 0,
                    checkpoint_at_end=False,
                    num_to_keep=FEW if is_alone and len(work.epochs) > MANY else None,
                ),
                verbose=search.verbose,
            ),
        )

    def _outcome(
        self, result: Any, params: dict[str, Any], n_splits: int, number: int
    ) -> Outcome:
        """Read what a trial that has ended has reported of its candidate."""
        if result.error is None:
            known = read_outcome(result.metrics[RESULTS], params, n_splits, number)
            if known is None:
                raise ValueError(
                    f"The runs {self.search.name!r} in {str(self.search.storage)!r} "
                    f"have other splits than this search, which has {n_splits}. Give "
                    "it another name."
                )
            return known
        outcome, words = Outcome(params, n_splits, number), last_words(result.error)
        if self.search.scheduler is not None:
            outcome.notes = {"n_resources": 0, "rung": nan}
        for split in range(n_splits):
            outcome.record(
                TaskResult(number, split, error=words, failed=True, stop_reason=words)
            )
        return outcome


def _place(trial: Any) -> int:
    """Tell the how manieth trial of its experiment it is."""
    return int(trial.experiment_tag.split("_")[0])


def _fit(tuner: Any) -> tuple[Any, bool]:
    """Let Ray Tune run, and tell whether nobody stopped it by Ctrl-C.

    It leaves a handler of its own behind, which is gone only after Ctrl-C, and puts a
    function of its own in the place of ``print``, so that whatever holds the former, as
    callbacks of skorch do, could not be pickled any more.
    """
    before, own_print = signal.getsignal(signal.SIGINT), builtins.print
    try:
        results = tuner.fit()
        is_its_own = signal.getsignal(signal.SIGINT) is not before
    finally:
        builtins.print = own_print
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)
    return results, is_its_own or not _handles_interrupts()


def _handles_interrupts() -> bool:
    """Tell whether Ray Tune has a handler of its own here."""
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and os.environ.get("TUNE_DISABLE_SIGINT_HANDLER", "0") == "0"


@contextmanager
def _silence() -> Iterator[None]:
    """Let Ray Tune neither print nor log how it gets on."""
    logger = logging.getLogger("ray.tune")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with redirect_stdout(StringIO()):
            yield
    finally:
        logger.setLevel(level)


def read_config(spaces: list[SearchSpace], config: dict[str, Any]) -> dict[str, Any]:
    """Read the configuration of a trial as a candidate.

    Parameters
    ----------
    spaces : list of SearchSpace
        The spaces of the search.
    config : dict of str to object
        What Ray Tune has drawn of them.

    Returns
    -------
    candidate : dict of str to object
        The candidate.
    """
    return suggest_from(spaces, Drawn(config))
