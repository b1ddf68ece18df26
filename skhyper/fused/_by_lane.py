"""torch's own optimizers, one for each lane of a stack."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import torch
from torch import Tensor

from skhyper.fused._series import Numbers

__all__ = ["LaneByLane"]


class Stepped(NamedTuple):
    """The optimizers of the lanes that are stepped."""

    optimizers: Sequence[torch.optim.Optimizer]
    mode: None = None


class LaneByLane:
    """Steps the lanes of a stack one after the other.

    Parameters
    ----------
    optimizer : type of torch.optim.Optimizer
        The class of torch.
    parameters : sequence of torch.Tensor of shape (n_lanes, *)
        The stacked parameters, contiguous, which are changed in place.
    keywords : sequence of mapping of length n_lanes
        What torch's class is called with in each lane, without ``lr``.
    """

    def __init__(
        self,
        optimizer: type[torch.optim.Optimizer],
        parameters: Sequence[Tensor],
        keywords: Sequence[Mapping[str, Any]],
    ) -> None:
        self.optimizers = [
            optimizer([stack[lane] for stack in parameters], **given)
            for lane, given in enumerate(keywords)
        ]

    def stepped(self, lanes: slice) -> "Stepped":
        """Give lanes that are stepped together.

        Parameters
        ----------
        lanes : slice
            The lanes, side by side.

        Returns
        -------
        stepped : Stepped
            The optimizers of these lanes.
        """
        return Stepped(self.optimizers[lanes])

    def advance(self, stepped: "Stepped", rates: Numbers) -> None:
        """Set the learning rates.

        Parameters
        ----------
        stepped : Stepped
            The optimizers.
        rates : numpy.ndarray of float64 of shape (n_stepped,)
            The learning rates.
        """
        for optimizer, rate in zip(stepped.optimizers, rates, strict=True):
            optimizer.param_groups[0]["lr"] = float(rate)

    def update(self, gradients: Sequence[Tensor], stepped: "Stepped") -> None:
        """Step the optimizers of some lanes.

        Parameters
        ----------
        gradients : sequence of torch.Tensor of shape (n_stepped, *)
            A gradient for each parameter.
        stepped : Stepped
            The optimizers.
        """
        for lane, optimizer in enumerate(stepped.optimizers):
            (group,) = optimizer.param_groups
            for weight, gradient in zip(group["params"], gradients, strict=True):
                weight.grad = gradient[lane]
            optimizer.step()

    def keep(self, parameters: Sequence[Tensor], lanes: Tensor) -> None:
        """Go on with some of the lanes.

        Parameters
        ----------
        parameters : sequence of torch.Tensor of shape (n_kept, *)
            The stacked parameters of these lanes, contiguous.
        lanes : torch.Tensor of int64 of shape (n_kept,)
            Their numbers, in the order of ``parameters``.
        """
        self.optimizers = [self.optimizers[lane] for lane in lanes.tolist()]
        for lane, optimizer in enumerate(self.optimizers):
            (group,) = optimizer.param_groups
            weights = [stack[lane] for stack in parameters]
            states = [optimizer.state.pop(weight, {}) for weight in group["params"]]
            optimizer.state.update(zip(weights, states, strict=True))
            group["params"] = weights

    def go_on(
        self, lane: int, n_steps: int, states: Mapping[int, Mapping[str, Any]]
    ) -> None:
        """Let a lane go on from the state of an optimizer of torch.

        Parameters
        ----------
        lane : int
            The lane.
        n_steps : int
            Steps that it has taken, which torch's optimizer counts by itself.
        states : mapping of int to mapping of str to object
            What torch's optimizer keeps, by the place of the parameter.
        """
        optimizer = self.optimizers[lane]
        groups = optimizer.state_dict()["param_groups"]
        # It takes tensors over as they are.
        optimizer.load_state_dict(
            {"state": deepcopy(dict(states)), "param_groups": groups}
        )

    def lane_state(self, lane: int) -> list[dict[str, Tensor]]:
        """Copy the state of a lane.

        Parameters
        ----------
        lane : int
            The lane.

        Returns
        -------
        states : list of dict of str to torch.Tensor
            What torch's optimizer keeps for each of the parameters.
        """
        optimizer = self.optimizers[lane]
        (group,) = optimizer.param_groups
        return [
            {name: value.clone() for name, value in optimizer.state[weight].items()}
            for weight in group["params"]
        ]
