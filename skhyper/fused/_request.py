"""One run that is handed in, and the memory that runs need."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import nn

from skhyper.fused._report import Report
from skhyper.training import Data, NetState, Recipe, Start, Structure

__all__ = ["Footprint", "NetworkSize", "Request", "size_of"]

# Of the weights, while they are trained: gradients, two moments, scratch, the best.
COPIES = 6

# Of the rows: those that were handed in, and those that a stack reads.
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
    start : Outcome, NetState or None
        A run of the same structure whose last weights are the first here, or the state
        in which a run of this recipe was paused and goes on.
    report : Report or None
        What hears of its training.

    Attributes
    ----------
    holdings : dict of int to int
        Bytes of all that its training needs, more or less, by what holds them. The
        rows and what they were made from may be those of other requests too.

    Raises
    ------
    RuntimeError
        If there is no memory for its network.
    """

    recipe: Recipe
    data: Data
    start: Start = None
    report: Report | None = None
    holdings: dict[int, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # At once: what fails here is to fail before others count on the request.
        object.__setattr__(self, "holdings", self._measure())

    @property
    def paused(self) -> NetState | None:
        """The state that it goes on from, if it was paused."""
        return self.start if isinstance(self.start, NetState) else None

    @property
    def n_behind(self) -> int:
        """Epochs that it has behind it."""
        return len(self.paused.history) if self.paused else 0

    def _measure(self) -> dict[int, int]:
        structure, data = self.recipe.structure, self.data
        parts = [rows for rows in (data.train, data.valid) if rows is not None]
        sizes = {id(part): part.X.numel() * part.X.element_size() for part in parts}
        weights = COPIES * size_of(structure).n_weights * structure.dtype.itemsize
        return {
            id(self): weights,
            id(data.origin): sum(sizes.values()),
            **{part: COPIES_OF_ROWS * n_bytes for part, n_bytes in sizes.items()},
        }


class Footprint:
    """Bytes that requests need together: what several of them hold counts once.

    Parameters
    ----------
    requests : iterable of Request, default=()
        The first ones.
    """

    def __init__(self, requests: Iterable[Request] = ()) -> None:
        self.n_bytes = 0
        self._n_holders: Counter[int] = Counter()
        self._sizes: dict[int, int] = {}
        for request in requests:
            self.add(request)

    def add(self, request: Request) -> None:
        """Count a request."""
        for part, n_bytes in request.holdings.items():
            if not self._n_holders[part]:
                self.n_bytes += n_bytes
                self._sizes[part] = n_bytes
            self._n_holders[part] += 1

    def remove(self, request: Request) -> None:
        """Count a request no more."""
        for part in request.holdings:
            self._n_holders[part] -= 1
            if not self._n_holders[part]:
                # As it was counted: another holder may have taken it for larger.
                self.n_bytes -= self._sizes.pop(part)
                del self._n_holders[part]


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
