"""PyTorch networks as scikit-learn estimators, and fast searches over them."""

from skhyper.estimators import (
    CNNClassifier,
    CNNRegressor,
    MLPClassifier,
    MLPRegressor,
)
from skhyper.search import GridSearchCV, RandomizedSearchCV
from skhyper.spaces import SearchSpace, presets

__all__ = [
    "CNNClassifier",
    "CNNRegressor",
    "GridSearchCV",
    "MLPClassifier",
    "MLPRegressor",
    "RandomizedSearchCV",
    "SearchSpace",
    "presets",
]

__version__ = "0.1.0"
