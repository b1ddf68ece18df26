"""Domains as skopt dimensions, for Bayesian searches."""

from typing import Any

from skopt.space import Categorical, Dimension, Integer, Real

from skhyper.spaces._choices import Choice, Domain
from skhyper.spaces._dimensions import LogInteger, Options, Steps, ZeroOrReal
from skhyper.spaces._ranges import Float, Int

__all__ = ["from_skopt", "skopt_dimension"]


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
    if isinstance(domain, Int) and domain.log:
        return LogInteger(domain.low, domain.high, name=name)
    if isinstance(domain, Int):
        return Integer(domain.low, domain.high, name=name, dtype=int)
    kind = ZeroOrReal if domain.zero else Real
    prior = "log-uniform" if domain.log else "uniform"
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
