"""A space of fixed size, for an optimizer that knows no other."""

from dataclasses import dataclass
from typing import Any

from skopt.space import Categorical, Dimension

from skhyper.spaces import Choice, SearchSpace
from skhyper.spaces._branches import unresolve

__all__ = ["FlatSpace"]


@dataclass(frozen=True)
class FlatSpace:
    """A space of fixed size for skopt's Optimizer.

    ``dimensions`` are sorted by name, as skopt's BayesSearchCV does. ``space`` is None
    where the dimensions came from the user: then none hangs on another.
    """

    dimensions: dict[str, Dimension]
    space: SearchSpace | None = None

    def resolve(self, values: dict[str, Any]) -> dict[str, Any]:
        """Read the values of all dimensions as a candidate."""
        return values if self.space is None else self.space.resolve(values)

    def unresolve(self, candidate: dict[str, Any]) -> dict[str, Any]:
        """Write a candidate as values of all dimensions, in their order."""
        if self.space is not None:
            candidate = unresolve(self.space, candidate)
        return {name: candidate[name] for name in self.dimensions}

    def as_search_space(self) -> SearchSpace:
        """Read the space as one of this package."""
        if self.space is not None:
            return self.space
        return SearchSpace(
            {
                # Unequal probabilities, which a SearchSpace does not know, matter not.
                name: Choice(one.categories) if isinstance(one, Categorical) else one
                for name, one in self.dimensions.items()
            }
        )

    def settle(self, values: dict[str, Any]) -> dict[str, Any]:
        """Put the default where a dimension means nothing beside the others.

        So that the surrogate sees the same candidate always at the same point.
        """
        if self.space is None:
            return values
        defaults = self.space.flatten().defaults()
        return {
            name: value if self._is_active(name, values) else defaults[name]
            for name, value in values.items()
        }

    def _is_active(self, name: str, values: dict[str, Any]) -> bool:
        assert self.space is not None
        marker = object()
        resolved = self.space.resolve({**values, name: marker})
        return any(value is marker for value in resolved.values())
