"""A Pipeline that keeps rows for early stopping from its transformers."""

from typing import Any, Self

from sklearn.pipeline import Pipeline
from sklearn.utils import indexable

from skhyper._sklearn import InvalidParameterError, fit_context
from skhyper.estimators._holdout import fit_with_holdout
from skhyper.estimators._network import NeuralNetwork
from skhyper.estimators._steps import last_steps

__all__ = ["HoldoutPipeline"]


class HoldoutPipeline(Pipeline):
    """A Pipeline that sets rows for early stopping aside before it is fitted.

    scikit-learn's Pipeline, but for ``fit``: if its last step is a network of this
    package that stops early, or a Pipeline that ends so, the rows that the network
    would set aside are left out where the transformers in front of it are fitted. They
    are then transformed as new rows would be. So they tell honestly when to stop, and
    what ``validation_scores_`` shows is not flattered. Validation rows that are given
    for the network are transformed likewise. The searches of this package fit every
    Pipeline so.

    Parameters
    ----------
    steps : list of tuple of (str, estimator)
        Names and steps, as in Pipeline.
    transform_input : list of str, default=None
        As in Pipeline.
    memory : str or object with the joblib.Memory interface, default=None
        Keeps the fitted transformers, as in Pipeline.
    verbose : bool, default=False
        As in Pipeline.

    Attributes
    ----------
    named_steps : Bunch
        The steps by their names.
    classes_ : ndarray of shape (n_classes,)
        The classes, of a classifier.
    n_features_in_ : int
        Number of features seen by the first step.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, if the first step knows them.

    See Also
    --------
    sklearn.pipeline.Pipeline : Fits the transformers on all rows.

    Examples
    --------
    Features without any meaning, of which those are selected that look best:

    >>> import numpy as np
    >>> from sklearn.feature_selection import SelectKBest
    >>> from skhyper import HoldoutPipeline, MLPClassifier
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(200, 2000)), np.arange(200) % 2
    >>> net = MLPClassifier(
    ...     early_stopping=True, validation_fraction=0.5, random_state=0
    ... )
    >>> honest = HoldoutPipeline([("select", SelectKBest(k=20)), ("net", net)])
    >>> honest.fit(X, y)[-1].validation_scores_[-1] < 0.65
    True
    """

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Fit the transformers and the network behind them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data, as the first step takes it.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target.
        **params : dict of str to object
            As for Pipeline: arguments of steps as ``step__argument``, or metadata that
            steps request. With `X_val` for the network no rows are set aside; these
            are transformed as new rows would be. Where metadata routing is enabled they
            are, as in Pipeline, if ``transform_input`` names them.

        Returns
        -------
        self : object
            The fitted Pipeline.

        Raises
        ------
        InvalidParameterError
            If the last step is no network, or the steps are no list of pairs; it is
            a ValueError.
        TypeError
            If a step in front of the last is no transformer, or an argument is none
            of the network's.
        ValueError
            If an argument is for a step that there is not, or the rows are too few to
            set some aside; or whatever a step raises.
        """
        *_, (_, last) = last_steps(self)
        if self.steps and not isinstance(last, NeuralNetwork):
            got = last if isinstance(last, str) else type(last).__name__
            remedy = "use scikit-learn's Pipeline for it"
            if isinstance(last, type):
                got, remedy = f"class {last.__name__}", f"write {last.__name__}()"
            raise InvalidParameterError(
                f"The 'steps' parameter of {type(self).__name__} must end in a network "
                "of skhyper, or in a Pipeline that does. Got "
                f"{got!r}; {remedy}."
            )
        X, y = indexable(X, y)
        fit_with_holdout(self, X, y, params, super().fit)
        return self

    # Searches do so themselves, but for a subclass that has another ``fit``.
    _sets_rows_aside = fit
