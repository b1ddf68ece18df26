"""When a training run has failed, and in which words."""

import torch

from skhyper.exceptions import TrainingDiverged

__all__ = ["LARGEST_LOSS", "divergence"]

# In float64 a loss may be finite where float32 has long given up: no more use.
LARGEST_LOSS = torch.finfo(torch.float32).max


def divergence(what: str, epoch: int, lr: float, optimizer: str) -> TrainingDiverged:
    """Make the error of a run that diverged.

    Parameters
    ----------
    what : str
        What is not finite, as a clause.
    epoch : int
        In which epoch, counted from 1.
    lr : float
        Learning rate of that epoch.
    optimizer : str
        The optimizer's class.

    Returns
    -------
    error : TrainingDiverged
        The error.

    Examples
    --------
    >>> from skhyper.training import divergence
    >>> print(divergence("a weight is not finite", 3, 10.0, "SGD"))
    Training diverged: a weight is not finite in epoch 3, with lr=10 ... Lower lr, ...
    """
    return TrainingDiverged(
        f"Training diverged: {what} in epoch {epoch}, with lr={lr:g} and the optimizer "
        f"{optimizer}. Lower lr, or scale the features (and the target)."
    )
