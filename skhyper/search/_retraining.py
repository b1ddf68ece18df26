"""Models of candidates that an earlier search has evaluated: they are trained anew."""

import warnings
from collections.abc import Sequence
from typing import Any

from sklearn.exceptions import FitFailedWarning

from skhyper.search._candidate import Ask, Outcome
from skhyper.search._evaluation import Evaluation
from skhyper.search._fold_models import FoldModels
from skhyper.training import Deadline, deadline_here

__all__ = ["train_again", "train_best_again"]


def train_best_again(search: Any, evaluation: Evaluation, deadline: Deadline) -> None:
    """Train the best of an earlier search before others take the time for it.

    Parameters
    ----------
    search : BaseSearch
        Says what is best.
    evaluation : Evaluation
        Has the rows, the splits and, as its outcomes, all of the earlier search.
    deadline : Deadline
        If it passes before, that is as if nothing had been trained.
    """
    _train(search, evaluation.afresh(deadline), _known(search, evaluation.outcomes, 1))


def train_again(
    search: Any,
    evaluation: Evaluation,
    outcomes: Sequence[Outcome],
    n_best: int,
    best: Outcome,
) -> list[tuple[Outcome, str]]:
    """Give models to those of the best candidates that an earlier search has evaluated.

    Parameters
    ----------
    search : BaseSearch
        Says what is best.
    evaluation : Evaluation
        Has the rows and splits.
    outcomes : sequence of Outcome
        All candidates.
    n_best : int
        Candidates whose models are needed.
    best : Outcome
        The best of all. Before a deadline, no other is trained again here.

    Returns
    -------
    failed : list of (Outcome, str)
        Those that failed, with what they say.
    """
    known = _known(search, outcomes, n_best)
    if (deadline := deadline_here()) is not None:
        known = [one for one in known if one is best or one.again]
    _train(search, evaluation.afresh(deadline), known)
    failed = []
    for one in known:
        if one.again and one.again.failed:
            failed.append((one, _words(one.again)))
        elif one.again:
            one.results = one.again.results
    if failed:
        warnings.warn(
            f"Of {len(known)} candidates of an earlier search that "
            f"refit={search.refit!r} of {type(search).__name__} needs, {len(failed)} "
            f"failed when trained again and cannot be averaged: {failed[0][1]}.",
            FitFailedWarning,
            stacklevel=2,
        )
    return failed


def _known(search: Any, outcomes: Sequence[Outcome], n_best: int) -> list[Outcome]:
    """Give those of the best that an earlier search has evaluated."""
    models = FoldModels(search._objective, n_best)
    for outcome in outcomes:
        models.see(outcome)
    return [outcome for outcome in models.best if outcome.was_read]


def _train(search: Any, evaluation: Evaluation, known: Sequence[Outcome]) -> None:
    """Train those again that have not been, as far as there is time."""
    missing = [one for one in known if one.again is None]
    trained = _trained(search, evaluation, missing) if missing else []
    for before, outcome in zip(missing, trained, strict=True):
        if outcome.finished and not outcome.cut_short:
            before.again = outcome


def _words(outcome: Outcome) -> str:
    """Say why a candidate failed."""
    words = [result.stop_reason for result in outcome.in_order if result.error]
    told = words[0] if words else "the scorer failed"
    return f"{told}".rstrip(".")


def _trained(
    search: Any, evaluation: Evaluation, known: Sequence[Outcome]
) -> list[Outcome]:
    """Train candidates by the same legs as before."""
    rungs = search._rungs()
    if not rungs:
        return evaluation.run([Ask(outcome.params) for outcome in known])
    ends = [outcome.notes["n_resources"] for outcome in known]
    trained: list[Any] = [None] * len(known)
    for n_epochs in sorted({*rungs, *ends}):
        places = [
            place
            for place, (end, one) in enumerate(zip(ends, trained, strict=True))
            if (n_epochs == end or (n_epochs in rungs and n_epochs < end))
            and (one is None or _is_whole(one))
        ]
        asks = [
            Ask(known[place].params, trained[place], n_epochs, rungs[-1])
            for place in places
        ]
        for place, outcome in zip(places, evaluation.run(asks), strict=True):
            trained[place] = outcome
    return trained


def _is_whole(outcome: Outcome) -> bool:
    return outcome.finished and not (outcome.failed or outcome.cut_short)
