"""The weights that rows have from their classes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_sample_weight

from skhyper.exceptions import did_you_mean

__all__ = ["balanced_weight", "given_weight"]


def balanced_weight(y: NDArray[Any], y_train: NDArray[Any] | None) -> NDArray[Any]:
    """Weigh rows so that all classes of the training rows count the same.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Classes of the rows.
    y_train : ndarray of shape (n_train,) or (n_train, n_outputs), or None
        Classes of the training rows, None if these are the rows themselves.

    Returns
    -------
    weight : ndarray of shape (n_samples,)
        The weights.
    """
    if y_train is None:
        return compute_sample_weight("balanced", y)
    both = np.concatenate([y_train, y])
    train = np.arange(len(y_train))
    return compute_sample_weight("balanced", both, indices=train)[len(train) :]


def given_weight(
    name: str, weights: Mapping[Any, float], y: NDArray[Any], classes: NDArray[Any]
) -> NDArray[Any]:
    """Weigh rows as a dict says, by 1 where it says nothing.

    Parameters
    ----------
    name : str
        The estimator's class.
    weights : dict
        Weights by class.
    y : ndarray of shape (n_samples,)
        Classes of the rows.
    classes : ndarray of shape (n_classes,)
        All classes.

    Returns
    -------
    weight : ndarray of shape (n_samples,)
        The weights.

    Raises
    ------
    ValueError
        If there are weights for what is no class while a class has none: then it may
        be mistyped. Weights for further classes, beside those of all, are left alone,
        as some rows of a search may lack a class.
    """
    known = classes.tolist()
    unknown = [label for label in weights if label not in known]
    if unknown and any(label not in weights for label in known):
        wrong = "\n".join(
            f"The 'class_weight' parameter of {name} must have classes as its keys. "
            f"Got {label!r}, which is none of {known}.{did_you_mean(label, known)}"
            for label in unknown
        )
        raise ValueError(wrong)
    labels, index = np.unique(y, return_inverse=True)
    by_label = [float(weights.get(label, 1.0)) for label in labels.tolist()]
    return np.array(by_label)[index]
