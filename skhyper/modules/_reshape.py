"""Samples that may come flat or shaped."""

import math

import torch

# Dimensions of a batch of images.
IMAGES = 4


class Reshape(torch.nn.Module):
    """Bring samples, flat or shaped, into one shape.

    Parameters
    ----------
    shape : tuple of int
        Shape of one sample.

    Raises
    ------
    ValueError
        If the input is neither shaped nor flat samples of that shape.

    Notes
    -----
    Shape: the input is ``(n_samples, *shape)`` or ``(n_samples, prod(shape))``, the
    output ``(n_samples, *shape)``.

    Examples
    --------
    >>> import torch
    >>> from skhyper.modules import Reshape
    >>> Reshape((1, 8, 8))(torch.zeros(5, 64)).shape
    torch.Size([5, 1, 8, 8])
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = tuple(shape)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Reshape the samples.

        Parameters
        ----------
        input : Tensor of shape ``(n_samples, *shape)`` or ``(n_samples, prod(shape))``
            Samples.

        Returns
        -------
        Tensor of shape ``(n_samples, *shape)``
            The same values, shaped.
        """
        if tuple(input.shape[1:]) not in (self.shape, (math.prod(self.shape),)):
            raise ValueError(
                f"The input of the network must have the shape (n_samples, "
                f"{', '.join(map(str, self.shape))}) or (n_samples, "
                f"{math.prod(self.shape)}). Got {tuple(input.shape)}."
            )
        maps = input.reshape(input.shape[0], *self.shape) if input.dim() == 2 else input
        # On a CPU convolutions and pools take half of the time, or less, where the
        # channels of a point lie side by side.
        if maps.dim() != IMAGES or maps.device.type != "cpu":
            return maps
        n_channels, *size = self.shape
        rows = maps.movedim(1, -1).flatten(1)
        return rows.view(len(rows), *size, n_channels).movedim(-1, 1)

    def extra_repr(self) -> str:
        """Describe the arguments.

        Returns
        -------
        str
            What stands between the parentheses of the representation.
        """
        return str(self.shape)
