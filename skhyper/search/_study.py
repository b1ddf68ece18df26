"""What a search of Optuna's is made of: its sampler, its pruner, its suggestions."""

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from types import ModuleType
from typing import Any

from numpy.random import SeedSequence

from skhyper._extras import import_extra
from skhyper.spaces import SearchSpace
from skhyper.spaces._optuna import suggested_as

__all__ = [
    "PRUNERS",
    "SAMPLERS",
    "is_in_space",
    "open_study",
    "params_from",
    "replay",
    "set_sampler",
    "suggest_from",
]

SAMPLERS = {
    "tpe": "TPESampler",
    "gp": "GPSampler",
    "cmaes": "CmaEsSampler",
    "random": "RandomSampler",
}
PRUNERS = {"median": "MedianPruner", "hyperband": "HyperbandPruner"}

# Seconds to wait before a database is opened again that could not be opened.
PAUSES = (0.1, 0.3, 0.6, 0.0)


def open_study(optuna: ModuleType, search: Any, n_objectives: int) -> Any:
    """Begin the study of a search, or join the one that the storage has.

    Parameters
    ----------
    optuna : module
        Optuna.
    search : OptunaSearchCV
        The search.
    n_objectives : int
        How many values it gives the study, all of them to be maximized.

    Returns
    -------
    study : optuna.study.Study
        The study.

    Raises
    ------
    ValueError
        If the storage cannot be opened, or its study has other directions.
    """
    sqlalchemy = import_extra("sqlalchemy.exc", type(search).__name__, "optuna")
    internal = optuna.exceptions.StorageInternalError
    errors = (sqlalchemy.SQLAlchemyError, internal, ImportError)
    wanted = ["maximize"] * n_objectives
    # Optuna would draw a name, by which its Hyperband shares out the trials.
    default_name = type(search).__name__ if search.storage is None else None
    for pause in PAUSES:
        try:
            study = optuna.create_study(
                storage=search.storage,
                study_name=search.study_name or default_name,
                pruner=_pruner(optuna, search),
                directions=wanted,
                load_if_exists=True,
            )
            break
        except errors as error:
            # Another process may be making the tables at this moment.
            reason = error
            time.sleep(pause)
    else:
        raise ValueError(
            f"The 'storage' parameter of {type(search).__name__} must be the address "
            f"of a database that can be opened. Got {search.storage!r}: {reason}"
        ) from reason
    found = [direction.name.lower() for direction in study.directions]
    if found != wanted:
        raise ValueError(
            f"The 'storage' and 'study_name' parameters of {type(search).__name__} "
            f"must name a study of the directions {wanted}, one for each of the "
            f"'objectives'. Got study_name={search.study_name!r}, which has {found}, "
            f"with objectives={search.objectives!r}. Give another study_name, or "
            "delete the study."
        )
    return study


def set_sampler(
    optuna: ModuleType, study: Any, sampler: Any, seed: int, n_trials: int
) -> bool:
    """Make a study's sampler ready for its next trial.

    Parameters
    ----------
    optuna : module
        Optuna.
    study : optuna.study.Study
        The study.
    sampler : str or optuna.samplers.BaseSampler
        One by its name depends on the seed and on what the study knows, on nothing
        else.
    seed : int
        Seed of the search.
    n_trials : int
        Trials that the study has.

    Returns
    -------
    is_new : bool
        Whether it was made for this trial, so that it would suggest the same again.
    """
    if not isinstance(sampler, str):
        study.sampler = sampler
        return False
    [own] = SeedSequence([seed, n_trials]).generate_state(1).tolist()
    study.sampler = getattr(optuna.samplers, SAMPLERS[sampler])(seed=own)
    return True


def suggest_from(spaces: Sequence[SearchSpace], trial: Any) -> dict[str, Any]:
    """Let a trial choose one of several spaces, and suggest a candidate of it.

    Parameters
    ----------
    spaces : sequence of SearchSpace
        The spaces.
    trial : optuna.trial.BaseTrial
        The trial.

    Returns
    -------
    candidate : dict of str to object
        The candidate.
    """
    if len(spaces) == 1:
        return spaces[0].suggest(trial)
    number = trial.suggest_categorical("space", tuple(range(len(spaces))))
    return spaces[number].suggest(_Prefixed(trial, _prefix(number)))


def replay(
    optuna: ModuleType,
    suggest: Callable[[Any], dict[str, Any]],
    params: Mapping[str, Any],
) -> tuple[Any, dict[str, Any]]:
    """Have a space suggest what it has suggested, be its ranges narrower now.

    Parameters
    ----------
    optuna : module
        Optuna.
    suggest : callable
        Gives the candidate that a trial suggests from the space.
    params : mapping of str to object
        Parameters of a trial, as Optuna keeps them.

    Returns
    -------
    trial : optuna.trial.FixedTrial
        The trial, with the distributions of the space.
    candidate : dict of str to object
        What it suggests.
    """
    trial = optuna.trial.FixedTrial(params)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The value .* is out of the range")
        return trial, suggest(trial)


def is_in_space(
    optuna: ModuleType, suggest: Callable[[Any], dict[str, Any]], trial: Any
) -> bool:
    """Tell whether a study may go on with a space, as far as a trial knows.

    Parameters
    ----------
    optuna : module
        Optuna.
    suggest : callable
        Gives the candidate that a trial suggests from the space.
    trial : optuna.trial.FrozenTrial
        A trial that has all of its parameters.

    Returns
    -------
    is_in_space : bool
        Whether the space has its parameters, and Optuna takes them for the same.
    """
    is_compatible = optuna.distributions.check_distribution_compatibility
    try:
        fixed, _ = replay(optuna, suggest, trial.params)
        for name, distribution in trial.distributions.items():
            is_compatible(distribution, fixed.distributions[name])
    except (KeyError, ValueError):
        return False
    return True


def params_from(
    spaces: Sequence[SearchSpace], number: int, candidate: dict[str, Any]
) -> dict[str, Any]:
    """Give the parameters of a trial from which ``suggest_from`` gives a candidate.

    Parameters
    ----------
    spaces : sequence of SearchSpace
        The spaces.
    number : int
        The one in which the candidate lies.
    candidate : dict of str to object
        The candidate.

    Returns
    -------
    params : dict of str to object
        What Optuna keeps.
    """
    params = suggested_as(candidate, spaces[number])
    if len(spaces) == 1:
        return params
    prefix = _prefix(number)
    return {"space": number, **{prefix + name: params[name] for name in params}}


def _prefix(number: int) -> str:
    return f"space {number}: "


class _Prefixed:
    """A trial whose parameters are named after a space.

    To Optuna, another domain is another parameter.
    """

    def __init__(self, trial: Any, prefix: str) -> None:
        self.trial = trial
        self.prefix = prefix

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        return self.trial.suggest_categorical(self.prefix + name, choices)

    def suggest_int(self, name: str, low: int, high: int, **how: Any) -> Any:
        return self.trial.suggest_int(self.prefix + name, low, high, **how)

    def suggest_float(self, name: str, low: float, high: float, **how: Any) -> Any:
        return self.trial.suggest_float(self.prefix + name, low, high, **how)


def _pruner(optuna: ModuleType, search: Any) -> Any:
    """Make the pruner of a search, one that prunes nothing where it has none."""
    match search.pruner:
        case None:
            return optuna.pruners.NopPruner()
        case "median":
            return optuna.pruners.MedianPruner()
        case "hyperband":
            return optuna.pruners.HyperbandPruner(
                min_resource=search.min_epochs,
                max_resource=search.max_epochs,
                reduction_factor=search.factor,
            )
    # Some of Optuna's change with what they see, and the search is to stay as it is.
    return deepcopy(search.pruner)
