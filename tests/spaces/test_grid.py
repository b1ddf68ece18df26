from typing import Any

import pytest

from skhyper.spaces import Choice, Float, Int
from skhyper.spaces._grid import grid_values


@pytest.mark.parametrize(
    ("domain", "points", "values"),
    [
        (Float(0.0, 0.5), 3, [0.0, 0.25, 0.5]),
        (Float(1e-4, 1e-2, log=True), 3, [1e-4, 1e-3, 1e-2]),
        (Float(1e-4, 1e-2, log=True, zero=True), 2, [0.0, 1e-4, 1e-2]),
        (Float(0.0, 0.5, zero=True), 3, [0.0, 0.25, 0.5]),
        (Float(0.5, 0.9, step=0.1), 3, [0.5, 0.7, 0.9]),
        (Float(0.5, 0.9, step=0.1), 99, [0.5, 0.6, 0.7, 0.8, 0.9]),
        (Float(0.5, 0.9, step=0.4, zero=True), 3, [0.0, 0.5, 0.9]),
        (Int(1, 1000, log=True), 4, [1, 10, 100, 1000]),
        (Int(1, 3), 9, [1, 2, 3]),
        (Int(64, 256, step=64), 2, [64, 256]),
        (Int(1, 9, default=4), 1, [4]),
        (Choice(["b", "a"]), 2, ["b", "a"]),
        (Choice(["b", "a"], default="a"), 1, ["a"]),
    ],
)
def test_values(domain: Any, points: int, values: list[Any]) -> None:
    assert grid_values(domain, points) == values


@pytest.mark.parametrize("points", [0, -1, 2.0, True, None])
def test_points_must_be_a_count(points: Any) -> None:
    with pytest.raises(ValueError, match="points") as caught:
        grid_values(Float(0.0, 1.0), points)
    assert str(caught.value) == (
        f"The 'points' parameter of a grid must be an integer >= 1. Got {points!r}."
    )
