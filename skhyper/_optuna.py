"""What Optuna keeps to itself, used in this one place."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

__all__ = ["begin_trial", "stoppable"]


def begin_trial(optuna: ModuleType, study: Any, notes: dict[str, Any]) -> Any:
    """Begin a trial that has its notes from its first moment.

    ``study.ask`` begins one without. One that is enqueued with notes and then asked for
    may be given to two processes by a database that locks no rows, like SQLite.

    Parameters
    ----------
    optuna : module
        Optuna.
    study : optuna.study.Study
        The study.
    notes : dict of str to object
        What is kept with the trial; together they are those of no other trial.

    Returns
    -------
    trial : optuna.trial.Trial
        The trial.
    """
    running = optuna.trial.TrialState.RUNNING
    study.add_trial(optuna.trial.create_trial(state=running, user_attrs=notes))
    trials = reversed(study.get_trials(deepcopy=False))
    begun = next(trial for trial in trials if trial.user_attrs == notes)
    # As study.ask does: what a sampler remembers of the trials is older than this one.
    study._thread_local.cached_all_trials = None
    return optuna.trial.Trial(study, begun._trial_id)


@contextmanager
def stoppable(study: Any) -> Iterator[Callable[[], bool]]:
    """Let a sampler stop a study that is asked and told.

    Optuna's own refuse it but within ``optimize``; its samplers that try each candidate
    once do so when there is none left.

    Parameters
    ----------
    study : optuna.study.Study
        The study.

    Yields
    ------
    is_stopped : callable
        Tells whether it was stopped within.
    """
    here = study._thread_local
    before, study._stop_flag = here.in_optimize_loop, False
    here.in_optimize_loop = True
    try:
        yield lambda: bool(study._stop_flag)
    finally:
        here.in_optimize_loop = before
