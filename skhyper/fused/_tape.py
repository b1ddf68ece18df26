"""What a step does, recorded once and played again and again."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor

from skhyper.fused._alignment import (
    empty_stack,
    is_aligned,
    is_apart,
    lies_by_columns,
)

__all__ = ["Draw", "Tape"]


class Draw(Protocol):
    """Draws uniform numbers for some lanes."""

    def __call__(self, tape: "Tape", n_rows: int, n_units: int) -> Sequence[Tensor]:
        """Put the drawing on a tape, and give where the numbers will be, in parts."""


class Tape:
    """Calls of functions that read and write tensors which stay where they are.

    Whoever computes something for a step puts it on the tape when the step is recorded:
    the function, what it reads and where it writes to. No memory is asked for when the
    tape is played, nothing is looked up, and a device can take all calls at once.

    Parameters
    ----------
    lanes : slice
        The lanes of the stack that are computed.
    n_lanes : int
        How many they are.
    like : torch.Tensor
        A tensor of the type and on the device of what is computed.
    products : torch.dtype
        Type that matrix products are computed in.
    draw : callable or None, default=None
        Draws the numbers of the dropout; None when it is no step of the training.
    """

    def __init__(
        self,
        lanes: slice,
        n_lanes: int,
        like: Tensor,
        products: torch.dtype,
        draw: Draw | None = None,
    ) -> None:
        self.lanes = lanes
        self.n_lanes = n_lanes
        self.dtype = like.dtype
        self.products = products
        self.device = like.device
        self.draw = draw
        self.calls: list[Callable[[], Any]] = []

    @property
    def is_training(self) -> bool:
        """Whether it is a step of the training."""
        return self.draw is not None

    def call(
        self, function: Callable[..., Any], *operands: Any, **options: Any
    ) -> None:
        """Put a call on the tape.

        Parameters
        ----------
        function : callable
            Writes into tensors that it is given.
        *operands : object
            Its arguments.
        **options : object
            Its arguments by name.
        """
        self.calls.append(partial(function, *operands, **options))

    def compute(
        self,
        function: Callable[..., Any],
        shape: tuple[int, ...],
        *operands: Any,
        dtype: torch.dtype | None = None,
    ) -> Tensor:
        """Put a call on the tape whose result is a new tensor.

        Parameters
        ----------
        function : callable
            A function that takes ``out``.
        shape : tuple of int
            Shape of the result, without the lanes.
        *operands : object
            Its other arguments.
        dtype : torch.dtype or None, default=None
            Type of the result; None for that of the weights.

        Returns
        -------
        result : torch.Tensor of shape (n_lanes, *shape)
            Where the result will be.
        """
        result = self.empty(shape, dtype)
        self.call(function, *operands, out=result)
        return result

    def empty(self, shape: tuple[int, ...], dtype: torch.dtype | None = None) -> Tensor:
        """Make room for a tensor, the lanes of which follow each other without gaps.

        Parameters
        ----------
        shape : tuple of int
            Its shape, without the lanes.
        dtype : torch.dtype or None, default=None
            Its type; None for that of the weights.

        Returns
        -------
        room : torch.Tensor of shape (n_lanes, *shape)
            Where it will be.
        """
        dtype = self.dtype if dtype is None else dtype
        return torch.empty((self.n_lanes, *shape), dtype=dtype, device=self.device)

    def cast(self, stack: Tensor, dtype: torch.dtype) -> Tensor:
        """Have a stack in another type.

        Parameters
        ----------
        stack : torch.Tensor of shape (n_lanes, *)
            The stack.
        dtype : torch.dtype
            The type.

        Returns
        -------
        stack : torch.Tensor of shape (n_lanes, *)
            The same one if it is of that type, else a copy that is made when the tape
            is played, the lanes of which begin at aligned addresses.
        """
        return stack if stack.dtype == dtype else self._copied(stack, dtype=dtype)

    def aligned(self, stack: Tensor) -> Tensor:
        """Have the lanes of a stack begin at aligned addresses.

        Parameters
        ----------
        stack : torch.Tensor of shape (n_lanes, *)
            The stack.

        Returns
        -------
        stack : torch.Tensor of shape (n_lanes, *)
            The same one if its lanes do, else a copy that is made when the tape is
            played.
        """
        return stack if is_aligned(stack) else self._copied(stack)

    def contiguous(self, stack: Tensor) -> Tensor:
        """Have the numbers of a stack one after the other; as it is, or a copy."""
        copy = self.empty(tuple(stack.shape[1:]), stack.dtype)
        if stack.stride() == copy.stride():
            return stack
        self.call(copy.copy_, stack)
        return copy

    def apart(self, stack: Tensor) -> Tensor:
        """Have gaps between the lanes of a stack, which begin at aligned addresses."""
        return stack if is_apart(stack) else self._copied(stack, gap=True)

    def play(self) -> None:
        """Make all calls."""
        # Nothing in it is derived by autograd, which else is asked in every call.
        with torch.inference_mode():
            for call in self.calls:
                call()

    def _copied(
        self, stack: Tensor, *, gap: bool = False, dtype: torch.dtype | None = None
    ) -> Tensor:
        if lies_by_columns(stack):
            return self._copied(stack.mT, gap=gap, dtype=dtype).mT
        if len(stack) > 1 and not stack.stride(0):
            return self._copied(stack[:1], gap=gap, dtype=dtype).expand_as(stack)
        shape, dtype = tuple(stack.shape[1:]), dtype or stack.dtype
        copy = empty_stack(len(stack), shape, dtype, stack.device, gap=gap)
        self.call(copy.copy_, stack)
        return copy
