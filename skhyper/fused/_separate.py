"""Layers that gain nothing from being stacked: each lane computes its own."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from skhyper.fused._alignment import aligned
from skhyper.fused._layers import Gradients, Pass

__all__ = ["Separate", "replicate"]


class Separate:
    """The first layers of a network, which every lane runs by itself.

    On a CPU a convolution over the maps of all lanes at once is slower than one after
    the other.

    Parameters
    ----------
    children : sequence of (str, torch.nn.Module)
        The layers by their names.
    stacks : mapping of str to torch.Tensor of shape (n_lanes, *)
        Parameters and buffers of the whole network.
    """

    def __init__(
        self, children: Sequence[tuple[str, nn.Module]], stacks: Mapping[str, Tensor]
    ) -> None:
        template = nn.Sequential()
        for name, child in children:
            template.add_module(name, child)
        names = template.state_dict()
        n_lanes = len(next(iter(stacks.values())))
        # What they learn, they learn in the stacks, which they share the memory with.
        self.modules = [
            replicate(template, {name: stacks[name][lane] for name in names})
            for lane in range(n_lanes)
        ]

    def forward(self, x: Tensor, at: Pass) -> Tensor:
        """Compute the outputs, lane by lane."""
        modules = self.modules[at.lanes]
        with torch.set_grad_enabled(at.training):
            self.outputs = [
                module.train(at.training)(lane)
                for module, lane in zip(modules, aligned(x), strict=True)
            ]
        return torch.stack([output.detach() for output in self.outputs])

    def backward(self, gradient: Tensor, at: Pass) -> Gradients:
        """Give the gradients of the parameters; nobody wants that of the input."""
        of_lanes = [
            torch.autograd.grad(output, tuple(module.parameters()), lane)
            for output, module, lane in zip(
                self.outputs, self.modules[at.lanes], aligned(gradient), strict=True
            )
        ]
        return None, [torch.stack(parts) for parts in zip(*of_lanes, strict=True)]


def replicate(module: nn.Module, state: Mapping[str, Tensor]) -> nn.Module:
    """Make a module like another one around given parameters and buffers.

    Parameters
    ----------
    module : torch.nn.Module
        The other one.
    state : mapping of str to torch.Tensor
        Parameters and buffers by their names, not copied.

    Returns
    -------
    replica : torch.nn.Module
        The new one.
    """
    return _replicate(module, state, "")


def _replicate(
    module: nn.Module, state: Mapping[str, Tensor], prefix: str
) -> nn.Module:
    # As copy.copy, at a twentieth of its time.
    replica = type(module).__new__(type(module))
    replica.__dict__ = {**module.__dict__}
    replica._parameters = {
        name: nn.Parameter(state[prefix + name]) for name in module._parameters
    }
    replica._buffers = {name: state[prefix + name] for name in module._buffers}
    replica._modules = {
        name: _replicate(child, state, f"{prefix}{name}.")
        for name, child in module._modules.items()
        if child is not None
    }
    return replica
