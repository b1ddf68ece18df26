"""Layers that gain nothing from being stacked: each lane computes its own."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

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
        self.outputs: list[Tensor] = []

    def begin(self, inputs: Sequence[Tensor], tape: Tape) -> Tensor:
        """Compute the outputs, lane by lane."""
        x = [lane for part in inputs for lane in tape.aligned(part)]
        template = self.modules[0]
        is_cast = tape.products != tape.dtype
        autocast = partial(
            torch.autocast, tape.device.type, tape.products, enabled=is_cast
        )
        with torch.no_grad(), autocast():
            one = template.eval()(x[0][:1])
        output = tape.empty((len(x[0]), one.shape[1]), one.dtype)
        modules = self.modules[tape.lanes]
        tape.call(self._forward, modules, x, output, tape.is_training, autocast)
        return output

    def backward(self, gradient: Tensor, tape: Tape) -> Gradients:
        """Give the gradients of the parameters; nobody wants that of the input."""
        gradient, modules = tape.aligned(gradient), self.modules[tape.lanes]
        of_parameters = [
            tape.empty(tuple(parameter.shape)) for parameter in modules[0].parameters()
        ]
        tape.call(self._backward, modules, gradient, of_parameters)
        return None, of_parameters

    def _forward(
        self,
        modules: Sequence[nn.Module],
        x: Sequence[Tensor],
        output: Tensor,
        training: bool,
        autocast: Callable[[], torch.autocast],
    ) -> None:
        self.outputs = []
        grad = torch.set_grad_enabled(training)
        with torch.inference_mode(False), grad, autocast():
            for module, lane, target in zip(modules, x, output, strict=True):
                if module.training != training:
                    module.train(training)
                result = module(lane)
                target.copy_(result.detach())
                self.outputs.append(result)

    def _backward(
        self,
        modules: Sequence[nn.Module],
        gradient: Tensor,
        of_parameters: list[Tensor],
    ) -> None:
        with torch.inference_mode(False):
            for place, module in enumerate(modules):
                parts = torch.autograd.grad(
                    self.outputs[place], tuple(module.parameters()), gradient[place]
                )
                for target, part in zip(of_parameters, parts, strict=True):
                    target[place] = part
        self.outputs = []


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
