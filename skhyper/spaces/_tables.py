"""The package's own presets as tables: parameter, domain, source."""

from collections.abc import Iterable

from skhyper.spaces._choices import Choice, Switch
from skhyper.spaces._preset import Preset, Row
from skhyper.spaces._ranges import Float, Int

__all__ = ["PRESETS", "towers"]

OWN = "own choice"
TORCH = "own choice around torch's default"


def towers(
    depths: Iterable[int], widths: Iterable[int], *, funnels: bool
) -> list[tuple[int, ...]]:
    """List hidden layers by depth, width and shape.

    A brick has layers of one width; in a funnel each layer has half the width of the
    one before. Widths are few on purpose: nets of equal layers can be trained together.

    Parameters
    ----------
    depths : iterable of int
        Numbers of layers.
    widths : iterable of int
        Widths of the first layer.
    funnels : bool
        Whether funnels are listed beside the bricks.

    Returns
    -------
    sizes : list of tuple of int
        Values for ``hidden_layer_sizes``.
    """
    widths = tuple(widths)
    sizes = []
    for depth in depths:
        for width in widths:
            sizes.append((width,) * depth)
            if funnels and depth > 1:
                sizes.append(tuple(width >> layer for layer in range(depth)))
    return sizes


REGULARIZATION: list[Row] = [
    ("l1", Float(1e-7, 1e-3, log=True, zero=True), OWN),
    ("l2", Float(1e-6, 1e-2, log=True, zero=True), OWN),
    ("weight_decay", Float(1e-5, 1e-1, log=True, zero=True), OWN),
]

DROPOUT: list[Row] = [
    ("dropout", Float(0.0, 0.5, zero=True), "Gorishniy et al. 2021, MLP")
]

# Groups that divide the widths of all presets and of the estimators' defaults.
N_GROUPS: Row = (
    "n_groups",
    Switch("normalizer", {"group": Choice([2, 4], default=4)}),
    OWN,
)

NORMALIZER: list[Row] = [
    ("normalizer", Choice([None, "batch", "layer", "group"]), OWN),
    N_GROUPS,
]

NORMALIZER_CNN: list[Row] = [
    ("normalizer", Choice([None, "batch", "layer", "instance", "group"]), OWN),
    N_GROUPS,
]

OPTIMIZER: list[Row] = [
    (
        "optimizer",
        Choice(["sgd", "adam", "adamw", "nadam", "rmsprop"], default="adam"),
        OWN,
    ),
    (
        "lr",
        Switch(
            "optimizer",
            {
                "sgd": Float(1e-3, 1e-1, log=True, default=1e-2),
                ("adam", "adamw", "nadam", "rmsprop"): Float(
                    1e-4, 1e-2, log=True, default=1e-3
                ),
            },
        ),
        OWN,
    ),
    ("momentum", Switch("optimizer", {"sgd": Float(0.5, 0.99, default=0.9)}), OWN),
    ("nesterov", Switch("optimizer", {"sgd": Choice([False, True])}), OWN),
]

# What is counted in epochs (a step size, the length of a cosine) is left to the
# estimator, which derives it from `max_epochs`.
SCHEDULER: list[Row] = [
    (
        "scheduler",
        Choice(
            [None, "step", "exponential", "plateau", "cosine", "linear", "onecycle"]
        ),
        OWN,
    ),
    (
        "scheduler_params",
        Switch(
            "scheduler",
            {
                "step": [None, {"gamma": 0.3}, {"gamma": 0.5}],
                "exponential": [None, {"gamma": 0.95}, {"gamma": 0.99}],
                "plateau": [None, {"factor": 0.1}, {"factor": 0.3}],
                "cosine": [None, {"eta_min": 1e-5}],
                "linear": [None, {"end_factor": 0.01}, {"end_factor": 0.3}],
                "onecycle": [None, {"pct_start": 0.1}, {"pct_start": 0.5}],
            },
        ),
        f"{TORCH}; None leaves all to the estimator",
    ),
]

EARLY_STOPPING: list[Row] = [
    (
        "early_stopping",
        Choice([False, True]),
        f"{OWN}: the estimators' 'auto' is always one of the two",
    ),
    (
        "patience",
        Switch("early_stopping", {True: Int(5, 40, log=True, default=10)}),
        OWN,
    ),
    (
        "tol",
        Switch(
            "early_stopping",
            {True: Float(1e-5, 1e-2, log=True, zero=True, default=1e-4)},
        ),
        OWN,
    ),
    (
        "validation_fraction",
        Switch("early_stopping", {True: Choice([0.1, 0.2])}),
        OWN,
    ),
]

_ACTIVATION: Row = (
    "activation",
    Choice(["relu", "gelu", "silu", "selu", "mish", "tanh"]),
    OWN,
)
_BATCH_SIZE: Row = ("batch_size", Choice(["auto", 32, 128, 512]), OWN)

ARCHITECTURE: list[Row] = [
    (
        "hidden_layer_sizes",
        Choice([(100,), *towers(range(1, 5), (64, 128, 256, 512), funnels=True)]),
        f"{OWN}: 1 to 4 layers, brick or funnel",
    ),
    _ACTIVATION,
    _BATCH_SIZE,
]

ARCHITECTURE_CNN: list[Row] = [
    (
        "channels",
        Choice(
            [(16, 32), (16,), (32,), (32, 64), (64, 128), (16, 32, 64), (32, 64, 128)]
        ),
        OWN,
    ),
    ("kernel_size", Choice([3, 5]), OWN),
    ("hidden_layer_sizes", Choice([(100,), (), (64,), (256,)]), OWN),
    _ACTIVATION,
    _BATCH_SIZE,
]

_VANILLA = "own choice within the vanilla MLP's space of pytabkit"
_QUICK: list[Row] = [
    ("lr", Choice([3e-4, 1e-3, 3e-3], default=1e-3), _VANILLA),
    ("dropout", Choice([0.0, 0.2]), _VANILLA),
    ("optimizer", Choice(["adamw"]), f"{OWN}: decoupled weight decay"),
    ("weight_decay", Choice([0.0, 1e-2]), OWN),
]

QUICK: list[Row] = [
    ("hidden_layer_sizes", Choice([(128, 128), (256, 256)]), OWN),
    *_QUICK,
]

QUICK_CNN: list[Row] = [("channels", Choice([(16, 32), (32, 64)]), OWN), *_QUICK]

_FULL: list[Row] = [
    *DROPOUT,
    ("optimizer", Choice(["adam", "adamw", "sgd"]), OWN),
    (
        "lr",
        Switch(
            "optimizer",
            {
                ("adam", "adamw"): Float(1e-4, 1e-2, log=True, default=1e-3),
                "sgd": Float(1e-3, 1e-1, log=True, default=1e-2),
            },
        ),
        OWN,
    ),
    ("momentum", Switch("optimizer", {"sgd": Choice([0.9, 0.95])}), OWN),
    ("weight_decay", Float(1e-5, 1e-1, log=True, zero=True), OWN),
    ("l1", Float(1e-7, 1e-3, log=True, zero=True), OWN),
    ("scheduler", Choice([None, "cosine", "onecycle", "plateau"]), OWN),
    ("activation", Choice(["relu", "gelu", "silu", "selu"]), OWN),
    ("batch_size", Choice(["auto", 64, 256]), OWN),
    ("early_stopping", Choice([True]), OWN),
    ("patience", Choice([16]), "Gorishniy et al. 2021, MLP"),
]

FULL: list[Row] = [
    (
        "hidden_layer_sizes",
        Choice(
            towers(range(1, 6), (64, 128, 256, 384, 512), funnels=True),
            default=(128, 128),
        ),
        f"{OWN}: 1 to 5 layers, brick or funnel",
    ),
    ("normalizer", Choice([None, "batch", "layer"]), OWN),
    *_FULL,
]

FULL_CNN: list[Row] = [
    *ARCHITECTURE_CNN[:3],
    *NORMALIZER_CNN,
    *_FULL,
]

PRESETS = (
    Preset(
        "quick",
        "A first look: learning rate, dropout, weight decay and two sizes of net.",
        QUICK,
        QUICK_CNN,
    ),
    Preset(
        "regularization",
        "Penalties on the weights: L1, L2 and weight decay, each also off.",
        REGULARIZATION,
    ),
    Preset("dropout", "The probability of dropout, also off.", DROPOUT),
    Preset(
        "normalizer",
        "The kind of normalization, also none.",
        NORMALIZER,
        NORMALIZER_CNN,
    ),
    Preset(
        "optimizer",
        "The optimizer and its learning rate; momentum under SGD only.",
        OPTIMIZER,
    ),
    Preset(
        "scheduler",
        "The schedule of the learning rate and what shapes it.",
        SCHEDULER,
    ),
    Preset(
        "early_stopping",
        "Whether and how patiently training waits for the validation loss.",
        EARLY_STOPPING,
    ),
    Preset(
        "architecture",
        "Depth, width and shape of the net, its activation, and the batch size.",
        ARCHITECTURE,
        ARCHITECTURE_CNN,
        crossed=False,
    ),
    Preset(
        "full",
        "Everything at once; for a hundred candidates and more.",
        FULL,
        FULL_CNN,
        crossed=False,
    ),
)
