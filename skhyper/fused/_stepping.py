"""What the stacked optimizers share: the numbers of the lanes and their state."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from skhyper.fused._series import Numbers
from skhyper.fused._span import Span

__all__ = ["LanesAtOnce"]


class LanesAtOnce(ABC):
    """One of torch's optimizers for many lanes, each with knobs of its own.

    A lane gets the bits of the loops that torch runs on a CPU over single tensors:
    the same operations in the same order. What torch computes in Python is computed
    in float64 here and rounded once to the type of the weights, as torch does.

    Parameters
    ----------
    optimizer : type of torch.optim.Optimizer
        The class of torch.
    parameters : sequence of torch.Tensor of shape (n_lanes, *)
        The stacked parameters, contiguous, which are changed in place.
    keywords : sequence of mapping of length n_lanes
        What torch's class would be called with in each lane, without ``lr``.
    """

    fixed: ClassVar[tuple[str, ...]]
    """Knobs that the steps compute with; ``1-`` before one is the rest to one."""
    moving: ClassVar[tuple[str, ...]]
    """The numbers besides, which depend on the rate or the step."""
    switches: ClassVar[tuple[str, ...]] = ()
    """Knobs whose being zero changes what is computed, besides weight decay."""
    slots: ClassVar[Mapping[str, str | None]]
    """State tensors, named as in torch, and the switch that they are kept for."""
    begins_with_state: ClassVar[bool] = False
    """Whether torch keeps a state before the first step."""

    def __init__(
        self,
        optimizer: type[torch.optim.Optimizer],
        parameters: Sequence[Tensor],
        keywords: Sequence[Mapping[str, Any]],
    ) -> None:
        groups = [optimizer([torch.zeros(1)], **given).defaults for given in keywords]
        lanes = [_numbers(group) for group in groups]
        self.knobs = {
            name: np.array([lane[name] for lane in lanes]) for name in lanes[0]
        }
        self.steps = np.zeros(len(lanes), dtype=np.int64)
        is_decoupled = self.knobs.get("decoupled_weight_decay", 0.0)
        self.knobs["decoupled"] = self.knobs["weight_decay"] * is_decoupled
        self.knobs["coupled"] = self.knobs["weight_decay"] - self.knobs["decoupled"]
        self.state = {
            name: [torch.zeros_like(stack) for stack in parameters]
            for name, switch in self.slots.items()
            if switch is None or self.knobs[switch].any()
        }
        self._lay_out(parameters)

    def stepped(self, lanes: slice) -> Span:
        """Give lanes that are stepped together.

        Parameters
        ----------
        lanes : slice
            The lanes, side by side.

        Returns
        -------
        span : Span
            These lanes and the numbers of their steps, the same for all who ask.
        """
        bounds = lanes.indices(len(self.steps))
        if bounds not in self.spans:
            self.spans[bounds] = self._span(lanes)
        return self.spans[bounds]

    def advance(self, span: Span, rates: Numbers) -> None:
        """Count a step and work out the numbers it takes.

        Parameters
        ----------
        span : Span
            The lanes that are stepped.
        rates : numpy.ndarray of float64 of shape (n_stepped,)
            Their learning rates.
        """
        self.steps[span.lanes] += 1
        self.prepare(span, rates)

    @abstractmethod
    def prepare(self, span: Span, rates: Numbers) -> None:
        """Work out the numbers of a step that has been counted.

        Parameters
        ----------
        span : Span
            The lanes that are stepped.
        rates : numpy.ndarray of float64 of shape (n_stepped,)
            Their learning rates.
        """

    @abstractmethod
    def update(self, gradients: Sequence[Tensor], span: Span) -> None:
        """Change weights and state, on the device alone.

        Parameters
        ----------
        gradients : sequence of torch.Tensor of shape (n_stepped, *)
            A gradient for each parameter; they are written over.
        span : Span
            The lanes and the numbers of the step.
        """

    def keep(self, parameters: Sequence[Tensor], lanes: Tensor) -> None:
        """Go on with some of the lanes.

        Parameters
        ----------
        parameters : sequence of torch.Tensor of shape (n_kept, *)
            The stacked parameters of these lanes, contiguous.
        lanes : torch.Tensor of int64 of shape (n_kept,)
            Their numbers, in the order of ``parameters``.
        """
        chosen = lanes.numpy(force=True)
        self.knobs = {name: knob[chosen] for name, knob in self.knobs.items()}
        self.steps = self.steps[chosen]
        self.state = {
            name: [stack[lanes] for stack in stacks]
            for name, stacks in self.state.items()
        }
        self._lay_out(parameters)

    def lane_state(self, lane: int) -> list[dict[str, Tensor]]:
        """Copy the state of a lane.

        Parameters
        ----------
        lane : int
            The lane.

        Returns
        -------
        states : list of dict of str to torch.Tensor
            What torch's optimizer would keep for each of the parameters.
        """
        if not (self.steps[lane] or self.begins_with_state):
            return [{} for _ in self.stacks["parameters"]]
        kept = [
            name
            for name, switch in self.slots.items()
            if switch is None or self.knobs[switch][lane]
        ]
        return [
            {name: torch.tensor(count) for name, count in self.counts(lane).items()}
            | {name: self.state[name][place][lane].clone() for name in kept}
            for place in range(len(self.stacks["parameters"]))
        ]

    def go_on(
        self, lane: int, n_steps: int, states: Mapping[int, Mapping[str, Any]]
    ) -> None:
        """Let a lane go on from the state of an optimizer of torch.

        Parameters
        ----------
        lane : int
            The lane.
        n_steps : int
            Steps that it has taken.
        states : mapping of int to mapping of str to object
            What torch's optimizer keeps, by the place of the parameter.
        """
        self.steps[lane] = n_steps
        for name, stacks in self.state.items():
            for place, stack in enumerate(stacks):
                if name in states.get(place, {}):
                    stack[lane] = states[place][name]

    def counts(self, lane: int) -> dict[str, float]:
        """Give the part of a lane's state that is no tensor of weights.

        Parameters
        ----------
        lane : int
            The lane.

        Returns
        -------
        counts : dict of str to float
            Numbers by their names in torch.
        """
        return {"step": float(self.steps[lane])}

    def _lay_out(self, parameters: Sequence[Tensor]) -> None:
        self.stacks = {
            "parameters": parameters,
            "scratch": [torch.empty_like(stack) for stack in parameters],
            **self.state,
        }
        fixed = [
            1 - self.knobs[name[2:]] if name.startswith("1-") else self.knobs[name]
            for name in self.fixed
        ]
        rows = [np.full(len(self.steps), np.nan)] * len(self.moving) + fixed
        like = parameters[0]
        self.table = torch.from_numpy(np.stack(rows)).to(like.device, like.dtype)
        self.spans: dict[tuple[int, int, int], Span] = {}

    def _span(self, lanes: slice) -> Span:
        return Span(
            lanes,
            self.stacks,
            self.knobs,
            self.table,
            self.moving + self.fixed,
            len(self.moving),
            ("coupled", "decoupled", *self.switches),
        )


def _numbers(group: Mapping[str, Any]) -> dict[str, float]:
    """Read the knobs off the defaults of an optimizer of torch."""
    numbers = {name: value for name, value in group.items() if value is not None}
    if "betas" in numbers:
        numbers["beta1"], numbers["beta2"] = numbers.pop("betas")
    return {name: float(value) for name, value in numbers.items()}
