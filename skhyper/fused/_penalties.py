"""The penalties on the weights of a stack."""

from collections.abc import Sequence

import torch
from torch import Tensor

from skhyper.fused._network import Network
from skhyper.fused._tape import Tape

__all__ = ["Penalties"]


class Penalties:
    """Adds the gradients of each lane's L1 and L2 penalties.

    Parameters
    ----------
    factors : sequence of (float, float) of length n_lanes
        The factors of the two penalties.
    dtype : torch.dtype
        Type of the weights.
    device : str
        Where they lie.
    """

    def __init__(
        self, factors: Sequence[tuple[float, float]], dtype: torch.dtype, device: str
    ) -> None:
        l1, l2 = zip(*factors, strict=True)
        self.l1 = torch.tensor(l1, dtype=dtype, device=device) if any(l1) else None
        doubled = [2 * factor for factor in l2]
        self.l2 = torch.tensor(doubled, dtype=dtype, device=device) if any(l2) else None

    def add(self, gradients: list[Tensor], network: Network, tape: Tape) -> None:
        """Put on a tape that they are added in place.

        Parameters
        ----------
        gradients : list of torch.Tensor of shape (n_lanes, *)
            Gradients of the loss, for the network's parameters.
        network : Network
            The networks.
        tape : Tape
            The tape that the gradients were put on.
        """
        if self.l1 is None and self.l2 is None:
            return
        for gradient, weight, is_penalized in zip(
            gradients, network.parameters, network.is_penalized, strict=True
        ):
            if not is_penalized:
                continue
            here, shape = weight[tape.lanes], (-1, *(1,) * (weight.dim() - 1))
            if self.l1 is not None:
                signs = tape.compute(torch.sign, tuple(here.shape[1:]), here)
                tape.call(gradient.addcmul_, signs, self.l1[tape.lanes].view(shape))
            if self.l2 is not None:
                tape.call(gradient.addcmul_, here, self.l2[tape.lanes].view(shape))
