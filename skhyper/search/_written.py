"""What is known of a candidate, in the words of JSON, for the records of an engine."""

import json
from dataclasses import fields
from typing import Any

from skhyper.search._candidate import Outcome
from skhyper.search._task import TaskResult

__all__ = ["read_outcome", "write_outcome"]

# All but what is known by its place, and what training goes on from.
WRITTEN = [
    field.name
    for field in fields(TaskResult)
    if field.name not in ("candidate", "split", "leg", "model")
]


def write_outcome(outcome: Outcome) -> str:
    """Write what is known of a candidate, but for its parameters.

    Parameters
    ----------
    outcome : Outcome
        The candidate.

    Returns
    -------
    text : str
        A text in JSON.
    """
    splits = [
        {name: getattr(result, name) for name in WRITTEN} for result in outcome.in_order
    ]
    return json.dumps({"notes": outcome.notes, "splits": splits}, default=_plain)


def read_outcome(
    text: str, params: dict[str, Any], n_splits: int, number: int
) -> Outcome | None:
    """Read what was written of a candidate.

    Parameters
    ----------
    text : str
        What was written.
    params : dict of str to object
        Its parameters.
    n_splits : int
        Splits of the search.
    number : int
        Its place among the candidates.

    Returns
    -------
    outcome : Outcome or None
        The candidate; None if it was evaluated on another number of splits.
    """
    known = json.loads(text)
    if len(known["splits"]) != n_splits:
        return None
    outcome = Outcome(params, n_splits, number, notes=known["notes"], was_read=True)
    for split, written in enumerate(known["splits"]):
        outcome.record(TaskResult(number, split, **written))
    return outcome


def _plain(value: Any) -> Any:
    """Turn a number of numpy into one that JSON knows."""
    return value.item()
