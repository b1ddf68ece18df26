"""What a training run gives back, and what it goes on from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import pandas as pd
from skorch import NeuralNet
from torch import Tensor, nn

from skhyper.training.history import history_frame

__all__ = ["NetState", "Outcome", "Start", "StopReason"]


class StopReason(StrEnum):
    """Why a training run ended."""

    MAX_EPOCHS = "max_epochs"
    """All of ``max_epochs`` were trained."""

    EARLY_STOPPING = "early_stopping"
    """The validation loss had not improved by ``tol`` for ``patience`` epochs."""

    CALLBACK = "callback"
    """A callback of the user ended the training."""

    PAUSE = "pause"
    """The training is to go on later, from the state that it gave."""

    MAX_TIME = "max_time"
    """The time was up; the training could go on, from the state that it gave."""

    @property
    def can_go_on(self) -> bool:
        """Whether the run was cut off before its own end."""
        return self in (StopReason.PAUSE, StopReason.MAX_TIME)


@dataclass(frozen=True, eq=False)
class NetState:
    """What training has made of a net.

    Parameters
    ----------
    history : sequence of mapping
        Rows of skorch, one an epoch.
    is_validated : bool
        Whether rows were validated on.
    module : mapping of str to torch.Tensor
        State of the module.
    optimizer : dict
        State of the optimizer.
    schedule : dict or None
        State of torch's scheduler, if there is one.
    best_epoch : int
        Epoch of the best validation loss, or the last epoch without validation.
    best : mapping of str to torch.Tensor or None, default=None
        State of the module after the best epoch, where it is to be restored at the
        end; None if it is the last one, or is not restored.
    """

    history: Sequence[Mapping[str, Any]]
    is_validated: bool
    module: Mapping[str, Tensor]
    optimizer: dict[str, Any]
    schedule: dict[str, Any] | None
    best_epoch: int
    best: Mapping[str, Tensor] | None = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a training run gave.

    Parameters
    ----------
    module : torch.nn.Module
        The trained network.
    best_epoch : int
        Epoch of the best validation loss, or the last epoch without validation.
    stop_reason : StopReason
        Why the training ended.
    epochs : sequence of mapping
        Rows of skorch's history, one an epoch that was trained to its end. The
        losses leave out penalties, so that they can be compared between runs.
    make_net : callable
        Makes the net around the module.
    paused : NetState or None, default=None
        What the run goes on from if it was paused.
    """

    module: nn.Module
    best_epoch: int
    stop_reason: StopReason
    epochs: Sequence[Mapping[str, Any]]
    make_net: Callable[[], NeuralNet]
    paused: NetState | None = None

    @cached_property
    def history(self) -> pd.DataFrame:
        """A row an epoch: ``epoch, train_loss, valid_loss, valid_score, lr, seconds``.

        It is made when it is first asked for, as the net is.
        """
        return history_frame(self.epochs)

    @cached_property
    def net(self) -> NeuralNet:
        """The trained net, with its optimizer and its history.

        It is made when it is first asked for: most runs of a search are only scored.
        """
        net = self.make_net()
        # From now on there is one module, whoever changes it.
        self.__dict__["module"] = net.module_
        return net

    def __getstate__(self) -> dict[str, Any]:
        # The module is part of the net, which would not share it in a pickle.
        return {**self.__dict__, "net": self.net, "module": None, "make_net": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({**state, "module": state["net"].module_})


Start = Outcome | NetState | None
"""A run whose last weights are the first, a paused one that goes on, or neither."""
