"""Domains as distributions with an ``rvs`` method, for random searches."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from skhyper.spaces._choices import Choice, Domain
from skhyper.spaces._ranges import Float, Int, Range

__all__ = ["Draw", "from_scipy", "scipy_distribution"]


class Draw:
    """A distribution over a domain for which scipy has none.

    Every value of a stepped range is equally likely; integers on a log scale are
    rounded draws, each of them with the share of the log axis that rounds to it; 0
    beside a range has the probability one half, as in the searches of [1]_.

    Parameters
    ----------
    domain : Float or Int
        The domain.

    References
    ----------
    .. [1] Y. Gorishniy, I. Rubachev, V. Khrulkov and A. Babenko, "Revisiting Deep
       Learning Models for Tabular Data", NeurIPS 2021.
    """

    def __init__(self, domain: Range) -> None:
        self.domain = domain

    def rvs(self, size: Any = None, random_state: Any = None) -> Any:
        """Draw values at random.

        Parameters
        ----------
        size : int or tuple of int, default=None
            The shape of the array of draws; None for one plain number.
        random_state : None, int, RandomState or Generator, default=None
            Where the randomness comes from.

        Returns
        -------
        values : float or int or ndarray of shape `size`
            The draws.
        """
        if not isinstance(random_state, np.random.Generator | np.random.RandomState):
            random_state = np.random.default_rng(random_state)
        count = 1 if size is None else int(np.prod(size))
        draws = [self._draw(random_state.random) for _ in range(count)]
        return draws[0] if size is None else np.array(draws).reshape(size)

    def _draw(self, uniform: Callable[[], float]) -> Any:
        """Draw one value; `uniform` draws from [0, 1)."""
        domain = self.domain
        if domain.zero and uniform() < 0.5:
            return 0.0
        if domain.n_steps:
            return domain.nth(int(uniform() * domain.n_steps))
        low, high = domain.low, domain.high
        if isinstance(domain, Int):
            # Half a unit beyond both ends, so that the ends get their full share.
            start, stop = math.log(low - 0.5), math.log(high + 0.5)
            value: float = round(math.exp(start + (stop - start) * uniform()))
        elif domain.log:
            start, stop = math.log(low), math.log(high)
            value = math.exp(start + (stop - start) * uniform())
        else:
            value = low + (high - low) * uniform()
        return min(max(value, low), high)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Draw) and self.domain == other.domain

    def __hash__(self) -> int:
        return hash((Draw, self.domain))

    def __repr__(self) -> str:
        return f"Draw({self.domain!r})"


def scipy_distribution(domain: Domain) -> Any:
    """Render a domain for scikit-learn's random searches.

    Parameters
    ----------
    domain : Float or Int or Choice
        The domain.

    Returns
    -------
    distribution : list or scipy.stats.rv_frozen or Draw
        The list of values of a Choice, else something with an ``rvs`` method.

    Examples
    --------
    >>> from skhyper.spaces import Float
    >>> from skhyper.spaces._scipy import scipy_distribution
    >>> scipy_distribution(Float(0.1, 10.0, log=True)).dist.name
    'loguniform'
    """
    if isinstance(domain, Choice):
        return list(domain.values)
    if domain.zero or domain.n_steps or (isinstance(domain, Int) and domain.log):
        return Draw(domain)
    if isinstance(domain, Int):
        return stats.randint(domain.low, domain.high + 1)
    if domain.log:
        return stats.loguniform(domain.low, domain.high)
    return stats.uniform(domain.low, domain.high - domain.low)


def from_scipy(distribution: Any) -> Domain | None:
    """Read a frozen scipy distribution, or what `scipy_distribution` gave.

    Parameters
    ----------
    distribution : object
        Anything.

    Returns
    -------
    domain : Float or Int or None
        The domain with the same bounds and scale. None for anything else.

    Raises
    ------
    ValueError
        If it is a distribution that is not frozen, or neither uniform nor log-uniform.
    """
    if isinstance(distribution, Draw):
        return distribution.domain
    if isinstance(distribution, stats.rv_continuous | stats.rv_discrete):
        kind, arguments = distribution.name, distribution.shapes or "loc, scale"
        raise ValueError(
            f"A distribution must be frozen: given its arguments. Got scipy's {kind!r} "
            f"without any. Write {kind}({arguments}) with numbers in their place."
        )
    name = getattr(getattr(distribution, "dist", None), "name", None)
    if name is None:
        if not hasattr(distribution, "rvs"):
            return None
        name = type(distribution).__name__
    elif name in ("uniform", "loguniform", "reciprocal", "randint"):
        low, high = distribution.support()
        if name == "randint":
            return Int(int(low), int(high))
        log = name != "uniform"
        # A shifted log-uniform is not even on a log scale from its low to its high.
        if not log or math.isclose(distribution.median(), math.sqrt(low * high)):
            return Float(float(low), float(high), log=log)
        name = "shifted loguniform"
    raise ValueError(
        f"A distribution must be scipy's uniform, loguniform or randint. Got {name!r}. "
        "Give its range as Float(low, high), Float(low, high, log=True) or "
        "Int(low, high)."
    )
