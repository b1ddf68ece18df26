"""Where the lanes of a stack lie in memory.

Which instructions a kernel takes for a number depends on where the number lies: a
product reads rows that begin at an odd address otherwise, and the last few numbers of a
tensor are computed one by one. A tensor by itself begins at a multiple of 64 bytes; so
that a lane gets the bits it would get by itself, it has to begin at such an address
too.
"""

import math

import torch
from torch import Tensor

__all__ = ["aligned", "empty_stack", "is_aligned", "is_apart", "lies_by_columns"]

# Bytes: torch begins every tensor at a multiple of it.
ALIGNMENT = 64


def empty_stack(
    n_lanes: int,
    shape: tuple[int, ...],
    dtype: torch.dtype,
    device: str | torch.device,
    *,
    gap: bool = False,
) -> Tensor:
    """Make a stack whose lanes begin at aligned addresses.

    Parameters
    ----------
    n_lanes : int
        Number of lanes.
    shape : tuple of int
        Shape of a lane.
    dtype : torch.dtype
        Type of the numbers.
    device : str or torch.device
        Where they lie.
    gap : bool, default=False
        Whether there shall be room between the lanes in any case, so that no kernel
        takes them for one long tensor.

    Returns
    -------
    stack : torch.Tensor of shape (n_lanes, *shape)
        The stack; each lane is contiguous.

    Examples
    --------
    >>> import torch
    >>> from skhyper.fused._alignment import empty_stack
    >>> empty_stack(3, (5, 2), torch.float32, "cpu").stride()
    (16, 2, 1)
    """
    unit = ALIGNMENT // dtype.itemsize
    size = math.prod(shape)
    stride = unit * -(-size // unit)
    if gap and stride == size:
        stride += unit
    flat = torch.empty((n_lanes, stride), dtype=dtype, device=device)
    return flat[:, :size].unflatten(1, shape) if shape else flat[:, 0]


def is_aligned(stack: Tensor) -> bool:
    """Tell whether the lanes of a stack begin at aligned addresses.

    Parameters
    ----------
    stack : torch.Tensor of shape (n_lanes, *)
        A stack.

    Returns
    -------
    answer : bool
        Also whether each lane is contiguous, by rows or by columns; on other devices
        than a CPU it does not matter.
    """
    if stack.device.type != "cpu":
        return True
    step = stack.stride(0) * stack.element_size()
    at_multiples = not step % ALIGNMENT and not stack.data_ptr() % ALIGNMENT
    return at_multiples and (stack[0].is_contiguous() or lies_by_columns(stack))


def lies_by_columns(stack: Tensor) -> bool:
    """Tell whether the matrices of a stack have their columns one after the other.

    Parameters
    ----------
    stack : torch.Tensor of shape (n_lanes, *)
        A stack.

    Returns
    -------
    answer : bool
        Not so for a matrix of one row or column, which has its rows so as well.
    """
    lane = stack[0]
    return lane.dim() == 2 and not lane.is_contiguous() and lane.mT.is_contiguous()


def is_apart(stack: Tensor) -> bool:
    """Tell whether there are gaps between lanes that begin at aligned addresses."""
    is_dense = stack.stride(0) <= stack[0].numel()
    return is_aligned(stack) and (stack.device.type != "cpu" or not is_dense)


def aligned(stack: Tensor) -> Tensor:
    """Return a stack whose lanes begin at aligned addresses.

    Parameters
    ----------
    stack : torch.Tensor of shape (n_lanes, *)
        A stack.

    Returns
    -------
    stack : torch.Tensor of shape (n_lanes, *)
        The same one if its lanes do, else a copy.
    """
    if is_aligned(stack):
        return stack
    shape = tuple(stack.shape[1:])
    return empty_stack(len(stack), shape, stack.dtype, stack.device).copy_(stack)
