"""Random numbers of a training run, as a function of its seed."""

import hashlib

import torch

__all__ = ["Noise"]


class Noise:
    """Random numbers that depend on a seed, a purpose and an epoch only.

    Nothing is drawn from a global state and nothing depends on what was drawn
    before: the batch order of epoch 7 is the same whether the run was continued
    after epoch 6 or trained in one go, alone or beside others, in any thread.

    Parameters
    ----------
    seed : int
        Seed of the training run.

    Examples
    --------
    >>> from skhyper.rules import Noise
    >>> noise = Noise(seed=0)
    >>> bool((noise.order(5, epoch=3) == Noise(seed=0).order(5, epoch=3)).all())
    True
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def seed_for(self, purpose: str, epoch: int = 0) -> int:
        """Derive the seed of one purpose in one epoch.

        Parameters
        ----------
        purpose : str
            What the numbers are for, such as ``"weights"``, ``"order"`` or
            ``"dropout"``.
        epoch : int, default=0
            Number of epochs trained before.

        Returns
        -------
        seed : int
            A number in ``[0, 2**63)``.
        """
        digest = hashlib.blake2b(
            f"{self.seed}/{purpose}/{epoch}".encode(), digest_size=8
        ).digest()
        return int.from_bytes(digest, "little") >> 1

    def generator(
        self, purpose: str, epoch: int = 0, device: str | torch.device = "cpu"
    ) -> torch.Generator:
        """Make the generator of one purpose in one epoch.

        Parameters
        ----------
        purpose : str
            What the numbers are for.
        epoch : int, default=0
            Number of epochs trained before.
        device : str or torch.device, default="cpu"
            Where the numbers are drawn.

        Returns
        -------
        generator : torch.Generator
            A generator of its own.
        """
        generator = torch.Generator(device)
        return generator.manual_seed(self.seed_for(purpose, epoch))

    def order(self, n_rows: int, epoch: int) -> torch.Tensor:
        """Draw the order in which an epoch visits its rows.

        Parameters
        ----------
        n_rows : int
            Number of training rows.
        epoch : int
            Number of epochs trained before.

        Returns
        -------
        order : torch.Tensor of shape (n_rows,)
            A permutation of ``0 .. n_rows - 1``, on the CPU.
        """
        return torch.randperm(n_rows, generator=self.generator("order", epoch))
