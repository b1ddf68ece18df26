"""Batch normalization of vectors: torch's values by operations that can be stacked."""

import pytest
import torch

from skhyper.modules import BatchNorm1d, batch_norm, batch_norm_backward


def pair(
    dtype: torch.dtype, n_units: int = 5
) -> tuple[BatchNorm1d, torch.nn.BatchNorm1d]:
    """Make ours and torch's, with the same parameters."""
    ours = BatchNorm1d(n_units, dtype=dtype)
    theirs = torch.nn.BatchNorm1d(n_units, dtype=dtype)
    with torch.no_grad():
        ours.weight.uniform_(0.5, 2)
        ours.bias.normal_()
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("n_rows", [2, 3, 64])
def test_values_and_gradients_are_torchs(n_rows: int, dtype: torch.dtype) -> None:
    ours, theirs = pair(dtype)
    x = torch.randn(n_rows, 5, dtype=dtype) * 3 + 1
    upstream = torch.randn(n_rows, 5, dtype=dtype)
    found = []
    for layer in (ours, theirs):
        leaf = x.clone().requires_grad_()
        output = layer(leaf)
        output.backward(upstream)
        found.append([output, leaf.grad, layer.weight.grad, layer.bias.grad])
    tolerance = {"rtol": 1e-3, "atol": 1e-4} if dtype == torch.float32 else {}
    for mine, torchs in zip(*found, strict=True):
        torch.testing.assert_close(mine, torchs, **tolerance)


def test_derivative_is_that_of_the_difference_quotient() -> None:
    layer = BatchNorm1d(3, dtype=torch.float64)
    x = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, (x,))


def test_running_statistics_and_evaluation_are_torchs() -> None:
    ours, theirs = pair(torch.float64)
    for _ in range(4):
        x = torch.randn(7, 5, dtype=torch.float64) * 2 - 1
        ours(x), theirs(x)
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value)
    x = torch.randn(1, 5, dtype=torch.float64)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))


def test_a_stack_gets_the_bits_of_each_network() -> None:
    x, gradient = torch.randn(7, 13, 100), torch.randn(7, 13, 100)
    weight, bias = torch.rand(7, 1, 100), torch.randn(7, 1, 100)

    def run(*lanes: slice | int) -> list[torch.Tensor]:
        x_, g_, w_, b_ = (part[lanes].clone() for part in (x, gradient, weight, bias))
        out = torch.empty_like(x_)
        statistics = batch_norm(x_, w_, b_, 1e-5, x_, out)
        of = batch_norm_backward(g_, x_, w_, statistics.inverse, x_.clone(), g_)
        return [*statistics, out, g_, *of]

    stacked = run(slice(None))
    for lane in range(7):
        for one, every in zip(run(lane), stacked, strict=True):
            assert torch.equal(one, every[lane])


def test_half_precision_is_normalized_in_that_of_the_parameters() -> None:
    x = torch.randn(6, 5).bfloat16()
    output = BatchNorm1d(5)(x)
    assert output.dtype == torch.float32
    torch.testing.assert_close(output, BatchNorm1d(5)(x.float()))


def test_one_row_has_no_variance() -> None:
    with pytest.raises(ValueError, match=r"2 rows or more .* shape \(1, 4\)"):
        BatchNorm1d(4)(torch.zeros(1, 4))
