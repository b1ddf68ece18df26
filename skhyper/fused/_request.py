"""One run that is handed in."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import torch

from skhyper.fused._report import Report
from skhyper.training import Data, Outcome, Recipe, Structure

__all__ = ["Request", "parameter_count"]

# Of the weights, while they are trained: gradients, two moments, scratch, the best.
COPIES = 6

# Of the rows: those that the task has cut out, and those that a stack reads.
COPIES_OF_ROWS = 2


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
    report : Report or None
        What hears of its training.
    """

    recipe: Recipe
    data: Data
    start: Outcome | None = None
    report: Report | None = None

    @cached_property
    def n_bytes(self) -> int:
        """Bytes that its training needs, more or less."""
        structure = self.recipe.structure
        rows = [self.data.train.X, *([self.data.valid.X] if self.data.valid else [])]
        n_numbers = parameter_count(structure)
        # The weights, their gradients, the optimizer's state and the best weights.
        weights = COPIES * n_numbers * structure.dtype.itemsize
        n_bytes = sum(part.numel() * part.element_size() for part in rows)
        return weights + COPIES_OF_ROWS * n_bytes


@lru_cache(maxsize=256)
def parameter_count(structure: Structure) -> int:
    """Count the parameters of a network.

    Parameters
    ----------
    structure : Structure
        Its structure.

    Returns
    -------
    count : int
        Numbers in all of its parameters.
    """
    module = structure.module(
        **dict(structure.module_params), generator=torch.Generator()
    )
    return sum(parameter.numel() for parameter in module.parameters())
