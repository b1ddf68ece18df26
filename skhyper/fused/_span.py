"""The lanes that an optimizer steps at once, and what they are computed with."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from skhyper._torch import foreach_addcmul_, foreach_mul_
from skhyper.fused._series import Numbers

__all__ = ["Flag", "Span", "into", "pick"]

Flag = bool | list[Tensor]
"""Whether lanes do something: all of them, none, or a mask for each parameter."""


class Span:
    """Lanes side by side.

    What belongs to them is found by its name: a list with a tensor for each of the
    parameters, be it as large or one number a lane.

    Parameters
    ----------
    lanes : slice
        The lanes.
    stacks : mapping of str to sequence of torch.Tensor of shape (n_lanes, *)
        Parameters, state and scratch of the whole stack.
    knobs : mapping of str to numpy.ndarray of float64 of shape (n_lanes,)
        Its knobs.
    table : torch.Tensor of shape (n_names, n_lanes)
        The numbers to compute with, in the type of the weights.
    names : sequence of str
        Names of the rows of the table.
    n_moving : int
        How many of them, from the first, change from step to step.
    switches : sequence of str
        Knobs that are flags, too: on where they are not zero.
    """

    def __init__(
        self,
        lanes: slice,
        stacks: Mapping[str, Sequence[Tensor]],
        knobs: Mapping[str, Numbers],
        table: Tensor,
        names: Sequence[str],
        n_moving: int,
        switches: Sequence[str],
    ) -> None:
        self.lanes = lanes
        self.tensors = {
            name: [stack[lanes] for stack in of_name]
            for name, of_name in stacks.items()
        }
        self.moving = table[:n_moving, lanes]
        for name, row in zip(names, table[:, lanes], strict=True):
            self.tensors[name] = self._spread(row)
        self.knobs = {name: knob[lanes] for name, knob in knobs.items()}
        self.flags: dict[str, Flag] = {}
        self.masks: dict[str, list[Tensor]] = {}
        for name in switches:
            self.set_flag(name, self.knobs[name] != 0)

    def __getitem__(self, name: str) -> list[Tensor]:
        return self.tensors[name]

    def set_flag(self, name: str, lanes: Numbers) -> None:
        """Say which lanes do something.

        Parameters
        ----------
        name : str
            What they do.
        lanes : numpy.ndarray of bool of shape (n_stepped,)
            The answer for each lane.
        """
        if lanes.all() or not lanes.any():
            self.flags[name] = bool(lanes[0])
            return
        if name not in self.masks:
            mask = torch.empty(len(lanes), dtype=torch.bool, device=self.moving.device)
            self.masks[name] = self._spread(mask)
        # Where a mask lies it stays: a graph that was captured reads it there.
        mask = self.masks[name][0]
        mask.copy_(torch.from_numpy(lanes).view_as(mask))
        self.flags[name] = self.masks[name]

    @property
    def mode(self) -> tuple[bool | None, ...]:
        """What the operations of a step depend on: each flag, None for a mask."""
        flags = (self.flags[name] for name in sorted(self.flags))
        return tuple(flag if isinstance(flag, bool) else None for flag in flags)

    def move(self, *rows: Numbers) -> None:
        """Set the moving numbers.

        Parameters
        ----------
        *rows : numpy.ndarray of float64 of shape (n_stepped,)
            The rows of the table.
        """
        self.moving.copy_(torch.from_numpy(np.array(rows)))

    def decay(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Add the weight decay that belongs to the gradients.

        Parameters
        ----------
        gradients : sequence of torch.Tensor of shape (n_stepped, *)
            A gradient for each parameter; they are written over.

        Returns
        -------
        gradients : list of torch.Tensor of shape (n_stepped, *)
            The same.
        """
        gradients, is_on = list(gradients), self.flags["coupled"]
        operands = gradients, self["parameters"], self["coupled"]
        if is_on is True:
            foreach_addcmul_(*operands)
        elif is_on:
            # Elsewhere not even the sign of a zero may change.
            decayed = into(self["scratch"], torch.addcmul, *operands)
            pick(is_on, decayed, gradients, gradients)
        return gradients

    def average_squares(
        self, average: str, gradients: Sequence[Tensor], share: str
    ) -> None:
        """Take the squares of the gradients into their running average.

        Parameters
        ----------
        average : str
            Name of the average.
        gradients : sequence of torch.Tensor of shape (n_stepped, *)
            A gradient for each parameter.
        share : str
            The knob that says how much of the average stays.
        """
        weighted = into(self["scratch"], torch.mul, gradients, self[f"1-{share}"])
        foreach_mul_(self[average], self[share])
        foreach_addcmul_(self[average], weighted, list(gradients))

    def roots(self, squares: Sequence[Tensor]) -> list[Tensor]:
        """Take the square roots of averages, into the scratch.

        Parameters
        ----------
        squares : sequence of torch.Tensor of shape (n_stepped, *)
            The averages.

        Returns
        -------
        roots : list of torch.Tensor of shape (n_stepped, *)
            Their roots.
        """
        return into(self["scratch"], torch.sqrt, squares)

    def _spread(self, row: Tensor) -> list[Tensor]:
        """Shape a number per lane to be multiplied with each of the parameters."""
        shapes = [(-1, *[1] * (stack.dim() - 1)) for stack in self["parameters"]]
        return [row.view(shape) for shape in shapes]


def into(
    targets: list[Tensor], operation: Callable[..., Any], *operands: Sequence[Tensor]
) -> list[Tensor]:
    """Put the results of an operation into tensors that there are already.

    Parameters
    ----------
    targets : list of torch.Tensor
        Where to put them, parameter by parameter; operands may be among them.
    operation : callable
        A function of torch, parameter by parameter, that takes ``out``.
    *operands : sequence of torch.Tensor
        What it is called with.

    Returns
    -------
    targets : list of torch.Tensor
        The same.
    """
    for target, *given in zip(targets, *operands, strict=True):
        operation(*given, out=target)
    return targets


def pick(
    flag: Flag, chosen: list[Tensor], other: list[Tensor], mixed: list[Tensor]
) -> list[Tensor]:
    """Choose lane by lane; what is not chosen may hold anything.

    Parameters
    ----------
    flag : bool or list of torch.Tensor
        Where to take the first.
    chosen, other : list of torch.Tensor
        A tensor for each of the parameters.
    mixed : list of torch.Tensor
        Where to put them when it is some lanes of both; may be one of the two.

    Returns
    -------
    picked : list of torch.Tensor
        One of the three.
    """
    if isinstance(flag, bool):
        return chosen if flag else other
    return into(mixed, torch.where, flag, chosen, other)
