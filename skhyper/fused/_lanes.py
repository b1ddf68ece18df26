"""One lane: what a run of a stack keeps for itself."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from skhyper.exceptions import TrainingDiverged
from skhyper.fused._feed import Source
from skhyper.fused._rates import make_rates
from skhyper.rules import OPTIMIZERS
from skhyper.training import LARGEST_LOSS, Recipe, StopReason, divergence

__all__ = ["Lane"]


class Lane:
    """A run in a stack.

    Parameters
    ----------
    number : int
        Its place among the runs that were handed in.
    recipe : Recipe
        What is trained.
    source : Source
        Its rows.
    history : sequence of mapping, default=()
        Rows of skorch, one for each epoch that it has behind it.
    """

    def __init__(
        self,
        number: int,
        recipe: Recipe,
        source: Source,
        history: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.number = number
        self.recipe = recipe
        self.source = source
        self.rates = make_rates(recipe.knobs, len(source.bounds))
        self.history: list[dict[str, Any]] = []
        self.best_epoch = 0
        self.error: TrainingDiverged | None = None
        self.stop_reason: StopReason | None = None
        self.is_gone = False
        self.rate = 0.0
        self._lowest: dict[str, float] = {}
        self._threshold = math.inf
        self._misses = 0
        self.n_behind = len(history)
        for row in history:
            self._go_by(dict(row))

    @property
    def is_over(self) -> bool:
        """Whether its training has ended, well or not."""
        return self.error is not None or self.stop_reason is not None

    @property
    def restores_best(self) -> bool:
        """Whether the weights of its best epoch are what it gives."""
        knobs = self.recipe.knobs
        return knobs.patience is not None and knobs.restore_best

    def begin_epoch(self) -> None:
        """Open the epoch's row of the history, unless the training has ended."""
        if self.is_over:
            return
        epoch = len(self.history)
        self.rate = self.rates.at(epoch, 0)
        self.history.append({"batches": [{}], "epoch": epoch + 1, "lr": self.rate})

    def record(self, prefix: str, loss: float, n_batches: int) -> bool:
        """Record a loss of the epoch, and tell whether it is a finite one."""
        row, lowest = self.history[-1], self._lowest.get(prefix, loss)
        is_best = loss <= lowest
        self._lowest[prefix] = loss if is_best else lowest
        row[f"{prefix}_loss"] = loss
        row[f"{prefix}_loss_best"] = is_best
        row[f"{prefix}_batch_count"] = n_batches
        # Not a number fails every comparison.
        if loss <= LARGEST_LOSS:
            return True
        name = {"train": "training", "valid": "validation"}[prefix]
        self.fail(f"the {name} loss is not finite")
        return False

    def end_epoch(self, seconds: float) -> bool:
        """Close the epoch, and tell whether its weights are the best so far."""
        row = self.history[-1]
        row["dur"] = seconds
        is_best = self._learn(row)
        if self._misses == self.recipe.knobs.patience:
            self.stop_reason = StopReason.EARLY_STOPPING
        else:
            self.stop_reason = self.recipe.reason_after(len(self.history))
        return is_best and self.restores_best

    def _learn(self, row: Mapping[str, Any]) -> bool:
        """Learn from the losses of an epoch, and tell whether it is the best so far."""
        self.rates.end_epoch(row.get("valid_loss", row["train_loss"]))
        knobs = self.recipe.knobs
        if knobs.patience is None:
            self.best_epoch = row["epoch"]
            return False
        is_best: bool = row["valid_loss"] < self._threshold
        self._misses = 0 if is_best else self._misses + 1
        if is_best:
            self._threshold = row["valid_loss"] - knobs.tol
            self.best_epoch = row["epoch"]
        return is_best

    def _go_by(self, row: dict[str, Any]) -> None:
        """Pass an epoch that was trained before."""
        self.history.append(row)
        for prefix in ("train", "valid"):
            if f"{prefix}_loss" in row:
                self._lowest[prefix] = min(
                    row[f"{prefix}_loss"], self._lowest.get(prefix, math.inf)
                )
        self._learn(row)

    def fail(self, what: str) -> None:
        """End the run with an error."""
        optimizer = OPTIMIZERS[self.recipe.structure.optimizer].optimizer.__name__
        lr = self.history[-1]["lr"]
        self.error = divergence(what, len(self.history), lr, optimizer)
