"""A search that says beforehand how much work it will be."""

from typing import Any

from sklearn.base import clone
from sklearn.utils import indexable

from skhyper._sklearn import BaseSearchCV, check_method_params
from skhyper.search._assembly import NO_REFIT
from skhyper.search._fold import splitter_of
from skhyper.search._plan import Plan
from skhyper.search._target import Parameters
from skhyper.search._timing import check_time, with_seconds

__all__ = ["PlannedSearch"]


class PlannedSearch(BaseSearchCV):
    """A search with a plan; not to be used by itself."""

    def _plan(self, parameters: Parameters, n_splits: int, refit: bool) -> Plan:
        """Foresee the work of one ``fit``, leaving ``random_state`` where it is."""
        raise NotImplementedError

    def plan(self, X: Any, y: Any = None, *, time: bool = False, **params: Any) -> Plan:
        """Say how much work ``fit`` would be.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data; without `time` they only serve to count the splits.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target.
        time : bool, default=False
            Whether to train a few candidates for a few epochs, as ``fit`` would train
            all of them, and to say how many seconds that foretells.
        **params : dict of str to object
            As for ``fit``; ``groups`` matters here.

        Returns
        -------
        plan : Plan
            Candidates, splits, fits, epochs and structures; with `time`, seconds.
            ``random_state`` is left where it was, and nothing is stored.

        Raises
        ------
        InvalidParameterError
            If an argument of the search is wrong, or `time` is no bool or True for a
            search whose candidates are evaluated elsewhere; it is a ValueError.
        TypeError
            If the space is none, the estimator is a class, or `X` has no rows.
        ValueError
            If a parameter to search does not exist, its domain cannot be read, `X` and
            `y` do not have equally many rows, or every fit of the miniature fails.
        """
        check_time(self, time)
        self._validate_params()
        X, y = indexable(X, y)
        routed = self._get_routed_params_for_fit(check_method_params(X, params=params))
        splitter = splitter_of(self, y)
        n_splits = splitter.get_n_splits(X, y, **routed.splitter.split)
        parameters = Parameters(clone(self.estimator))
        is_refitted = self.refit not in NO_REFIT
        plan = self._plan(parameters, n_splits, is_refitted)
        return with_seconds(self, plan, X, y, splitter, routed) if time else plan
