"""What a search of Optuna's is made of: its sampler, its pruner, its suggestions."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from numpy.random import SeedSequence

from skhyper._extras import import_extra
from skhyper.exceptions import did_you_mean
from skhyper.search._going_on import check_rungs
from skhyper.spaces import SearchSpace
from skhyper.spaces._optuna import suggested_as

__all__ = ["check_engine", "make_pruner", "params_from", "set_sampler", "suggest_from"]

SAMPLERS = {
    "tpe": "TPESampler",
    "gp": "GPSampler",
    "cmaes": "CmaEsSampler",
    "random": "RandomSampler",
}
PRUNERS = {"median": "MedianPruner", "hyperband": "HyperbandPruner"}


def check_engine(search: Any) -> None:
    """Check what scikit-learn's validation cannot, without Optuna if it is not there.

    Parameters
    ----------
    search : OptunaSearchCV
        The search.

    Raises
    ------
    ValueError
        If the sampler or the pruner is none, or arguments do not go together. All
        mistakes are in the one message.
    """
    name = type(search).__name__
    mistakes = [
        f"The {argument!r} parameter of {name} must be one of {sorted(known)} or an "
        f"object of Optuna's. Got {value!r}.{did_you_mean(value, known)}"
        for argument, value, known in (
            ("sampler", search.sampler, SAMPLERS),
            ("pruner", search.pruner, PRUNERS),
        )
        if isinstance(value, str) and value not in known
    ]
    if not isinstance(search.sampler, str) and not hasattr(
        search.sampler, "sample_relative"
    ):
        mistakes.append(
            f"The 'sampler' parameter of {name} must be one of {sorted(SAMPLERS)} or a "
            f"sampler of Optuna's. Got {search.sampler!r}."
        )
    if search.pruner is not None and search.objectives:
        mistakes.append(
            f"The 'pruner' parameter of {name} must be None where there are several "
            f"objectives, which Optuna does not prune by. Got {search.pruner!r}."
        )
    if mistakes:
        raise ValueError("\n".join(mistakes))
    if search.pruner is not None:
        check_rungs(search)
    import_extra("optuna", name)


def make_pruner(optuna: ModuleType, search: Any) -> Any:
    """Make the pruner of a search.

    Parameters
    ----------
    optuna : module
        Optuna.
    search : OptunaSearchCV
        The search.

    Returns
    -------
    pruner : optuna.pruners.BasePruner
        One that prunes nothing where the search has none.
    """
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
    return search.pruner


def set_sampler(
    optuna: ModuleType, study: Any, sampler: Any, seed: int, n_trials: int
) -> None:
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
    """
    if not isinstance(sampler, str):
        study.sampler = sampler
        return
    [own] = SeedSequence([seed, n_trials]).generate_state(1).tolist()
    study.sampler = getattr(optuna.samplers, SAMPLERS[sampler])(seed=own)


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
