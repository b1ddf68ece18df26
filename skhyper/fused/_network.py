"""The networks of all lanes, as one."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from skhyper.fused._activations import ACTIVATIONS
from skhyper.fused._alignment import aligned
from skhyper.fused._layers import Activation, Dropout, FirstLayer, Layer, Linear
from skhyper.fused._norms import BatchNorm, GroupNorm, LayerNorm
from skhyper.fused._separate import Separate, replicate
from skhyper.fused._tape import Draw, Tape
from skhyper.modules import Dropout as DropoutModule
from skhyper.modules import Linear as LinearModule
from skhyper.modules import penalized_parameters

__all__ = ["Network"]

# What of a convolutional network runs lane by lane ends with this layer.
LAST_SEPARATE = "flatten"


class Network:
    """Networks of one structure, their parameters stacked.

    Parameters
    ----------
    template : torch.nn.Module
        One such network; its own parameters are of no use.
    stacks : mapping of str to torch.Tensor of shape (n_lanes, *)
        Parameters and buffers by their names, their lanes aligned.
    dropout : sequence of float of length n_lanes
        Probability of each lane's dropout.
    autocast : bool
        Whether matrix products are computed in bfloat16.
    """

    def __init__(
        self,
        template: nn.Module,
        stacks: Mapping[str, Tensor],
        dropout: Sequence[float],
        autocast: bool,
    ) -> None:
        self.template = template
        self.stacks = stacks
        self.dropout = list(dropout)
        self.autocast = autocast
        named = dict(template.named_parameters())
        self.parameters = [stacks[name] for name in named]
        penalized = {id(weight) for weight in penalized_parameters(template)}
        self.is_penalized = [id(weight) in penalized for weight in named.values()]
        linear = [part for part in template.modules() if isinstance(part, nn.Linear)]
        self.width = max(max(p.in_features, p.out_features) for p in linear)
        self.first, self.layers = self._layers()
        self.best: dict[str, Tensor] = {}

    def tape(self, lanes: slice, draw: Draw | None = None) -> Tape:
        """Make a tape for some of the lanes.

        Parameters
        ----------
        lanes : slice
            The lanes.
        draw : callable or None, default=None
            What draws for the dropout in a step of the training.

        Returns
        -------
        tape : Tape
            An empty one.
        """
        like, n_lanes = self.parameters[0], lanes.stop - lanes.start
        products = torch.bfloat16 if self.autocast else like.dtype
        return Tape(lanes, n_lanes, like, products, draw)

    def forward(self, inputs: Sequence[Tensor], tape: Tape) -> Tensor:
        """Put the way through the layers on a tape.

        Parameters
        ----------
        inputs : sequence of torch.Tensor of shape (n_lanes_of_part, n_rows, n_features)
            Inputs of the lanes of the tape, in parts: lanes beside each other.
        tape : Tape
            The tape.

        Returns
        -------
        output : torch.Tensor of shape (n_lanes, n_rows, n_outputs)
            Where the outputs will be: the bits that each network gives by itself.
        """
        x = self.first.begin(inputs, tape)
        for layer in self.layers:
            x = layer.forward(x, tape)
        self.output_dtype = x.dtype
        return tape.cast(x, tape.dtype)

    def backward(self, gradient: Tensor, tape: Tape) -> list[Tensor]:
        """Put the way back through the layers on a tape.

        Parameters
        ----------
        gradient : torch.Tensor of shape (n_lanes, n_rows, n_outputs)
            Gradient of the outputs, which may be written over.
        tape : Tape
            The tape that the way there was put on last.

        Returns
        -------
        gradients : list of torch.Tensor of shape (n_lanes, *)
            Where the gradients will be, in the order of ``parameters``.
        """
        gradients: list[Tensor] = []
        upstream: Tensor | None = tape.cast(gradient, self.output_dtype)
        layers: list[Layer | FirstLayer] = [self.first, *self.layers]
        for layer in reversed(layers):
            assert upstream is not None, "only the first layer has nothing before it"
            upstream, of_parameters = layer.backward(upstream, tape)
            gradients = of_parameters + gradients
        return gradients

    def keep(self, lanes: Tensor) -> "Network":
        """Go on with some of the lanes.

        Parameters
        ----------
        lanes : torch.Tensor of int64 of shape (n_kept,)
            Their numbers.

        Returns
        -------
        network : Network
            A network of these lanes.
        """
        stacks = {name: aligned(stack[lanes]) for name, stack in self.stacks.items()}
        dropout = [self.dropout[lane] for lane in lanes.tolist()]
        network = Network(self.template, stacks, dropout, self.autocast)
        network.best = {name: stack[lanes] for name, stack in self.best.items()}
        return network

    def remember(self, lanes: list[int]) -> None:
        """Remember the parameters and buffers of some lanes as their best ones."""
        if not lanes:
            return
        if not self.best:
            self._keep_room()
            return
        index = torch.tensor(lanes, device=self.parameters[0].device)
        for name, stack in self.stacks.items():
            self.best[name][index] = stack[index]

    def remember_as(self, lane: int, state: Mapping[str, Tensor]) -> None:
        """Remember other parameters and buffers as the best ones of a lane.

        Parameters
        ----------
        lane : int
            The lane.
        state : mapping of str to torch.Tensor
            By their names.
        """
        if not self.best:
            self._keep_room()
        for name, stack in self.best.items():
            stack[lane] = state[name]

    def _keep_room(self) -> None:
        self.best = {name: stack.clone() for name, stack in self.stacks.items()}

    def state(self, lane: int, *, best: bool = False) -> dict[str, Tensor]:
        """Copy the parameters and buffers of a lane.

        Parameters
        ----------
        lane : int
            The lane.
        best : bool, default=False
            Whether to give those that were remembered.

        Returns
        -------
        state : dict of str to torch.Tensor
            By their names.
        """
        stacks = self.best if best else self.stacks
        return {name: stack[lane].clone() for name, stack in stacks.items()}

    def module(self, lane: int, state: Mapping[str, Tensor]) -> nn.Module:
        """Make a network by itself.

        Parameters
        ----------
        lane : int
            The lane, for its dropout.
        state : mapping of str to torch.Tensor
            Parameters and buffers, which become those of the network.

        Returns
        -------
        module : torch.nn.Module
            The network.
        """
        module = replicate(self.template, state)
        for layer in module.children():
            if isinstance(layer, DropoutModule):
                layer.p = self.dropout[lane]
        return module

    def _layers(self) -> tuple[FirstLayer, list[Layer]]:
        children = list(self.template.named_children())
        names = [name for name, _ in children]
        first: FirstLayer
        if LAST_SEPARATE in names:
            end = names.index(LAST_SEPARATE) + 1
            first = Separate(children[:end], self.stacks)
        else:
            end, (name, module) = 1, children[0]
            assert isinstance(module, LinearModule), "nothing else comes first"
            first = self._linear(module, self._stacks_of(name, module))
        others = [self._stacked(name, module) for name, module in children[end:]]
        return first, [layer for layer in others if layer is not None]

    def _stacked(self, name: str, module: nn.Module) -> Layer | None:
        stacks = self._stacks_of(name, module)
        match module:
            case LinearModule():
                return self._linear(module, stacks)
            case nn.BatchNorm1d():
                assert module.momentum is not None, "no module here averages evenly"
                weight, bias, mean, var, n_batches = stacks
                return BatchNorm(
                    weight, bias, mean, var, n_batches, module.momentum, module.eps
                )
            case nn.LayerNorm():
                weight, bias = stacks
                return LayerNorm(weight, bias, module.eps)
            case nn.GroupNorm():
                weight, bias = stacks
                return GroupNorm(weight, bias, module.eps, module.num_groups)
            case DropoutModule():
                return self._dropout() if any(self.dropout) else None
            case nn.Identity():
                return None
        return Activation(ACTIVATIONS[type(module)])

    def _linear(self, module: LinearModule, stacks: Sequence[Tensor]) -> Linear:
        weight, bias = stacks
        modules = list(self.template.children())
        return Linear(
            weight,
            bias,
            is_first=module is modules[0],
            is_last=module is modules[-1],
            is_transposed=module.is_transposed,
        )

    def _stacks_of(self, name: str, module: nn.Module) -> list[Tensor]:
        """Give the stacks of the parameters and buffers of a layer."""
        parts = *module._parameters, *module._buffers
        return [self.stacks[f"{name}.{part}"] for part in parts]

    def _dropout(self) -> Dropout:
        like = self.parameters[0]
        return Dropout(self.dropout, like.dtype, str(like.device))
