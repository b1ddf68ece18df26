"""How the layers of a network are held, drawn and listed."""

import math
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import torch
from torch.nn import init

_WEIGHTED = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)

NamedLayer = tuple[str, torch.nn.Module]


class LayerStack(torch.nn.Sequential):
    """A sequence of named layers whose slices are plain sequences."""

    def __init__(self, layers: Iterable[NamedLayer]) -> None:
        super().__init__(OrderedDict(layers))

    def __getitem__(self, idx: slice | int) -> Any:
        # torch builds a slice with the constructor of the class of the whole.
        if isinstance(idx, slice):
            return torch.nn.Sequential(OrderedDict(list(self.named_children())[idx]))
        return super().__getitem__(idx)


@torch.no_grad()
def draw_layer(
    kind: type[torch.nn.Module],
    *args: Any,
    generator: torch.Generator | None,
    dtype: torch.dtype | None,
    **kwargs: Any,
) -> torch.nn.Module:
    """Make a linear or convolutional layer with torch's own initial weights.

    The draws are float32 in every type, so that networks that differ in their type
    alone start from the same point.
    """
    layer = torch.nn.utils.skip_init(kind, *args, dtype=torch.float32, **kwargs)
    init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
    bound = 1 / math.sqrt(layer.weight[0].numel())
    init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer.to(dtype or torch.get_default_dtype())


def penalized_parameters(module: torch.nn.Module) -> list[torch.nn.Parameter]:
    """List the parameters that L1 and L2 penalties act on.

    These are the weights of the linear and convolutional layers. Biases, and the
    scale and shift of a normalization, say where a unit works and not how strongly
    it listens, and are left alone.

    Parameters
    ----------
    module : torch.nn.Module
        A network, or anything that contains layers.

    Returns
    -------
    list of torch.nn.Parameter
        Weights in the order of their layers, each once.

    Examples
    --------
    >>> from skhyper.modules import MLP, penalized_parameters
    >>> network = MLP(4, 3, hidden_layer_sizes=(8,), normalizer="batch")
    >>> [tuple(weight.shape) for weight in penalized_parameters(network)]
    [(8, 4), (3, 8)]
    """
    weights = (
        layer.get_parameter("weight")
        for layer in module.modules()
        if isinstance(layer, _WEIGHTED)
    )
    return list(dict.fromkeys(weights))
