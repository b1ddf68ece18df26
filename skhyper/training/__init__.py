"""One training run: a recipe and rows go in, an outcome comes out."""

from skhyper.training.alone import train_alone, train_on
from skhyper.training.batches import Batches, batch_bounds
from skhyper.training.callbacks import OWN_CALLBACKS, needs_batches
from skhyper.training.checkpoints import Checkpoints, run_key
from skhyper.training.deadline import (
    Deadline,
    OutOfTime,
    deadline_here,
    deadline_in_force,
)
from skhyper.training.divergence import LARGEST_LOSS, divergence
from skhyper.training.driver import (
    checkpoints_here,
    checkpoints_in_force,
    driver_in_force,
    kept_in,
    share,
    store_here,
    train,
)
from skhyper.training.evaluation import (
    TRIED_ROWS,
    evaluate,
    evaluation_batches,
    flaw_of,
    is_finite,
)
from skhyper.training.halt import Halt, heed_halt, heeding_run
from skhyper.training.history import history_frame
from skhyper.training.layout import ScheduleLayout
from skhyper.training.net import Net
from skhyper.training.outcome import NetState, Outcome, Start, StopReason
from skhyper.training.recipe import Data, Knobs, Recipe, Rows, Structure
from skhyper.training.restore import restore_net, state_of, state_under
from skhyper.training.store import Entry, Store, store_at
from skhyper.training.threads import one_thread

__all__ = [
    "LARGEST_LOSS",
    "OWN_CALLBACKS",
    "TRIED_ROWS",
    "Batches",
    "Checkpoints",
    "Data",
    "Deadline",
    "Entry",
    "Halt",
    "Knobs",
    "Net",
    "NetState",
    "OutOfTime",
    "Outcome",
    "Recipe",
    "Rows",
    "ScheduleLayout",
    "Start",
    "StopReason",
    "Store",
    "Structure",
    "batch_bounds",
    "checkpoints_here",
    "checkpoints_in_force",
    "deadline_here",
    "deadline_in_force",
    "divergence",
    "driver_in_force",
    "evaluate",
    "evaluation_batches",
    "flaw_of",
    "heed_halt",
    "heeding_run",
    "history_frame",
    "is_finite",
    "kept_in",
    "needs_batches",
    "one_thread",
    "restore_net",
    "run_key",
    "share",
    "state_of",
    "state_under",
    "store_at",
    "store_here",
    "train",
    "train_alone",
    "train_on",
]
