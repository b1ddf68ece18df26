"""Errors and warnings of the package, and the words that all of its errors share."""

import difflib
from collections.abc import Iterable

__all__ = [
    "FusionWarning",
    "StoreWarning",
    "TrainingDiverged",
    "did_you_mean",
    "nearest",
]


class FusionWarning(UserWarning):
    """Given once by a search some fits of which were trained one after the other.

    They had met others in joblib's backend "fused", but could not be stacked with them.
    Their results are the same, it only takes longer. ``fusion_report_`` of the search
    tells which fits they are, and why. There is no warning of a fit that is the only
    one at its time, as with one point and one split at a time, and none with
    ``fused=False``.

    Examples
    --------
    >>> from skhyper.exceptions import FusionWarning
    >>> issubclass(FusionWarning, UserWarning)
    True
    """


class StoreWarning(UserWarning):
    """Given where a training that ``memory`` keeps cannot be read, written or found.

    It goes on all the same: what cannot be read is trained again. Without a
    ``random_state`` no other fit finds what is kept.

    Examples
    --------
    >>> from skhyper.exceptions import StoreWarning
    >>> issubclass(StoreWarning, UserWarning)
    True
    """


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
    "acc": "accuracy",
    "alpha": "l2",
    "gpu": "cuda",
    "learning_rate": "lr",
    "learning_rate_init": "lr",
    "linear": "identity",
    "logistic": "sigmoid",
    "mae": "neg_mean_absolute_error",
    "max_iter": "max_epochs",
    "mse": "neg_mean_squared_error",
    "n_iter_no_change": "patience",
    "rmse": "neg_root_mean_squared_error",
    "solver": "optimizer",
    "swish": "silu",
}

# Letters from which on the beginning of a word stands for it.
SHORTEST_PART = 3


def did_you_mean(
    name: object, known: Iterable[object], place: str = "", rest: str = ""
) -> str:
    """Name the known word that is nearest to a mistyped or a foreign one.

    Parameters
    ----------
    name : object
        What was given. Anything but a string has no neighbour.
    known : iterable of object
        The words that would have been right, and things that are no words.
    place, rest : str, default=""
        What is to be written in front of them, and behind.

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
    >>> did_you_mean("nett", ["scale", "net"], rest="__sample_weight")
    " Did you mean 'net__sample_weight'?"
    """
    word = nearest(name, known)
    return "" if word is None else f" Did you mean {place + word + rest!r}?"


def nearest(name: object, known: Iterable[object]) -> str | None:
    """Find the known word that is nearest to a mistyped or a foreign one.

    Parameters
    ----------
    name : object
        What was given. Anything but a string has no neighbour.
    known : iterable of object
        The words that would have been right, and things that are no words.

    Returns
    -------
    word : str or None
        The word as it is spelled among the known ones, or None when nothing is near.

    Examples
    --------
    >>> from skhyper.exceptions import nearest
    >>> nearest("c", ["C", "gamma"])
    'C'
    >>> nearest("regular", ["optimizer", "regularization"])
    'regularization'
    """
    if not isinstance(name, str):
        return None
    lower = name.lower()
    spelled = {word.lower(): word for word in known if isinstance(word, str)}
    synonym = SYNONYMS.get(lower)
    if synonym in spelled:
        return spelled[synonym]
    matches = difflib.get_close_matches(lower, spelled, n=1)
    if not matches and len(lower) >= SHORTEST_PART:
        matches = [word for word in spelled if word.startswith(lower)]
    return spelled[matches[0]] if matches else None
