"""Matrix products of a stack, lane by lane where a batched one has other bits."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import torch
from torch import Tensor

from skhyper.fused._tape import Tape

__all__ = ["affine", "input_gradient", "weight_gradient"]

# So many numbers have to agree before a product is taken for an exact one.
ENOUGH_NUMBERS = 4_096


def affine(
    tape: Tape,
    inputs: Sequence[Tensor],
    weight: Tensor,
    bias: Tensor,
    *,
    is_transposed: bool,
) -> Tensor:
    """Apply each lane's linear layer.

    Parameters
    ----------
    tape : Tape
        What it is put on.
    inputs : sequence of torch.Tensor of shape (n_lanes_of_part, n_rows, n_inputs)
        Inputs, in parts: lanes beside each other.
    weight : torch.Tensor of shape (n_lanes, n_outputs, n_inputs)
        Weights.
    bias : torch.Tensor of shape (n_lanes, n_outputs)
        Biases.
    is_transposed : bool
        Whether the transposed matrices are multiplied.

    Returns
    -------
    output : torch.Tensor of shape (n_lanes, n_rows, n_outputs)
        The bits of ``skhyper.modules.Linear`` in each lane; the rows side by side where
        the transposed matrices are multiplied.
    """
    n_rows = inputs[0].shape[1]
    if is_transposed:
        columns = tape.empty((weight.shape[1], n_rows), weight.dtype)
        product = (_columns_then_bias, _columns_batched), _columns_alone
        _put_parts(tape, product, columns, inputs, weight, bias)
        return columns.transpose(1, 2)
    output = tape.empty((n_rows, weight.shape[1]), weight.dtype)
    product = (_rows_then_bias, _rows_batched), _rows_alone
    return _put_parts(tape, product, output, inputs, weight, bias)


def weight_gradient(tape: Tape, inputs: Sequence[Tensor], gradient: Tensor) -> Tensor:
    """Compute the gradient of each lane's weights.

    Parameters
    ----------
    tape : Tape
        What it is put on.
    inputs : sequence of torch.Tensor of shape (n_lanes_of_part, n_rows, n_inputs)
        Inputs, in parts: lanes beside each other.
    gradient : torch.Tensor of shape (n_lanes, n_rows, n_outputs)
        Gradient of the output.

    Returns
    -------
    gradient : torch.Tensor of shape (n_lanes, n_outputs, n_inputs)
        The bits that autograd gives in each lane.
    """
    result = tape.empty((gradient.shape[2], inputs[0].shape[2]), gradient.dtype)
    product = (_weight_batched,), _weight_alone
    return _put_parts(tape, product, result, inputs, gradient)


def input_gradient(tape: Tape, gradient: Tensor, weight: Tensor) -> Tensor:
    """Compute the gradient of each lane's inputs.

    Parameters
    ----------
    tape : Tape
        What it is put on.
    gradient : torch.Tensor of shape (n_lanes, n_rows, n_outputs)
        Gradient of the output.
    weight : torch.Tensor of shape (n_lanes, n_outputs, n_inputs)
        Weights.

    Returns
    -------
    gradient : torch.Tensor of shape (n_lanes, n_rows, n_inputs)
        The bits that autograd gives in each lane.
    """
    result = tape.empty((gradient.shape[1], weight.shape[2]), weight.dtype)
    _put(tape, ((_input_batched,), _input_alone), result, gradient, weight)
    return result


# What is batched is given views that are made once, with the layout that autograd has:
# a transposed copy has other bits on some processors.

Call = tuple[Callable[..., Tensor], tuple[Tensor, ...]]


def _rows_then_bias(x: Tensor, weight: Tensor, bias: Tensor) -> Call:
    return _multiply_then_add, (bias.unsqueeze(1), x, weight.transpose(1, 2))


def _rows_batched(x: Tensor, weight: Tensor, bias: Tensor) -> Call:
    return torch.baddbmm, (bias.unsqueeze(1), x, weight.transpose(1, 2))


def _rows_alone(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.nn.functional.linear(x, weight, bias)


def _columns_then_bias(x: Tensor, weight: Tensor, bias: Tensor) -> Call:
    return _multiply_then_add, (bias.unsqueeze(2), weight, x.transpose(1, 2))


def _columns_batched(x: Tensor, weight: Tensor, bias: Tensor) -> Call:
    return torch.baddbmm, (bias.unsqueeze(2), weight, x.transpose(1, 2))


def _columns_alone(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.addmm(bias.unsqueeze(1), weight, x.t())


def _multiply_then_add(bias: Tensor, a: Tensor, b: Tensor, *, out: Tensor) -> Tensor:
    # A product that adds by itself first writes the biases where the sums will be.
    return torch.bmm(a, b, out=out).add_(bias)


def _weight_batched(x: Tensor, gradient: Tensor) -> Call:
    return torch.bmm, (gradient.transpose(1, 2), x)


def _weight_alone(x: Tensor, gradient: Tensor) -> Tensor:
    return torch.mm(gradient.t(), x)


def _input_batched(gradient: Tensor, weight: Tensor) -> Call:
    return torch.bmm, (gradient, weight)


def _input_alone(gradient: Tensor, weight: Tensor) -> Tensor:
    return torch.mm(gradient, weight)


Batched = Callable[..., Call]
Alone = Callable[..., Tensor]
Product = tuple[tuple[Batched, ...], Alone]
"""Batched ways of a product, the fastest first, and that of a lane by itself."""

# The shape of a stack and its strides, by which kernels tell even a single row from a
# column.
Layout = tuple[torch.Size, tuple[int, ...]]


def _put_parts(
    tape: Tape,
    product: Product,
    result: Tensor,
    parts: Sequence[Tensor],
    *stacks: Tensor,
) -> Tensor:
    """Put products on a tape whose first operand is in parts."""
    start = 0
    for part in parts:
        lanes = slice(start, start + len(part))
        _put(tape, product, result[lanes], part, *(stack[lanes] for stack in stacks))
        start = lanes.stop
    return result


def _put(tape: Tape, product: Product, result: Tensor, *operands: Tensor) -> None:
    ways, alone = product
    layouts = tuple((stack.shape, stack.stride()) for stack in operands)
    if result.is_cuda:
        batched: Batched | None = ways[-1]
    elif result.dtype is torch.bfloat16:
        # Rounded to it, sums that were added up in another order are so rarely other
        # numbers that no trial is long enough to tell.
        batched = None
    else:
        batched = _exact(product, layouts, result.dtype)
    if batched is None:
        tape.call(_lane_by_lane, alone, result, operands)
    else:
        function, views = batched(*operands)
        tape.call(function, *views, out=result)


def _lane_by_lane(alone: Alone, result: Tensor, operands: tuple[Tensor, ...]) -> None:
    for target, *lane in zip(result, *operands, strict=True):
        target.copy_(alone(*lane))


@lru_cache(maxsize=4096)
def _exact(
    product: Product, layouts: tuple[Layout, ...], dtype: torch.dtype
) -> Batched | None:
    """Find the first batched way that has the bits of the separate products.

    Which kernel a library takes depends on the layouts and the processor, not on the
    numbers; in sums that are added up in another order some of the bits differ.
    """
    ways, alone = product
    left = list(ways)
    generator = torch.Generator().manual_seed(0)
    n_numbers = 0
    while left and n_numbers < ENOUGH_NUMBERS:
        operands = [_drawn(layout, generator, dtype) for layout in layouts]
        separate = torch.stack([alone(*lane) for lane in zip(*operands, strict=True)])
        left = [way for way in left if _gives(separate, *way(*operands))]
        n_numbers += separate.numel()
    return next(iter(left), None)


def _gives(
    expected: Tensor, function: Callable[..., Tensor], views: tuple[Tensor, ...]
) -> bool:
    return torch.equal(function(*views, out=torch.empty_like(expected)), expected)


def _drawn(layout: Layout, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
    shape, strides = layout
    last = sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    numbers = torch.randn(last + 1, generator=generator, dtype=dtype)
    return numbers.as_strided(shape, strides)
