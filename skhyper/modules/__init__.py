"""Networks, and the layers they are made of, as plain torch modules."""

from skhyper.modules._activations import ACTIVATIONS
from skhyper.modules._batch_norm import (
    BatchNorm1d,
    BatchStatistics,
    average_statistics,
    batch_norm,
    batch_norm_backward,
    batch_norm_by,
)
from skhyper.modules._cnn import CNN, cnn_mistakes
from skhyper.modules._dropout import Dropout
from skhyper.modules._layers import penalized_parameters
from skhyper.modules._linear import Linear
from skhyper.modules._mlp import MLP, mlp_mistakes
from skhyper.modules._normalizers import NORMALIZERS, GroupNorm, InstanceNorm, LayerNorm
from skhyper.modules._reshape import Reshape

__all__ = [
    "ACTIVATIONS",
    "CNN",
    "MLP",
    "NORMALIZERS",
    "BatchNorm1d",
    "BatchStatistics",
    "Dropout",
    "GroupNorm",
    "InstanceNorm",
    "LayerNorm",
    "Linear",
    "Reshape",
    "average_statistics",
    "batch_norm",
    "batch_norm_backward",
    "batch_norm_by",
    "cnn_mistakes",
    "mlp_mistakes",
    "penalized_parameters",
]
