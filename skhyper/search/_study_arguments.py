"""What a search of Optuna's asks of its arguments."""

from collections.abc import Iterator, Sequence
from typing import Any

from skhyper._sklearn import MultimetricScorer
from skhyper.exceptions import did_you_mean
from skhyper.search._arguments import mistakes_in_choice
from skhyper.search._going_on import mistakes_in_rungs
from skhyper.search._study import PRUNERS, SAMPLERS

__all__ = ["check_metrics", "mistakes_in_engine", "mistakes_in_study"]


def mistakes_in_engine(search: Any) -> Iterator[str]:
    """Say which sampler, pruner, storage or list of objectives is none.

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
    yield from mistakes_in_choice(
        search, "sampler", SAMPLERS, "sample_relative", "Optuna's"
    )
    yield from mistakes_in_choice(
        search, "pruner", PRUNERS, "prune", "Optuna's", or_none=True
    )
    yield from _storage_mistakes(search.storage, name)
    if isinstance(search.objectives, list | tuple) and not search.objectives:
        yield (
            f"The 'objectives' parameter of {name} must name at least one metric, or "
            f"be None. Got {search.objectives!r}."
        )


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
    if search.sampler == "cmaes" and len(search.objectives or ()) > 1:
        yield (
            f"The 'sampler' parameter of {name} must not be 'cmaes' where there are "
            f"several objectives, which it cannot weigh. Got {search.objectives!r}."
        )
    if search.pruner is not None and search.objectives:
        yield (
            f"The 'pruner' parameter of {name} must be None where there are several "
            f"objectives, which Optuna does not prune by. Got {search.pruner!r}."
        )
    if search.pruner is not None:
        yield from mistakes_in_rungs(search)


def _storage_mistakes(storage: Any, name: str) -> Iterator[str]:
    rule = f"The 'storage' parameter of {name} must be"
    if isinstance(storage, str) and "://" not in storage:
        file = storage or "study.db"
        yield (
            f"{rule} the address of a database. Got {storage!r}. For a file write "
            f"{f'sqlite:///{file}'!r}."
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
