"""One run that is handed in."""

from dataclasses import dataclass

from skhyper.training import Data, Outcome, Recipe

__all__ = ["Request"]


@dataclass(frozen=True, eq=False)
class Request:
    """One run that is handed in.

    Parameters
    ----------
    recipe : Recipe
        What to train.
    data : Data
        What to train on.
    start : Outcome or None
        A run of the same structure whose last weights are the first here.
    """

    recipe: Recipe
    data: Data
    start: Outcome | None = None
