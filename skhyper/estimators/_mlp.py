"""Multilayer perceptrons as estimators."""

from typing import Any, ClassVar

from torch import nn

from skhyper.estimators._classifier import NeuralClassifier
from skhyper.estimators._docs import documented
from skhyper.estimators._network import NeuralNetwork
from skhyper.estimators._parameters import CLASSIFIER, CONSTRAINTS, REGRESSOR
from skhyper.estimators._regressor import NeuralRegressor
from skhyper.modules import MLP, mlp_mistakes

__all__ = ["MLPClassifier", "MLPRegressor"]


class _Perceptron(NeuralNetwork):
    """What the two perceptrons share: their module."""

    family: ClassVar[str] = "mlp"

    def _module(self) -> tuple[type[nn.Module], dict[str, Any]]:
        return MLP, {
            "n_features": self.n_features_in_,
            "n_outputs": self._n_outputs,
            **self._layers(),
        }

    def _module_mistakes(self) -> list[str]:
        return mlp_mistakes(type(self).__name__, **self._layers(), dropout=self.dropout)


@documented()
class MLPClassifier(_Perceptron, NeuralClassifier):
    """Multilayer perceptron that classifies, trained by skorch.

    Parameters
    ----------
    hidden_layer_sizes : int or tuple of int, default=(100,)
        Width of each hidden layer, at least 1; an empty tuple makes a linear
        model.
    {activation}
    normalizer : {"batch", "layer", "group"} or None, default=None
        Normalization before each activation. Instance normalization is undefined
        for flat features and refused.
    n_groups : int, default=4
        Groups of ``normalizer="group"``; they must divide every width.
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
    MLPRegressor : The same for targets that are numbers.
    CNNClassifier : Convolutional nets for signals, images and volumes.
    sklearn.neural_network.MLPClassifier : The perceptron of scikit-learn.

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
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skhyper import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> net = make_pipeline(StandardScaler(), MLPClassifier(random_state=0))
    >>> net.fit(X, y).score(X, y) > 0.95
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS | CLASSIFIER

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        *,
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
class MLPRegressor(_Perceptron, NeuralRegressor):
    """Multilayer perceptron that predicts numbers, trained by skorch.

    Parameters
    ----------
    hidden_layer_sizes : int or tuple of int, default=(100,)
        Width of each hidden layer, at least 1; an empty tuple makes a linear
        model.
    {activation}
    normalizer : {"batch", "layer", "group"} or None, default=None
        Normalization before each activation. Instance normalization is undefined
        for flat features and refused.
    n_groups : int, default=4
        Groups of ``normalizer="group"``; they must divide every width.
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
    MLPClassifier : The same for targets that are classes.
    CNNRegressor : Convolutional nets for signals, images and volumes.
    sklearn.neural_network.MLPRegressor : The perceptron of scikit-learn.

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
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skhyper import MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = make_pipeline(StandardScaler(), MLPRegressor(random_state=0))
    >>> net.fit(X, y).score(X, y) > 0.5
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS | REGRESSOR

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        *,
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
