"""The skorch net that every estimator has."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.utils import ClassifierTags, RegressorTags, Tags, TargetTags
from skorch import NeuralNet
from torch import Tensor

from skhyper.exceptions import TrainingDiverged
from skhyper.modules import Dropout, penalized_parameters
from skhyper.rules import (
    Noise,
    add_penalty_gradients_,
    predictions,
    score,
    weighted_mean,
)
from skhyper.training.batches import Batches
from skhyper.training.callbacks import callback_that_raised, needs_batches
from skhyper.training.deadline import Deadline
from skhyper.training.divergence import LARGEST_LOSS, divergence
from skhyper.training.evaluation import evaluation_batches, flaw_of, output_of
from skhyper.training.halt import heed_halt, heeding_run
from skhyper.training.outcome import StopReason
from skhyper.training.recipe import Rows

__all__ = ["Net", "device_here"]


def device_here(device: str) -> str:
    """Choose the device of a net that was trained, perhaps, on another machine.

    Parameters
    ----------
    device : str
        Device of the training.

    Returns
    -------
    device : str
        The same if this machine has it, else ``"cpu"``.

    Examples
    --------
    >>> from skhyper.training.net import device_here
    >>> device_here("cpu"), device_here("cuda:99")
    ('cpu', 'cpu')
    """
    wanted = torch.device(device)
    n_devices = torch.get_device_module(wanted).device_count()
    return device if (wanted.index or 0) < n_devices else "cpu"


class Net(NeuralNet):
    """A skorch net whose batches are cut from tensors on the device.

    Everything random in it comes from its seed, in whatever thread it runs; the
    penalties act on weights only; Ctrl-C is not taken for the end of training.

    Parameters
    ----------
    *args
        As in skorch.
    seed : int, default=0
        Where the initial weights, the batch order and the dropout come from.
    l1, l2 : float, default=0.0
        Factors of the penalties on absolute and on squared weights.
    autocast : bool, default=False
        Whether matrix products are computed in bfloat16.
    **kwargs
        As in skorch.
    """

    def __init__(
        self,
        *args: Any,
        seed: int = 0,
        l1: float = 0.0,
        l2: float = 0.0,
        autocast: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.seed = seed
        self.l1 = l1
        self.l2 = l2
        self.autocast = autocast
        self._watched = False

    def initialize_module(self) -> "Net":
        """Build the module with weights drawn from the seed."""
        self.module_ = self.module(
            **self.get_params_for("module"),
            generator=Noise(self.seed).generator("weights"),
        )
        return self

    def get_dataset(self, X: Any, y: Any = None) -> Rows:
        """Put features and target on the device, unless they are there."""
        if isinstance(X, Rows):
            return X
        dtype = next(self.module_.parameters()).dtype
        target = None if y is None else torch.as_tensor(y, device=self.device)
        return Rows(torch.as_tensor(X, dtype=dtype, device=self.device), target)

    def get_iterator(self, dataset: Rows, training: bool = False) -> Batches:
        """Cut a dataset into batches, shuffled anew each epoch in training."""
        if not training:
            return evaluation_batches(dataset)
        noise = Noise(self.seed)
        return Batches(
            dataset,
            self.batch_size,
            lambda n_rows: noise.order(n_rows, epoch=len(self.history) - 1),
        )

    def infer(self, x: Tensor, **fit_params: Any) -> Tensor:
        """Compute the module's output for a batch."""
        return output_of(self.module_, x, self.autocast)

    def get_loss(
        self, y_pred: Tensor, y_true: Any, X: Any = None, training: bool = False
    ) -> Tensor:
        """Average the loss of a batch's rows by their weights."""
        target, weight = y_true if isinstance(y_true, tuple) else (y_true, None)
        return weighted_mean(self.criterion_(y_pred, target), weight)

    def train_step(self, batch: Any, **fit_params: Any) -> dict[str, Tensor]:
        """Take one step of the optimizer."""
        X, y = batch
        self._zero_grad_optimizer()
        y_pred = self.infer(X, **fit_params)
        loss = self.get_loss(y_pred, y, X=X, training=True)
        loss.backward()
        if self.l1 or self.l2:
            weights = penalized_parameters(self.module_)
            add_penalty_gradients_(weights, self.l1, self.l2)
        if self._watched:
            self.notify(
                "on_grad_computed",
                named_parameters=list(self.get_all_learnable_params()),
                batch=batch,
                training=True,
            )
        self.optimizer_.step()
        return {"loss": loss.detach(), "y_pred": y_pred}

    def evaluation_step(self, batch: Any, training: bool = False) -> Tensor:
        """Compute the output of a batch, without gradients unless in training."""
        if self.module_.training != training:
            self._set_training(training)
        with torch.set_grad_enabled(training):
            return self.infer(batch[0])

    def validation_step(self, batch: Any, **fit_params: Any) -> dict[str, Tensor]:
        """Compute the output and the loss of a batch, without gradients."""
        X, y = batch
        with torch.no_grad():
            y_pred = self.infer(X, **fit_params)
            loss = self.get_loss(y_pred, y, X=X, training=False)
        return {"loss": loss, "y_pred": y_pred}

    def run_single_epoch(
        self,
        iterator: Batches | None,
        training: bool,
        prefix: str,
        step_fn: Callable[..., dict[str, Tensor]],
        **fit_params: Any,
    ) -> None:
        """Go once through the batches and record their mean loss."""
        if iterator is None:
            return
        self._set_training(training)
        if training:
            self._seed_dropout()
        watched = self._watched = self._batches_are_watched()
        losses, weights, outputs = [], [], []
        for batch in iterator:
            heed_halt()
            X, y = batch
            # Callbacks know of no weights.
            seen = (X, y[0] if isinstance(y, tuple) else y)
            if watched:
                self.notify("on_batch_begin", batch=seen, training=training)
            step = step_fn(batch, **fit_params)
            losses.append(step["loss"])
            weights.append(y[1].sum() if isinstance(y, tuple) else float(len(X)))
            if not training:
                outputs.append(step["y_pred"])
            if watched:
                self.history.record_batch(f"{prefix}_loss", step["loss"].item())
                self.history.record_batch(f"{prefix}_batch_size", len(X))
                self.notify("on_batch_end", batch=seen, training=training, **step)
        if not watched:
            # skorch's callbacks look into the last batch of an epoch.
            self.history.new_batch()
        rows = iterator.rows
        total = torch.stack(losses)
        share = torch.as_tensor(weights, dtype=total.dtype, device=total.device)
        self._record_loss(prefix, float(weighted_mean(total, share)))
        self.history.record(f"{prefix}_batch_count", len(iterator))
        if outputs and rows.y is not None:
            name = self.criterion_.name
            result = score(name, torch.cat(outputs), rows.y, rows.weight)
            self.history.record(f"{prefix}_score", result)

    def on_epoch_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Open the epoch's row of the history with its learning rate."""
        super().on_epoch_begin(net, **kwargs)
        self.history.record("lr", self.optimizer_.param_groups[0]["lr"])

    def train_epochs(
        self, rows: Rows, epochs: int, deadline: Deadline | None = None
    ) -> StopReason:
        """Train on, for some epochs or until a callback or a deadline ends it.

        Parameters
        ----------
        rows : Rows
            Training rows, on the net's device.
        epochs : int
            Epochs at most.
        deadline : Deadline or None, default=None
            After the epoch in which it passes no other is begun.

        Returns
        -------
        reason : StopReason
            Why it ended.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C, or when the halt in force is called. (A callback's own
            ``KeyboardInterrupt``, skorch's way to end a training, is not raised.)
        TrainingDiverged
            When a loss or a weight stops being finite.
        """
        reason = StopReason.MAX_EPOCHS
        try:
            with heeding_run():
                for n_epochs in [epochs] if deadline is None else [1] * epochs:
                    self.fit_loop(rows, epochs=n_epochs)
                    if deadline is not None and deadline.passed:
                        reason = StopReason.MAX_TIME
                        break
        except RuntimeError as error:
            # torch's words for a step that float32 cannot hold.
            if "without overflow" not in str(error):
                raise
            raise self._divergence("a step is not finite") from error
        except KeyboardInterrupt as interrupt:
            callback = callback_that_raised(interrupt)
            if callback is None:
                raise
            by_patience = callback is self.early_stopping_
            reason = StopReason.EARLY_STOPPING if by_patience else StopReason.CALLBACK
        what = flaw_of(self.module_, rows.X, self.autocast)
        if what is not None:
            raise self._divergence(what)
        return reason

    @property
    def classes_(self) -> Any:
        """The classes that scikit-learn's scorers ask for: numbers from 0."""
        if self.criterion_.name == "squared_error":
            raise AttributeError("a net that was trained on numbers has no classes_")
        n_classes = [*self.module_.parameters()][-1].numel()
        return np.arange(n_classes)

    def __sklearn_tags__(self) -> Tags:
        is_regressor = self.criterion_.name == "squared_error"
        kind = "regressor" if is_regressor else "classifier"
        return Tags(
            estimator_type=kind,
            target_tags=TargetTags(required=True),
            regressor_tags=RegressorTags() if is_regressor else None,
            classifier_tags=None if is_regressor else ClassifierTags(),
        )

    @property
    def early_stopping_(self) -> Any:
        """The callback that stops by patience, or None."""
        return dict(self.callbacks_).get("early_stopping")

    def partial_fit(
        self, X: Any, y: Any = None, classes: Any = None, **fit_params: Any
    ) -> "Net":
        """Train on for ``max_epochs`` epochs."""
        if not self.initialized_:
            self.initialize()
        rows = self.get_dataset(X, y)
        self.notify("on_train_begin", X=rows, y=None)
        self.train_epochs(rows, self.max_epochs)
        self.notify("on_train_end", X=rows, y=None)
        return self

    def predict(self, X: Any) -> Any:
        """Return the index of the likeliest class, the labels, or numbers."""
        output = self.forward(X).detach()
        if self.criterion_.name == "cross_entropy":
            return output.argmax(-1).numpy()
        if self.criterion_.name == "binary_cross_entropy":
            return (output > 0).long().numpy()
        return output.numpy()

    def predict_proba(self, X: Any) -> Any:
        """Return what the outputs mean: probabilities, or numbers."""
        output = self.forward(X).detach()
        return predictions(self.criterion_.name, output).numpy()

    def _zero_grad_optimizer(self, set_to_none: bool | None = None) -> None:
        # torch's own zero_grad spends as much on its profiler as a small layer.
        for group in self.optimizer_.param_groups:
            for parameter in group["params"]:
                parameter.grad = None

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Where this device is missing, skorch would warn of what is no danger.
        super().__setstate__({**state, "device": device_here(state["device"])})

    def _batches_are_watched(self) -> bool:
        return any(needs_batches(callback) for _, callback in self.callbacks_)

    def _seed_dropout(self) -> None:
        epoch = len(self.history) - 1
        generator = None
        for layer in self.module_.modules():
            if isinstance(layer, Dropout):
                generator = generator or Noise(self.seed).generator(
                    "dropout", epoch, self.device
                )
                layer.generator = generator

    def _record_loss(self, prefix: str, loss: float) -> None:
        best = min((row[f"{prefix}_loss"] for row in self.history[:-1]), default=loss)
        self.history.record(f"{prefix}_loss", loss)
        self.history.record(f"{prefix}_loss_best", loss <= best)
        # Not a number fails every comparison.
        if not loss <= LARGEST_LOSS:
            name = {"train": "training", "valid": "validation"}[prefix]
            raise self._divergence(f"the {name} loss is not finite")

    def _divergence(self, what: str) -> TrainingDiverged:
        name = type(self.optimizer_).__name__
        return divergence(what, len(self.history), self.history[-1, "lr"], name)
