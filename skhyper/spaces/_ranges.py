"""Numeric domains: a range of floats and a range of integers."""

import math
from collections.abc import Hashable
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

from skhyper._identity import identity
from skhyper.spaces._frozen import Frozen

__all__ = ["Float", "Int", "Range", "tidy"]


class Range(Frozen):
    """What the ranges of floats and of integers have in common."""

    low: Any
    high: Any
    log: bool
    step: Any
    zero: bool
    default: Any

    def _content(self) -> Hashable:
        return (self.low, self.high, self.log, self.step, self.zero, self.default)

    @property
    def n_steps(self) -> int:
        """The number of values of a stepped range, 0 beside it left out."""
        if self.step is None:
            return 0
        low, high, step = map(_decimal, (self.low, self.high, self.step))
        return int((high - low) / step) + 1

    def nth(self, index: int) -> Any:
        """Give one value of a stepped range.

        Parameters
        ----------
        index : int
            Its position, from 0 to ``n_steps - 1``.

        Returns
        -------
        value : float or int
            The value.
        """
        # Decimals, so that the third step of 0.1 is 0.3 and not 0.30000000000000004.
        return type(self.low)(_decimal(self.low) + _decimal(self.step) * int(index))

    def index(self, value: Any) -> int:
        """Find where a value stands in a stepped range.

        Parameters
        ----------
        value : float or int
            A value; of one between two steps, the nearer is found.

        Returns
        -------
        index : int
            Its position, from 0.
        """
        return round((value - self.low) / self.step)

    def __contains__(self, value: Any) -> bool:
        if not _is_number(value, type(self)):
            return False
        if self.zero and value == 0:
            return True
        if not self.low <= value <= self.high:
            return False
        return self.step is None or self._is_step(value)

    def _is_step(self, value: Any) -> bool:
        if isinstance(self, Int):
            return bool((value - self.low) % self.step == 0)
        nearest = self.nth(self.index(value))
        # 0.1 + 0.2 is meant to be the third step of 0.1.
        return bool(abs(value - nearest) <= 1e-6 * self.step)

    def __repr__(self) -> str:
        is_middle = identity(self.default) == identity(self._middle())
        return self._shown("" if is_middle else f", default={self.default!r}")

    def _shown(self, tail: str = "") -> str:
        log = ", log=True" if self.log else ""
        step = f", step={self.step!r}" if self.step is not None else ""
        zero = ", zero=True" if self.zero else ""
        return (
            f"{type(self).__name__}({self.low!r}, {self.high!r}{log}{step}{zero}{tail})"
        )

    def _middle(self) -> Any:
        """Give the default of a range that was given none."""
        if self.zero:
            return 0.0
        if self.step is not None:
            return self.nth((self.n_steps - 1) // 2)
        if self.log:
            # The logarithms are halved first, so that no product can overflow.
            middle = math.exp(math.log(self.low) / 2 + math.log(self.high) / 2)
        else:
            middle = self.low / 2 + self.high / 2
        number = round if isinstance(self, Int) else tidy
        return min(max(number(middle), self.low), self.high)

    def _settle(self, default: Any) -> None:
        """Check the attributes, bring them to one type, and fill in the default."""
        mistakes = _mistakes(self)
        if mistakes:
            raise ValueError("\n".join(mistakes))
        number = int if isinstance(self, Int) else float
        step = None if self.step is None else number(self.step)
        self._fill(low=number(self.low), high=number(self.high), step=step)
        if not _fits(self):
            raise ValueError(
                f"The 'step' parameter of {type(self).__name__} must fit into "
                f"high - low a whole number of times. Got low={self.low!r}, "
                f"high={self.high!r}, step={self.step!r}."
            )
        if default is None:
            self._fill(default=self._middle())
        elif default in self:
            self._fill(default=number(default))
        else:
            raise ValueError(
                f"The 'default' parameter of {type(self).__name__} must lie inside "
                f"{self._shown()}. Got {default!r}."
            )


class Float(Range):
    """A range of real numbers, both ends included.

    Parameters
    ----------
    low : float
        The smallest value. Must be greater than 0 if `log`, and at least 0 if
        `zero`.
    high : float
        The largest value. Must be greater than `low`.
    log : bool, default=False
        Whether values are spread evenly over orders of magnitude.
    step : float, default=None
        The distance between neighbouring values; ``high - low`` must be a whole
        number of steps. None for all values in between. Does not go with `log`.
    zero : bool, default=False
        Whether exactly 0 is a value beside the range, as in "no penalty, or a
        penalty between 1e-6 and 1e-2". Half of the random draws are then 0.
    default : float, default=None
        The value of the default candidate. None for 0 if `zero`, else for the middle
        of the range (of its logarithm if `log`).

    Raises
    ------
    ValueError
        If a parameter breaks its rule. All mistakes are in the one message.

    See Also
    --------
    Int : The same for integers.

    Examples
    --------
    >>> from skhyper.spaces import Float
    >>> lr = Float(1e-4, 1e-2, log=True)
    >>> 3e-4 in lr, 0.5 in lr
    (True, False)
    >>> Float(1e-6, 1e-2, log=True, zero=True).default
    0.0
    """

    def __init__(
        self,
        low: float,
        high: float,
        *,
        log: bool = False,
        step: float | None = None,
        zero: bool = False,
        default: float | None = None,
    ) -> None:
        self._fill(low=low, high=high, log=log, step=step, zero=zero)
        self._settle(default)


class Int(Range):
    """A range of integers, both ends included.

    Parameters
    ----------
    low : int
        The smallest value. Must be greater than 0 if `log`.
    high : int
        The largest value. Must be greater than `low`.
    log : bool, default=False
        Whether values are spread evenly over orders of magnitude.
    step : int, default=None
        The distance between neighbouring values; ``high - low`` must be a whole
        number of steps. None for all integers in between. Does not go with `log`.
    default : int, default=None
        The value of the default candidate. None for the middle of the range (of its
        logarithm if `log`).

    Raises
    ------
    ValueError
        If a parameter breaks its rule. All mistakes are in the one message.

    See Also
    --------
    Float : The same for real numbers.

    Examples
    --------
    >>> from skhyper.spaces import Int
    >>> width = Int(64, 1024, step=64, default=256)
    >>> 128 in width, 100 in width
    (True, False)
    """

    zero = False

    def __init__(
        self,
        low: int,
        high: int,
        *,
        log: bool = False,
        step: int | None = None,
        default: int | None = None,
    ) -> None:
        self._fill(low=low, high=high, log=log, step=step)
        self._settle(default)


def _is_number(value: object, kind: type[Range]) -> bool:
    number = Integral if kind is Int else Real
    return isinstance(value, number) and not isinstance(value, bool)


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:  # an integer beyond the range of floats
        return False


def _mistakes(domain: Range) -> list[str]:
    kind = type(domain).__name__
    rule = "an integer" if kind == "Int" else "a finite number"
    mistakes = []
    for name in ("low", "high", "step"):
        value = getattr(domain, name)
        optional = name == "step"
        if optional and value is None:
            continue
        good = _is_number(value, type(domain)) and _is_finite(value)
        if not good or (optional and value <= 0):
            limits = " > 0, or None" if optional else ""
            mistakes.append(
                f"The {name!r} parameter of {kind} must be {rule}{limits}. "
                f"Got {value!r}."
            )
    mistakes += [
        f"The {name!r} parameter of {kind} must be True or False. "
        f"Got {getattr(domain, name)!r}."
        for name in ("log", "zero")
        if not isinstance(getattr(domain, name), bool)
    ]
    if mistakes:
        return mistakes
    if domain.low >= domain.high:
        mistakes.append(
            f"The 'low' parameter of {kind} must be less than 'high'. "
            f"Got low={domain.low!r}, high={domain.high!r}."
        )
    if domain.log and domain.low <= 0:
        remedy = " For 0 beside a range pass zero=True." if kind == "Float" else ""
        mistakes.append(
            f"The 'low' parameter of {kind} must be > 0 with log=True. "
            f"Got {domain.low!r}.{remedy}"
        )
    if domain.zero and domain.low < 0:
        mistakes.append(
            f"The 'low' parameter of {kind} must be >= 0 with zero=True. "
            f"Got {domain.low!r}."
        )
    if domain.log and domain.step is not None:
        mistakes.append(
            f"The 'step' parameter of {kind} must be None with log=True. "
            f"Got {domain.step!r}. List the values in a Choice."
        )
    return mistakes


def _fits(domain: Range) -> bool:
    if domain.step is None:
        return True
    low, high, step = map(_decimal, (domain.low, domain.high, domain.step))
    return (high - low) % step == 0


def tidy(number: float) -> float:
    """Round to 12 digits, so that 0.001 lies midway from 1e-4 to 1e-2."""
    return float(f"{number:.12g}")


def _decimal(number: float) -> Decimal:
    return Decimal(repr(number))
