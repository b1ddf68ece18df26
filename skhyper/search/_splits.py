"""What every split of rows has to be."""

import reprlib
from collections.abc import Collection, Iterator, Mapping, Sequence, Set

import numpy as np

__all__ = ["check_splits", "mistakes_in_splits"]

RULE = (
    "a pair for each split: the rows to train on and the rows to score, some of each, "
    "by their numbers or as a mask"
)


def mistakes_in_splits(owner: str, argument: str, splits: object) -> Iterator[str]:
    """Say which split is no pair of rows, whatever the data.

    Parameters
    ----------
    owner : str
        Whose argument it is.
    argument : str
        The argument's name.
    splits : object
        A list, tuple or array of splits; what else splits is not looked at.

    Yields
    ------
    mistake : str
        A sentence for the first of them.
    """
    if not isinstance(splits, list | tuple | np.ndarray):
        return
    for split in np.atleast_1d(splits) if isinstance(splits, np.ndarray) else splits:
        # An iterator can be read but once, and that is not now.
        if not isinstance(split, Iterator) and _mistake(split) is not None:
            yield (
                f"The {argument!r} parameter of {owner} must hold {RULE}. Got "
                f"{reprlib.repr(split)} for a split instead."
            )
            return


def check_splits(splits: Sequence[object], n_rows: int) -> None:
    """Check that each split is a pair of rows that there are.

    Parameters
    ----------
    splits : sequence of object
        What a splitter has given.
    n_rows : int
        How many rows there are.

    Raises
    ------
    ValueError
        If one is not.
    """
    for number, split in enumerate(splits):
        mistake = _mistake(split, n_rows)
        if mistake is not None:
            raise ValueError(
                f"cv.split must give {RULE}. X has {n_rows} rows, and there {mistake} "
                f"in split {number}."
            )


def _mistake(split: object, n_rows: int | None = None) -> str | None:
    """Say what is wrong with a split; without a number of rows, what is in any case."""
    is_odd = isinstance(split, str | Mapping | Set)
    if is_odd or not isinstance(split, Collection) or len(split) != 2:
        return f"is {reprlib.repr(split)}"
    mistakes = [_mistake_in_part(part, n_rows) for part in split]
    return next((mistake for mistake in mistakes if mistake is not None), None)


def _mistake_in_part(part: object, n_rows: int | None) -> str | None:
    try:
        rows = np.asarray(part)
    except ValueError:
        return f"is {reprlib.repr(part)}"
    kind = rows.dtype.kind
    numbers = np.flatnonzero(rows) if kind == "b" else rows
    if rows.ndim == 1 and not numbers.size:
        return "are none"
    if rows.ndim != 1 or kind not in "iub":
        return f"is {reprlib.repr(rows.tolist())}"
    if n_rows is None:
        return None
    if kind == "b" and len(rows) != n_rows:
        return f"is a mask of {len(rows)}"
    beyond = numbers[(numbers < -n_rows) | (numbers >= n_rows)]
    return f"is row {beyond[0]}" if beyond.size else None
