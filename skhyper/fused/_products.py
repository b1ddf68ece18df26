"""Matrix products of a stack, lane by lane where a batched one has other bits."""

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from skhyper.fused._alignment import aligned

__all__ = ["affine", "input_gradient", "weight_gradient"]

# So many numbers have to agree before a product is taken for an exact one.
ENOUGH_NUMBERS = 4_096


def affine(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Apply each lane's linear layer.

    Parameters
    ----------
    x : torch.Tensor of shape (n_lanes, n_rows, n_inputs)
        Inputs.
    weight : torch.Tensor of shape (n_lanes, n_outputs, n_inputs)
        Weights.
    bias : torch.Tensor of shape (n_lanes, n_outputs)
        Biases.

    Returns
    -------
    output : torch.Tensor of shape (n_lanes, n_rows, n_outputs)
        The bits of ``torch.nn.functional.linear`` in each lane.
    """
    return _choose(_affine_batched, _affine_alone, x, weight, bias)


def weight_gradient(gradient: Tensor, x: Tensor) -> Tensor:
    """Compute the gradient of each lane's weights.

    Parameters
    ----------
    gradient : torch.Tensor of shape (n_lanes, n_rows, n_outputs)
        Gradient of the output.
    x : torch.Tensor of shape (n_lanes, n_rows, n_inputs)
        Inputs.

    Returns
    -------
    gradient : torch.Tensor of shape (n_lanes, n_outputs, n_inputs)
        The bits that autograd gives in each lane.
    """
    return _choose(_weight_batched, _weight_alone, gradient, x)


def input_gradient(gradient: Tensor, weight: Tensor) -> Tensor:
    """Compute the gradient of each lane's inputs.

    Parameters
    ----------
    gradient : torch.Tensor of shape (n_lanes, n_rows, n_outputs)
        Gradient of the output.
    weight : torch.Tensor of shape (n_lanes, n_outputs, n_inputs)
        Weights.

    Returns
    -------
    gradient : torch.Tensor of shape (n_lanes, n_rows, n_inputs)
        The bits that autograd gives in each lane.
    """
    return _choose(torch.bmm, torch.mm, gradient, weight)


# The operands keep the layout that autograd gives them: a transposed copy has other
# bits on some processors.


def _affine_batched(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))


def _affine_alone(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.nn.functional.linear(x, weight, bias)


def _weight_batched(gradient: Tensor, x: Tensor) -> Tensor:
    return torch.bmm(gradient.transpose(1, 2), x)


def _weight_alone(gradient: Tensor, x: Tensor) -> Tensor:
    return torch.mm(gradient.t(), x)


Product = Callable[..., Tensor]


def _choose(batched: Product, alone: Product, *operands: Tensor) -> Tensor:
    first = operands[0]
    if first.is_cuda or _agree(
        batched, alone, tuple(operand.shape for operand in operands), first.dtype
    ):
        return batched(*operands)
    return torch.stack([alone(*lane) for lane in zip(*operands, strict=True)])


@lru_cache(maxsize=4096)
def _agree(
    batched: Product,
    alone: Product,
    shapes: tuple[torch.Size, ...],
    dtype: torch.dtype,
) -> bool:
    """Try whether a batched product has the bits of the separate ones.

    Which kernel a library takes depends on the shapes and the processor, not on the
    numbers; in sums that are added up in another order some of the bits differ.
    """
    generator = torch.Generator().manual_seed(0)
    n_numbers = 0
    while n_numbers < ENOUGH_NUMBERS:
        operands = [
            aligned(torch.randn(shape, generator=generator, dtype=dtype))
            for shape in shapes
        ]
        separate = [alone(*lane) for lane in zip(*operands, strict=True)]
        together = batched(*operands)
        if not torch.equal(together, torch.stack(separate)):
            return False
        n_numbers += together.numel()
    return True
