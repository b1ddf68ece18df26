"""The multilayer perceptron."""

from collections.abc import Sequence

import torch

from skhyper.modules._activations import ACTIVATIONS
from skhyper.modules._checks import Mistakes, as_ints, is_int
from skhyper.modules._dropout import Dropout
from skhyper.modules._layers import LayerStack, NamedLayer, draw_layer
from skhyper.modules._linear import Linear
from skhyper.modules._normalizers import (
    NORMALIZERS,
    check_normalizer,
    make_normalizer,
    vector_normalizer,
)


def check_dense(
    mistakes: Mistakes,
    hidden_layer_sizes: int | Sequence[int],
    activation: str,
    normalizer: str | None,
    n_groups: int,
    dropout: float,
) -> None:
    """Note what is wrong with the arguments of dense layers."""
    widths = as_ints(hidden_layer_sizes)
    if widths is None:
        mistakes.add(
            "hidden_layer_sizes",
            "an int >= 1 or a tuple of such ints, () for a linear model",
            hidden_layer_sizes,
        )
    mistakes.check_name("activation", activation, ACTIVATIONS)
    mistakes.check_int("n_groups", n_groups)
    mistakes.check_probability("dropout", dropout)
    if widths is not None and is_int(n_groups):
        for i, width in enumerate(widths):
            check_normalizer(
                mistakes, normalizer, n_groups, f"hidden_layer_sizes[{i}]", width
            )


def mlp_mistakes(
    owner: str,
    *,
    hidden_layer_sizes: int | Sequence[int] = (100,),
    activation: str = "relu",
    normalizer: str | None = None,
    n_groups: int = 4,
    dropout: float = 0.0,
) -> list[str]:
    """Say what is wrong with the arguments of an :class:`MLP`.

    Parameters
    ----------
    owner : str
        Name of the class that the sentences are about.
    hidden_layer_sizes, activation, normalizer, n_groups, dropout : object
        As in :class:`MLP`.

    Returns
    -------
    list of str
        A message for each mistake; empty where there is none.

    Examples
    --------
    >>> from skhyper.modules import mlp_mistakes
    >>> print(*mlp_mistakes("MLPClassifier", dropout=1.5))
    The 'dropout' parameter of MLPClassifier must be a float in [0, 1). Got 1.5.
    """
    mistakes = Mistakes(owner)
    if normalizer == "instance":
        mistakes.add(
            "normalizer",
            "None, 'batch', 'layer' or 'group'",
            normalizer,
            "A hidden unit has a single value in each sample, which has no variance. "
            "Pass normalizer='layer' to normalize over the units of a layer.",
        )
    elif normalizer is not None:
        known = [name for name in NORMALIZERS if vector_normalizer(name)]
        mistakes.check_name("normalizer", normalizer, known, also="None or ")
    check_dense(
        mistakes,
        hidden_layer_sizes,
        activation,
        vector_normalizer(normalizer),
        n_groups,
        dropout,
    )
    return mistakes


def dense_layers(
    n_features: int,
    n_outputs: int,
    hidden_layer_sizes: int | Sequence[int],
    activation: str,
    normalizer: str | None,
    n_groups: int,
    dropout: float,
    dtype: torch.dtype | None,
    generator: torch.Generator | None,
) -> list[NamedLayer]:
    """Make the hidden layers and the output layer of a network."""
    layers: list[NamedLayer] = []
    widths = as_ints(hidden_layer_sizes) or ()
    for i, width in enumerate(widths):
        linear = draw_layer(Linear, n_features, width, generator=generator, dtype=dtype)
        layers.append((f"hidden{i}", linear))
        if normalizer is not None:
            norm = make_normalizer(normalizer, width, (), n_groups, dtype)
            layers.append((f"normalizer{i}", norm))
        layers.append((f"activation{i}", ACTIVATIONS[activation]()))
        layers.append((f"dropout{i}", Dropout(dropout)))
        n_features = width
    output = draw_layer(Linear, n_features, n_outputs, generator=generator, dtype=dtype)
    return [*layers, ("output", output)]


class MLP(LayerStack):
    r"""Multilayer perceptron.

    Each hidden layer is a linear map, followed by a normalization, an activation
    and dropout; a last linear map makes the outputs. The network is a
    :class:`torch.nn.Sequential` of layers named ``hidden0``, ``normalizer0``,
    ``activation0``, ``dropout0``, ``hidden1``, ... and ``output``.

    Parameters
    ----------
    n_features : int
        Number of input features, at least 1.
    n_outputs : int
        Number of outputs, at least 1.
    hidden_layer_sizes : int or tuple of int, default=(100,)
        Width of each hidden layer, at least 1. An int makes one hidden layer, an
        empty tuple a linear model.
    activation : str, default='relu'
        Name of the activation: 'relu', 'leaky_relu', 'elu', 'selu', 'gelu',
        'silu', 'mish', 'tanh', 'sigmoid' or 'identity'.
    normalizer : {'batch', 'layer', 'group'} or None, default=None
        Normalization of each hidden layer, in front of its activation: over the
        batch [1]_, over the units of the layer [2]_ or over groups of units [3]_.
        Instance normalization is undefined here, as a unit has a single value in
        each sample.
    n_groups : int, default=4
        Number of groups of group normalization. It must divide every width into
        groups of at least two units, and counts for ``normalizer='group'`` only.
    dropout : float, default=0.0
        Probability in [0, 1) that the output of a hidden unit is set to zero while
        training [4]_.
    dtype : torch.dtype or None, default=None
        Floating-point type of the parameters; None means torch's default. The
        initial weights are drawn in float32 and then converted, so that networks
        of all types start from the same point.
    generator : torch.Generator or None, default=None
        Generator of the CPU that the initial weights are drawn from, by torch's
        own scheme for its layers. None means torch's global state; with a
        generator, the global state is neither read nor changed.

    Raises
    ------
    ValueError
        If an argument is of a wrong type, out of its range or unknown, or if a
        normalization is undefined. All mistakes are reported in one message.

    See Also
    --------
    CNN : Convolutional network for signals, images and volumes.

    Notes
    -----
    Shape: the input is ``(n_samples, n_features)``, the output
    ``(n_samples, n_outputs)``.

    References
    ----------
    .. [1] S. Ioffe, C. Szegedy, "Batch Normalization: Accelerating Deep Network
       Training by Reducing Internal Covariate Shift", ICML 2015, arXiv:1502.03167.
    .. [2] J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer Normalization", 2016,
       arXiv:1607.06450.
    .. [3] Y. Wu, K. He, "Group Normalization", ECCV 2018, arXiv:1803.08494.
    .. [4] N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov,
       "Dropout: A Simple Way to Prevent Neural Networks from Overfitting",
       JMLR 15, 2014, pp. 1929-1958.

    Examples
    --------
    >>> import torch
    >>> from skhyper.modules import MLP
    >>> network = MLP(4, 3, hidden_layer_sizes=(8,), dropout=0.1)
    >>> network
    MLP(
      (hidden0): Linear(in_features=4, out_features=8, bias=True)
      (activation0): ReLU()
      (dropout0): Dropout(p=0.1)
      (output): Linear(in_features=8, out_features=3, bias=True)
    )
    >>> network(torch.zeros(5, 4)).shape
    torch.Size([5, 3])
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        *,
        activation: str = "relu",
        normalizer: str | None = None,
        n_groups: int = 4,
        dropout: float = 0.0,
        dtype: torch.dtype | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        mistakes = Mistakes("MLP")
        mistakes.check_int("n_features", n_features)
        mistakes.check_int("n_outputs", n_outputs)
        mistakes += mlp_mistakes(
            "MLP",
            hidden_layer_sizes=hidden_layer_sizes,
            activation=activation,
            normalizer=normalizer,
            n_groups=n_groups,
            dropout=dropout,
        )
        mistakes.check_dtype(dtype)
        mistakes.check_generator(generator)
        mistakes.raise_if_any()
        super().__init__(
            dense_layers(
                n_features,
                n_outputs,
                hidden_layer_sizes,
                activation,
                normalizer,
                n_groups,
                dropout,
                dtype,
                generator,
            )
        )

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Compute the outputs.

        Parameters
        ----------
        input : Tensor of shape ``(n_samples, n_features)``
            Samples; there may be further axes in front.

        Returns
        -------
        Tensor of shape ``(n_samples, n_outputs)``
            The outputs.

        Raises
        ------
        ValueError
            If the samples have another number of features.
        """
        output = input
        try:
            for layer in self:
                output = layer(output)
        except RuntimeError:
            # To ask before would cost time in every step.
            n_features = getattr(next(self.children()), "in_features", None)
            if n_features is None or input.shape[-1:] == (n_features,):
                raise
            raise ValueError(
                "The input of the network must have the shape (n_samples, "
                f"{n_features}). Got {tuple(input.shape)}."
            ) from None
        return output
