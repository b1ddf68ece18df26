"""PyTorch networks as scikit-learn estimators."""

from skhyper.estimators._cnn import CNNClassifier, CNNRegressor
from skhyper.estimators._holdout_pipeline import HoldoutPipeline
from skhyper.estimators._mlp import MLPClassifier, MLPRegressor
from skhyper.estimators._network import NeuralNetwork

__all__ = [
    "CNNClassifier",
    "CNNRegressor",
    "HoldoutPipeline",
    "MLPClassifier",
    "MLPRegressor",
    "NeuralNetwork",
]
