"""One task: one candidate fitted and scored on one split."""

import time
import warnings
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from numbers import Number
from statistics import fmean
from textwrap import shorten
from traceback import format_exc
from typing import Any

from joblib.logger import short_format_time
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackContext

from skhyper._sklearn import MultimetricScorer, check_method_params
from skhyper.search._fold import Fold
from skhyper.search._interrupt import raise_swallowed_interrupt
from skhyper.search._leg import Leg, fit_leg
from skhyper.search._target import as_candidate, fitted_networks
from skhyper.training import (
    Halt,
    StopReason,
    Store,
    driver_in_force,
    kept_in,
    train_alone,
)

__all__ = [
    "Procedure",
    "Scores",
    "Task",
    "TaskResult",
    "last_words",
    "run_task",
]

Scores = float | dict[str, float]

# Characters of an error that a table has room for.
WORDS = 240


@dataclass(frozen=True)
class Task:
    """One candidate on one split.

    ``candidate`` and ``split`` count from zero, ``candidate`` over the whole search.
    ``leg`` is what the training goes on from and how far, None for all of it.
    """

    candidate: int
    split: int
    params: dict[str, Any]
    fold: Fold
    leg: Leg | None = None


@dataclass(frozen=True)
class Procedure:
    """What all tasks of a search have in common: how to fit and score."""

    scorer: Any
    fit_params: dict[str, Any]
    score_params: dict[str, Any]
    return_train_score: bool
    error_score: float | str
    verbose: int
    n_splits: int
    seed: int
    search: BaseEstimator
    store: Store | None = None
    keeps_models: bool = False


@dataclass(frozen=True)
class TaskResult:
    """What is known of a task after it has ended, well or not.

    The scores are None where the fit failed: which metrics there are is known only
    from the tasks that were scored. ``error`` is the traceback of the failed fit,
    ``stop_reason`` then its last words, and ``failed`` is true also where only the
    scoring failed. ``leg`` is what the training can go on from, ``n_trained`` the
    epochs of all legs and ``n_weights`` the weights and biases, added up over the
    networks of the estimator. ``model`` is the fitted one, if it is to be kept.
    """

    candidate: int
    split: int
    test_scores: Scores | None = None
    train_scores: Scores | None = None
    fit_time: float = 0.0
    score_time: float = 0.0
    error: str | None = None
    failed: bool = False
    n_epochs: float = float("nan")
    best_epoch: float = float("nan")
    stop_reason: str | None = None
    leg: Leg | None = None
    n_trained: int = 0
    n_weights: float = float("nan")
    model: Any = None

    def was_ended_by(self, reason: StopReason) -> bool:
        """Whether a network of a fit that came off stopped for a reason."""
        return not self.failed and reason in (self.stop_reason or "").split(", ")

    def after(self, before: "TaskResult") -> "TaskResult":
        """Add the times of an earlier evaluation, which this one has gone on from."""
        return replace(
            self,
            fit_time=before.fit_time + self.fit_time,
            score_time=before.score_time + self.score_time,
        )


def run_task(
    estimator: BaseEstimator,
    X: Any,
    y: Any,
    task: Task,
    procedure: Procedure,
    halt: Halt,
    context: CallbackContext | None,
) -> TaskResult:
    """Fit and score one candidate on one split.

    ``estimator`` is a clone of its own: it is changed. Whatever the fit raises becomes
    part of the result, unless ``error_score="raise"``. A Ctrl-C that the estimator
    swallows is raised again, so that a half-trained model is never scored.
    """
    label = _label(task, procedure)
    if procedure.verbose > 9:
        start = f"[CV{label.progress}] START {label.params}"
        print(f"{start:.<80}")  # noqa: T201
    as_candidate(estimator, task.params, procedure.seed)
    alone = getattr(procedure.search, "fused", None) is False
    driver = driver_in_force(train_alone) if alone else nullcontext()
    kept = kept_in(procedure.store)
    with halt.in_force(), raise_swallowed_interrupt(), driver, kept:
        result = _fit_and_score(estimator, X, y, task, procedure, context)
    if procedure.verbose > 1:
        _print_end(label, result, procedure.verbose)
    return result


def _fit_and_score(
    estimator: BaseEstimator,
    X: Any,
    y: Any,
    task: Task,
    procedure: Procedure,
    context: CallbackContext | None,
) -> TaskResult:
    train, test = task.fold.indices(X)
    fit_params = check_method_params(X, procedure.fit_params, indices=train)
    start = time.perf_counter()
    try:
        cut = task.fold.cut(estimator, X, y)
        rows = cut.X_train, cut.y_train
        search = procedure.search
        estimator = _fit(estimator, task.leg, *rows, fit_params, search, context)
    except Exception as error:
        if procedure.error_score == "raise":
            raise
        return TaskResult(
            task.candidate,
            task.split,
            fit_time=time.perf_counter() - start,
            error=format_exc(),
            failed=True,
            stop_reason=last_words(error),
        )
    fitted = time.perf_counter()
    test_params = check_method_params(X, procedure.score_params, indices=test)
    test_scores, failed = _score(
        estimator, cut.X_test, cut.y_test, test_params, procedure
    )
    score_time = time.perf_counter() - fitted
    train_scores = None
    if procedure.return_train_score:
        train_params = check_method_params(X, procedure.score_params, indices=train)
        train_scores, _ = _score(
            estimator, cut.X_train, cut.y_train, train_params, procedure
        )
    return TaskResult(
        task.candidate,
        task.split,
        test_scores,
        train_scores,
        fitted - start,
        score_time,
        failed=failed,
        leg=task.leg,
        n_trained=0 if task.leg is None else task.leg.n_trained,
        model=estimator if procedure.keeps_models else None,
        **_training_report(estimator, task.leg),
    )


def last_words(error: BaseException) -> str:
    """Say in one line what was raised."""
    words = ": ".join(filter(None, (type(error).__name__, str(error))))
    return shorten(words, WORDS, placeholder=" ...")


def _fit(
    estimator: BaseEstimator,
    leg: Leg | None,
    X: Any,
    y: Any,
    fit_params: dict[str, Any],
    search: BaseEstimator,
    context: CallbackContext | None,
) -> BaseEstimator:
    """Fit, between the two calls that scikit-learn's callbacks expect."""
    if context is None:
        return fit_leg(estimator, leg, X, y, fit_params)
    weights = fit_params.get("sample_weight")
    metadata = None if weights is None else {"sample_weight": weights}
    try:
        with context.propagate_callback_context(estimator):
            context.call_on_fit_task_begin(
                estimator=search, X=X, y=y, metadata=metadata
            )
            return fit_leg(estimator, leg, X, y, fit_params)
    finally:
        context.call_on_fit_task_end(estimator=search, X=X, y=y, metadata=metadata)


def _score(
    estimator: BaseEstimator,
    X: Any,
    y: Any,
    score_params: dict[str, Any],
    procedure: Procedure,
) -> tuple[Scores, bool]:
    """Score the estimator, and tell whether a scorer failed.

    A scorer that fails costs a warning and gives ``error_score``. A scorer that
    returns something else than a number is a mistake of the caller and ends the search.
    """
    data = (X,) if y is None else (X, y)
    error_score = procedure.error_score
    try:
        scores = procedure.scorer(estimator, *data, **score_params)
    except Exception:
        if error_score == "raise":
            raise
        _warn_scoring_failed(error_score, format_exc())
        return error_score, True  # type: ignore[return-value]
    if not isinstance(scores, dict):
        return _number(scores, procedure.scorer), False
    failed = False
    if isinstance(procedure.scorer, MultimetricScorer):
        # It gives the traceback in the place of the score of a metric that failed.
        for name, score in scores.items():
            if isinstance(score, str):
                _warn_scoring_failed(error_score, score)
                scores[name] = error_score
                failed = True
    return {name: _number(score, name) for name, score in scores.items()}, failed


def _warn_scoring_failed(error_score: float | str, details: str) -> None:
    warnings.warn(
        f"Scoring failed. The score of this candidate on this split is set to "
        f"{error_score}. Details:\n{details}",
        UserWarning,
        stacklevel=2,
    )


def _number(score: Any, scorer: Any) -> float:
    """Unwrap a score from an array of one element."""
    if hasattr(score, "item"):
        with suppress(ValueError):
            score = score.item()
    if not isinstance(score, Number):
        raise ValueError(
            f"scoring must return a number, got {score} ({type(score)}) instead. "
            f"(scorer={scorer})"
        )
    return score  # type: ignore[return-value]


def _training_report(estimator: BaseEstimator, leg: Leg | None) -> dict[str, Any]:
    """Read off the fitted networks how long they trained and why they stopped."""
    networks = list(fitted_networks(estimator))
    if not networks:
        return {} if leg is None else {"n_epochs": leg.n_epochs}
    reasons = dict.fromkeys(str(network.stop_reason_) for network in networks)
    return {
        "n_epochs": fmean(network.n_iter_ for network in networks),
        "best_epoch": fmean(network.best_epoch_ for network in networks),
        "stop_reason": ", ".join(reasons),
        "n_weights": sum(network.n_weights_ for network in networks),
    }


@dataclass(frozen=True)
class _Label:
    progress: str
    params: str


def _label(task: Task, procedure: Procedure) -> _Label:
    progress = ""
    if procedure.verbose > 2:
        progress = f" {task.split + 1}/{procedure.n_splits}"
    if procedure.verbose > 9:
        progress += f"; candidate {task.candidate + 1}"
    params = ", ".join(f"{name}={task.params[name]}" for name in sorted(task.params))
    return _Label(progress, params)


def _print_end(label: _Label, result: TaskResult, verbose: int) -> None:
    message = label.params + (";" if label.params else "")
    if verbose > 2:
        message += _scores_text(result)
    seconds = short_format_time(result.fit_time + result.score_time)
    message += f" total time={seconds}"
    head = f"[CV{label.progress}] END "
    print(head + message.rjust(80 - len(head), "."))  # noqa: T201


def _scores_text(result: TaskResult) -> str:
    if result.test_scores is None:
        return ", fit failed"
    if not isinstance(result.test_scores, dict):
        if result.train_scores is None:
            return f", score={result.test_scores:.3f}"
        return (
            f", score=(train={result.train_scores:.3f}, test={result.test_scores:.3f})"
        )
    text = ""
    for name in sorted(result.test_scores):
        train = ""
        if isinstance(result.train_scores, dict):
            train = f"train={result.train_scores[name]:.3f}, "
        text += f" {name}: ({train}test={result.test_scores[name]:.3f})"
    return text
