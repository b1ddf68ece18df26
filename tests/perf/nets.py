"""The same nets by skhyper, skorch, scikit-learn and torch alone."""

from typing import Any, NamedTuple

import numpy as np
import skorch
import torch
from sklearn.neural_network import MLPClassifier as SklearnMLP
from skorch.callbacks import EarlyStopping
from skorch.dataset import ValidSplit
from torch import nn

from skhyper import CNNClassifier, MLPClassifier

LR, MOMENTUM = 0.05, 0.9
DROPOUT, VALIDATION_FRACTION, TOL = 0.2, 0.1, 1e-4
IMAGE_SIDE, IMAGE_CLASSES, IMAGE_BATCH = 28, 10, 64
CHANNELS, HEAD = (16, 32), 100


class Shape(NamedTuple):
    """A net and its batches."""

    n_features: int
    width: int
    n_classes: int
    batch_size: int

    def __str__(self) -> str:
        layers = f"{self.n_features}-{self.width}-{self.n_classes}"
        return f"{layers}, batch {self.batch_size}"


def make_data(shape: Shape, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw rows of as many classes as the shape has."""
    rng = np.random.default_rng(0)
    y = np.arange(n_rows) % shape.n_classes
    centres = rng.normal(size=(shape.n_classes, shape.n_features))
    X = centres[y] + rng.normal(size=(n_rows, shape.n_features))
    return X.astype(np.float32), y


def build(shape: Shape) -> nn.Sequential:
    """Build the net out of torch's layers."""
    return nn.Sequential(
        nn.Linear(shape.n_features, shape.width),
        nn.ReLU(),
        nn.Linear(shape.width, shape.n_classes),
    )


def skhyper_net(shape: Shape, epochs: int, device: str = "cpu") -> MLPClassifier:
    """Set up our estimator."""
    return MLPClassifier(
        (shape.width,),
        optimizer="sgd",
        lr=LR,
        momentum=MOMENTUM,
        batch_size=shape.batch_size,
        max_epochs=epochs,
        device=device,
        random_state=0,
    )


def skorch_net(
    shape: Shape, epochs: int, device: str = "cpu"
) -> skorch.NeuralNetClassifier:
    """Set up skorch's estimator as its documentation does."""
    return _skorch(
        build(shape),
        optimizer=torch.optim.SGD,
        optimizer__momentum=MOMENTUM,
        batch_size=shape.batch_size,
        max_epochs=epochs,
        device=device,
    )


def sklearn_net(shape: Shape, epochs: int) -> SklearnMLP:
    """Set up scikit-learn's estimator with the same steps."""
    return SklearnMLP(
        (shape.width,),
        solver="sgd",
        learning_rate_init=LR,
        momentum=MOMENTUM,
        nesterovs_momentum=False,
        alpha=0.0,
        batch_size=shape.batch_size,
        max_iter=epochs,
        tol=0.0,
        n_iter_no_change=epochs + 1,
        random_state=0,
    )


def bare_loop(
    shape: Shape,
    epochs: int,
    X: np.ndarray,
    y: np.ndarray,
    lr: float = LR,
    device: str = "cpu",
) -> nn.Module:
    """Train by hand, as a user of torch without a library would."""
    net = build(shape).to(device)
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=MOMENTUM)
    loss_function = nn.CrossEntropyLoss()
    rows, target = torch.from_numpy(X).to(device), torch.from_numpy(y).to(device)
    for _ in range(epochs):
        order = torch.randperm(len(rows), device=device)
        for start in range(0, len(rows), shape.batch_size):
            batch = order[start : start + shape.batch_size]
            optimizer.zero_grad()
            loss = loss_function(net(rows[batch]), target[batch])
            loss.backward()
            optimizer.step()
    return net


def accuracy(net: nn.Module, X: np.ndarray, y: np.ndarray) -> float:
    """Give the share of rows whose class a net finds."""
    device = next(net.parameters()).device
    with torch.no_grad():
        scores = net(torch.from_numpy(X).to(device))
    return float((scores.argmax(1).cpu().numpy() == y).mean())


def skhyper_regularized(shape: Shape, epochs: int, device: str) -> MLPClassifier:
    """Set up our estimator with all that keeps a net from overfitting.

    The patience lasts to the end, so that everyone takes as many steps.
    """
    return skhyper_net(shape, epochs, device).set_params(
        normalizer="batch",
        dropout=DROPOUT,
        optimizer="adam",
        early_stopping=True,
        patience=epochs,
        tol=TOL,
        validation_fraction=VALIDATION_FRACTION,
    )


def skorch_regularized(
    shape: Shape, epochs: int, device: str
) -> skorch.NeuralNetClassifier:
    """Set up skorch's estimator with the same parts."""
    stopping = EarlyStopping(
        patience=epochs,
        threshold=TOL,
        threshold_mode="abs",
        load_best=True,
    )
    return _skorch(
        nn.Sequential(
            nn.Linear(shape.n_features, shape.width),
            nn.BatchNorm1d(shape.width),
            nn.ReLU(),
            nn.Dropout(DROPOUT),
            nn.Linear(shape.width, shape.n_classes),
        ),
        optimizer=torch.optim.Adam,
        batch_size=shape.batch_size,
        max_epochs=epochs,
        train_split=ValidSplit(VALIDATION_FRACTION, stratified=True, random_state=0),
        callbacks=[("stopping", stopping)],
        device=device,
    )


def skhyper_cnn(epochs: int, device: str) -> CNNClassifier:
    """Set up our convolutional estimator."""
    return CNNClassifier(
        (HEAD,),
        input_shape=(1, IMAGE_SIDE, IMAGE_SIDE),
        channels=CHANNELS,
        optimizer="sgd",
        lr=LR,
        momentum=MOMENTUM,
        batch_size=IMAGE_BATCH,
        max_epochs=epochs,
        device=device,
        random_state=0,
    )


def skorch_cnn(epochs: int, device: str) -> skorch.NeuralNetClassifier:
    """Set up skorch's estimator with the same layers."""
    first, second = CHANNELS
    return _skorch(
        nn.Sequential(
            nn.Conv2d(1, first, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(first, second, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(second * (IMAGE_SIDE // 4) ** 2, HEAD),
            nn.ReLU(),
            nn.Linear(HEAD, IMAGE_CLASSES),
        ),
        optimizer=torch.optim.SGD,
        optimizer__momentum=MOMENTUM,
        batch_size=IMAGE_BATCH,
        max_epochs=epochs,
        device=device,
    )


def _skorch(module: nn.Module, **arguments: Any) -> skorch.NeuralNetClassifier:
    """Set up skorch's estimator; by default it has no validation rows."""
    return skorch.NeuralNetClassifier(
        module,
        **{
            "criterion": nn.CrossEntropyLoss,
            "lr": LR,
            "iterator_train__shuffle": True,
            "train_split": None,
            "verbose": 0,
            **arguments,
        },
    )
