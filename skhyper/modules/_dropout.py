"""Dropout whose random numbers come from a generator of its own."""

from typing import Any

import torch

from skhyper.modules._checks import Mistakes


class Dropout(torch.nn.Module):
    r"""Set a random part of the values to zero while training.

    A value is kept where a uniform draw from :math:`[0, 1)` is at least `p`, and
    is then multiplied by :math:`1 / (1 - p)`, so that its expectation stays. The
    draws do not depend on `p`: networks that differ in `p` alone can share them.
    In evaluation mode and at ``p=0`` the input is returned as it is, and nothing
    is drawn.

    Parameters
    ----------
    p : float, default=0.5
        Probability in [0, 1) that a value is set to zero.

    Attributes
    ----------
    generator : torch.Generator or None
        Where the draws come from; it must live on the device of the input. None
        means torch's global state. A generator belongs to one training run, so
        it is left out of pickles and copies, where the attribute is None again.

    Raises
    ------
    ValueError
        If `p` is outside [0, 1).

    Notes
    -----
    Shape: input and output are of any and of the same shape. The draws are
    float32 whatever the type of the input.

    References
    ----------
    .. [1] N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov,
       "Dropout: A Simple Way to Prevent Neural Networks from Overfitting",
       JMLR 15, 2014, pp. 1929-1958.

    Examples
    --------
    >>> import torch
    >>> from skhyper.modules import Dropout
    >>> dropout = Dropout(0.5)
    >>> dropout.generator = torch.Generator().manual_seed(0)
    >>> dropout(torch.ones(1, 6))
    tensor([[0., 2., 0., 0., 0., 2.]])
    >>> dropout.eval()(torch.ones(1, 6))
    tensor([[1., 1., 1., 1., 1., 1.]])
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        mistakes = Mistakes("Dropout")
        mistakes.check_probability("p", p)
        mistakes.raise_if_any()
        self.p = float(p)
        self.generator: torch.Generator | None = None

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Drop values in training mode.

        Parameters
        ----------
        input : Tensor of any shape
            Values to drop from.

        Returns
        -------
        Tensor of the shape of the input
            The input with the dropped values set to zero and the others scaled;
            the input itself where nothing is dropped.
        """
        if not self.training or self.p == 0:
            return input
        uniforms = torch.rand(
            input.shape,
            generator=self.generator,
            dtype=torch.float32,
            device=input.device,
        )
        # In place, the comparison leaves zeros and ones of the type of the draws,
        # which spares a boolean tensor and its conversion: half of the time.
        keep = uniforms.ge_(self.p).to(input.dtype)
        return input * keep.mul_(1 / (1 - self.p))

    def extra_repr(self) -> str:
        """Describe the arguments.

        Returns
        -------
        str
            What stands between the parentheses of the representation.
        """
        return f"p={self.p}"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "generator": None}
