"""What a search asks for: the one thing in which searches differ."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from skhyper.search._candidate import Ask, Outcome

__all__ = ["Listed", "Strategy"]


class Strategy(Protocol):
    """Says which candidates to try next, and learns how they did.

    A search asks, has the candidates evaluated, tells the outcomes, and asks again
    until it is given none. Whoever implements this needs to know neither how nor where
    the candidates are fitted.
    """

    @property
    def n_evaluations(self) -> int | None:
        """How many evaluations there will be at most; None if that is not known."""

    def ask(self) -> list[Ask]:
        """Return the next candidates, all of which may be evaluated at once."""

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Learn how the candidates of the last ``ask`` did, in the same order."""


class Listed:
    """Tries a list of candidates that is known from the start.

    Parameters
    ----------
    candidates : iterable of dict
        The settings of the parameters.
    """

    def __init__(self, candidates: Iterable[dict[str, Any]]) -> None:
        self.asks = [Ask(params) for params in candidates]
        self.n_evaluations = len(self.asks)

    def ask(self) -> list[Ask]:
        """Return all of them, once."""
        asks, self.asks = self.asks, []
        return asks

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Learn nothing: the list is fixed."""
