"""Dimensions that skopt lacks.

skopt's own dimensions cannot hold tuples or dicts, know no zero beside a range and no
steps, and lose integers on a log scale. The classes here do better; they are skopt
dimensions in every other respect.
"""

import math
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from skopt.space import Categorical, Integer, Real

from skhyper.spaces._choices import Choice
from skhyper.spaces._frozen import copied
from skhyper.spaces._ranges import Range

__all__ = ["LogInteger", "Options", "Steps", "ZeroOrReal"]

# The part of the unit axis that stands for exactly zero, below the range. Wide enough
# for a surrogate to see a difference, narrow enough to leave the range its resolution.
_ZERO_SHARE = 0.1

# Values that skopt passes on whole.
_SCALARS = (str, bool, int, float, type(None))


class ZeroOrReal(Real):
    """Exactly 0, or a real number of a range.

    On the axis that the surrogate sees, from 0 to 1, zero is the point 0 and the range
    begins at one tenth; all between the two means zero. Half of the random draws are
    zero, as in a random search over the same domain.

    Parameters
    ----------
    low, high : float
        The ends of the range.
    prior : {'uniform', 'log-uniform'}, default='uniform'
        The scale of the range.
    name : str, default=None
        The name of the dimension.
    """

    def __init__(
        self, low: float, high: float, prior: str = "uniform", name: str | None = None
    ) -> None:
        super().__init__(low, high, prior=prior, transform="normalize", name=name)

    def set_transformer(self, transform: str = "normalize") -> None:
        """Set how values are warped, which is the same under every name."""
        super().set_transformer("normalize")

    def transform(self, X: Any) -> Any:
        """Warp values onto the axis from 0 to 1."""
        X = np.asarray(X, dtype=float)
        inside = super().transform(np.where(X == 0, self.low, X))
        return np.where(X == 0, 0.0, _ZERO_SHARE + (1 - _ZERO_SHARE) * inside)

    def inverse_transform(self, Xt: Any) -> list[float]:
        """Read values off the axis from 0 to 1."""
        Xt = np.asarray(Xt, dtype=float)
        # A hair of tolerance: the point of `low` may come back rounded downwards.
        is_zero = Xt < _ZERO_SHARE - 1e-12
        share = np.clip((Xt - _ZERO_SHARE) / (1 - _ZERO_SHARE), 0.0, 1.0)
        values: list[float] = np.where(
            is_zero, 0.0, super().inverse_transform(share)
        ).tolist()
        return values

    def rvs(self, n_samples: int | None = 1, random_state: Any = None) -> list[float]:
        """Draw values, half of them zero."""
        random_state = check_random_state(random_state)
        share = _ZERO_SHARE + (1 - _ZERO_SHARE) * random_state.uniform(size=n_samples)
        is_zero = random_state.uniform(size=n_samples) < 0.5
        return self.inverse_transform(np.where(is_zero, 0.0, share))

    @property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        return (0.0, self.high)

    def __contains__(self, point: Any) -> bool:
        return bool(point == 0 or self.low <= point <= self.high)

    def __repr__(self) -> str:
        return f"ZeroOrReal(low={self.low}, high={self.high}, prior={self.prior!r})"


class LogInteger(Integer):
    """An integer on a log scale.

    skopt's own gives its ends, not their logarithms, as the bounds of the axis that
    tree-based surrogates see, so that their suggestions are clipped to the wrong
    values: between 2 and 100, all of them to 100.

    Parameters
    ----------
    low, high : int
        The ends of the range.
    name : str, default=None
        The name of the dimension.
    """

    def __init__(self, low: int, high: int, name: str | None = None) -> None:
        super().__init__(low, high, prior="log-uniform", name=name, dtype=int)

    @property
    def transformed_bounds(self) -> tuple[float, float]:
        """The ends of the axis that the surrogate sees."""
        if self.transform_ == "normalize":
            return (0.0, 1.0)
        return (math.log10(self.low), math.log10(self.high))


class Steps(Integer):
    """The values of a stepped range, in their order.

    Parameters
    ----------
    domain : Float or Int
        A range with a step.
    name : str, default=None
        The name of the dimension.
    """

    def __init__(self, domain: Range, name: str | None = None) -> None:
        self.domain = domain
        self.first = -1 if domain.zero and domain.low > 0 else 0  # -1 stands for zero
        super().__init__(self.first, domain.n_steps - 1, name=name, dtype=int)

    def transform(self, X: Any) -> Any:
        """Warp values to where they stand in the order."""
        return super().transform([self._position(value) for value in X])

    def inverse_transform(self, Xt: Any) -> Any:
        """Read values off where they stand in the order."""
        positions = super().inverse_transform(Xt)
        if isinstance(positions, int):
            return self._value(positions)
        return [self._value(position) for position in positions]

    def _position(self, value: float) -> int:
        if value == 0 and self.first == -1:
            return -1
        return round((value - self.domain.low) / self.domain.step)

    def _value(self, position: int) -> Any:
        return 0.0 if position == -1 else self.domain.nth(position)

    @property
    def bounds(self) -> tuple[Any, Any]:
        """The smallest and the largest value."""
        return (self._value(self.first), self.domain.high)

    def __contains__(self, point: Any) -> bool:
        return point in self.domain

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Steps) and self.domain == other.domain

    __hash__ = None  # type: ignore[assignment]  # as every skopt dimension

    def __repr__(self) -> str:
        return f"Steps({self.domain!r})"


class Options(Categorical):
    """A list of values of any kind, tuples and dicts included.

    The surrogate sees the place of a value in the list, so that values need be neither
    hashable nor of one type.

    Parameters
    ----------
    choice : Choice
        The values.
    name : str, default=None
        The name of the dimension.
    """

    categories: tuple[Any, ...]

    def __init__(self, choice: Choice, name: str | None = None) -> None:
        self.choice = choice
        self._shown = [
            value if isinstance(value, _SCALARS) else Wrapped(value, place)
            for place, value in enumerate(choice)
        ]
        self._places = {
            (type(value), value): place
            for place, value in enumerate(choice)
            if isinstance(value, _SCALARS)
        }
        super().__init__(choice.values, name=name)

    def set_transformer(self, transform: str = "onehot") -> None:
        """Set how the places of the values are warped."""
        values, self.categories = self.categories, tuple(range(len(self.choice)))
        super().set_transformer(transform)
        self.categories = values

    def transform(self, X: Any) -> Any:
        """Warp values by their places."""
        return super().transform([self._place(value) for value in X])

    def inverse_transform(self, Xt: Any) -> list[Any]:
        """Read values off their places."""
        places = super().inverse_transform(Xt)
        return [self._shown[int(place)] for place in np.ravel(places)]

    def rvs(self, n_samples: int | None = None, random_state: Any = None) -> Any:
        """Draw values, all equally likely."""
        places = check_random_state(random_state).randint(
            len(self.choice), size=n_samples
        )
        if n_samples is None:
            return self._shown[places]
        return [self._shown[place] for place in places]

    def _place(self, value: Any) -> int:
        # Surrogates ask for thousands of points: what `rvs` drew is found quickly.
        if isinstance(value, Wrapped):
            return value.place
        if isinstance(value, _SCALARS):
            place = self._places.get((type(value), value))
            if place is not None:
                return place
        return self.choice.index(value)

    def distance(self, a: Any, b: Any) -> int:
        """Give 0 for the same value, else 1."""
        return int(self._place(a) != self._place(b))

    def __contains__(self, point: Any) -> bool:
        value = point.value if isinstance(point, Wrapped) else point
        return value in self.choice

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Options) and self.choice == other.choice

    __hash__ = None  # type: ignore[assignment]  # as every skopt dimension

    def __repr__(self) -> str:
        return f"Options({self.choice!r})"


class Wrapped:
    """A tuple, dict or object on its way through skopt.

    skopt makes an array of each value and takes the item out again. That would take a
    tuple apart, so this hands numpy an array whose only item is the value.

    Parameters
    ----------
    value : object
        The value.
    place : int
        Where it stands in its list.
    """

    def __init__(self, value: Any, place: int) -> None:
        self.value = value
        self.place = place

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = np.empty((), dtype=object)
        array[()] = copied(self.value)
        return array

    def __repr__(self) -> str:
        return repr(self.value)
