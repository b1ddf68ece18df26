"""What every domain and every space is: a value that nobody can change."""

from collections.abc import Hashable
from typing import Any, Self

import numpy as np

__all__ = ["Frozen", "copied"]


class Frozen:
    """A value that is fixed when it is made and compared by its content."""

    def _content(self) -> Hashable:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self._content() == other._content()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._content()))

    def _fill(self, **attributes: Any) -> None:
        """Set the attributes; for the constructor alone."""
        self.__dict__.update(attributes)

    def __setattr__(self, name: str, value: object) -> None:
        kind = type(self).__name__
        raise AttributeError(
            f"The {name!r} attribute of {kind} cannot be set: a {kind} never changes. "
            f"Make a new one."
        )

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


def copied(value: Any) -> Any:
    """Copy the containers in a value; what they hold in the end is shared.

    Estimators and functions must stay the very same objects, for they are equal to
    nothing but themselves.
    """
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) is dict:
        return {key: copied(item) for key, item in value.items()}
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(map(copied, value))
    return value
