"""One grammar for wrong arguments, all of a call reported together."""

from collections.abc import Collection, Mapping, Set
from numbers import Integral, Real
from typing import Any, TypeGuard

import torch

from skhyper.exceptions import did_you_mean


def is_int(value: Any) -> TypeGuard[int]:
    """Tell whether a value is an integer of at least 1; True is not a number."""
    return (
        isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1
    )


def as_ints(value: Any) -> tuple[int, ...] | None:
    """Return integers of at least 1 as a tuple, or None if they are not that."""
    if is_int(value):
        return (int(value),)
    ordered = isinstance(value, Collection) and not isinstance(
        value, str | bytes | Mapping | Set
    )
    if not ordered:
        return None
    items = tuple(value)
    return tuple(int(item) for item in items) if all(map(is_int, items)) else None


class Mistakes(list[str]):
    """What is wrong with the arguments of one call, a sentence or two each."""

    def __init__(self, owner: str) -> None:
        super().__init__()
        self.owner = owner

    def add(self, parameter: str, rule: str, value: object, remedy: str = "") -> None:
        """Note that a parameter breaks its rule."""
        text = f"The {parameter!r} parameter of {self.owner} must be {rule}. "
        self.append(f"{text}Got {value!r}. {remedy}".rstrip())

    def check_int(self, parameter: str, value: object) -> None:
        """Note a value that is not an integer of at least 1."""
        if not is_int(value):
            self.add(parameter, "an int >= 1", value)

    def check_probability(self, parameter: str, value: object) -> None:
        """Note a value that is not a number in [0, 1)."""
        number = isinstance(value, Real) and not isinstance(value, bool)
        if not number or not 0 <= value < 1:  # type: ignore[operator]
            self.add(parameter, "a float in [0, 1)", value)

    def check_name(
        self, parameter: str, value: object, names: Collection[str], also: str = ""
    ) -> None:
        """Note a value that is none of the names, with the nearest of them."""
        if isinstance(value, str) and value in names:
            return
        rule = f"{also}one of {', '.join(map(repr, names))}"
        self.add(parameter, rule, value, did_you_mean(value, names).lstrip())

    def check_dtype(self, value: object) -> None:
        """Note a type that parameters cannot have."""
        if value is not None and not (
            isinstance(value, torch.dtype) and value.is_floating_point
        ):
            self.add("dtype", "None or a floating-point torch.dtype", value)

    def check_generator(self, value: object) -> None:
        """Note a generator that cannot draw on the CPU."""
        if value is not None and not (
            isinstance(value, torch.Generator) and value.device.type == "cpu"
        ):
            self.add("generator", "None or a torch.Generator of the CPU", value)

    def raise_if_any(self) -> None:
        """Raise all mistakes as one error."""
        if self:
            raise ValueError("\n".join(self))
