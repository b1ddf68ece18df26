"""What Optuna keeps to itself, used in this one place."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

__all__ = ["add_running", "begin", "complete", "enqueue_again", "stoppable"]

# How the names begin under which pruners note the scores of a trial's rungs.
RUNG = "completed_rung_"


def add_running(optuna: ModuleType, study: Any, notes: dict[str, Any]) -> Any:
    """Add a trial under way that has its notes from its first moment.

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
    trial : optuna.trial.FrozenTrial
        The trial, of which the sampler does not know yet.
    """
    running = optuna.trial.TrialState.RUNNING
    study.add_trial(optuna.trial.create_trial(state=running, user_attrs=notes))
    trials = reversed(study.get_trials(deepcopy=False))
    return next(trial for trial in trials if trial.user_attrs == notes)


def begin(optuna: ModuleType, study: Any, trial: Any) -> Any:
    """Let the sampler of a study begin a trial that is under way.

    Parameters
    ----------
    optuna : module
        Optuna.
    study : optuna.study.Study
        The study.
    trial : optuna.trial.FrozenTrial
        The trial.

    Returns
    -------
    trial : optuna.trial.Trial
        The trial, to suggest from.
    """
    # As study.ask does: what a sampler remembers of the trials is older than this one.
    study._thread_local.cached_all_trials = None
    return optuna.trial.Trial(study, trial._trial_id)


def complete(
    optuna: ModuleType, study: Any, trial: Any, suggest: Callable[[Any], Any]
) -> dict[str, Any]:
    """Suggest the parameters that a trial under way lacks.

    BruteForceSampler fails over an ended trial that does not have all of them.

    Parameters
    ----------
    optuna : module
        Optuna.
    study : optuna.study.Study
        The study.
    trial : optuna.trial.FrozenTrial
        The trial, as it was left behind.
    suggest : callable
        Suggests all parameters of a trial; those that it has stay as they are.

    Returns
    -------
    params : dict of str to object
        All parameters, or those that it has if the sampler knows no others.
    """
    whole = begin(optuna, study, trial)
    with suppress(ValueError):
        suggest(whole)
    return dict(whole.params)


def enqueue_again(
    optuna: ModuleType,
    study: Any,
    trial: Any,
    params: dict[str, Any],
    notes: dict[str, Any],
) -> None:
    """Enqueue a trial once more, with what its sampler has noted of it.

    ``study.enqueue_trial`` leaves that out, and GridSampler fails over a trial of which
    it has not noted the place in its grid. What its pruner has noted is left out here
    too: as another trial it may be in another bracket.

    Parameters
    ----------
    optuna : module
        Optuna.
    study : optuna.study.Study
        The study.
    trial : optuna.trial.FrozenTrial
        The trial.
    params : dict of str to object
        Parameters that it is to have, beside those that were enqueued with it.
    notes : dict of str to object
        What is kept with the new trial.
    """
    # Its sampler may have noted something just now.
    trial = study.get_trials(deepcopy=False)[trial.number]
    kept = {
        name: value
        for name, value in trial.system_attrs.items()
        if not name.startswith(RUNG)
    }
    kept["fixed_params"] = {**kept.get("fixed_params", {}), **params}
    waiting = optuna.trial.create_trial(
        state=optuna.trial.TrialState.WAITING,
        system_attrs=kept,
        user_attrs=notes,
    )
    study.add_trial(waiting)


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
