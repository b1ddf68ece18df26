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


# What other libraries call it, where the spelling is too far away to be guessed.
SYNONYMS = {
    "alpha": "l2",
    "gpu": "cuda",
    "learning_rate": "lr",
    "learning_rate_init": "lr",
    "linear": "identity",
    "logistic": "sigmoid",
    "max_iter": "max_epochs",
    "n_iter_no_change": "patience",
    "solver": "optimizer",
    "swish": "silu",
}


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Name the known word that is nearest to a mistyped or a foreign one.

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
    >>> did_you_mean("swish", ["relu", "mish", "silu"])
    " Did you mean 'silu'?"
    >>> did_you_mean("newton", ["sgd", "adam", "adamw"])
    ''
    """
    if not isinstance(name, str):
        return ""
    words, lower = list(known), name.lower()
    synonym = SYNONYMS.get(lower)
    if synonym in words:
        return f" Did you mean {synonym!r}?"
    matches = difflib.get_close_matches(lower, words, n=1)
    return f" Did you mean {matches[0]!r}?" if matches else ""
