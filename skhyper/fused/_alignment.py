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

__all__ = ["aligned", "apart", "empty_stack"]

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
    if stack.is_cuda:
        return stack
    is_contiguous = stack[0].is_contiguous()
    step = stack.stride(0) * stack.element_size()
    if is_contiguous and not step % ALIGNMENT and not stack.data_ptr() % ALIGNMENT:
        return stack
    return _copied(stack, gap=False)


def apart(stack: Tensor) -> Tensor:
    """Return a copy of a stack whose lanes begin at aligned addresses, with gaps."""
    return _copied(stack, gap=True)


def _copied(stack: Tensor, *, gap: bool) -> Tensor:
    copy = empty_stack(
        len(stack), tuple(stack.shape[1:]), stack.dtype, stack.device, gap=gap
    )
    return copy.copy_(stack)
