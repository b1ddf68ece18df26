"""What one step of training means, written once for every trainer."""

from skhyper.rules.losses import (
    LOSSES,
    Loss,
    has_few_classes,
    predictions,
    score,
    weighted_mean,
)
from skhyper.rules.noise import Noise
from skhyper.rules.optimizers import OPTIMIZERS, OptimizerRule
from skhyper.rules.penalties import add_penalty_gradients_
from skhyper.rules.schedules import SCHEDULES, ScheduleRule

__all__ = [
    "LOSSES",
    "OPTIMIZERS",
    "SCHEDULES",
    "Loss",
    "Noise",
    "OptimizerRule",
    "ScheduleRule",
    "add_penalty_gradients_",
    "has_few_classes",
    "predictions",
    "score",
    "weighted_mean",
]
