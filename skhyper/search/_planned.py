"""A search that says beforehand how much work it will be."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sklearn.base import clone
from sklearn.utils import indexable

from skhyper._constraints import mistakes_in_values, refuse
from skhyper._sklearn import BaseSearchCV, check_method_params
from skhyper.search._arguments import mistakes_in_arguments
from skhyper.search._assembly import NO_REFIT
from skhyper.search._fit_arguments import check_fit_arguments
from skhyper.search._fold import splitter_of
from skhyper.search._plan import Plan
from skhyper.search._refit import check_refit, mistakes_in_refit
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
            If a part of the space is none, `X` has no rows, there is an argument that
            the estimator's ``fit`` does not take, or neither a ``score`` nor a scoring.
        ValueError
            If a parameter to search does not exist, its domain cannot be read, the best
            cannot be refitted as `refit` and `refit_epochs` say, `X` and `y` do not
            have equally many rows, or every fit of the miniature fails.
        """
        check_time(self, time)
        self._validate_params()
        self._get_scorers()
        X, y = indexable(X, y)
        check_fit_arguments(self, "plan", X, params)
        routed = self._get_routed_params_for_fit(check_method_params(X, params=params))
        splitter = splitter_of(self, y)
        n_splits = splitter.get_n_splits(X, y, **routed.splitter.split)
        parameters = Parameters(clone(self.estimator))
        check_refit(self, parameters, n_splits)
        is_refitted = self.refit not in NO_REFIT
        plan = self._plan(parameters, n_splits, is_refitted)
        plan = replace(plan, max_time=self.max_time)
        return with_seconds(self, plan, X, y, splitter, routed) if time else plan

    def _validate_params(self) -> None:
        """Refuse all arguments that break the rules for them in one message."""
        values = mistakes_in_values(type(self), self.get_params(deep=False))
        refuse([*values, *self._mistakes_in_values()])
        refuse(self._mistakes_in_combinations())

    def _mistakes_in_values(self) -> Iterator[str]:
        """Say what breaks rules by itself for which scikit-learn has no grammar."""
        yield from mistakes_in_arguments(self)
        yield from mistakes_in_refit(self)

    def _mistakes_in_combinations(self) -> Iterator[str]:
        """Say which arguments do not go together, each right by itself."""
        yield from ()
