"""Convolutional nets as estimators."""

import math
from typing import Any, ClassVar

from torch import nn

from skhyper._sklearn import InvalidParameterError
from skhyper.estimators._classifier import NeuralClassifier
from skhyper.estimators._docs import documented
from skhyper.estimators._network import NeuralNetwork
from skhyper.estimators._parameters import (
    CLASSIFIER,
    CONSTRAINTS,
    MAPS,
    REGRESSOR,
    as_sizes,
)
from skhyper.estimators._regressor import NeuralRegressor
from skhyper.modules import CNN, cnn_mistakes

__all__ = ["CNNClassifier", "CNNRegressor"]


class _Convolutional(NeuralNetwork):
    """What the two convolutional nets share: their module and their samples."""

    family: ClassVar[str] = "cnn"

    structure_parameters: ClassVar[tuple[str, ...]] = (
        *NeuralNetwork.structure_parameters,
        "input_shape",
        "channels",
        "kernel_size",
        "pool",
    )

    def _module(self) -> tuple[type[nn.Module], dict[str, Any]]:
        return CNN, {
            "input_shape": self._sample_shape,
            "n_outputs": self._n_outputs,
            **self._maps(),
            **self._layers(),
        }

    def _maps(self) -> dict[str, Any]:
        return {
            "channels": as_sizes(self.channels),
            "kernel_size": as_sizes(self.kernel_size),
            "pool": as_sizes(self.pool),
        }

    def _module_mistakes(self) -> list[str]:
        # Where the samples' shape comes with X, maps of any size will do for now.
        shape = self.input_shape
        return [] if shape is None else self._mistakes_for(as_sizes(shape))

    def _mistakes_for(self, shape: Any) -> list[str]:
        return cnn_mistakes(
            type(self).__name__,
            input_shape=shape,
            **self._maps(),
            **self._layers(),
            dropout=self.dropout,
        )

    def _flatten(self, X: Any, *, reset: bool) -> Any:
        given = tuple(X.shape[1:]) if len(X.shape) > 2 else None
        if reset:
            self._learn_shape(given, X.shape)
        if given is None:
            if reset and len(X.shape) == 2:
                self._check_width(X.shape[1])
            return X
        # Images of one channel often come without the axis for it.
        if self._sample_shape not in (given, (1, *given)):
            raise ValueError(
                f"X has samples of shape {given}, but {type(self).__name__} is "
                f"expecting {self._sample_shape}. The first axis of a sample is that "
                "of its channels."
            )
        return X.reshape(len(X), math.prod(given))

    def _check_width(self, n_features: int) -> None:
        expected = math.prod(self._sample_shape)
        if n_features not in (0, expected):
            raise ValueError(
                f"X has {n_features} features, but {type(self).__name__} with "
                f"input_shape={self._sample_shape} is expecting {expected} in a row."
            )

    def _learn_shape(
        self, given: tuple[int, ...] | None, shape: tuple[int, ...]
    ) -> None:
        if self.input_shape is not None:
            self._sample_shape = as_sizes(self.input_shape)
        else:
            n_features = shape[1] if len(shape) == 2 else 1
            self._sample_shape = given or (1, max(1, n_features))
            if mistakes := self._mistakes_for(self._sample_shape):
                raise InvalidParameterError("\n".join(mistakes))


@documented()
class CNNClassifier(_Convolutional, NeuralClassifier):
    """Convolutional net that classifies, trained by skorch.

    Parameters
    ----------
    hidden_layer_sizes : int or tuple of int, default=(100,)
        Width of each hidden layer after the convolutions, at least 1; with an
        empty tuple the last map is read linearly.
    input_shape : tuple of int or None, default=None
        Shape of a sample: (channels, length), (channels, height, width) or
        (channels, depth, height, width). It decides between convolutions in one,
        two and three dimensions and lets flat rows come from transformers. None
        takes the shape from `X`; flat rows are then signals of one channel, and
        samples of two axes are signals of several. Images of one channel may leave
        out its axis where the shape is given.
    channels : int or tuple of int, default=(16, 32)
        Number of channels of each convolution, at least 1.
    kernel_size : int or tuple of int, default=3
        Size of the kernels, for all dimensions or one for each. Maps are padded
        with zeros to keep their size.
    pool : int, tuple of int, "auto" or None, default="auto"
        Window and stride of max pooling after each convolution. "auto" halves
        each dimension as long as it has two elements; a window larger than its
        map is refused.
    {activation}
    normalizer : {"batch", "layer", "instance", "group"} or None, default=None
        Normalization before each activation.
    n_groups : int, default=4
        Groups of ``normalizer="group"``; they must divide every number of
        channels and every width.
    {training}
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, which multiply those of their rows; "balanced"
        is inverse to the classes' frequencies.
    {machine}

    Attributes
    ----------
    {fitted}
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted; for multilabel targets the columns' numbers.

    See Also
    --------
    CNNRegressor : The same for targets that are numbers.
    MLPClassifier : Perceptrons for flat features.

    Notes
    -----
    The net has an output for each class and minimizes the cross-entropy, averaged
    over a batch by the rows' weights; for multilabel targets the mean of the
    labels' binary cross-entropies. On the CPU it trains in one thread; searches
    use the other cores for other fits.

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhyper import CNNClassifier
    >>> digits = load_digits()
    >>> images = digits.images[:500, None] / 16
    >>> images.shape
    (500, 1, 8, 8)
    >>> net = CNNClassifier(max_epochs=20, random_state=0)
    >>> net.fit(images, digits.target[:500]).score(images, digits.target[:500]) > 0.95
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = (
        CONSTRAINTS | MAPS | CLASSIFIER
    )

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        *,
        input_shape: tuple[int, ...] | None = None,
        channels: Any = (16, 32),
        kernel_size: Any = 3,
        pool: Any = "auto",
        activation: str = "relu",
        normalizer: str | None = None,
        n_groups: int = 4,
        dropout: float = 0.0,
        label_smoothing: float = 0.0,
        l1: float = 0.0,
        l2: float = 0.0,
        weight_decay: float = 0.0,
        optimizer: str = "adam",
        lr: float = 1e-3,
        momentum: float = 0.9,
        nesterov: bool = False,
        optimizer_params: dict[str, Any] | None = None,
        scheduler: str | None = None,
        scheduler_params: dict[str, Any] | None = None,
        max_epochs: int = 100,
        batch_size: int | str = "auto",
        early_stopping: bool | str = "auto",
        patience: int = 10,
        tol: float = 1e-4,
        validation_fraction: float = 0.1,
        restore_best: bool = True,
        class_weight: Any = None,
        callbacks: Any = None,
        device: str = "auto",
        precision: str = "auto",
        compile: bool = False,
        memory: Any = None,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self._keep(locals())


@documented(leave_out=("label_smoothing",))
class CNNRegressor(_Convolutional, NeuralRegressor):
    """Convolutional net that predicts numbers, trained by skorch.

    Parameters
    ----------
    hidden_layer_sizes : int or tuple of int, default=(100,)
        Width of each hidden layer after the convolutions, at least 1; with an
        empty tuple the last map is read linearly.
    input_shape : tuple of int or None, default=None
        Shape of a sample: (channels, length), (channels, height, width) or
        (channels, depth, height, width). It decides between convolutions in one,
        two and three dimensions and lets flat rows come from transformers. None
        takes the shape from `X`; flat rows are then signals of one channel, and
        samples of two axes are signals of several. Images of one channel may leave
        out its axis where the shape is given.
    channels : int or tuple of int, default=(16, 32)
        Number of channels of each convolution, at least 1.
    kernel_size : int or tuple of int, default=3
        Size of the kernels, for all dimensions or one for each. Maps are padded
        with zeros to keep their size.
    pool : int, tuple of int, "auto" or None, default="auto"
        Window and stride of max pooling after each convolution. "auto" halves
        each dimension as long as it has two elements; a window larger than its
        map is refused.
    {activation}
    normalizer : {"batch", "layer", "instance", "group"} or None, default=None
        Normalization before each activation.
    n_groups : int, default=4
        Groups of ``normalizer="group"``; they must divide every number of
        channels and every width.
    {training}
    scale_target : bool, default=True
        Whether the target is standardized for training. Predictions come back in
        its units; losses are in those of the standardized target.
    {machine}

    Attributes
    ----------
    {fitted}
    target_mean_, target_scale_ : ndarray of shape (n_outputs,)
        What the target is centred and divided by for training.

    See Also
    --------
    CNNClassifier : The same for targets that are classes.
    MLPRegressor : Perceptrons for flat features.

    Notes
    -----
    The net minimizes the squared error, averaged over the outputs and, by the
    rows' weights, over a batch. On the CPU it trains in one thread; searches use
    the other cores for other fits.

    References
    ----------
    {references}

    Examples
    --------
    >>> import numpy as np
    >>> from skhyper import CNNRegressor
    >>> phase = np.random.default_rng(0).uniform(0, 3, size=(200, 1))
    >>> signals = np.sin(phase + np.linspace(0, 6, 32))
    >>> net = CNNRegressor(input_shape=(1, 32), max_epochs=30, random_state=0)
    >>> net.fit(signals, phase[:, 0]).score(signals, phase[:, 0]) > 0.95
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = (
        CONSTRAINTS | MAPS | REGRESSOR
    )

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        *,
        input_shape: tuple[int, ...] | None = None,
        channels: Any = (16, 32),
        kernel_size: Any = 3,
        pool: Any = "auto",
        activation: str = "relu",
        normalizer: str | None = None,
        n_groups: int = 4,
        dropout: float = 0.0,
        l1: float = 0.0,
        l2: float = 0.0,
        weight_decay: float = 0.0,
        optimizer: str = "adam",
        lr: float = 1e-3,
        momentum: float = 0.9,
        nesterov: bool = False,
        optimizer_params: dict[str, Any] | None = None,
        scheduler: str | None = None,
        scheduler_params: dict[str, Any] | None = None,
        max_epochs: int = 100,
        batch_size: int | str = "auto",
        early_stopping: bool | str = "auto",
        patience: int = 10,
        tol: float = 1e-4,
        validation_fraction: float = 0.1,
        restore_best: bool = True,
        scale_target: bool = True,
        callbacks: Any = None,
        device: str = "auto",
        precision: str = "auto",
        compile: bool = False,
        memory: Any = None,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self._keep(locals())
