"""One trial of Ray Tune: a candidate cross-validated, rung by rung."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from sklearn.base import BaseEstimator

from skhyper.search._candidate import Ask, Outcome
from skhyper.search._evaluation import Evaluation
from skhyper.search._fold import Fold
from skhyper.search._task import Procedure
from skhyper.search._written import write_outcome
from skhyper.training import Deadline

__all__ = ["EPOCHS", "RESULTS", "SCORE", "CrossValidation", "Work", "make_trainable"]

# What a trial reports: its score, the epochs that it has behind it, and all of it.
SCORE, EPOCHS, RESULTS = "score", "n_epochs", "skhyper:results"


@dataclass(frozen=True)
class Work:
    """What all trials have in common; it travels once to each machine.

    ``epochs`` are those after which a trial reports, the last its end; empty where it
    reports once. ``read`` makes a candidate of a configuration, ``score`` a score of an
    outcome, and ``options`` are those of joblib.
    """

    estimator: BaseEstimator
    X: Any
    y: Any
    folds: Sequence[Fold]
    procedure: Procedure
    options: dict[str, Any]
    epochs: Sequence[int]
    read: Callable[[dict[str, Any]], dict[str, Any]]
    score: Callable[[Outcome], float]
    deadline: Deadline | None


class CrossValidation:
    """Evaluates one candidate on all splits, to the next rung with each step.

    Parameters
    ----------
    work : Work
        How.
    config : dict of str to object
        Which.
    """

    def __init__(self, work: Work, config: dict[str, Any]) -> None:
        self.work = work
        self.params = work.read(config)
        self.evaluation = Evaluation(
            work.estimator, work.X, work.y, work.folds, work.procedure, work.options
        )
        self.evaluation.deadline = work.deadline

    def step(self) -> dict[str, Any]:
        """Train to the next rung, and report."""
        [outcome] = self.evaluation.run([self._ask()])
        score = self.work.score(outcome)
        n_epochs, epochs = outcome.notes.get("n_resources", 1), self.work.epochs
        is_over = not epochs or n_epochs == epochs[-1] or math.isnan(score)
        return {
            SCORE: score,
            EPOCHS: n_epochs,
            RESULTS: write_outcome(outcome),
            "done": is_over,
        }

    def _ask(self) -> Ask:
        begun = next(iter(self.evaluation.outcomes), None)
        if not self.work.epochs:
            return Ask(self.params)
        rung = 0 if begun is None else begun.notes["rung"] + 1
        n_epochs = self.work.epochs[rung]
        notes = {"n_resources": n_epochs, "rung": rung}
        return Ask(self.params, begun, n_epochs, self.work.epochs[-1], notes)

    def state(self) -> dict[str, Any]:
        """Give what another process goes on from."""
        return {"outcomes": self.evaluation.outcomes}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there; where the candidate is another, with its own knobs."""
        [outcome] = self.evaluation.outcomes = state["outcomes"]
        if outcome.params != self.params:
            outcome.params = self.params
            for leg in outcome.legs.values():
                leg.checkpoints.leave_to_others()


def make_trainable(tune: ModuleType) -> Any:
    """Make the class that Ray Tune runs, as it may be imported only where it is.

    Parameters
    ----------
    tune : module
        ``ray.tune``.

    Returns
    -------
    trainable : type of ray.tune.Trainable
        Takes its work as a parameter.
    """

    class Trial(tune.Trainable):  # type: ignore[name-defined]
        def setup(self, config: dict[str, Any], work: Work) -> None:
            self.work = work
            self.reset_config(config)

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            # A process that has ended its trial takes the next.
            self.validation = CrossValidation(self.work, new_config)
            return True

        def step(self) -> dict[str, Any]:
            return self.validation.step()

        def save_checkpoint(self, checkpoint_dir: str) -> dict[str, Any]:
            return self.validation.state()

        def load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
            self.validation.restore(checkpoint)

    return Trial
