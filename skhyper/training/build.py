"""From a recipe to the skorch net that it describes."""

from typing import Any

from skorch.callbacks import Callback, EarlyStopping
from skorch.helper import predefined_split
from skorch.utils import noop

from skhyper.rules import OPTIMIZERS, Loss
from skhyper.training.batches import batch_bounds
from skhyper.training.callbacks import Schedule, say
from skhyper.training.layout import ScheduleLayout
from skhyper.training.net import Net
from skhyper.training.recipe import Data, Recipe

__all__ = ["build_net"]


def build_net(recipe: Recipe, data: Data) -> Net:
    """Set up the skorch net of a recipe, with its initial weights.

    Parameters
    ----------
    recipe : Recipe
        What to train.
    data : Data
        The rows; they decide about the number of batches and the validation.

    Returns
    -------
    net : Net
        An initialized net.
    """
    structure, knobs = recipe.structure, recipe.knobs
    net = Net(
        structure.module,
        criterion=Loss,
        criterion__name=structure.loss,
        criterion__label_smoothing=knobs.label_smoothing,
        optimizer=OPTIMIZERS[structure.optimizer].optimizer,
        lr=knobs.lr,
        max_epochs=knobs.max_epochs,
        batch_size=structure.batch_size,
        train_split=None if data.valid is None else predefined_split(data.valid),
        callbacks=_callbacks(recipe, data),
        callbacks__train_loss=None,
        callbacks__valid_loss=None,
        **_log_settings(recipe),
        device=structure.device,
        compile=structure.compile,
        verbose=recipe.verbose,
        seed=knobs.seed,
        l1=knobs.l1,
        l2=knobs.l2,
        autocast=structure.autocast,
        **{f"optimizer__{name}": v for name, v in recipe.optimizer_keywords.items()},
        **{f"module__{name}": value for name, value in structure.module_params},
        module__dropout=knobs.dropout,
        module__dtype=structure.dtype,
    )
    return net.initialize()


def _callbacks(recipe: Recipe, data: Data) -> list[tuple[str, Callback]]:
    knobs = recipe.knobs
    callbacks: list[tuple[str, Any]] = []
    if knobs.scheduler is not None:
        callbacks.append(("schedule", _schedule(recipe, data)))
    if knobs.patience is not None and data.valid is not None:
        callbacks.append(("early_stopping", _early_stopping(recipe)))
    for number, callback in enumerate(recipe.callbacks):
        named = isinstance(callback, tuple)
        callbacks.append(callback if named else (f"callback_{number}", callback))
    return callbacks


def _schedule(recipe: Recipe, data: Data) -> Schedule:
    n_batches = len(batch_bounds(len(data.train), recipe.structure.batch_size))
    layout = ScheduleLayout.of(recipe.knobs, n_batches)
    return Schedule(
        policy=layout.rule.scheduler,
        monitor="train_loss" if data.valid is None else "valid_loss",
        event_name=None,
        step_every=layout.rule.every,
        **layout.keywords(),
    )


def _log_settings(recipe: Recipe) -> dict[str, Any]:
    if recipe.verbose:
        return {"callbacks__print_log__sink": say}
    return {"callbacks__print_log": None}


def _early_stopping(recipe: Recipe) -> EarlyStopping:
    knobs = recipe.knobs
    return EarlyStopping(
        monitor="valid_loss",
        patience=knobs.patience,
        threshold=knobs.tol,
        threshold_mode="abs",
        load_best=knobs.restore_best,
        sink=say if recipe.verbose else noop,
    )
