"""Normalizations that scale and shift outside torch's kernel."""

import math

import torch
from torch.nn import functional

from skhyper.modules._batch_norm import BatchNorm1d
from skhyper.modules._checks import Mistakes

NORMALIZERS = ("batch", "layer", "instance", "group")

_BATCH_NORMS: dict[int, type[torch.nn.Module]] = {
    0: BatchNorm1d,
    1: torch.nn.BatchNorm1d,
    2: torch.nn.BatchNorm2d,
    3: torch.nn.BatchNorm3d,
}


class LayerNorm(torch.nn.LayerNorm):
    r"""Normalize each sample over the given trailing dimensions.

    This is :class:`torch.nn.LayerNorm` with the scale and the shift applied by
    two plain operations behind the kernel instead of inside it. Written so, many
    networks that are stacked into one tensor get the very bits that each of them
    gets alone, which a fused multiplication and addition would not give.

    Parameters
    ----------
    normalized_shape : int or sequence of int
        Trailing dimensions that share one mean and one variance.
    eps : float, default=1e-5
        Added to the variance; must be positive.
    dtype : torch.dtype or None, default=None
        Floating-point type of scale and shift; None means torch's default.

    Notes
    -----
    Shape: input and output are ``(n_samples, *, *normalized_shape)``, scale and
    shift ``normalized_shape``.

    References
    ----------
    .. [1] J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer Normalization", 2016,
       arXiv:1607.06450.

    Examples
    --------
    >>> import torch
    >>> from skhyper.modules import LayerNorm
    >>> LayerNorm(3)(torch.tensor([[1.0, 2.0, 3.0]])).detach().round(decimals=2)
    tensor([[-1.2200,  0.0000,  1.2200]])
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        *,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(normalized_shape, eps=eps, dtype=dtype)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Normalize, then scale and shift.

        Parameters
        ----------
        input : Tensor of shape ``(n_samples, *, *normalized_shape)``
            Values to normalize.

        Returns
        -------
        Tensor of the shape of the input
            Normalized values.
        """
        normalized = functional.layer_norm(input, self.normalized_shape, eps=self.eps)
        return normalized * self.weight + self.bias


class GroupNorm(torch.nn.GroupNorm):
    r"""Normalize each sample over groups of neighbouring channels.

    This is :class:`torch.nn.GroupNorm` with the scale and the shift applied
    outside the kernel, for the reason given at :class:`LayerNorm`.

    Parameters
    ----------
    num_groups : int
        Number of groups; must divide `num_channels`.
    num_channels : int
        Number of channels of a map, or of features of a vector.
    eps : float, default=1e-5
        Added to the variance; must be positive.
    dtype : torch.dtype or None, default=None
        Floating-point type of scale and shift; None means torch's default.

    Notes
    -----
    Shape: input and output are ``(n_samples, num_channels, *)``, scale and shift
    ``(num_channels,)``.

    References
    ----------
    .. [1] Y. Wu, K. He, "Group Normalization", ECCV 2018, arXiv:1803.08494.

    Examples
    --------
    >>> import torch
    >>> from skhyper.modules import GroupNorm
    >>> GroupNorm(2, 4)(torch.tensor([[0.0, 1.0, 7.0, 5.0]])).detach().round()
    tensor([[-1.,  1.,  1., -1.]])
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        *,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(num_groups, num_channels, eps=eps, dtype=dtype)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Normalize, then scale and shift each channel.

        Parameters
        ----------
        input : Tensor of shape ``(n_samples, num_channels, *)``
            Values to normalize.

        Returns
        -------
        Tensor of the shape of the input
            Normalized values.
        """
        normalized = functional.group_norm(input, self.num_groups, eps=self.eps)
        per_channel = (-1, *(1,) * (input.dim() - 2))
        return normalized * self.weight.view(per_channel) + self.bias.view(per_channel)


class InstanceNorm(GroupNorm):
    r"""Normalize each channel of each sample over its map.

    Instance normalization is group normalization with one channel a group [2]_,
    so one class serves maps of one, two and three dimensions. The scale and the
    shift are learned (torch's own default leaves them out).

    Parameters
    ----------
    num_channels : int
        Number of channels of a map.
    eps : float, default=1e-5
        Added to the variance; must be positive.
    dtype : torch.dtype or None, default=None
        Floating-point type of scale and shift; None means torch's default.

    Notes
    -----
    Shape: input and output are ``(n_samples, num_channels, *map)``, where the map
    has at least two elements; scale and shift are ``(num_channels,)``.

    References
    ----------
    .. [1] D. Ulyanov, A. Vedaldi, V. Lempitsky, "Instance Normalization: The
       Missing Ingredient for Fast Stylization", 2016, arXiv:1607.08022.
    .. [2] Y. Wu, K. He, "Group Normalization", ECCV 2018, Sec. 3.1,
       arXiv:1803.08494.

    Examples
    --------
    >>> import torch
    >>> from skhyper.modules import InstanceNorm
    >>> InstanceNorm(2)(torch.tensor([[[0.0, 2.0], [9.0, 5.0]]])).detach().round()
    tensor([[[-1.,  1.],
             [ 1., -1.]]])
    """

    def __init__(
        self,
        num_channels: int,
        eps: float = 1e-5,
        *,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(num_channels, num_channels, eps, dtype=dtype)

    def extra_repr(self) -> str:
        """Describe the arguments.

        Returns
        -------
        str
            What stands between the parentheses of the representation.
        """
        return f"{self.num_channels}, eps={self.eps}"


def vector_normalizer(normalizer: str | None) -> str | None:
    """Return the normalization of vectors that goes with one of maps."""
    return None if normalizer == "instance" else normalizer


def make_normalizer(
    name: str,
    channels: int,
    map_shape: tuple[int, ...],
    n_groups: int,
    dtype: torch.dtype | None,
) -> torch.nn.Module:
    """Return the named normalization of ``(n, channels, *map_shape)`` tensors."""
    match name:
        case "batch":
            return _BATCH_NORMS[len(map_shape)](channels, dtype=dtype)
        case "layer":
            return LayerNorm((channels, *map_shape), dtype=dtype)
        case "group":
            return GroupNorm(n_groups, channels, dtype=dtype)
        case _:
            return InstanceNorm(channels, dtype=dtype)


def check_normalizer(
    mistakes: Mistakes,
    normalizer: str | None,
    n_groups: int,
    layer: str,
    channels: int,
    map_shape: tuple[int, ...] = (),
) -> None:
    """Note a normalization that has one value to take a mean and a variance of.

    Such a value is its own mean: the output would be the shift, whatever the input.
    """
    map_size = math.prod(map_shape)
    if normalizer == "group":
        if channels % n_groups or channels * map_size == n_groups:
            suitable = [
                str(divisor)
                for divisor in range(1, channels + 1)
                if channels % divisor == 0 and channels * map_size > divisor
            ]
            mistakes.add(
                "n_groups",
                f"a divisor of {layer}={channels} that leaves at least two values in "
                "each group",
                n_groups,
                f"Pass one of {', '.join(suitable)}."
                if suitable
                else "Pass normalizer='batch' or widen the layer.",
            )
    elif normalizer == "layer" and channels * map_size == 1:
        mistakes.add(
            "normalizer",
            f"None or 'batch' for {layer}=1, where a sample has a single value",
            normalizer,
            "Pass normalizer='batch' or widen the layer.",
        )
    elif normalizer == "instance" and map_size == 1:
        mistakes.add(
            "normalizer",
            f"None, 'batch', 'layer' or 'group' for {layer}, whose map "
            f"{map_shape} has a single element",
            normalizer,
            "Pass normalizer='layer', fewer channels or a smaller pool.",
        )
