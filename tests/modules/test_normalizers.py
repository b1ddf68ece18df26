"""Normalizations against torch's own, on vectors and on maps."""

import copy

import pytest
import torch

from skhyper.modules import GroupNorm, InstanceNorm, LayerNorm

MAPS = [(7,), (5, 4), (3, 4, 2)]


def torch_instance_norm(channels: int, n_dimensions: int) -> torch.nn.Module:
    kind = getattr(torch.nn, f"InstanceNorm{n_dimensions}d")
    return kind(channels, affine=True)


CASES = [
    *((LayerNorm((6, *m)), torch.nn.LayerNorm((6, *m)), m) for m in [(), *MAPS]),
    *((GroupNorm(3, 6), torch.nn.GroupNorm(3, 6), m) for m in [(), *MAPS]),
    *((InstanceNorm(6), torch_instance_norm(6, len(m)), m) for m in MAPS),
]
IDS = [f"{type(own).__name__}-{len(map_shape)}d" for own, _, map_shape in CASES]


@pytest.mark.parametrize(("own", "reference", "map_shape"), CASES, ids=IDS)
def test_values_and_gradients_are_those_of_torch(
    own: torch.nn.Module, reference: torch.nn.Module, map_shape: tuple[int, ...]
) -> None:
    own, reference = copy.deepcopy(own).double(), copy.deepcopy(reference).double()
    own.eps = reference.eps = 0.1
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in own.parameters():
            parameter.uniform_(0.5, 2, generator=generator)
    reference.load_state_dict(own.state_dict())
    x = torch.rand(4, 6, *map_shape, dtype=torch.float64, generator=generator) * 3
    weight = torch.rand(x.shape, dtype=torch.float64, generator=generator)
    one, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    output, expected = own(one), reference(other)
    (output * weight).sum().backward()
    (expected * weight).sum().backward()
    torch.testing.assert_close(output, expected)
    torch.testing.assert_close(one.grad, other.grad)
    for name, parameter in own.named_parameters():
        torch.testing.assert_close(parameter.grad, reference.get_parameter(name).grad)


@pytest.mark.parametrize(("own", "reference", "map_shape"), CASES, ids=IDS)
def test_scale_and_shift_are_learned_and_start_at_one_and_zero(
    own: torch.nn.Module, reference: torch.nn.Module, map_shape: tuple[int, ...]
) -> None:
    torch.testing.assert_close(own.state_dict(), reference.state_dict())
    assert torch.all(own.weight == 1)
    assert torch.all(own.bias == 0)
    assert own.weight.requires_grad


@pytest.mark.parametrize("kind", ["layer", "group", "instance"])
def test_stacked_networks_get_the_bits_of_networks_alone(kind: str) -> None:
    # Lanes side by side in the batch of one kernel, each scaled by its own weight.
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(5, 4, 8, 6, 6, generator=generator)
    scale = torch.rand(5, 8, generator=generator)
    make = {
        "layer": lambda: LayerNorm((8, 6, 6)),
        "group": lambda: GroupNorm(2, 8),
        "instance": lambda: InstanceNorm(8),
    }[kind]
    stacked = make()(x.reshape(20, 8, 6, 6)).reshape(x.shape)
    stacked = stacked * scale[:, None, :, None, None]
    for lane in range(5):
        norm = make()
        with torch.no_grad():
            norm.weight.mul_(
                scale[lane][:, None, None] if kind == "layer" else scale[lane]
            )
        assert torch.equal(norm(x[lane]), stacked[lane])


@pytest.mark.parametrize("own", [LayerNorm(6), GroupNorm(3, 6), InstanceNorm(6)])
def test_constant_input_becomes_the_shift(own: torch.nn.Module) -> None:
    own = copy.deepcopy(own)
    with torch.no_grad():
        own.bias.fill_(0.25)
    shape = (2, 6) if not isinstance(own, InstanceNorm) else (2, 6, 4)
    assert torch.all(own(torch.full(shape, 3.0)) == 0.25)


def test_dtype_is_that_of_scale_and_shift() -> None:
    for norm in (
        LayerNorm(6, dtype=torch.float64),
        GroupNorm(3, 6, dtype=torch.float64),
        InstanceNorm(6, dtype=torch.float64),
    ):
        assert norm.weight.dtype == norm.bias.dtype == torch.float64


def test_instance_norm_shows_its_channels_once() -> None:
    assert repr(InstanceNorm(6)) == "InstanceNorm(6, eps=1e-05)"
