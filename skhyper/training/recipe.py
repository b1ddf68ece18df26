"""What a training run is given."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from skhyper.rules import OPTIMIZERS
from skhyper.training.deadline import Deadline
from skhyper.training.outcome import StopReason

__all__ = ["Data", "Knobs", "Recipe", "Rows", "Structure"]

Arguments = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Structure:
    """What must be equal for two runs to be trained in one stack.

    Parameters
    ----------
    module : type of torch.nn.Module
        The network's class.
    module_params : tuple of (str, value)
        Its arguments, but for the dropout probability, which is a knob.
    loss : str
        Key of ``skhyper.rules.LOSSES``.
    optimizer : str
        Key of ``skhyper.rules.OPTIMIZERS``.
    batch_size : int
        Rows per step.
    dtype : torch.dtype
        Type of the weights.
    device : str
        Where the run takes place.
    autocast : bool, default=False
        Whether matrix products are computed in bfloat16.
    compile : bool, default=False
        Whether the network is compiled.
    """

    module: type[nn.Module]
    module_params: Arguments
    loss: str
    optimizer: str
    batch_size: int
    dtype: torch.dtype
    device: str
    autocast: bool = False
    compile: bool = False


@dataclass(frozen=True)
class Knobs:
    """What may differ between the runs of one stack.

    Parameters
    ----------
    lr : float
        Learning rate at the start (at the peak, for the one-cycle schedule).
    max_epochs : int
        Epochs at most; the schedule is laid out over them.
    seed : int
        Where weights, batch order and dropout come from.
    momentum : float
        Momentum of SGD.
    nesterov : bool
        Whether the momentum is Nesterov's.
    weight_decay, l1, l2, dropout, label_smoothing : float
        As the estimators' arguments.
    optimizer_params : tuple of (str, value)
        Further arguments of the optimizer.
    scheduler : str or None
        Key of ``skhyper.rules.SCHEDULES``.
    scheduler_params : tuple of (str, value)
        Further arguments of the schedule.
    patience : int or None
        Epochs without an improvement by ``tol`` of the validation loss that are
        allowed; None never stops early.
    tol : float
        Smallest improvement that counts, in units of the loss.
    restore_best : bool
        Whether the weights of the best epoch are kept.
    """

    lr: float
    max_epochs: int
    seed: int
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    dropout: float = 0.0
    label_smoothing: float = 0.0
    optimizer_params: Arguments = ()
    scheduler: str | None = None
    scheduler_params: Arguments = ()
    patience: int | None = None
    tol: float = 0.0
    restore_best: bool = True


@dataclass(frozen=True)
class Recipe:
    """Everything that determines one training run, but for its rows.

    Parameters
    ----------
    structure : Structure
        What must be equal to be stacked.
    knobs : Knobs
        What may differ within a stack.
    callbacks : tuple of skorch.callbacks.Callback
        Further callbacks of the user.
    verbose : int, default=0
        Above 0, a line is printed for each epoch.
    pause : int or None, default=None
        Epoch after which the run is paused, to be resumed from its state; None trains
        to the end.
    deadline : Deadline or None, default=None
        When the run is to end at the latest, behind the epoch that it is at.
    """

    structure: Structure
    knobs: Knobs
    callbacks: tuple[Any, ...] = ()
    verbose: int = 0
    pause: int | None = None
    deadline: Deadline | None = None

    @property
    def last_epoch(self) -> int:
        """The epoch after which the run ends or pauses, if nothing ends it before."""
        last = self.knobs.max_epochs
        return last if self.pause is None else min(self.pause, last)

    def reason_after(self, epoch: int) -> StopReason | None:
        """Tell why a run that nothing has stopped trains no further, if so.

        Parameters
        ----------
        epoch : int
            Epochs that it has trained.

        Returns
        -------
        reason : StopReason or None
            That all are trained, that it pauses, or that its time is up; None if it
            goes on.
        """
        if epoch >= self.knobs.max_epochs:
            return StopReason.MAX_EPOCHS
        if epoch >= self.last_epoch:
            return StopReason.PAUSE
        is_late = self.deadline is not None and self.deadline.passed
        return StopReason.MAX_TIME if is_late else None

    def check_deadline(self) -> None:
        """Let the run begin, or go on.

        Raises
        ------
        OutOfTime
            If it is too late.
        """
        if self.deadline is not None:
            self.deadline.check()

    @property
    def optimizer_keywords(self) -> dict[str, Any]:
        """The arguments of torch's optimizer, without the learning rate."""
        knobs = self.knobs
        return OPTIMIZERS[self.structure.optimizer].keywords(
            weight_decay=knobs.weight_decay,
            momentum=knobs.momentum,
            nesterov=knobs.nesterov,
            optimizer_params=dict(knobs.optimizer_params),
        )


@dataclass(frozen=True, eq=False)
class Rows(torch.utils.data.Dataset[Any]):
    """Rows on the device they are trained on.

    Parameters
    ----------
    X : torch.Tensor of shape (n_rows, n_features)
        Features, one flat row each.
    y : torch.Tensor of shape (n_rows,) or (n_rows, n_outputs), or None
        Target.
    weight : torch.Tensor of shape (n_rows,) or None, default=None
        Positive weights; None counts every row once.
    """

    X: Tensor
    y: Tensor | None = None
    weight: Tensor | None = None

    @cached_property
    def digest(self) -> str:
        """What equal rows have in common, and no others."""
        hasher = hashlib.sha256()
        for part in (self.X, self.y, self.weight):
            if part is not None:
                hasher.update(f"{part.dtype} {tuple(part.shape)} ".encode())
                hasher.update(part.numpy(force=True).tobytes())
        return hasher.hexdigest()

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, index: Any) -> tuple[Tensor, Any]:
        return self._batch(lambda part: part[index])

    def take(self, index: Tensor) -> tuple[Tensor, Any]:
        """Gather rows into a batch.

        Parameters
        ----------
        index : torch.Tensor of shape (n_taken,)
            Numbers of the rows, on their device.

        Returns
        -------
        batch : tuple of (torch.Tensor, object)
            Features and target; where rows have weights, the second is a pair of
            target and weight.
        """
        return self._batch(lambda part: part.index_select(0, index))

    def _batch(self, part_of: Callable[[Tensor], Tensor]) -> tuple[Tensor, Any]:
        target = None if self.y is None else part_of(self.y)
        if self.weight is None:
            return part_of(self.X), target
        return part_of(self.X), (target, part_of(self.weight))

    def __reduce__(self) -> tuple[Any, ...]:
        # As arrays the rows are hashed by their content when a run is cached.
        arrays = [
            None if part is None else part.cpu().numpy()
            for part in (self.X, self.y, self.weight)
        ]
        return _rows_from_arrays, (*arrays, str(self.X.device))


def _rows_from_arrays(X: Any, y: Any, weight: Any, device: str) -> Rows:
    parts = (
        None if part is None else torch.as_tensor(part, device=device)
        for part in (X, y, weight)
    )
    return Rows(*parts)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Data:
    """The rows of a run.

    Parameters
    ----------
    train : Rows
        Rows to learn from.
    valid : Rows or None, default=None
        Rows to watch, and to stop by.
    origin : object, default=None
        What the rows were made from. It is only told from those of others, to know
        how much memory they all take.
    """

    train: Rows
    valid: Rows | None = None
    origin: Any = None

    def __getstate__(self) -> dict[str, Any]:
        # What a run is cached by: the rows, wherever they come from.
        return {"train": self.train, "valid": self.valid}
