"""The brackets of Hyperband: how many candidates are trained for how long."""

import math
from dataclasses import dataclass

__all__ = ["Rung", "make_brackets", "rung_epochs"]


@dataclass(frozen=True)
class Rung:
    """A stop at which candidates are compared.

    Parameters
    ----------
    n_candidates : int
        Candidates that are trained up to it.
    n_epochs : int
        Epochs that they have behind them then.
    """

    n_candidates: int
    n_epochs: int


def make_brackets(max_epochs: int, factor: int, min_epochs: int) -> list[list[Rung]]:
    """Lay out all brackets, the one with the most candidates first.

    As Algorithm 1 of Li et al., "Hyperband: A Novel Bandit-Based Approach to
    Hyperparameter Optimization", JMLR 18 (2018), with epochs for the resource.

    Parameters
    ----------
    max_epochs : int
        Epochs of those that are trained for the longest.
    factor : int
        One of so many candidates is trained further, so many times as long.
    min_epochs : int
        Fewest epochs after which candidates are compared.

    Returns
    -------
    brackets : list of list of Rung
        The rungs of each bracket, from the first to that of ``max_epochs``.

    Examples
    --------
    >>> from skhyper.search._brackets import make_brackets
    >>> for rungs in make_brackets(9, 3, 1):
    ...     print([(rung.n_candidates, rung.n_epochs) for rung in rungs])
    [(9, 1), (3, 3), (1, 9)]
    [(5, 3), (1, 9)]
    [(3, 9)]
    """
    most = 0
    while min_epochs * factor ** (most + 1) <= max_epochs:
        most += 1
    brackets = []
    for last in range(most, -1, -1):
        n_candidates = math.ceil((most + 1) * factor**last / (last + 1))
        brackets.append(
            [
                Rung(
                    n_candidates // factor**rung, max_epochs // factor ** (last - rung)
                )
                for rung in range(last + 1)
            ]
        )
    return brackets


def rung_epochs(max_epochs: int, factor: int, min_epochs: int) -> list[int]:
    """List the epochs after which candidates are compared, where all go the same way.

    Parameters
    ----------
    max_epochs, factor, min_epochs : int
        As for `make_brackets`.

    Returns
    -------
    epochs : list of int
        Those of the bracket with the most rungs.

    Examples
    --------
    >>> from skhyper.search._brackets import rung_epochs
    >>> rung_epochs(81, 3, 1)
    [1, 3, 9, 27, 81]
    """
    longest = make_brackets(max_epochs, factor, min_epochs)[0]
    return [rung.n_epochs for rung in longest]
