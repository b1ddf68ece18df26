"""The convolutional network for signals, images and volumes."""

import math
from collections.abc import Callable, Sequence
from itertools import chain

import torch

from skhyper.modules._activations import ACTIVATIONS, NEVER_FALLING
from skhyper.modules._checks import Mistakes, as_ints
from skhyper.modules._layers import LayerStack, NamedLayer, draw_layer
from skhyper.modules._maps import Shape, check_maps, per_dimension, plan_blocks
from skhyper.modules._mlp import check_dense, dense_layers
from skhyper.modules._normalizers import (
    NORMALIZERS,
    make_normalizer,
    vector_normalizer,
)
from skhyper.modules._reshape import Reshape

# By the number of dimensions of a map.
_Kinds = dict[int, Callable[..., torch.nn.Module]]
_CONVOLUTIONS: dict[int, type[torch.nn.Module]] = {
    1: torch.nn.Conv1d,
    2: torch.nn.Conv2d,
    3: torch.nn.Conv3d,
}
_PADS: _Kinds = {1: torch.nn.ZeroPad1d, 2: torch.nn.ZeroPad2d, 3: torch.nn.ZeroPad3d}
_POOLS: _Kinds = {1: torch.nn.MaxPool1d, 2: torch.nn.MaxPool2d, 3: torch.nn.MaxPool3d}


def cnn_mistakes(
    owner: str,
    *,
    input_shape: Sequence[int],
    hidden_layer_sizes: int | Sequence[int] = (100,),
    channels: int | Sequence[int] = (16, 32),
    kernel_size: int | Sequence[int] = 3,
    pool: int | Sequence[int] | str | None = "auto",
    activation: str = "relu",
    normalizer: str | None = None,
    n_groups: int = 4,
    dropout: float = 0.0,
) -> list[str]:
    """Say what is wrong with the arguments of a :class:`CNN`.

    Parameters
    ----------
    owner : str
        Name of the class that the sentences are about.
    input_shape, hidden_layer_sizes, channels, kernel_size, pool : object
        As in :class:`CNN`.
    activation, normalizer, n_groups, dropout : object
        As in :class:`CNN`.

    Returns
    -------
    list of str
        A message for each mistake; empty where there is none.

    Examples
    --------
    >>> from skhyper.modules import cnn_mistakes
    >>> print(*cnn_mistakes("CNNClassifier", input_shape=(1, 8, 8), dropout=1.5))
    The 'dropout' parameter of CNNClassifier must be a float in [0, 1). Got 1.5.
    """
    mistakes = Mistakes(owner)
    shape = as_ints(input_shape)
    if shape is None or not 2 <= len(shape) <= 4:
        mistakes.add(
            "input_shape",
            "(channels, length), (channels, height, width) or "
            "(channels, depth, height, width), all of them ints >= 1",
            input_shape,
        )
    widths = as_ints(channels)
    if not widths:
        mistakes.add(
            "channels", "an int >= 1 or a tuple of one or more such ints", channels
        )
    if normalizer is not None:
        mistakes.check_name("normalizer", normalizer, NORMALIZERS, also="None or ")
    if shape is not None and 2 <= len(shape) <= 4:
        check_maps(
            mistakes, shape, widths or (), kernel_size, pool, normalizer, n_groups
        )
    check_dense(
        mistakes,
        hidden_layer_sizes,
        activation,
        vector_normalizer(normalizer),
        n_groups,
        dropout,
    )
    return mistakes


def _conv_layers(
    input_shape: Shape,
    channels: Shape,
    kernel_size: object,
    pool: object,
    activation: str,
    normalizer: str | None,
    n_groups: int,
    dtype: torch.dtype | None,
    generator: torch.Generator | None,
) -> tuple[list[NamedLayer], int]:
    """Make the convolutional blocks and count the features they end in."""
    n_channels, *map_shape = input_shape
    n_dimensions = len(map_shape)
    kernel = per_dimension(kernel_size, n_dimensions) or ()
    symmetric = all(size % 2 for size in kernel)
    layers: list[NamedLayer] = []
    blocks = plan_blocks(tuple(map_shape), len(channels), pool)
    for i, (block, n_maps) in enumerate(zip(blocks, channels, strict=True)):
        if not symmetric:
            # As torch's padding="same", which warns about the copy it makes.
            sides = (((size - 1) // 2, size // 2) for size in reversed(kernel))
            layers.append((f"pad{i}", _PADS[n_dimensions](tuple(chain(*sides)))))
        conv = draw_layer(
            _CONVOLUTIONS[n_dimensions],
            n_channels,
            n_maps,
            kernel,
            padding=tuple(size // 2 for size in kernel) if symmetric else 0,
            generator=generator,
            dtype=dtype,
        )
        layers.append((f"conv{i}", conv))
        if normalizer is not None:
            norm = make_normalizer(normalizer, n_maps, block.map_shape, n_groups, dtype)
            layers.append((f"conv_normalizer{i}", norm))
        last = [(f"conv_activation{i}", ACTIVATIONS[activation]())]
        if max(block.window) > 1:
            # The largest value of a window is that of its largest number: there are
            # fewer values to compute behind the pool.
            place = 0 if activation in NEVER_FALLING else 1
            last.insert(place, (f"pool{i}", _POOLS[n_dimensions](block.window)))
        layers += last
        n_channels = n_maps
    return layers, n_channels * math.prod(blocks[-1].pooled_shape)


class CNN(LayerStack):
    r"""Convolutional network for signals, images and volumes.

    Each block is a convolution that keeps the size of its map, followed by a
    normalization, an activation and max pooling; the last map is flattened and
    read by a head that is built as an :class:`MLP`. The network is a
    :class:`torch.nn.Sequential` of layers named ``reshape``, ``conv0``,
    ``conv_normalizer0``, ``pool0``, ``conv_activation0``, ``conv1``, ...,
    ``flatten``, ``hidden0``, ``normalizer0``, ``activation0``, ``dropout0``, ...
    and ``output``. Pooling stands in front of an activation that never falls, where
    it gives the same values at less cost, and behind 'gelu', 'silu' and 'mish'.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of a sample: (channels, length), (channels, height, width) or
        (channels, depth, height, width). It decides between convolutions in one,
        two and three dimensions.
    n_outputs : int
        Number of outputs, at least 1.
    hidden_layer_sizes : int or tuple of int, default=(100,)
        Width of each hidden layer of the head, at least 1. With an empty tuple the
        outputs are linear in the last map.
    channels : int or tuple of int, default=(16, 32)
        Number of channels of each convolution, at least 1; an int makes one block.
    kernel_size : int or tuple of int, default=3
        Size of every convolution, for all dimensions or one for each. The map is
        padded with zeros, so that it keeps its size under odd and even kernels;
        even ones get the additional zeros behind. A kernel may exceed its map.
    pool : int, tuple of int, 'auto' or None, default='auto'
        Window and stride of max pooling in every block, for all dimensions or one
        for each. 'auto' halves each dimension as long as it has at least two
        elements, None pools nothing. What does not fill a window is dropped.
    activation : str, default='relu'
        Name of the activation: 'relu', 'leaky_relu', 'elu', 'selu', 'gelu',
        'silu', 'mish', 'tanh', 'sigmoid' or 'identity'.
    normalizer : {'batch', 'layer', 'instance', 'group'} or None, default=None
        Normalization in front of each activation: over the batch [1]_, over the
        sample [2]_, over each map of a sample [3]_ or over groups of maps [4]_. It
        normalizes the hidden layers of the head too, except for 'instance', which
        is undefined there.
    n_groups : int, default=4
        Number of groups of group normalization. It must divide the channels of
        every block and the widths of the head, leaving at least two values in each
        group, and counts for ``normalizer='group'`` only.
    dropout : float, default=0.0
        Probability in [0, 1) that the output of a hidden unit of the head is set
        to zero while training [5]_. Convolutional blocks have no dropout.
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
        If an argument is of a wrong type, out of its range or unknown, if a window
        exceeds its map, or if a normalization is undefined. All mistakes are
        reported in one message.

    See Also
    --------
    MLP : Multilayer perceptron, for tables.

    Notes
    -----
    Shape: the input is ``(n_samples, *input_shape)`` or flat,
    ``(n_samples, prod(input_shape))``, the output ``(n_samples, n_outputs)``.

    References
    ----------
    .. [1] S. Ioffe, C. Szegedy, "Batch Normalization: Accelerating Deep Network
       Training by Reducing Internal Covariate Shift", ICML 2015, arXiv:1502.03167.
    .. [2] J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer Normalization", 2016,
       arXiv:1607.06450.
    .. [3] D. Ulyanov, A. Vedaldi, V. Lempitsky, "Instance Normalization: The
       Missing Ingredient for Fast Stylization", 2016, arXiv:1607.08022.
    .. [4] Y. Wu, K. He, "Group Normalization", ECCV 2018, arXiv:1803.08494.
    .. [5] N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov,
       "Dropout: A Simple Way to Prevent Neural Networks from Overfitting",
       JMLR 15, 2014, pp. 1929-1958.

    Examples
    --------
    >>> import torch
    >>> from skhyper.modules import CNN
    >>> network = CNN((1, 8, 8), 10, hidden_layer_sizes=(), channels=(6,))
    >>> [name for name, layer in network.named_children()]
    ['reshape', 'conv0', 'pool0', 'conv_activation0', 'flatten', 'output']
    >>> network(torch.zeros(5, 64)).shape
    torch.Size([5, 10])
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        n_outputs: int,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        *,
        channels: int | Sequence[int] = (16, 32),
        kernel_size: int | Sequence[int] = 3,
        pool: int | Sequence[int] | str | None = "auto",
        activation: str = "relu",
        normalizer: str | None = None,
        n_groups: int = 4,
        dropout: float = 0.0,
        dtype: torch.dtype | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        mistakes = Mistakes("CNN")
        mistakes.check_int("n_outputs", n_outputs)
        mistakes += cnn_mistakes(
            "CNN",
            input_shape=input_shape,
            hidden_layer_sizes=hidden_layer_sizes,
            channels=channels,
            kernel_size=kernel_size,
            pool=pool,
            activation=activation,
            normalizer=normalizer,
            n_groups=n_groups,
            dropout=dropout,
        )
        mistakes.check_dtype(dtype)
        mistakes.check_generator(generator)
        mistakes.raise_if_any()
        shape = as_ints(input_shape) or ()
        blocks, n_features = _conv_layers(
            shape,
            as_ints(channels) or (),
            kernel_size,
            pool,
            activation,
            normalizer,
            n_groups,
            dtype,
            generator,
        )
        head = dense_layers(
            n_features,
            n_outputs,
            hidden_layer_sizes,
            activation,
            vector_normalizer(normalizer),
            n_groups,
            dropout,
            dtype,
            generator,
        )
        super().__init__(
            [
                ("reshape", Reshape(shape)),
                *blocks,
                ("flatten", torch.nn.Flatten()),
                *head,
            ]
        )
