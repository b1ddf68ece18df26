"""What trials were made from that a search goes on with."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skhyper._identity import fingerprint
from skhyper._sklearn import MultimetricScorer, convert_to_numpy, get_namespace
from skhyper.search._evaluation import Evaluation
from skhyper.spaces import SearchSpace

__all__ = ["Origin", "goes_on"]

# Arguments of the estimators that change no score.
APART = {"memory", "n_jobs", "verbose"}

# What may differ, in the words of a message.
WORDS = {
    "data": "other data",
    "estimator": "another estimator",
    "epochs": "another number of epochs",
    "fit_params": "other arguments of fit",
    "scoring": "another scoring",
    "space": "another space",
    "splits": "other splits",
    "course": "another n_iter, algorithm or scheduler",
}


def goes_on(search: Any) -> bool:
    """Tell whether a search goes on with what another ``fit`` has left.

    Parameters
    ----------
    search : BaseSearch
        The search.

    Returns
    -------
    does : bool
        Whether all arguments are given that name what it goes on with.
    """
    values = [getattr(search, name) for name in search.kept_by]
    return bool(values) and all(value is not None for value in values)


class Origin:
    """What a search makes its trials from.

    Parameters
    ----------
    search : BaseSearch
        The search.
    evaluation : Evaluation
        Has its rows, splits and scorers.
    spaces : list of SearchSpace
        What it searches.
    remedy : str
        What to do where the trials are others, as a sentence.
    also : mapping of str to object, default={}
        Further parts that must be the same.

    Attributes
    ----------
    prints : dict of str to str
        A fingerprint of each part, to be kept with a trial.
    """

    def __init__(
        self,
        search: Any,
        evaluation: Evaluation,
        spaces: list[SearchSpace],
        remedy: str,
        *,
        also: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.search = search
        self.remedy = remedy
        self.n_splits = len(evaluation.folds)
        procedure, leg = evaluation.procedure, search._whole_leg()
        searched = {name for space in spaces for name in space}
        parts: dict[str, Any] = {
            "data": [_as_rows(evaluation.X), _as_rows(evaluation.y)],
            "estimator": _traits(evaluation.estimator, searched),
            "epochs": None if leg is None else leg.max_epochs,
            "fit_params": _each_as_rows(procedure.fit_params),
            "scoring": [
                search.scoring,
                _goal(search, procedure.scorer),
                _each_as_rows(procedure.score_params),
            ],
            "splits": [(fold.train, fold.test) for fold in evaluation.folds],
        }
        parts.update(also)
        self.prints = {name: fingerprint(part) for name, part in parts.items()}

    def check(
        self, others: Iterable[Mapping[str, str]], *, in_space: bool = True
    ) -> None:
        """Check that trials were made from the same.

        Parameters
        ----------
        others : iterable of mapping of str to str
            The fingerprints that are kept with them.
        in_space : bool, default=True
            Whether they lie in the space of the search.

        Raises
        ------
        ValueError
            If some were not. The message says what is another.
        """
        names = {
            name
            for other in others
            for name, text in self.prints.items()
            if other.get(name) != text
        }
        if not in_space or "space" in names:
            # Other parameters are searched, so others are the estimator's own.
            names = (names - {"estimator"}) | {"space"}
        if names:
            raise ValueError(self._message(names))

    def _message(self, names: set[str]) -> str:
        search = self.search
        arguments = " and ".join(map(repr, search.kept_by))
        plural = "s" if len(search.kept_by) > 1 else ""
        got = ", ".join(f"{name}={getattr(search, name)!r}" for name in search.kept_by)
        what = " and ".join(WORDS[name] for name in WORDS if name in names)
        count, hint = "", ""
        if "splits" in names:
            count = f", which has {self.n_splits}"
        if names == {"splits"}:
            hint = "A cv that shuffles needs a random_state. "
        return (
            f"The {arguments} parameter{plural} of {type(search).__name__} must name "
            "trials of the same data, estimator, epochs, scoring, space and splits. "
            f"Got {got}, where the trials have {what} than this search{count}. "
            f"{hint}{self.remedy}"
        )


def _as_rows(value: Any) -> Any:
    """Take a list for the array that estimators make of it, and fetch other arrays."""
    if isinstance(value, list | tuple):
        with suppress(ValueError):
            return np.asarray(value)
    if hasattr(value, "__array_namespace__"):
        return convert_to_numpy(value, get_namespace(value)[0])
    return value


def _each_as_rows(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _as_rows(value) for name, value in params.items()}


def _traits(estimator: BaseEstimator, searched: set[str]) -> dict[str, Any]:
    """Give the type of an estimator and its parameters that are not searched."""
    values = estimator.get_params(deep=True)
    inner = {
        id(value): f"estimator {name in searched or type(value)}"
        for name, value in values.items()
        if hasattr(value, "get_params") and not isinstance(value, type)
    }

    def trait(value: Any) -> Any:
        # The parameters of the estimators inside have names of their own.
        if isinstance(value, list | tuple):
            return [trait(part) for part in value]
        return inner.get(id(value), value)

    traits = {
        name: trait(value)
        for name, value in values.items()
        if name.split("__")[-1] not in APART and not _is_within(name, searched)
    }
    return {"type": type(estimator), "parameters": traits}


def _is_within(name: str, searched: set[str]) -> bool:
    parts = name.split("__")
    return any("__".join(parts[:end]) in searched for end in range(1, len(parts) + 1))


def _goal(search: Any, scorer: Any) -> Any:
    """Say by which of its metrics a search tells its engine how a trial did."""
    objectives = getattr(search, "objectives", None)
    if objectives is not None:
        return list(objectives)
    if not isinstance(scorer, MultimetricScorer):
        return None
    names = list(scorer._scorers)
    return search.refit if search.refit in names else names[0]
