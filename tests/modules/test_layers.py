"""What all networks share: initial weights, slices, penalized parameters."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from skhyper.modules import CNN, MLP, penalized_parameters

BUILDERS = {
    "MLP": lambda **settings: MLP(8, 3, (16, 12), **settings),
    "CNN": lambda **settings: CNN((2, 8, 8), 3, 16, channels=(4, 8), **settings),
}
Build = Callable[..., torch.nn.Sequential]


@pytest.fixture(params=BUILDERS)
def build(request: pytest.FixtureRequest) -> Build:
    return BUILDERS[request.param]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def assert_same_weights(one: torch.nn.Module, other: torch.nn.Module) -> None:
    torch.testing.assert_close(
        one.state_dict(), other.state_dict(), rtol=0, atol=0, check_dtype=True
    )


def test_initial_weights_of_the_mlp_are_those_that_torch_draws() -> None:
    torch.manual_seed(5)
    plain = torch.nn.Sequential(
        torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3)
    )
    network = MLP(8, 3, (16,), generator=seeded(5))
    for own, expected in zip(network.parameters(), plain.parameters(), strict=True):
        assert torch.equal(own, expected)


@pytest.mark.parametrize("n_dimensions", [1, 2, 3])
def test_initial_weights_of_the_cnn_are_those_that_torch_draws(
    n_dimensions: int,
) -> None:
    convolution = getattr(torch.nn, f"Conv{n_dimensions}d")
    torch.manual_seed(5)
    plain = torch.nn.ModuleList(
        [convolution(2, 4, 3), torch.nn.Linear(4 * 2**n_dimensions, 3)]
    )
    network = CNN((2, *(4,) * n_dimensions), 3, (), channels=(4,), generator=seeded(5))
    for own, expected in zip(network.parameters(), plain.parameters(), strict=True):
        assert torch.equal(own, expected)


def test_without_a_generator_the_global_one_is_used(build: Build) -> None:
    torch.manual_seed(3)
    network = build()
    assert_same_weights(network, build(generator=seeded(3)))


@pytest.mark.usefixtures("unchanged_global_random_state")
@pytest.mark.parametrize("normalizer", [None, "batch", "layer", "group"])
def test_construction_with_a_generator_leaves_the_global_one_alone(
    build: Build, normalizer: str | None
) -> None:
    build(normalizer=normalizer, generator=seeded(0))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_all_types_start_from_the_same_float32_draws(
    build: Build, dtype: torch.dtype
) -> None:
    network = build(normalizer="batch", dtype=dtype, generator=seeded(1))
    assert {parameter.dtype for parameter in network.parameters()} == {dtype}
    expected = build(normalizer="batch", generator=seeded(1)).to(dtype)
    assert_same_weights(network, expected)


def test_type_follows_the_default_of_torch(build: Build) -> None:
    torch.set_default_dtype(torch.float64)
    try:
        network = build(normalizer="layer")
    finally:
        torch.set_default_dtype(torch.float32)
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float64}


def test_networks_built_in_threads_equal_those_built_in_turn(build: Build) -> None:
    def build_many(seed: int) -> list[torch.nn.Module]:
        generator = seeded(seed)
        return [build(normalizer="batch", generator=generator) for _ in range(20)]

    in_turn = [build_many(seed) for seed in (0, 1)]
    with ThreadPoolExecutor(2) as pool:
        in_threads = list(pool.map(build_many, (0, 1)))
    for expected, networks in zip(in_turn, in_threads, strict=True):
        for one, other in zip(expected, networks, strict=True):
            assert_same_weights(one, other)


def test_slice_of_a_network_shares_its_layers() -> None:
    network = MLP(8, 3, (16,), generator=seeded(0))
    trunk = network[:-1]
    assert [name for name, _ in trunk.named_children()] == [
        "hidden0",
        "activation0",
        "dropout0",
    ]
    x = torch.ones(2, 8)
    assert torch.equal(network[-1](trunk(x)), network(x))


@pytest.mark.parametrize("normalizer", [None, "batch", "layer", "group"])
def test_penalties_act_on_weights_of_linear_and_convolutional_layers_only(
    normalizer: str | None,
) -> None:
    network = CNN((1, 8, 8), 3, 16, channels=(4, 8), normalizer=normalizer)
    expected = [network.conv0, network.conv1, network.hidden0, network.output]
    weights = penalized_parameters(network)
    assert len(weights) == len(expected)
    assert all(
        weight is layer.weight for weight, layer in zip(weights, expected, strict=True)
    )


def test_shared_weight_is_penalized_once() -> None:
    one, other = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)
    other.weight = one.weight
    weights = penalized_parameters(torch.nn.Sequential(one, other, one))
    assert len(weights) == 1
    assert weights[0] is one.weight
