"""skorch's learning-rate callback, able to continue a run."""

import dis
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback, LRScheduler
from torch.optim.lr_scheduler import ReduceLROnPlateau

__all__ = [
    "OWN_CALLBACKS",
    "Schedule",
    "callback_that_raised",
    "needs_batches",
    "say",
]

OWN_CALLBACKS = (
    "schedule",
    "early_stopping",
    "epoch_timer",
    "train_loss",
    "valid_loss",
    "print_log",
)
"""Names that callbacks of the user cannot have: those of skorch's defaults and ours."""

BATCH_HOOKS = ("on_batch_begin", "on_batch_end", "on_grad_computed")


def say(text: str) -> None:
    """Print a line.

    Callbacks hold this in the place of ``print``: that can be pickled only while
    nobody has put something else in its place, as Ray does.

    Parameters
    ----------
    text : str
        The line.
    """
    print(text)  # noqa: T201


class Schedule(LRScheduler):
    """skorch's ``LRScheduler``, which survives a pause and knows its end.

    A run that is continued goes on with the schedule it had, also after it was
    pickled; past the last epoch the schedule was laid out for, the rate stays.

    Parameters
    ----------
    policy, monitor, event_name, step_every, **kwargs
        As in skorch.
    """

    lr_scheduler_: Any

    def initialize(self) -> "Schedule":
        """Forget an earlier run."""
        self.state_: dict[str, Any] | None = None
        super().initialize()
        return self

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Lay out the schedule, or take up that of the run that goes on."""
        if self.lr_scheduler_ is not None:
            return
        rates = [group["lr"] for group in net.optimizer_.param_groups]
        self.lr_scheduler_ = self.policy_(net.optimizer_, **self.kwargs)
        if self.state_ is not None:
            self.lr_scheduler_.load_state_dict(self.state_)
            for group, rate in zip(net.optimizer_.param_groups, rates, strict=True):
                group["lr"] = rate

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Take the step of an epoch, unless the schedule is over."""
        is_open_ended = isinstance(self.lr_scheduler_, ReduceLROnPlateau)
        if is_open_ended or self.lr_scheduler_.last_epoch < net.max_epochs - 1:
            super().on_epoch_end(net, **kwargs)

    def on_batch_end(self, net: NeuralNet, training: bool, **kwargs: Any) -> None:
        """Take the step of a batch, unless the schedule is over."""
        last = getattr(self.lr_scheduler_, "total_steps", float("inf")) - 1
        if self.lr_scheduler_.last_epoch < last:
            super().on_batch_end(net, training, **kwargs)

    def __getstate__(self) -> dict[str, Any]:
        # The scheduler holds the optimizer, which the net pickles by itself.
        state = self.__dict__.copy()
        scheduler = state.get("lr_scheduler_")
        if scheduler is not None:
            state.update(lr_scheduler_=None, state_=scheduler.state_dict())
        return state


def needs_batches(callback: Callback) -> bool:
    """Tell whether a callback must be called for every batch.

    Parameters
    ----------
    callback : skorch.callbacks.Callback
        The callback, initialized or not.

    Returns
    -------
    answer : bool
        True when it overrides a hook that skorch calls for each batch.

    Examples
    --------
    >>> from skorch.callbacks import EarlyStopping, GradientNormClipping
    >>> from skhyper.training.callbacks import needs_batches
    >>> needs_batches(EarlyStopping()), needs_batches(GradientNormClipping())
    (False, True)
    """
    kind = callback if isinstance(callback, type) else type(callback)
    if getattr(callback, "step_every", None) == "epoch":
        return False
    return any(
        getattr(kind, hook) is not getattr(Callback, hook) for hook in BATCH_HOOKS
    )


def callback_that_raised(interrupt: KeyboardInterrupt) -> Any:
    """Find the callback in whose hook a statement raised this, if there is one.

    Ctrl-C interrupts at any instruction; a callback interrupts by a ``raise``
    statement of its own, or of a function that it calls.

    Parameters
    ----------
    interrupt : KeyboardInterrupt
        What was raised.

    Returns
    -------
    callback : skorch.callbacks.Callback or None
        The callback; None means Ctrl-C.
    """
    callback, raised = None, False
    traceback = interrupt.__traceback__
    while traceback is not None:
        code, here = traceback.tb_frame.f_code, traceback.tb_frame.f_locals.get("self")
        if isinstance(here, Callback) and code.co_name.startswith("on_"):
            callback = here
        raised = code.co_code[traceback.tb_lasti] == dis.opmap["RAISE_VARARGS"]
        traceback = traceback.tb_next
    return callback if raised else None
