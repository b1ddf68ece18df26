"""The multilayer perceptron: structure, values, refusals."""

import pytest
import torch

from skhyper.modules import (
    ACTIVATIONS,
    MLP,
    BatchNorm1d,
    GroupNorm,
    LayerNorm,
    mlp_mistakes,
)


def names(network: torch.nn.Module) -> list[str]:
    return [name for name, _ in network.named_children()]


def refusal(*args: object, **settings: object) -> str:
    with pytest.raises(ValueError, match="parameter of MLP") as error:
        MLP(*args, **settings)
    return str(error.value)


def test_layers_stand_in_the_order_they_are_applied() -> None:
    assert names(MLP(4, 2, (8, 6), normalizer="batch", dropout=0.1)) == [
        "hidden0",
        "normalizer0",
        "activation0",
        "dropout0",
        "hidden1",
        "normalizer1",
        "activation1",
        "dropout1",
        "output",
    ]


def test_structure_does_not_depend_on_dropout() -> None:
    assert names(MLP(4, 2, dropout=0.0)) == names(MLP(4, 2, dropout=0.5))


def test_output_is_that_of_the_formula() -> None:
    network = MLP(4, 2, (8, 6), activation="tanh")
    x = torch.randn(5, 4)
    hidden = torch.tanh(x @ network.hidden0.weight.T + network.hidden0.bias)
    hidden = torch.tanh(hidden @ network.hidden1.weight.T + network.hidden1.bias)
    expected = hidden @ network.output.weight.T + network.output.bias
    torch.testing.assert_close(network(x), expected)


@pytest.mark.parametrize("sizes", [8, (8,), [8]])
def test_one_width_may_be_written_in_any_way(sizes: object) -> None:
    assert names(MLP(4, 2, sizes)) == ["hidden0", "activation0", "dropout0", "output"]


def test_no_hidden_layers_make_a_linear_model() -> None:
    network = MLP(4, 2, ())
    assert names(network) == ["output"]
    assert network(torch.zeros(5, 4)).shape == (5, 2)


@pytest.mark.parametrize(
    ("normalizer", "kind"),
    [("batch", BatchNorm1d), ("layer", LayerNorm), ("group", GroupNorm)],
)
def test_normalizer_is_chosen_by_name(normalizer: str, kind: type) -> None:
    network = MLP(4, 2, (12,), normalizer=normalizer, n_groups=3)
    assert type(network.normalizer0) is kind
    assert network(torch.randn(5, 4)).shape == (5, 2)


def test_batch_norm_trains_on_two_rows() -> None:
    network = MLP(4, 2, normalizer="batch")
    assert torch.isfinite(network(torch.randn(2, 4))).all()
    with pytest.raises(ValueError, match="needs 2 rows or more"):
        network(torch.randn(1, 4))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_torchs_own_and_spares_its_input(name: str) -> None:
    activation = MLP(4, 2, activation=name).activation0
    assert type(activation) is ACTIVATIONS[name]
    x = torch.linspace(-2, 2, 9)
    before = x.clone()
    activation(x)
    assert torch.equal(x, before)


@pytest.mark.parametrize("normalizer", [None, "batch", "layer", "group"])
def test_gradients_are_those_of_finite_differences(normalizer: str | None) -> None:
    network = MLP(
        3,
        2,
        (6,),
        activation="tanh",
        normalizer=normalizer,
        n_groups=2,
        dtype=torch.float64,
        generator=torch.Generator().manual_seed(0),
    )
    parameters = dict(network.named_parameters())
    x = torch.randn(
        5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )

    def loss(x: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
        replaced = dict(zip(parameters, values, strict=True))
        return torch.func.functional_call(network, replaced, (x,))

    assert torch.autograd.gradcheck(
        loss, (x.requires_grad_(), *parameters.values()), atol=1e-6
    )


def test_empty_batch_gives_an_empty_output() -> None:
    assert MLP(4, 2)(torch.zeros(0, 4)).shape == (0, 2)


def test_unknown_name_is_refused_with_the_nearest_known_one() -> None:
    assert refusal(4, 2, activation="rleu") == (
        "The 'activation' parameter of MLP must be one of 'relu', 'leaky_relu', "
        "'elu', 'selu', 'gelu', 'silu', 'mish', 'tanh', 'sigmoid', 'identity'. "
        "Got 'rleu'. Did you mean 'relu'?"
    )
    assert refusal(4, 2, normalizer="BatchNorm1d") == (
        "The 'normalizer' parameter of MLP must be None or one of 'batch', 'layer', "
        "'group'. Got 'BatchNorm1d'. Did you mean 'batch'?"
    )


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("logistic", "sigmoid"), ("swish", "silu"), ("ReLU", "relu")],
)
def test_name_of_another_library_is_translated(theirs: str, ours: str) -> None:
    message = refusal(4, 2, activation=theirs)
    assert message.endswith(f"Did you mean '{ours}'?")


def test_instance_norm_is_refused_with_the_remedy() -> None:
    assert refusal(4, 2, normalizer="instance") == (
        "The 'normalizer' parameter of MLP must be None, 'batch', 'layer' or 'group'. "
        "Got 'instance'. A hidden unit has a single value in each sample, which has no "
        "variance. Pass normalizer='layer' to normalize over the units of a layer."
    )


def test_group_count_that_does_not_divide_a_width_is_refused() -> None:
    assert refusal(4, 2, (8, 30), normalizer="group", n_groups=4) == (
        "The 'n_groups' parameter of MLP must be a divisor of "
        "hidden_layer_sizes[1]=30 that leaves at least two values in each group. "
        "Got 4. Pass one of 1, 2, 3, 5, 6, 10, 15."
    )


def test_groups_of_one_unit_are_refused() -> None:
    message = refusal(4, 2, 4, normalizer="group", n_groups=4)
    assert message.endswith("Got 4. Pass one of 1, 2.")


def test_group_count_is_free_without_group_norm() -> None:
    assert MLP(4, 2, (30,), normalizer="layer", n_groups=4) is not None


@pytest.mark.parametrize("normalizer", ["layer", "group"])
def test_normalization_of_a_single_unit_is_refused(normalizer: str) -> None:
    message = refusal(4, 2, (1,), normalizer=normalizer, n_groups=1)
    assert message.endswith("Pass normalizer='batch' or widen the layer.")


def test_all_mistakes_are_told_at_once() -> None:
    message = refusal(
        0,
        True,
        (8, 0),
        activation=None,
        normalizer="none",
        n_groups=0,
        dropout=1.0,
        dtype=torch.int64,
        generator=3,
    )
    assert [line.split("'")[1] for line in message.splitlines()] == [
        "n_features",
        "n_outputs",
        "normalizer",
        "hidden_layer_sizes",
        "activation",
        "n_groups",
        "dropout",
        "dtype",
        "generator",
    ]


@pytest.mark.parametrize("sizes", [0, -1, 1.5, "8", None, {8}, (8, 2.0), (True,)])
def test_impossible_widths_are_refused(sizes: object) -> None:
    assert refusal(4, 2, sizes) == (
        "The 'hidden_layer_sizes' parameter of MLP must be an int >= 1 or a tuple of "
        f"such ints, () for a linear model. Got {sizes!r}."
    )


def test_mistakes_bear_the_name_of_the_owner() -> None:
    assert mlp_mistakes("MLPClassifier") == []
    assert mlp_mistakes("MLPClassifier", dropout=-1) == [
        "The 'dropout' parameter of MLPClassifier must be a float in [0, 1). Got -1."
    ]


@pytest.mark.parametrize("sizes", [(), (8,)], ids=str)
@pytest.mark.parametrize("shape", [(5, 3), (3,), ()], ids=str)
def test_input_of_another_width_is_refused_with_both_shapes(
    sizes: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="input of the network") as error:
        MLP(4, 2, sizes)(torch.zeros(shape))
    assert str(error.value) == (
        f"The input of the network must have the shape (n_samples, 4). Got {shape}."
    )


def test_other_errors_of_torch_are_left_as_they_are() -> None:
    with pytest.raises(RuntimeError, match="dtype"):
        MLP(4, 2)(torch.zeros(5, 4, dtype=torch.float64))
