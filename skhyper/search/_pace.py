"""From the seconds of a few candidates to those of many."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

__all__ = ["Pace", "Timed", "Work", "pace_of"]


@dataclass(frozen=True)
class Work:
    """One evaluation of a candidate, as far as it says how long that takes.

    Parameters
    ----------
    structure : hashable
        Networks that have the same one are trained in one stack.
    n_epochs : int
        Epochs that are trained; 0 for what has none.
    """

    structure: Hashable
    n_epochs: int


@dataclass(frozen=True)
class Timed:
    """What it took to evaluate some candidates side by side, on all splits.

    Parameters
    ----------
    n_candidates, n_structures : int
        How many they were, and of how many structures.
    epochs : tuple of float
        Epochs of all candidates together, in a short and in a longer training.
    seconds : tuple of float
        What each of the two took.
    """

    n_candidates: int
    n_structures: int
    epochs: tuple[float, float]
    seconds: tuple[float, float]

    @property
    def per_epoch(self) -> float:
        """Seconds that one candidate took for one epoch; what is noise counts as 0."""
        short, long = self.epochs
        if long <= short:
            return 0.0
        return max((self.seconds[1] - self.seconds[0]) / (long - short), 0.0)

    @property
    def per_fit(self) -> float:
        """Seconds that one candidate took besides its epochs."""
        trained = self.per_epoch * self.epochs[1]
        return max(self.seconds[1] - trained, 0.0) / self.n_candidates


@dataclass(frozen=True)
class Pace:
    """What it takes to evaluate candidates.

    Parameters
    ----------
    per_fit : float
        Seconds for each candidate, on all splits, besides its epochs.
    per_epoch : float
        Seconds for each epoch of each candidate.
    per_structure : float
        Seconds for each epoch of each stack, however many are in it.
    """

    per_fit: float
    per_epoch: float
    per_structure: float

    def seconds(self, works: Sequence[Work]) -> float:
        """Say how long candidates take that are evaluated side by side.

        Parameters
        ----------
        works : sequence of Work
            One for each of them.

        Returns
        -------
        seconds : float
            From the begin of the first to the end of the last.

        Examples
        --------
        >>> from skhyper.search._pace import Pace, Work
        >>> pace = Pace(per_fit=0.5, per_epoch=0.1, per_structure=0.2)
        >>> round(pace.seconds([Work("small", 10), Work("large", 20)]), 1)
        10.0
        """
        seconds, behind = self.per_fit * len(works), 0
        for stop in sorted({work.n_epochs for work in works}):
            going = [work.structure for work in works if work.n_epochs >= stop]
            in_stacks = self.per_structure * len(set(going))
            seconds += (stop - behind) * (in_stacks + self.per_epoch * len(going))
            behind = stop
        return seconds


def pace_of(few: Timed, many: Timed) -> Pace:
    """Tell what the stacks take from what the candidates in them take.

    Parameters
    ----------
    few : Timed
        One candidate of each structure of `many`.
    many : Timed
        Several candidates of each structure; the pace is true to what they took.

    Returns
    -------
    pace : Pace
        The pace.
    """
    n, n_structures = many.n_candidates, many.n_structures
    per_structure = 0.0
    if n > n_structures:
        # A candidate alone in its stack takes per_epoch + per_structure.
        excess = (few.per_epoch - many.per_epoch) / (1 - n_structures / n)
        per_structure = min(max(excess, 0.0), many.per_epoch * n / n_structures)
    per_epoch = many.per_epoch - per_structure * n_structures / n
    return Pace(many.per_fit, max(per_epoch, 0.0), per_structure)
