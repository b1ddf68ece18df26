"""The models of skopt, of which two that fail beside newer libraries are made to work.

skopt 0.10.2 cannot build its boosted trees nor its random search under a scikit-learn
that has estimator tags, and the trees predict by a function that numpy has removed.
"""

from inspect import signature
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.utils import RegressorTags, Tags
from skopt.learning import GradientBoostingQuantileRegressor

__all__ = ["ALIASES", "MODELS", "QuantileRegressor", "working_model"]

MODELS = ("GP", "ET", "RF", "GBRT", "dummy")
"""The models of skopt by their names, which may be written in any case."""

ALIASES = {"forest": "ET", "random": "dummy"}
"""Second names: skopt's function ``forest_minimize`` takes extra trees too."""


class QuantileRegressor(GradientBoostingQuantileRegressor):
    """The boosted trees of skopt: one regressor for each of three quantiles."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor"
        tags.regressor_tags = RegressorTags()
        return tags

    def predict(
        self, X: NDArray[Any], return_std: bool = False
    ) -> NDArray[Any] | tuple[NDArray[Any], NDArray[Any]]:
        """Predict the median, and half the distance between the outer quantiles.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Points.
        return_std : bool, default=False
            Whether to give the second of the two: the standard deviation, if the
            values spread normally and the quantiles are 0.16 and 0.84.

        Returns
        -------
        median : ndarray of shape (n_samples,)
            The median.
        std : ndarray of shape (n_samples,)
            The spread, if asked for.
        """
        low, median, high = (trees.predict(X) for trees in self.regressors_)
        return (median, (high - low) / 2) if return_std else median


def working_model(
    arguments: dict[str, Any], n_iter: int, random_state: RandomState
) -> dict[str, Any]:
    """Spell out the arguments of an Optimizer where skopt's own way fails.

    Parameters
    ----------
    arguments : dict
        Arguments of skopt's Optimizer.
    n_iter : int
        How many points it will be asked for.
    random_state : RandomState
        For the trees.

    Returns
    -------
    arguments : dict
        The same, but for the names "GBRT" and "dummy", the second names that models
        have, and a model without gradients, which is minimized by sampling.
    """
    name = arguments.get("base_estimator")
    if name is not None and not isinstance(name, str):
        predict = signature(name.predict).parameters
        by_gradient = arguments.get("acq_optimizer", "auto") != "auto"
        if by_gradient or "return_mean_grad" in predict:
            return arguments
        return {**arguments, "acq_optimizer": "sampling"}
    if name is not None:
        name = ALIASES.get(name.lower(), name).upper()
        arguments = {**arguments, "base_estimator": name}
    if name == "GBRT":
        trees = GradientBoostingRegressor(n_estimators=30, loss="quantile")
        seed = random_state.randint(np.iinfo(np.int32).max)
        model = QuantileRegressor(base_estimator=trees, random_state=seed)
        return {**arguments, "base_estimator": model}
    if name == "DUMMY":
        # Never fitted, because all points are initial ones, those counted that are
        # told provisionally within a batch.
        return {
            **arguments,
            "base_estimator": DummyRegressor(),
            "n_initial_points": 2 * n_iter + 1,
            "n_random_starts": None,
        }
    return arguments
