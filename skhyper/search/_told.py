"""Trials of an Optuna study that another search has evaluated."""

from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

__all__ = ["add_told", "is_told"]

# What is noted of them.
TOLD = "skhyper:told"


def is_told(trial: Any) -> bool:
    """Tell whether another search has evaluated a trial.

    Parameters
    ----------
    trial : optuna.trial.FrozenTrial
        The trial.

    Returns
    -------
    is_told : bool
        Whether it has.
    """
    return TOLD in trial.user_attrs


def add_told(
    optuna: ModuleType,
    study: Any,
    known: Iterable[tuple[dict[str, Any], list[float]]],
    suggest: Callable[[Any], dict[str, Any]],
) -> None:
    """Add finished trials of another search, each once.

    Parameters
    ----------
    optuna : module
        Optuna.
    study : optuna.study.Study
        The study.
    known : iterable of (dict, list of float)
        What Optuna keeps of the candidates, and their values.
    suggest : callable
        Gives the candidate that a trial suggests.
    """
    trials = filter(is_told, study.get_trials(deepcopy=False))
    told = [(trial.params, trial.values) for trial in trials]
    for params, values in known:
        if (params, values) in told:
            continue
        fixed = optuna.trial.FixedTrial(params)
        suggest(fixed)
        study.add_trial(
            optuna.trial.create_trial(
                params=fixed.params,
                distributions=fixed.distributions,
                values=values,
                user_attrs={TOLD: True},
            )
        )
