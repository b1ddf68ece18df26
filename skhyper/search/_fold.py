"""The rows of a split, cut out once for all tasks that use them at the same time."""

import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.model_selection import check_cv

from skhyper._sklearn import BaseSearchCV, array_device, get_namespace, safe_split
from skhyper.estimators import NeuralNetwork
from skhyper.search._splits import check_splits

__all__ = ["Cut", "Fold", "make_folds", "splitter_of"]


@dataclass(frozen=True, eq=False)
class Cut:
    """Rows to fit on and rows to score on.

    Parameters
    ----------
    X_train, X_test : array-like of shape (n_samples, n_features)
        Features.
    y_train, y_test : array-like of shape (n_samples,) or None
        Target.
    """

    X_train: Any
    y_train: Any
    X_test: Any
    y_test: Any


class Fold:
    """One split of the rows of a search.

    Parameters
    ----------
    train, test : array-like of int
        Numbers of the rows to fit on and to score on.
    """

    def __init__(self, train: Any, test: Any) -> None:
        self.train = train
        self.test = test
        self._lock = threading.Lock()
        self._last: weakref.ref[Cut] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Fold, (self.train, self.test)

    def indices(self, X: Any) -> tuple[Any, Any]:
        """Give the numbers of the rows in the library, and on the device, of `X`."""
        xp, _ = get_namespace(X)
        device = array_device(X)
        train = xp.asarray(self.train, device=device)
        return train, xp.asarray(self.test, device=device)

    def cut(self, estimator: BaseEstimator, X: Any, y: Any) -> Cut:
        """Cut the rows out, or give those that another task has cut out.

        Parameters
        ----------
        estimator : estimator object
            What they are for. Only a network shares them: what other estimators do to
            their rows is theirs to know.
        X, y : array-like
            All rows, the same in each call.

        Returns
        -------
        cut : Cut
            The rows, as scikit-learn's searches cut them out.
        """
        if not isinstance(estimator, NeuralNetwork):
            return self._cut(estimator, X, y)
        with self._lock:
            cut = None if self._last is None else self._last()
            if cut is None:
                cut = self._cut(estimator, X, y)
                for part in vars(cut).values():
                    if isinstance(part, np.ndarray):
                        part.flags.writeable = False
                self._last = weakref.ref(cut)
            return cut

    def _cut(self, estimator: BaseEstimator, X: Any, y: Any) -> Cut:
        train, test = self.indices(X)
        return Cut(
            *safe_split(estimator, X, y, train),
            *safe_split(estimator, X, y, test, train),
        )


def splitter_of(search: BaseSearchCV, y: Any) -> Any:
    """Read the ``cv`` of a search.

    Parameters
    ----------
    search : BaseSearchCV
        An iterator that it has for ``cv`` is read once and kept, so that ``plan``
        leaves it to ``fit``.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs) or None
        Target.

    Returns
    -------
    splitter : cross-validation splitter
        What splits.
    """
    cv = search.cv
    if isinstance(cv, Iterator):
        read, splits = vars(search).get("_cv_read", (None, []))
        if read is not cv:
            splits = list(cv)
            search._cv_read = (cv, splits)
        cv = splits
    return check_cv(cv, y, classifier=is_classifier(search.estimator))


def make_folds(splitter: Any, X: Any, y: Any, params: dict[str, Any]) -> list[Fold]:
    """Split once: all candidates are judged on the same rows.

    Parameters
    ----------
    splitter : cross-validation splitter
        What splits.
    X, y : array-like
        All rows.
    params : dict of str to object
        Further arguments of the splitter.

    Returns
    -------
    folds : list of Fold
        One for each split.

    Raises
    ------
    ValueError
        If there are other splits than the splitter says, or one is no pair of rows
        that there are.
    """
    n_splits = splitter.get_n_splits(X, y, **params)
    splits = [
        tuple(split) if isinstance(split, Iterator) else split
        for split in splitter.split(X, y, **params)
    ]
    if len(splits) != n_splits:
        raise ValueError(
            "cv.split and cv.get_n_splits return inconsistent results. Expected "
            f"{n_splits} splits, got {len(splits)}"
        )
    check_splits(splits, X.shape[0] if hasattr(X, "shape") else len(X))
    return [Fold(train, test) for train, test in splits]
