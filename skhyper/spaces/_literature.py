"""Search spaces of publications as tables: parameter, domain, source.

The publications tune multilayer perceptrons. For convolutional nets their ranges of
the training parameters are kept and the layers are left alone.
"""

from skhyper.spaces._choices import Choice
from skhyper.spaces._preset import Preset, Row
from skhyper.spaces._ranges import Float
from skhyper.spaces._tables import towers

__all__ = ["PRESETS"]

GORISHNIY = "Gorishniy et al. 2021, MLP"
TABM = "Gorishniy et al. 2024, MLP"
KADRA = "Kadra et al. 2021"

GORISHNIY_2021: list[Row] = [
    ("dropout", Float(0.0, 0.5, zero=True), GORISHNIY),
    ("optimizer", Choice(["adamw"]), GORISHNIY),
    ("lr", Float(1e-5, 1e-2, log=True, default=1e-3), GORISHNIY),
    ("weight_decay", Float(1e-6, 1e-3, log=True, zero=True), GORISHNIY),
    ("batch_size", Choice([256]), f"{GORISHNIY}; larger for large data"),
    ("early_stopping", Choice([True]), GORISHNIY),
    ("patience", Choice([16]), GORISHNIY),
]

GORISHNIY_2021_LAYERS: Row = (
    "hidden_layer_sizes",
    Choice(towers(range(1, 9), (64, 128, 256, 512), funnels=False), default=(256, 256)),
    f"{GORISHNIY}: 1 to 8 layers of width 1 to 512; here four widths, the same in "
    "all layers, so that candidates share their shape",
)

TABM_2024: list[Row] = [
    ("dropout", Float(0.0, 0.5, zero=True), TABM),
    ("optimizer", Choice(["adamw"]), TABM),
    ("lr", Float(3e-5, 1e-3, log=True, default=1e-3), TABM),
    ("weight_decay", Float(1e-4, 1e-1, log=True, zero=True), TABM),
    ("batch_size", Choice([256]), TABM),
    ("early_stopping", Choice([True]), TABM),
    ("patience", Choice([16]), TABM),
]

TABM_2024_LAYERS: Row = (
    "hidden_layer_sizes",
    Choice(
        towers(range(1, 7), (64, 128, 256, 512, 1024), funnels=False),
        default=(256, 256),
    ),
    f"{TABM}: 1 to 6 layers of width 64 to 1024 in steps of 16; here five widths, so "
    "that candidates share their shape",
)

# The ingredients that the estimators have: skip connections, weight averaging,
# snapshots, lookahead and augmentation are the others.
KADRA_2021: list[Row] = [
    ("normalizer", Choice([None, "batch"]), KADRA),
    ("dropout", Float(0.0, 0.8, zero=True), f"{KADRA}: its largest probability"),
    ("weight_decay", Float(1e-5, 0.1, zero=True), KADRA),
    ("activation", Choice(["relu"]), KADRA),
    ("optimizer", Choice(["adamw"]), KADRA),
    ("lr", Choice([1e-3]), KADRA),
    ("scheduler", Choice(["cosine"]), f"{KADRA}: there with three restarts"),
    ("batch_size", Choice([128]), KADRA),
    ("early_stopping", Choice([False]), KADRA),
]

KADRA_2021_LAYERS: Row = (
    "hidden_layer_sizes",
    Choice([(512,) * 4]),
    f"{KADRA}: two groups of two blocks of width 512; here plain layers",
)

PRESETS = (
    Preset(
        "gorishniy2021",
        "The MLP of a comparison of deep models for tables.",
        [GORISHNIY_2021_LAYERS, *GORISHNIY_2021],
        GORISHNIY_2021,
        crossed=False,
    ),
    Preset(
        "tabm2024",
        "The MLP as tuned again beside TabM.",
        [TABM_2024_LAYERS, *TABM_2024],
        TABM_2024,
        crossed=False,
    ),
    Preset(
        "kadra2021",
        "A cocktail of regularizers, each of them also off.",
        [KADRA_2021_LAYERS, *KADRA_2021],
        KADRA_2021,
        crossed=False,
    ),
)
