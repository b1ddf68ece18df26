"""What a search of Optuna's is made of: its sampler, its pruner, its suggestions."""

from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

from numpy.random import SeedSequence

from skhyper._sklearn import MultimetricScorer
from skhyper.exceptions import did_you_mean
from skhyper.search._going_on import mistakes_in_rungs
from skhyper.spaces import SearchSpace
from skhyper.spaces._optuna import suggested_as

__all__ = [
    "check_directions",
    "check_metrics",
    "make_pruner",
    "mistakes_in_engine",
    "mistakes_in_study",
    "params_from",
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


def mistakes_in_engine(search: Any) -> Iterator[str]:
    """Say which sampler, pruner or storage is none.

    Parameters
    ----------
    search : OptunaSearchCV
        The search.

    Yields
    ------
    mistake : str
        A sentence for each mistake.
    """
    name = type(search).__name__
    for argument, value, known, method, or_none in (
        ("sampler", search.sampler, SAMPLERS, "sample_relative", False),
        ("pruner", search.pruner, PRUNERS, "prune", True),
    ):
        is_none = or_none and value is None
        is_known = isinstance(value, str) and value in known
        if not (is_known or is_none or _is_object_with(method, value)):
            yield (
                f"The {argument!r} parameter of {name} must be one of {sorted(known)}"
                f"{', None' if or_none else ''} or a {argument} of Optuna's. Got "
                f"{value!r} instead.{did_you_mean(value, known)}{_call_it(value)}"
            )
    yield from _storage_mistakes(search.storage, name)


def mistakes_in_study(search: Any) -> Iterator[str]:
    """Say what does not go together of a search's arguments.

    Parameters
    ----------
    search : OptunaSearchCV
        The search, whose arguments are right by themselves.

    Yields
    ------
    mistake : str
        A sentence for each mistake.
    """
    name = type(search).__name__
    if search.storage is None and search.study_name is not None:
        yield (
            f"The 'study_name' parameter of {name} must be None without a storage, in "
            f"which the study would be kept. Got {search.study_name!r}. Give a storage "
            "too, such as 'sqlite:///study.db'."
        )
    yield from _objective_mistakes(search, name)
    if search.pruner is not None and search.objectives:
        yield (
            f"The 'pruner' parameter of {name} must be None where there are several "
            f"objectives, which Optuna does not prune by. Got {search.pruner!r}."
        )
    if search.pruner is not None:
        yield from mistakes_in_rungs(search)


def _is_object_with(method: str, value: Any) -> bool:
    return hasattr(value, method) and not isinstance(value, type)


def _call_it(value: Any) -> str:
    return f" Write {value.__name__}()." if isinstance(value, type) else ""


def _storage_mistakes(storage: Any, name: str) -> Iterator[str]:
    rule = f"The 'storage' parameter of {name} must be"
    if isinstance(storage, str) and "://" not in storage:
        yield (
            f"{rule} the address of a database. Got {storage!r}. For a file write "
            f"{f'sqlite:///{storage}'!r}."
        )
    elif not isinstance(storage, str | None) and not hasattr(
        storage, "create_new_study"
    ):
        yield (
            f"{rule} the address of a database, such as 'sqlite:///study.db', a "
            f"storage of Optuna's or None. Got {storage!r}."
        )


def _objective_mistakes(search: Any, name: str) -> Iterator[str]:
    objectives = search.objectives
    if objectives is None:
        return
    rule = f"The 'objectives' parameter of {name} must"
    if not objectives:
        yield f"{rule} name at least one metric, or be None. Got {objectives!r}."
        return
    scorer, _ = search._get_scorers()
    if isinstance(scorer, MultimetricScorer):
        known = list(scorer._scorers)
        for objective in objectives:
            if objective not in known:
                yield (
                    f"{rule} be metrics of 'scoring', which has {sorted(known)}. Got "
                    f"{objective!r}.{did_you_mean(objective, known)}"
                )
        if len({*map(repr, objectives)}) < len(objectives):
            yield f"{rule} name each metric once. Got {objectives!r}."
    elif not callable(search.scoring):
        yield (
            f"{rule} be None where there is a single metric. Got {objectives!r} with "
            f"scoring={search.scoring!r}. Give 'scoring' a list of metrics."
        )


def check_directions(search: Any, study: Any, n_objectives: int) -> None:
    """Check that a study is to maximize as many values as a search gives it.

    Parameters
    ----------
    search : OptunaSearchCV
        The search.
    study : optuna.study.Study
        Its study.
    n_objectives : int
        How many there are.

    Raises
    ------
    ValueError
        If it is not.
    """
    wanted = ["maximize"] * n_objectives
    found = [direction.name.lower() for direction in study.directions]
    if found != wanted:
        raise ValueError(
            f"The 'storage' and 'study_name' parameters of {type(search).__name__} "
            f"must name a study of the directions {wanted}, one for each of the "
            f"'objectives'. Got study_name={search.study_name!r}, which has {found}, "
            f"with objectives={search.objectives!r}. Give another study_name, or "
            "delete the study."
        )


def check_metrics(search: Any, names: Sequence[str] | None) -> None:
    """Check the objectives, where it is known only from scores which metrics there are.

    Parameters
    ----------
    search : OptunaSearchCV
        The search.
    names : sequence of str or None
        The metrics; None where there is a single one.

    Raises
    ------
    ValueError
        If some are no metrics.
    """
    missing = [name for name in search.objectives or () if name not in (names or ())]
    if missing:
        raise ValueError(
            f"The 'objectives' parameter of {type(search).__name__} must be metrics "
            f"that 'scoring' returns, which are {names}. Got {missing}."
        )


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
