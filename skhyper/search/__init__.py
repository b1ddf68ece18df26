"""Searches over hyperparameters, built on one way of evaluating candidates."""

from skhyper.search._asha import ASHASearchCV
from skhyper.search._bayes import BayesSearchCV
from skhyper.search._candidate_ensemble import (
    CandidateEnsembleClassifier,
    CandidateEnsembleRegressor,
)
from skhyper.search._ensemble import (
    FoldEnsembleClassifier,
    FoldEnsembleRegressor,
)
from skhyper.search._grid import GridSearchCV
from skhyper.search._hyperband import HyperbandSearchCV
from skhyper.search._hyperopt import HyperoptSearchCV
from skhyper.search._nested import nested_score
from skhyper.search._optuna import OptunaSearchCV
from skhyper.search._plan import Plan
from skhyper.search._randomized import RandomizedSearchCV
from skhyper.search._ray import RayTuneSearchCV

__all__ = [
    "ASHASearchCV",
    "BayesSearchCV",
    "CandidateEnsembleClassifier",
    "CandidateEnsembleRegressor",
    "FoldEnsembleClassifier",
    "FoldEnsembleRegressor",
    "GridSearchCV",
    "HyperbandSearchCV",
    "HyperoptSearchCV",
    "OptunaSearchCV",
    "Plan",
    "RandomizedSearchCV",
    "RayTuneSearchCV",
    "nested_score",
]
