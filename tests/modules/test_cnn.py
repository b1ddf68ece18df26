"""The convolutional network: shapes, values, refusals."""

import copy
import pickle

import pytest
import torch

from skhyper.modules import (
    ACTIVATIONS,
    CNN,
    BatchNorm1d,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    cnn_mistakes,
)

INPUTS = [(3, 9), (1, 8, 8), (2, 5, 4, 3)]


def names(network: torch.nn.Module) -> list[str]:
    return [name for name, _ in network.named_children()]


def refusal(*args: object, **settings: object) -> str:
    with pytest.raises(ValueError, match="parameter of CNN") as error:
        CNN(*args, **settings)
    return str(error.value)


def test_layers_stand_in_the_order_they_are_applied() -> None:
    network = CNN((1, 8, 8), 2, 6, channels=(4, 4), normalizer="batch")
    assert names(network) == [
        "reshape",
        "conv0",
        "conv_normalizer0",
        "pool0",
        "conv_activation0",
        "conv1",
        "conv_normalizer1",
        "pool1",
        "conv_activation1",
        "flatten",
        "hidden0",
        "normalizer0",
        "activation0",
        "dropout0",
        "output",
    ]


@pytest.mark.parametrize("normalizer", [None, "batch", "layer", "instance", "group"])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, 11])
@pytest.mark.parametrize("input_shape", INPUTS)
def test_flat_and_shaped_samples_give_the_same_output(
    input_shape: tuple[int, ...], kernel_size: int, normalizer: str | None
) -> None:
    network = CNN(
        input_shape,
        3,
        16,
        channels=(4, 8),
        kernel_size=kernel_size,
        normalizer=normalizer,
        n_groups=2,
    )
    x = torch.randn(5, *input_shape)
    output = network(x)
    assert output.shape == (5, 3)
    assert torch.isfinite(output).all()
    assert torch.equal(network(x.flatten(1)), output)


@pytest.mark.parametrize("input_shape", INPUTS)
def test_number_of_dimensions_chooses_the_convolution(
    input_shape: tuple[int, ...],
) -> None:
    kind = getattr(torch.nn, f"Conv{len(input_shape) - 1}d")
    assert type(CNN(input_shape, 2).conv0) is kind


@pytest.mark.parametrize("kernel_size", [1, 2, 3, (2, 5), (4, 4), 20])
# torch says that it copies the input to pad it on one side more than on the other.
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_padding_is_that_which_torch_calls_same(
    kernel_size: int | tuple[int, int],
) -> None:
    network = CNN((2, 6, 7), 1, (), channels=3, kernel_size=kernel_size, pool=None)
    same = torch.nn.Conv2d(2, 3, kernel_size, padding="same")
    same.load_state_dict(network.conv0.state_dict())
    x = torch.randn(4, 2, 6, 7)
    expected = network.output(torch.relu(same(x)).flatten(1))
    torch.testing.assert_close(network(x), expected)


def test_output_is_that_of_the_formula() -> None:
    network = CNN((1, 8, 8), 3, 5, channels=(4, 6), normalizer="layer")
    x = torch.randn(4, 1, 8, 8)
    functional = torch.nn.functional
    maps = x
    for i in (0, 1):
        conv, norm = (
            getattr(network, f"conv{i}"),
            getattr(network, f"conv_normalizer{i}"),
        )
        maps = functional.conv2d(maps, conv.weight, conv.bias, padding=1)
        maps = functional.layer_norm(maps, maps.shape[1:], norm.weight, norm.bias)
        maps = functional.max_pool2d(torch.relu(maps), 2)
    vectors = network.hidden0(maps.reshape(4, 6 * 2 * 2))
    vectors = functional.layer_norm(vectors, (5,))
    expected = network.output(torch.relu(vectors))
    torch.testing.assert_close(network(x), expected)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_pooling_gives_the_values_it_would_give_behind_the_activation(
    activation: str,
) -> None:
    network = CNN((1, 9, 8), 2, (), channels=4, activation=activation)
    conv, pool = network.conv0, network.pool0
    activate = network.conv_activation0
    x = torch.randn(5, 1, 9, 8)
    expected = network.output(pool(activate(conv(x))).flatten(1))
    torch.testing.assert_close(network(x), expected)


@pytest.mark.parametrize(
    ("pool", "last_map"),
    [("auto", (2, 1)), (None, (9, 3)), ((2, 1), (2, 3)), ((3, 1), (1, 3)), (1, (9, 3))],
)
def test_pooling_sets_the_size_of_the_last_map(
    pool: object, last_map: tuple[int, int]
) -> None:
    network = CNN((1, 9, 3), 2, channels=(4, 8), pool=pool)
    assert network.hidden0.in_features == 8 * last_map[0] * last_map[1]
    assert network(torch.zeros(2, 27)).shape == (2, 2)


def test_automatic_pooling_ends_with_the_map() -> None:
    network = CNN((1, 4, 4), 2, channels=(2, 2, 2, 2))
    assert [name for name in names(network) if name.startswith("pool")] == [
        "pool0",
        "pool1",
    ]
    assert network.hidden0.in_features == 2


@pytest.mark.parametrize(
    ("normalizer", "kind", "head"),
    [
        ("batch", torch.nn.BatchNorm2d, BatchNorm1d),
        ("layer", LayerNorm, LayerNorm),
        ("group", GroupNorm, GroupNorm),
        ("instance", InstanceNorm, None),
    ],
)
def test_normalizer_is_chosen_by_name(
    normalizer: str, kind: type, head: type | None
) -> None:
    network = CNN((1, 8, 8), 2, normalizer=normalizer)
    assert type(network.conv_normalizer0) is kind
    layers = dict(network.named_children())
    assert type(layers.get("normalizer0")) is (head or type(None))


@pytest.mark.parametrize("normalizer", [None, "batch", "layer", "instance", "group"])
@pytest.mark.parametrize("input_shape", [(2, 4), (1, 3, 4)])
def test_gradients_are_those_of_finite_differences(
    input_shape: tuple[int, ...], normalizer: str | None
) -> None:
    network = CNN(
        input_shape,
        2,
        (4,),
        channels=(4,),
        activation="tanh",
        normalizer=normalizer,
        n_groups=2,
        dtype=torch.float64,
        generator=torch.Generator().manual_seed(0),
    )
    parameters = dict(network.named_parameters())
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(3, *input_shape, dtype=torch.float64, generator=generator)

    def output(x: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
        replaced = dict(zip(parameters, values, strict=True))
        return torch.func.functional_call(network, replaced, (x,))

    assert torch.autograd.gradcheck(
        output, (x.requires_grad_(), *parameters.values()), atol=1e-6
    )


@pytest.mark.parametrize("kernel_size", [2, 3])
def test_copies_give_the_output_of_the_original(kernel_size: int) -> None:
    network = CNN((1, 8, 8), 2, kernel_size=kernel_size, normalizer="batch").eval()
    x = torch.randn(3, 64)
    for twin in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert torch.equal(twin(x), network(x))


def test_empty_batch_gives_an_empty_output() -> None:
    network = CNN((1, 8, 8), 2)
    assert network(torch.zeros(0, 64)).shape == (0, 2)
    assert network(torch.zeros(0, 1, 8, 8)).shape == (0, 2)


@pytest.mark.parametrize("shape", [(3, 8, 8), (3, 8, 8, 1), (3, 63), (64,)])
def test_input_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="The input of the network") as error:
        CNN((1, 8, 8), 2)(torch.zeros(shape))
    assert str(error.value) == (
        "The input of the network must have the shape (n_samples, 1, 8, 8) or "
        f"(n_samples, 64). Got {shape}."
    )


@pytest.mark.parametrize("input_shape", [(8,), 8, (1, 8, 0), (1,) * 5, "auto", None])
def test_impossible_input_shape_is_refused(input_shape: object) -> None:
    assert refusal(input_shape, 2) == (
        "The 'input_shape' parameter of CNN must be (channels, length), (channels, "
        "height, width) or (channels, depth, height, width), all of them ints >= 1. "
        f"Got {input_shape!r}."
    )


def test_window_larger_than_its_map_is_refused() -> None:
    assert refusal((1, 8, 8), 2, channels=(4, 4, 4), pool=4) == (
        "The 'pool' parameter of CNN must be no larger than the map (2, 2) of "
        "channels[1]. Got 4. Pass pool='auto' or fewer channels."
    )


def test_instance_norm_of_a_single_element_is_refused() -> None:
    assert refusal((1, 2, 2), 2, channels=(4, 4), normalizer="instance") == (
        "The 'normalizer' parameter of CNN must be None, 'batch', 'layer' or 'group' "
        "for channels[1], whose map (1, 1) has a single element. Got 'instance'. Pass "
        "normalizer='layer', fewer channels or a smaller pool."
    )


def test_group_count_must_divide_channels_and_head() -> None:
    message = refusal((1, 8, 8), 2, 9, channels=(6, 8), normalizer="group")
    assert message.splitlines() == [
        "The 'n_groups' parameter of CNN must be a divisor of channels[0]=6 that "
        "leaves at least two values in each group. Got 4. Pass one of 1, 2, 3, 6.",
        "The 'n_groups' parameter of CNN must be a divisor of hidden_layer_sizes[0]=9 "
        "that leaves at least two values in each group. Got 4. Pass one of 1, 3.",
    ]


def test_all_mistakes_are_told_at_once() -> None:
    message = refusal(
        (1, 8, 8),
        0,
        (-1,),
        channels=(),
        kernel_size=(3,),
        pool="max",
        activation="gleu",
        normalizer="groups",
        n_groups=1.0,
        dropout="much",
    )
    assert [line.split("'")[1] for line in message.splitlines()] == [
        "n_outputs",
        "channels",
        "normalizer",
        "kernel_size",
        "pool",
        "hidden_layer_sizes",
        "activation",
        "n_groups",
        "dropout",
    ]
    assert "Did you mean 'auto'?" in message
    assert "Did you mean 'group'?" in message


def test_mistakes_bear_the_name_of_the_owner() -> None:
    assert cnn_mistakes("CNNRegressor", input_shape=(1, 8, 8)) == []
    assert cnn_mistakes("CNNRegressor", input_shape=(1, 8, 8), kernel_size=0) == [
        "The 'kernel_size' parameter of CNNRegressor must be an int >= 1 or a tuple of "
        "2 such ints for this input_shape. Got 0."
    ]


@pytest.mark.parametrize("n_channels", [1, 3])
def test_maps_lie_channels_last_all_the_way_on_a_processor(n_channels):
    network = CNN((n_channels, 8, 8), 10, channels=(4, 6))
    maps = torch.zeros(2, n_channels, 8, 8)
    for name, layer in network.named_children():
        maps = layer(maps)
        if name.startswith(("conv", "pool")):
            assert maps.is_contiguous(memory_format=torch.channels_last), name
            assert not maps.is_contiguous(), name
