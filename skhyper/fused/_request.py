"""One run that is handed in."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import torch
from torch import nn

from skhyper.fused._report import Report
from skhyper.training import Data, Outcome, Recipe, Structure

__all__ = ["NetworkSize", "Request", "size_of"]

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
        # The weights, their gradients, the optimizer's state and the best weights.
        weights = COPIES * size_of(structure).n_weights * structure.dtype.itemsize
        n_bytes = sum(part.numel() * part.element_size() for part in rows)
        return weights + COPIES_OF_ROWS * n_bytes


class NetworkSize(NamedTuple):
    """How large a network is.

    Parameters
    ----------
    n_weights : int
        Numbers in all of its parameters.
    n_values : int
        Inputs and outputs of its linear layers, for one row.
    """

    n_weights: int
    n_values: int


@lru_cache(maxsize=256)
def size_of(structure: Structure) -> NetworkSize:
    """Tell how large the networks of a structure are.

    Parameters
    ----------
    structure : Structure
        The structure.

    Returns
    -------
    size : NetworkSize
        Their size.
    """
    module = structure.module(
        **dict(structure.module_params), generator=torch.Generator()
    )
    layers = [layer for layer in module.modules() if isinstance(layer, nn.Linear)]
    return NetworkSize(
        sum(parameter.numel() for parameter in module.parameters()),
        sum(layer.in_features + layer.out_features for layer in layers),
    )
