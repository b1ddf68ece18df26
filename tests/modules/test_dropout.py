"""Dropout against its formula, and the life of its generator."""

import copy
import io
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from skhyper.modules import MLP, Dropout


def dropout_with_seed(p: float, seed: int) -> Dropout:
    dropout = Dropout(p)
    dropout.generator = torch.Generator().manual_seed(seed)
    return dropout


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.75])
def test_output_is_the_formula_over_float32_uniforms(
    p: float, dtype: torch.dtype
) -> None:
    x = torch.linspace(-1, 1, 60).reshape(3, 4, 5).to(dtype)
    uniforms = torch.rand(x.shape, generator=torch.Generator().manual_seed(7))
    expected = x * ((uniforms >= p).to(dtype) * (1 / (1 - p)))
    output = dropout_with_seed(p, 7)(x)
    assert output.dtype == dtype
    assert torch.equal(output, expected)


def test_value_whose_uniform_equals_p_is_kept() -> None:
    uniforms = torch.rand(10, generator=torch.Generator().manual_seed(7))
    output = dropout_with_seed(uniforms[3].item(), 7)(torch.ones(10))
    assert torch.equal(output != 0, uniforms >= uniforms[3])
    assert output[3] != 0


def test_expectation_of_the_output_is_the_input() -> None:
    output = dropout_with_seed(0.3, 0)(torch.ones(100_000))
    kept = output[output != 0]
    torch.testing.assert_close(kept, torch.full_like(kept, 1 / 0.7))
    # The standard error of the mean is sqrt(0.3 / 0.7 / 100,000) = 0.002.
    assert abs(output.mean().item() - 1) < 0.01


def test_higher_p_drops_all_that_a_lower_p_drops() -> None:
    x = torch.ones(1000)
    low, high = dropout_with_seed(0.2, 0)(x), dropout_with_seed(0.6, 0)(x)
    assert 0 < (low == 0).sum() < (high == 0).sum()
    assert torch.all(high[low == 0] == 0)


def test_gradient_passes_through_kept_values_only() -> None:
    x = torch.ones(50, requires_grad=True)
    output = dropout_with_seed(0.5, 0)(x)
    output.sum().backward()
    assert torch.equal(x.grad, output.detach())


def test_evaluation_returns_the_input_and_draws_nothing() -> None:
    dropout = dropout_with_seed(0.5, 0).eval()
    state = dropout.generator.get_state()
    x = torch.ones(10)
    assert dropout(x) is x
    assert torch.equal(dropout.generator.get_state(), state)


def test_zero_p_returns_the_input_and_draws_nothing() -> None:
    dropout = dropout_with_seed(0.0, 0)
    state = dropout.generator.get_state()
    x = torch.ones(10)
    assert dropout(x) is x
    assert torch.equal(dropout.generator.get_state(), state)


@pytest.mark.usefixtures("unchanged_global_random_state")
def test_generator_spares_the_global_one() -> None:
    dropout_with_seed(0.5, 0)(torch.ones(10))


def test_without_a_generator_the_global_one_is_used() -> None:
    torch.manual_seed(4)
    output = Dropout(0.5)(torch.ones(40))
    assert torch.equal(output, dropout_with_seed(0.5, 4)(torch.ones(40)))


def test_threads_with_their_own_generators_get_the_bits_of_runs_in_turn() -> None:
    def draw(seed: int) -> torch.Tensor:
        dropout = dropout_with_seed(0.4, seed)
        return torch.stack([dropout(torch.ones(64, 32)) for _ in range(50)])

    in_turn = [draw(seed) for seed in (0, 1)]
    with ThreadPoolExecutor(2) as pool:
        in_threads = list(pool.map(draw, (0, 1)))
    for one, other in zip(in_turn, in_threads, strict=True):
        assert torch.equal(one, other)


def saved_and_loaded(network: torch.nn.Module) -> torch.nn.Module:
    file = io.BytesIO()
    torch.save(network, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


@pytest.mark.parametrize(
    "duplicate",
    [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net)), saved_and_loaded],
    ids=["deepcopy", "pickle", "torch.save"],
)
def test_copy_of_a_network_leaves_the_generator_behind(
    duplicate: Callable[[torch.nn.Module], torch.nn.Module],
) -> None:
    network = MLP(4, 2, (8,), dropout=0.5)
    generator = torch.Generator().manual_seed(0)
    network.dropout0.generator = generator
    twin = duplicate(network)
    assert twin.dropout0.generator is None
    assert network.dropout0.generator is generator
    assert twin.dropout0.p == 0.5
    x = torch.ones(3, 4)
    assert torch.equal(twin.eval()(x), network.eval()(x))


def test_generator_is_no_part_of_the_state_dict() -> None:
    assert dict(dropout_with_seed(0.5, 0).state_dict()) == {}


@pytest.mark.parametrize("p", [-0.1, 1.0, 1, float("nan"), "0.5", None, True])
def test_impossible_p_is_refused(p: object) -> None:
    with pytest.raises(ValueError, match="The 'p' parameter of Dropout") as error:
        Dropout(p)
    assert str(error.value) == (
        f"The 'p' parameter of Dropout must be a float in [0, 1). Got {p!r}."
    )
