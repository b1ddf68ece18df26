from typing import Any

import pytest
from sklearn.model_selection import ParameterGrid, ParameterSampler
from skopt.space import Space

from skhyper.estimators import (
    CNNClassifier,
    CNNRegressor,
    MLPClassifier,
    MLPRegressor,
    NeuralNetwork,
)
from skhyper.spaces import Choice, Preset, Switch, presets
from skhyper.spaces._tables import towers

ESTIMATORS = [MLPClassifier, MLPRegressor, CNNClassifier, CNNRegressor]
NAMES = presets.names()
FAMILIES = ["mlp", "cnn"]

each_preset = pytest.mark.parametrize("name", NAMES)
each_family = pytest.mark.parametrize("family", FAMILIES)
each_estimator = pytest.mark.parametrize("estimator", ESTIMATORS)


@each_preset
@each_estimator
def test_every_parameter_exists_on_its_estimator(
    name: str, estimator: type[NeuralNetwork]
) -> None:
    space = presets.get(name).for_family(estimator.family)
    assert set(space) <= set(estimator().get_params())


@each_preset
@each_estimator
def test_defaults_are_the_estimators_own_where_these_lie_inside(
    name: str, estimator: type[NeuralNetwork]
) -> None:
    space = presets.get(name).for_family(estimator.family)
    own = estimator().get_params()
    for parameter, value in space.defaults().items():
        domain = space[parameter]
        if isinstance(domain, Switch):
            domain = domain.case(space.defaults()[domain.on])
        assert value in domain
        if own[parameter] in domain:
            assert value == own[parameter]


@each_preset
@pytest.mark.parametrize("estimator", [MLPClassifier, CNNClassifier])
def test_estimator_is_trained_on_every_value(
    name: str,
    estimator: type[NeuralNetwork],
    classification_data: Any,
    tiny_images: Any,
) -> None:
    X, y = tiny_images if estimator.family == "cnn" else classification_data
    space = presets.get(name).for_family(estimator.family)
    for candidate in ParameterGrid(space.to_grid(points=2, crossed=False)):
        # One epoch is enough to read every argument.
        net = estimator(random_state=0, **{**candidate, "max_epochs": 1})
        assert net.fit(X, y).n_iter_ == 1


@each_preset
@each_family
def test_grid_stays_below_a_hundred_candidates(name: str, family: str) -> None:
    candidates = list(ParameterGrid(presets.get(name).for_family(family).to_grid()))
    assert 1 < len(candidates) < 100
    assert presets.get(name).for_family(family).defaults() in candidates


@each_estimator
def test_quick_is_24_candidates_in_two_structures(
    estimator: type[NeuralNetwork],
) -> None:
    candidates = list(
        ParameterGrid(presets.quick.for_family(estimator.family).to_grid())
    )
    structures = {
        repr([candidate.get(name) for name in estimator.structure_parameters])
        for candidate in candidates
    }
    assert len(candidates) == 24
    assert len(structures) == 2


@each_preset
@each_family
def test_every_engine_takes_every_preset(name: str, family: str) -> None:
    space = presets.get(name).for_family(family)
    drawn = list(ParameterSampler(space.to_distributions(), 3, random_state=0))
    assert len(drawn) == 3
    [flat] = space.flatten().to_skopt()
    for point in Space(list(flat.values())).rvs(3, random_state=0):
        assert set(space.resolve(dict(zip(flat, point, strict=True)))) <= set(space)


def test_ingredients_can_all_be_joined() -> None:
    names = [
        "regularization",
        "dropout",
        "normalizer",
        "optimizer",
        "scheduler",
        "early_stopping",
        "architecture",
    ]
    joined = presets.get(names[0])
    for name in names[1:]:
        joined = joined | presets.get(name)
    assert isinstance(joined, Preset)
    assert set(joined) == {
        parameter for name in names for parameter in presets.get(name)
    }


@each_preset
def test_preset_has_its_name_as_an_attribute(name: str) -> None:
    assert getattr(presets, name) is presets.get(name)
    assert name in presets.__all__
    assert presets.get(name).name == name
    assert presets.get(name).description.endswith(".")


def test_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ValueError, match="preset") as caught:
        presets.get("dropuot")
    assert str(caught.value) == (
        f"The name of a preset must be one of {NAMES!r}. Got 'dropuot'. "
        "Did you mean 'dropout'?"
    )


def test_table_has_a_source_for_every_row() -> None:
    table = presets.describe()
    assert list(table.columns) == [
        "preset",
        "family",
        "parameter",
        "domain",
        "default",
        "source",
    ]
    assert list(dict.fromkeys(table["preset"])) == NAMES
    known = (
        "own choice",
        "Gorishniy et al. 2021",
        "Gorishniy et al. 2024",
        "Kadra et al. 2021",
    )
    assert all(source.startswith(known) for source in table["source"])
    assert set(table["family"]) == {"mlp", "cnn", "both"}


@each_preset
@each_family
def test_architectures_are_tuples_of_ints(name: str, family: str) -> None:
    space = presets.get(name).for_family(family)
    for parameter in {"hidden_layer_sizes", "channels"} & set(space):
        domain = space[parameter]
        assert isinstance(domain, Choice)
        for sizes in domain:
            assert isinstance(sizes, tuple)
            assert all(type(size) is int and size >= 1 for size in sizes)
            # So that every number of groups of the presets divides every width.
            assert all(size % 4 == 0 for size in sizes)


@pytest.mark.parametrize(
    ("name", "parameter", "text"),
    [
        ("gorishniy2021", "lr", "Float(1e-05, 0.01, log=True, default=0.001)"),
        ("gorishniy2021", "weight_decay", "Float(1e-06, 0.001, log=True, zero=True)"),
        ("gorishniy2021", "dropout", "Float(0.0, 0.5, zero=True)"),
        ("tabm2024", "lr", "Float(3e-05, 0.001, log=True, default=0.001)"),
        ("tabm2024", "weight_decay", "Float(0.0001, 0.1, log=True, zero=True)"),
        ("kadra2021", "weight_decay", "Float(1e-05, 0.1, zero=True)"),
        ("kadra2021", "dropout", "Float(0.0, 0.8, zero=True)"),
    ],
)
def test_ranges_are_those_of_the_publications(
    name: str, parameter: str, text: str
) -> None:
    assert repr(presets.get(name)[parameter]) == text


def test_bricks_and_funnels_by_depth() -> None:
    assert towers([1, 3], [64], funnels=True) == [(64,), (64, 64, 64), (64, 32, 16)]
    assert towers([1, 2], [8, 16], funnels=False) == [(8,), (16,), (8, 8), (16, 16)]
