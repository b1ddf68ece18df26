"""Numbers that depend on the step, counted once for all lanes of equal knobs."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from torch import Tensor

__all__ = ["Numbers", "Series"]

Numbers = np.ndarray[Any, np.dtype[Any]]

AHEAD = 64


class Series:
    """Numbers of each step, counted in Python as torch's optimizers count them.

    ``numpy`` takes powers of its own, which need not have the bits of Python's.

    Parameters
    ----------
    count : callable
        Gives the numbers of the first step, the second and so on, called with the
        knobs of a lane.
    knobs : sequence of numpy.ndarray of shape (n_lanes,)
        The knobs that they depend on.
    """

    def __init__(
        self,
        count: Callable[..., Iterator[tuple[float, ...]]],
        knobs: Sequence[Numbers],
    ) -> None:
        lanes = list(zip(*(knob.tolist() for knob in knobs), strict=True))
        places = {lane: place for place, lane in enumerate(dict.fromkeys(lanes))}
        self.place = np.array([places[lane] for lane in lanes])
        self.running = [count(*lane) for lane in places]
        self.first = 1
        self.counted: Numbers | None = None

    def at(self, steps: Numbers, lanes: slice | int) -> Numbers:
        """Look up the numbers of some lanes.

        Parameters
        ----------
        steps : numpy.ndarray of int64 of shape (n_lanes,)
            The step, from 1, that each lane of all is at.
        lanes : slice or int
            Which to look up.

        Returns
        -------
        numbers : numpy.ndarray of float64 of shape (n_numbers, n_looked_up)
            The numbers.
        """
        place, step = self.place[lanes], steps[lanes]
        last = int(step.max())
        while self.counted is None or last >= self.first + self.counted.shape[1]:
            self._count_on(max(1, int(steps.min())))
        numbers: Numbers = self.counted[place, step - self.first].T
        return numbers

    def keep(self, lanes: Tensor) -> None:
        """Go on with some of the lanes.

        Parameters
        ----------
        lanes : torch.Tensor of int64 of shape (n_kept,)
            Their numbers.
        """
        self.place = self.place[lanes.numpy(force=True)]

    def _count_on(self, first: int) -> None:
        more = np.array([list(islice(numbers, AHEAD)) for numbers in self.running])
        if self.counted is not None:
            n_past = min(first - self.first, self.counted.shape[1])
            more = np.concatenate([self.counted[:, n_past:], more], 1)
            self.first += n_past
        self.counted = more
