"""One training run: a recipe and rows go in, an outcome comes out."""

from skhyper.training.alone import train_alone, train_on
from skhyper.training.batches import Batches, batch_bounds
from skhyper.training.callbacks import OWN_CALLBACKS, needs_batches
from skhyper.training.driver import driver_in_force, train
from skhyper.training.evaluation import evaluate
from skhyper.training.halt import Halt
from skhyper.training.net import Net
from skhyper.training.recipe import (
    Data,
    Knobs,
    Outcome,
    Recipe,
    Rows,
    StopReason,
    Structure,
)
from skhyper.training.threads import one_thread

__all__ = [
    "OWN_CALLBACKS",
    "Batches",
    "Data",
    "Halt",
    "Knobs",
    "Net",
    "Outcome",
    "Recipe",
    "Rows",
    "StopReason",
    "Structure",
    "batch_bounds",
    "driver_in_force",
    "evaluate",
    "needs_batches",
    "one_thread",
    "train",
    "train_alone",
    "train_on",
]
