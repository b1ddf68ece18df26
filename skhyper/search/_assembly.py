"""What a search makes of the models of its splits."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator, clone, is_classifier, is_regressor

from skhyper.search._candidate import Outcome
from skhyper.search._candidate_ensemble import (
    CandidateEnsembleClassifier,
    CandidateEnsembleRegressor,
)
from skhyper.search._ensemble import FoldEnsembleClassifier, FoldEnsembleRegressor
from skhyper.search._evaluation import Evaluation
from skhyper.search._fold import splitter_of
from skhyper.search._greedy import N_CANDIDATES, OutOfFold, select
from skhyper.search._retraining import train_again
from skhyper.search._task import last_words
from skhyper.training import deadline_here

__all__ = [
    "ENSEMBLES",
    "GREEDY",
    "NO_REFIT",
    "N_KEPT",
    "assemble",
    "mistakes_in_ensemble",
]

ENSEMBLE = "ensemble"
GREEDY = "greedy_ensemble"
"""The ``refit`` with which candidates are selected one by one."""

ENSEMBLES = (ENSEMBLE, GREEDY)
"""Each ``refit`` with which models of the splits are averaged."""

N_KEPT = {ENSEMBLE: 1, GREEDY: N_CANDIDATES}
"""Of how many candidates the models are kept for that."""

NO_REFIT = (False, *ENSEMBLES)
"""Each ``refit`` with which nothing is fitted on all rows."""


def mistakes_in_ensemble(search: Any) -> Iterator[str]:
    """Say why the models of the splits cannot be averaged.

    Parameters
    ----------
    search : BaseSearch
        Its ``refit`` is one that averages.

    Yields
    ------
    mistake : str
        What is wrong, and what to do.
    """
    kind, estimator = type(search).__name__, search.estimator
    if not search.keeps_models:
        yield (
            f"refit={search.refit!r} of {kind}, whose trials leave their models behind "
            "in other processes, is not possible. Set refit=True, or use another "
            "search, such as OptunaSearchCV."
        )
    if search.refit_epochs is not None:
        yield (
            f"refit={search.refit!r} of {kind} fits nothing on all rows, so it takes "
            f"no refit_epochs. Got {search.refit_epochs!r}. Leave one of them out."
        )
    can_average = is_regressor(estimator) or (
        is_classifier(estimator) and hasattr(estimator, "predict_proba")
    )
    if not can_average:
        yield (
            f"refit={search.refit!r} of {kind} needs a regressor, or a classifier with "
            f"predict_proba. Got {type(estimator).__name__}. Set refit=True."
        )


def assemble(
    search: Any, evaluation: Evaluation, outcomes: Sequence[Outcome]
) -> BaseEstimator:
    """Average the models of the best candidate, or of candidates chosen greedily.

    Parameters
    ----------
    search : BaseSearch
        Says by its ``refit`` which of the two, and by ``best_index_`` what is best.
    evaluation : Evaluation
        Has the rows and splits.
    outcomes : sequence of Outcome
        All candidates, with the models that were kept.

    Returns
    -------
    ensemble : estimator object
        The average, which is fitted.

    Raises
    ------
    ValueError
        If there are no models, or what scores the candidates cannot score averages.
    """
    best = outcomes[search.best_index_]
    failed = train_again(search, evaluation, outcomes, N_KEPT[search.refit], best)
    if not _has_models(best):
        if words := [text for one, text in failed if one is best]:
            reason = f"trained again, it failed on a split: {words[0]}. Set"
        elif best.failed:
            reason = "it failed on a split. Set"
        elif math.isnan(search.best_score_):
            reason = "its score is not a number. Change scoring, or set"
        else:
            reason = (
                "an earlier search evaluated it, and there was no time to train it "
                "again. Set max_time to more, or"
            )
        raise ValueError(
            f"refit={search.refit!r} of {type(search).__name__} has no models of the "
            f"best candidate: {reason} refit=True."
        )
    if search.refit == ENSEMBLE:
        return _fold_ensemble(search, evaluation, outcomes, search.best_index_)
    return _greedy_ensemble(search, evaluation, outcomes)


def _has_models(outcome: Outcome) -> bool:
    return all(result.model is not None for result in outcome.in_order)


def _fold_ensemble(
    search: Any, evaluation: Evaluation, outcomes: Sequence[Outcome], number: int
) -> FoldEnsembleClassifier | FoldEnsembleRegressor:
    results = outcomes[number].in_order
    members = pd.DataFrame(
        {
            "candidate": number,
            "test_score": [result.test_scores for result in results],
            "n_epochs": [result.n_epochs for result in results],
            "best_epoch": [result.best_epoch for result in results],
            "stop_reason": [result.stop_reason for result in results],
        }
    ).rename_axis("split")
    estimator = evaluation.candidate(outcomes[number].params)
    # An iterator has been read to its end.
    is_read = isinstance(search.cv, Iterator)
    cv = splitter_of(search, evaluation.y) if is_read else search.cv
    kind = FoldEnsembleClassifier if is_classifier(estimator) else FoldEnsembleRegressor
    models = [result.model for result in results]
    return kind(estimator, cv)._adopt(models, evaluation.y, members)


def _greedy_ensemble(
    search: Any, evaluation: Evaluation, outcomes: Sequence[Outcome]
) -> CandidateEnsembleClassifier | CandidateEnsembleRegressor:
    words = f"refit={search.refit!r} of {type(search).__name__}"
    numbers = [n for n, outcome in enumerate(outcomes) if _has_models(outcome)]
    out_of_fold = OutOfFold(evaluation, [outcomes[number] for number in numbers])
    first = numbers.index(search.best_index_)
    try:
        path = select(out_of_fold.score, len(numbers), deadline_here(), first)
    except Exception as error:
        raise ValueError(
            f"{words} scores averages, which have predict, predict_proba and score "
            f"only. That raised {last_words(error)} Change scoring, or set "
            "refit='ensemble'."
        ) from error
    if not path:
        raise ValueError(
            f"{words} found no average whose score is a number. Change scoring, or set "
            "refit='ensemble'."
        )
    selection = pd.DataFrame(path, columns=["candidate", "score"]).rename_axis("step")
    selection["candidate"] = [numbers[place] for place in selection["candidate"]]
    counts = Counter(selection["candidate"].tolist())
    models = [_fold_ensemble(search, evaluation, outcomes, n) for n in counts]
    members = pd.concat([model.members_.reset_index() for model in models])
    n_models = len(evaluation.folds) * len(path)
    members.insert(0, "weight", [counts[n] / n_models for n in members["candidate"]])
    results = search.cv_results_
    chosen = members["candidate"].to_numpy()
    members["mean_test_score"] = results["mean_test_score"][chosen]
    members["params"] = [results["params"][number] for number in chosen]
    is_regression = isinstance(models[0], FoldEnsembleRegressor)
    kind = CandidateEnsembleRegressor if is_regression else CandidateEnsembleClassifier
    ensemble = kind([clone(model) for model in models], [*counts.values()])
    ensemble._adopt(
        models, evaluation.y, members.reset_index(drop=True), ensemble.weights
    )
    ensemble.selection_ = selection
    return ensemble
