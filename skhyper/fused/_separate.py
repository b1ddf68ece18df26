"""Layers that gain nothing from being stacked: each lane computes its own."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from skhyper.fused._layers import Gradients
from skhyper.fused._tape import Tape

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

    def forward(self, x: Tensor, tape: Tape) -> Tensor:
        """Compute the outputs, lane by lane."""
        x = tape.aligned(x)
        template = self.modules[0]
        with torch.no_grad(), self._autocast(tape):
            one = template.eval()(x[0, :1])
        output = tape.empty((x.shape[1], one.shape[1]), one.dtype)
        tape.call(self._forward, x, output, tape)
        return output

    def backward(self, gradient: Tensor, tape: Tape) -> Gradients:
        """Give the gradients of the parameters; nobody wants that of the input."""
        gradient = tape.aligned(gradient)
        of_parameters = [
            tape.empty(tuple(parameter.shape))
            for parameter in self.modules[0].parameters()
        ]
        tape.call(self._backward, gradient, of_parameters, tape)
        return None, of_parameters

    def _autocast(self, tape: Tape) -> torch.autocast:
        is_on = tape.products != tape.dtype
        return torch.autocast(tape.device.type, tape.products, enabled=is_on)

    def _forward(self, x: Tensor, output: Tensor, tape: Tape) -> None:
        modules = self.modules[tape.lanes]
        with torch.set_grad_enabled(tape.is_training), self._autocast(tape):
            self.outputs = [
                module.train(tape.is_training)(lane)
                for module, lane in zip(modules, x, strict=True)
            ]
        for target, result in zip(output, self.outputs, strict=True):
            target.copy_(result.detach())

    def _backward(
        self, gradient: Tensor, of_parameters: list[Tensor], tape: Tape
    ) -> None:
        for place, module in enumerate(self.modules[tape.lanes]):
            parts = torch.autograd.grad(
                self.outputs[place], tuple(module.parameters()), gradient[place]
            )
            for target, part in zip(of_parameters, parts, strict=True):
                target[place] = part


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
