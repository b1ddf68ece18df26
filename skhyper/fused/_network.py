"""The networks of all lanes, as one."""

from collections.abc import Iterator, Mapping, Sequence

from torch import Tensor, nn

from skhyper.fused._activations import ACTIVATIONS
from skhyper.fused._alignment import aligned
from skhyper.fused._layers import Activation, Dropout, Layer, Linear, Pass
from skhyper.fused._norms import BatchNorm, GroupNorm, LayerNorm
from skhyper.fused._separate import Separate, replicate
from skhyper.modules import Dropout as DropoutModule
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
    """

    def __init__(
        self,
        template: nn.Module,
        stacks: Mapping[str, Tensor],
        dropout: Sequence[float],
    ) -> None:
        self.template = template
        self.stacks = stacks
        self.dropout = list(dropout)
        named = dict(template.named_parameters())
        self.parameters = [stacks[name] for name in named]
        penalized = {id(weight) for weight in penalized_parameters(template)}
        self.is_penalized = [id(weight) in penalized for weight in named.values()]
        self.layers: list[Layer] = list(self._layers())

    def forward(self, x: Tensor, at: Pass) -> Tensor:
        """Compute the outputs.

        Parameters
        ----------
        x : torch.Tensor of shape (n_lanes, n_rows, n_features)
            Inputs of the lanes of the pass.
        at : Pass
            The pass.

        Returns
        -------
        output : torch.Tensor of shape (n_lanes, n_rows, n_outputs)
            The bits that each network gives by itself.
        """
        for layer in self.layers:
            x = layer.forward(x, at)
        return x

    def backward(self, gradient: Tensor, at: Pass) -> list[Tensor]:
        """Compute the gradients of the parameters.

        Parameters
        ----------
        gradient : torch.Tensor of shape (n_lanes, n_rows, n_outputs)
            Gradient of the outputs of the last pass.
        at : Pass
            That pass.

        Returns
        -------
        gradients : list of torch.Tensor of shape (n_lanes, *)
            In the order of ``parameters``.
        """
        gradients: list[Tensor] = []
        upstream: Tensor | None = gradient
        for layer in reversed(self.layers):
            assert upstream is not None, "only the first layer has nothing before it"
            upstream, of_parameters = layer.backward(upstream, at)
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
        return Network(
            self.template, stacks, [self.dropout[lane] for lane in lanes.tolist()]
        )

    def state(self, lane: int) -> dict[str, Tensor]:
        """Copy the parameters and buffers of one lane."""
        return {name: stack[lane].clone() for name, stack in self.stacks.items()}

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

    def _layers(self) -> Iterator[Layer]:
        children = list(self.template.named_children())
        names = [name for name, _ in children]
        is_first = True
        if LAST_SEPARATE in names:
            end = names.index(LAST_SEPARATE) + 1
            yield Separate(children[:end], self.stacks)
            children, is_first = children[end:], False
        for name, module in children:
            stacks = [
                self.stacks[f"{name}.{part}"]
                for part in (*module._parameters, *module._buffers)
            ]
            layer = self._stacked(module, stacks, is_first)
            if layer is not None:
                yield layer
                is_first = False

    def _stacked(
        self, module: nn.Module, stacks: list[Tensor], is_first: bool
    ) -> Layer | None:
        match module:
            case nn.Linear():
                weight, bias = stacks
                return Linear(weight, bias, is_first)
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

    def _dropout(self) -> Dropout:
        like = self.parameters[0]
        return Dropout(self.dropout, like.dtype, str(like.device))
