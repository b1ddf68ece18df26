"""PyTorch networks as scikit-learn estimators, and fast searches over them.

Importing it registers joblib's backend "fused".
"""

from skhyper._version import __version__ as __version__
from skhyper.estimators import (
    CNNClassifier,
    CNNRegressor,
    HoldoutPipeline,
    MLPClassifier,
    MLPRegressor,
)
from skhyper.fused import FusedBackend
from skhyper.search import (
    ASHASearchCV,
    BayesSearchCV,
    GridSearchCV,
    HyperbandSearchCV,
    HyperoptSearchCV,
    OptunaSearchCV,
    RandomizedSearchCV,
    RayTuneSearchCV,
    nested_score,
)
from skhyper.spaces import SearchSpace, presets

__all__ = [
    "ASHASearchCV",
    "BayesSearchCV",
    "CNNClassifier",
    "CNNRegressor",
    "FusedBackend",
    "GridSearchCV",
    "HoldoutPipeline",
    "HyperbandSearchCV",
    "HyperoptSearchCV",
    "MLPClassifier",
    "MLPRegressor",
    "OptunaSearchCV",
    "RandomizedSearchCV",
    "RayTuneSearchCV",
    "SearchSpace",
    "nested_score",
    "presets",
]
