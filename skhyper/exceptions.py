"""Errors of the package, and the words that all of its errors share."""

import difflib
from collections.abc import Iterable

__all__ = ["TrainingDiverged", "did_you_mean"]


class TrainingDiverged(ValueError):
    """Raised when a loss or a weight stops being finite during training.

    A net in which that happened predicts nothing useful, so it never becomes a
    fitted estimator. Inside a search the candidate is given ``error_score``.

    Examples
    --------
    >>> from skhyper.exceptions import TrainingDiverged
    >>> issubclass(TrainingDiverged, ValueError)
    True
    """


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Name the known word that is nearest to a mistyped one.

    Parameters
    ----------
    name : object
        What was given. Anything but a string has no neighbour.
    known : iterable of str
        The words that would have been right.

    Returns
    -------
    hint : str
        A sentence that starts with a space, or an empty string when nothing is
        near.

    Examples
    --------
    >>> from skhyper.exceptions import did_you_mean
    >>> did_you_mean("adma", ["sgd", "adam", "adamw"])
    " Did you mean 'adam'?"
    >>> did_you_mean("newton", ["sgd", "adam", "adamw"])
    ''
    """
    if not isinstance(name, str):
        return ""
    matches = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {matches[0]!r}?" if matches else ""
