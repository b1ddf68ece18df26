"""What a search begins with: the candidates that another one has evaluated."""

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from skhyper._sklearn import MultimetricScorer
from skhyper.search._results import has_one_metric
from skhyper.search._target import Parameters
from skhyper.spaces import SearchSpace
from skhyper.spaces._found import found

__all__ = ["Known", "mistakes_in_warm_start", "read_warm_start"]


@dataclass(frozen=True)
class Known:
    """A candidate of another search, with its scores.

    ``spaces`` has the candidate as each space gives it in which it lies, by the number
    of the space.
    """

    spaces: dict[int, dict[str, Any]]
    scores: list[float]


def mistakes_in_warm_start(search: Any) -> Iterator[str]:
    """Say that what a search begins with is no table of candidates, if it is none.

    Parameters
    ----------
    search : BayesSearchCV, OptunaSearchCV or HyperoptSearchCV
        The search.

    Yields
    ------
    mistake : str
        What it must be. A search it cannot be itself: scikit-learn's ``clone`` would
        remove what that one has found.
    """
    given = search.warm_start_from
    rule = f"The 'warm_start_from' parameter of {type(search).__name__} must be the"
    if hasattr(given, "fit"):
        yield (
            f"{rule} cv_results_ of a search, not the search itself. Got a "
            f"{type(given).__name__}. Write warm_start_from=search.cv_results_."
        )
    elif not isinstance(given, Mapping | pd.DataFrame | None):
        yield (
            f"{rule} cv_results_ of a search, as a mapping or a DataFrame, or None. "
            f"Got {given!r} instead."
        )


def read_warm_start(
    search: Any,
    parameters: Parameters,
    spaces: Sequence[SearchSpace],
    metrics: Sequence[str] | None = None,
) -> list[Known]:
    """Read the candidates that a search begins with.

    Parameters
    ----------
    search : BayesSearchCV, OptunaSearchCV or HyperoptSearchCV
        Its ``warm_start_from`` is read.
    parameters : Parameters
        What the estimator has.
    spaces : sequence of SearchSpace
        The spaces of the search.
    metrics : sequence of str, default=None
        What the search goes by; None for the metric that ``refit`` names, else the
        first.

    Returns
    -------
    known : list of Known
        Those that lie in a space and have scores.

    Raises
    ------
    ValueError
        If there are none, or the table lacks its parameters or scores.

    Warns
    -----
    UserWarning
        If some are left out.
    """
    table = search.warm_start_from
    if table is None:
        return []
    known: list[Known] = []
    reasons: list[str] = []
    rows = _rows(search, table, _columns(search, table, metrics))
    for number, (params, scores, n_resources, most) in enumerate(rows):
        try:
            if n_resources != most:
                raise ValueError(f"it had {n_resources} of {most} n_resources")
            if not all(map(math.isfinite, scores)):
                raise ValueError(f"its score is {', '.join(map(str, scores))}")
            known.append(Known(_found_in(spaces, params, parameters), scores))
        except ValueError as error:
            reasons.append(f"number {number}, because {error}")
    name = type(search).__name__
    if not known:
        first = f": {reasons[0]}" if reasons else ""
        raise ValueError(
            f"The 'warm_start_from' parameter of {name} must have a candidate with a "
            f"score that lies in the space of the search. Got {len(rows)} candidates, "
            f"of which none does{first}. Give the cv_results_ of a search of the same "
            "parameters, or a wider space."
        )
    if reasons:
        warnings.warn(
            f"{name} leaves out {len(reasons)} of the {len(rows)} candidates in "
            f"'warm_start_from'. The first is {reasons[0]}.",
            UserWarning,
            stacklevel=2,
        )
    return known


def _columns(search: Any, table: Any, metrics: Sequence[str] | None) -> list[str]:
    """Name the columns of the scores; there may be only one, of the one metric."""
    if metrics is not None:
        wanted = [f"mean_test_{metric}" for metric in metrics]
        columns = wanted if all(column in table for column in wanted) else []
    else:
        scorer, _ = search._get_scorers()
        is_multimetric = isinstance(scorer, MultimetricScorer)
        names = list(scorer._scorers) if is_multimetric else []
        if isinstance(search.refit, str) and not has_one_metric(search.scoring):
            names.insert(0, search.refit)
        names = names[:1]
        if isinstance(search.scoring, str):
            names.append(search.scoring)
        if not is_multimetric:
            # So a table of a single metric calls it, which does not say which it is.
            names.append("score")
        wanted = [f"mean_test_{metric}" for metric in names]
        columns = [column for column in wanted if column in table][:1]
    if "params" in table and columns:
        return columns
    rule = "all of" if metrics is not None else "one of"
    remedy = (
        "Give the cv_results_ of a search that was scored by the same metrics, or name "
        "one metric as 'scoring'."
        if "params" in table
        else "Give cv_results_ itself; a results_frame() has no 'params'."
    )
    raise ValueError(
        f"The 'warm_start_from' parameter of {type(search).__name__} must have the "
        f"columns of a cv_results_: 'params', and {rule} {wanted}. Got "
        f"{[name for name in table if name == 'params' or 'mean_test_' in name]}. "
        f"{remedy}"
    )


def _rows(
    search: Any, table: Any, columns: list[str]
) -> list[tuple[Any, list[float], Any, Any]]:
    """List the parameters, the scores, and what each was given of what at most."""
    params = list(table["params"])
    resources = list(table.get("n_resources", [None] * len(params)))
    scores = [list(map(float, table[column])) for column in columns]
    if any(len(column) != len(params) for column in [resources, *scores]):
        raise ValueError(
            f"The 'warm_start_from' parameter of {type(search).__name__} must have "
            f"equally long columns. Got {len(params)} 'params' and "
            f"{[len(column) for column in scores]} scores. Give a whole cv_results_."
        )
    most = max(resources) if params and resources[0] is not None else None
    return [
        (one, list(of_one), n_resources, most)
        for one, n_resources, *of_one in zip(params, resources, *scores, strict=True)
    ]


def _found_in(
    spaces: Sequence[SearchSpace], params: Any, parameters: Parameters
) -> dict[int, dict[str, Any]]:
    """Find a candidate in the spaces, under the full names of its parameters."""
    if not isinstance(params, Mapping):
        raise ValueError(f"its params must be a dict. Got {params!r}")
    full = parameters.full_names(params, network_first=False)
    candidate = {full[name]: value for name, value in params.items()}
    places: dict[int, dict[str, Any]] = {}
    reasons: list[str] = []
    for number, space in enumerate(spaces):
        try:
            places[number] = found(candidate, space)
        except ValueError as error:
            reasons.append(str(error))
    if not places:
        raise ValueError(reasons[0])
    return places
