"""Domains as skopt dimensions, for Bayesian searches.

skopt's own dimensions cannot hold tuples or dicts, know no zero beside a range and no
steps. The three classes here can; they are skopt dimensions in every other respect.
"""

from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from skopt.space import Categorical, Dimension, Integer, Real

from skhyper.spaces._choices import Choice, Domain
from skhyper.spaces._ranges import Float, Int, Range

__all__ = ["Options", "Steps", "ZeroOrReal", "from_skopt", "skopt_dimension"]

# The part of the unit axis that stands for exactly zero, below the range. Wide enough
# for a surrogate to see a difference, narrow enough to leave the range its resolution.
_ZERO_SHARE = 0.1


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
        super().__init__(choice.values, name=name)

    def set_transformer(self, transform: str = "onehot") -> None:
        """Set how the places of the values are warped."""
        values, self.categories = self.categories, tuple(range(len(self.choice)))
        super().set_transformer(transform)
        self.categories = values

    def transform(self, X: Any) -> Any:
        """Warp values by their places."""
        return super().transform([self.choice.index(_opened(value)) for value in X])

    def inverse_transform(self, Xt: Any) -> list[Any]:
        """Read values off their places."""
        places = super().inverse_transform(Xt)
        return [self._value(place) for place in np.ravel(places)]

    def rvs(self, n_samples: int | None = None, random_state: Any = None) -> Any:
        """Draw values, all equally likely."""
        places = check_random_state(random_state).randint(
            len(self.choice), size=n_samples
        )
        if n_samples is None:
            return self._value(places)
        return [self._value(place) for place in places]

    def _value(self, place: Any) -> Any:
        value = self.choice.values[int(place)]
        plain = value is None or isinstance(value, str | bool | int | float)
        return value if plain else Wrapped(value)

    def distance(self, a: Any, b: Any) -> int:
        """Give 0 for the same value, else 1."""
        return int(self.choice.index(_opened(a)) != self.choice.index(_opened(b)))

    def __contains__(self, point: Any) -> bool:
        return _opened(point) in self.choice

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
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = np.empty((), dtype=object)
        array[()] = self.value
        return array

    def __repr__(self) -> str:
        return repr(self.value)


def _opened(value: Any) -> Any:
    return value.value if isinstance(value, Wrapped) else value


def skopt_dimension(domain: Domain, name: str | None = None) -> Dimension:
    """Render a domain for skopt.

    Parameters
    ----------
    domain : Float or Int or Choice
        The domain.
    name : str, default=None
        The name of the dimension.

    Returns
    -------
    dimension : skopt.space.Dimension
        A Real, an Integer or a Categorical, or of a class derived from one of them.

    Examples
    --------
    >>> from skhyper.spaces import Float
    >>> from skhyper.spaces._skopt import skopt_dimension
    >>> skopt_dimension(Float(0.001, 0.1, log=True))
    Real(low=0.001, high=0.1, prior='log-uniform', transform='identity')
    """
    if isinstance(domain, Choice):
        return Options(domain, name=name)
    if domain.n_steps:
        return Steps(domain, name=name)
    prior = "log-uniform" if domain.log else "uniform"
    if isinstance(domain, Int):
        return Integer(domain.low, domain.high, prior=prior, name=name, dtype=int)
    kind = ZeroOrReal if domain.zero else Real
    return kind(domain.low, domain.high, prior=prior, name=name)


def from_skopt(dimension: Any) -> Domain | None:
    """Read a skopt dimension.

    Parameters
    ----------
    dimension : object
        Anything.

    Returns
    -------
    domain : Float or Int or Choice or None
        The domain with the same values and scale. None for anything but a dimension.

    Raises
    ------
    ValueError
        If it is a dimension that no domain can stand for.
    """
    if isinstance(dimension, Options):
        return dimension.choice
    if isinstance(dimension, Steps):
        return dimension.domain
    if isinstance(dimension, Categorical):
        if dimension.prior is not None and len(set(dimension.prior)) > 1:
            raise ValueError(
                "A skopt Categorical must have equally likely categories. "
                f"Got prior={dimension.prior!r}."
            )
        return Choice(list(dimension.categories))
    if isinstance(dimension, Real | Integer):
        log = dimension.prior == "log-uniform"
        if isinstance(dimension, Integer):
            return Int(dimension.low, dimension.high, log=log)
        zero = isinstance(dimension, ZeroOrReal)
        return Float(dimension.low, dimension.high, log=log, zero=zero)
    if isinstance(dimension, Dimension):
        raise ValueError(
            "A skopt dimension must be a Real, an Integer or a Categorical. "
            f"Got {dimension!r}."
        )
    return None
