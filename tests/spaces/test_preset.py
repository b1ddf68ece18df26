import pickle
from typing import Any

import pytest

from skhyper.spaces import Choice, Float, Preset, SearchSpace, Switch

DROPOUT = ("dropout", Float(0.0, 0.5), "a paper")
LAYERS = ("hidden_layer_sizes", Choice([(64,), (128,)]), "own choice")
CHANNELS = ("channels", Choice([(16,), (32,)]), "own choice")
PRESET = Preset("net", "A net.", [LAYERS, DROPOUT], [CHANNELS, DROPOUT], crossed=False)


def names(preset: Preset) -> list[list[str]]:
    return [list(preset.for_family(family)) for family in ("mlp", "cnn")]


def test_preset_is_the_space_for_perceptrons() -> None:
    assert isinstance(PRESET, SearchSpace)
    assert dict(PRESET) == {LAYERS[0]: LAYERS[1], DROPOUT[0]: DROPOUT[1]}
    assert names(PRESET) == [["hidden_layer_sizes", "dropout"], ["channels", "dropout"]]


def test_family_is_a_preset_without_another_twin() -> None:
    cnn = PRESET.for_family("cnn")
    assert names(cnn) == [["channels", "dropout"]] * 2
    assert (cnn.name, cnn.description, cnn.crossed) == ("net", "A net.", False)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: PRESET.for_family("rnn"),
            "The 'family' of a preset must be one of ['mlp', 'cnn']. Got 'rnn'. "
            "Did you mean 'cnn'?",
        ),
        (
            lambda: PRESET.without("channel"),
            "A parameter of this space must be one of ['hidden_layer_sizes', "
            "'dropout', 'channels']. Got 'channel'. Did you mean 'channels'?",
        ),
        (
            lambda: Preset(
                "x", "", [LAYERS], [("lr", Switch("optimizer", {1: [1]}), "")]
            ),
            "The domain of 'lr' must hang on a parameter of the space. "
            "Got 'optimizer'.",
        ),
        (
            lambda: Preset("x", "", [DROPOUT, DROPOUT]),
            "A parameter must be given once. Got 'dropout' 2 times.",
        ),
        (
            lambda: PRESET | {"dropout": [0.1]},
            "The parameter 'dropout' must have one domain. Got Float(0.0, 0.5) and "
            "Choice([0.1]). Leave one out with without('dropout'), or change one with "
            "replace(dropout=...).",
        ),
    ],
)
def test_nonsense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match="must") as caught:
        make()
    assert str(caught.value) == message


def test_without_acts_on_both_twins() -> None:
    assert names(PRESET.without("dropout")) == [["hidden_layer_sizes"], ["channels"]]
    assert names(PRESET.without("channels")) == [
        ["hidden_layer_sizes", "dropout"],
        ["dropout"],
    ]


def test_replace_acts_on_both_twins_and_says_who_did_it() -> None:
    replaced = PRESET.replace({"channels": [(8,)]}, dropout=[0.1])
    assert replaced["dropout"] == Choice([0.1])
    assert replaced.for_family("cnn")["channels"] == Choice([(8,)])
    assert names(replaced) == names(PRESET)
    table = replaced.describe().set_index("parameter")
    assert table.loc["channels", "source"] == "given by the caller"
    assert table.loc["hidden_layer_sizes", "source"] == "own choice"


def test_prefix_acts_on_both_twins() -> None:
    assert names(PRESET.prefix("net")) == [
        ["net__hidden_layer_sizes", "net__dropout"],
        ["net__channels", "net__dropout"],
    ]
    assert PRESET.prefix("") == PRESET


def test_join_acts_on_both_twins() -> None:
    other = Preset("rate", "A rate.", [("lr", Choice([0.1, 0.01]), "own choice")])
    joined = PRESET | other
    assert names(joined) == [
        ["hidden_layer_sizes", "dropout", "lr"],
        ["channels", "dropout", "lr"],
    ]
    assert (joined.name, joined.description) == ("net | rate", "A net. A rate.")
    assert joined.crossed is False
    assert (other | other) == Preset("rate | rate", "", [("lr", other["lr"], "")])


def test_join_with_a_plain_space_is_a_preset_from_either_side() -> None:
    for joined in (
        PRESET | {"lr": [0.1]},
        {"lr": [0.1]} | PRESET,
        SearchSpace(lr=[0.1]) | PRESET,
    ):
        assert isinstance(joined, Preset)
        assert joined.name == "net"
        assert set(joined.for_family("cnn")) == {"channels", "dropout", "lr"}
    with pytest.raises(TypeError):
        PRESET | 3
    with pytest.raises(TypeError):
        3 | PRESET


def test_grid_is_the_presets_own_unless_told_otherwise() -> None:
    assert PRESET.to_grid(2) == SearchSpace(PRESET).to_grid(2, crossed=False)
    assert PRESET.to_grid(2, crossed=True) == SearchSpace(PRESET).to_grid(2)


def test_table_says_where_the_twins_agree() -> None:
    preset = Preset(
        "net",
        "",
        [DROPOUT, ("kind", Choice(["a", "b"]), "own choice")],
        [
            DROPOUT,
            ("kind", Choice(["a", "b"]), "own choice"),
            ("rate", Switch("kind", {"a": [1, 2]}), "own choice"),
        ],
    )
    assert preset.describe().to_numpy().tolist() == [
        ["net", "both", "dropout", "Float(0.0, 0.5)", "0.25", "a paper"],
        ["net", "both", "kind", "Choice(['a', 'b'])", "'a'", "own choice"],
        ["net", "cnn", "rate[kind=a]", "Choice([1, 2])", "1", "own choice"],
    ]


def test_long_choices_are_cut_in_the_table() -> None:
    preset = Preset("net", "", [("width", Choice(range(10, 30)), "own choice")])
    assert preset.describe().loc[0, "domain"] == "20 values from 10 to 29"


def test_preset_is_a_value() -> None:
    again = pickle.loads(pickle.dumps(PRESET))
    assert again == PRESET
    assert hash(again) == hash(PRESET)
    assert again.describe().equals(PRESET.describe())
    assert SearchSpace(PRESET) != PRESET
    assert PRESET.for_family("mlp") != PRESET
    with pytest.raises(AttributeError, match="a Preset never changes"):
        again.name = "other"


def test_repr_names_the_preset() -> None:
    assert repr(Preset("dropout", "", [DROPOUT])) == (
        "Preset('dropout', SearchSpace(dropout=Float(0.0, 0.5)))"
    )
