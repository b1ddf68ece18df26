"""Activations by name."""

import torch

__all__ = ["ACTIVATIONS", "NEVER_FALLING"]

ACTIVATIONS: dict[str, type[torch.nn.Module]] = {
    "relu": torch.nn.ReLU,
    "leaky_relu": torch.nn.LeakyReLU,
    "elu": torch.nn.ELU,
    "selu": torch.nn.SELU,
    "gelu": torch.nn.GELU,
    "silu": torch.nn.SiLU,
    "mish": torch.nn.Mish,
    "tanh": torch.nn.Tanh,
    "sigmoid": torch.nn.Sigmoid,
    "identity": torch.nn.Identity,
}

NEVER_FALLING = set(ACTIVATIONS) - {"gelu", "silu", "mish"}
"""Activations of which a larger number never has a smaller value."""
