"""What a network gives for rows, in training and after it."""

import math

import torch
from torch import Tensor

from skhyper.training.batches import Batches
from skhyper.training.recipe import Rows

__all__ = [
    "TRIED_ROWS",
    "evaluate",
    "evaluation_batches",
    "flaw_of",
    "is_finite",
    "output_of",
]

# A forward pass without gradients reads so many numbers at most, and so few rows:
# then its activations stay in a core's second-level cache.
EVALUATION_NUMBERS = 2**17
EVALUATION_ROWS = 4096

# A batch begins so many rows behind another one, or a multiple of it: then it is read
# in the same way wherever it begins, and no bit depends on it.
ALIGNED_ROWS = 64

# A trained network is tried on so many rows at most.
TRIED_ROWS = 64


def output_of(module: torch.nn.Module, x: Tensor, autocast: bool) -> Tensor:
    """Compute a network's output for a batch.

    Parameters
    ----------
    module : torch.nn.Module
        The network.
    x : torch.Tensor of shape (n_rows, n_features)
        Features of the batch.
    autocast : bool
        Whether matrix products are computed in bfloat16.

    Returns
    -------
    output : torch.Tensor of shape (n_rows, n_outputs)
        The output, of the type of `x`.
    """
    if not autocast:
        return module(x)
    with torch.autocast(x.device.type, dtype=torch.bfloat16):
        return module(x).to(x.dtype)


def evaluation_batches(rows: Rows) -> Batches:
    """Cut rows, in their order, into batches for a pass without gradients.

    Parameters
    ----------
    rows : Rows
        The rows.

    Returns
    -------
    batches : Batches
        The batches, small enough for a cache.
    """
    n_features = max(1, rows.X.shape[1:].numel())
    fitting = EVALUATION_NUMBERS // n_features // ALIGNED_ROWS * ALIGNED_ROWS
    fitting = max(ALIGNED_ROWS, fitting)
    return Batches(rows, min(EVALUATION_ROWS, fitting))


@torch.no_grad()
def evaluate(module: torch.nn.Module, X: Tensor, autocast: bool = False) -> Tensor:
    """Compute a network's output for rows, as it is after training.

    Parameters
    ----------
    module : torch.nn.Module
        The network, which is left in evaluation mode.
    X : torch.Tensor of shape (n_rows, n_features)
        Features, on the device of the network.
    autocast : bool, default=False
        Whether matrix products are computed in bfloat16.

    Returns
    -------
    output : torch.Tensor of shape (n_rows, n_outputs)
        The output, on the CPU.

    Examples
    --------
    >>> import torch
    >>> from skhyper.modules import MLP
    >>> from skhyper.training import evaluate
    >>> evaluate(MLP(4, 3), torch.zeros(5, 4)).shape
    torch.Size([5, 3])
    """
    module.eval()
    batches = evaluation_batches(Rows(X))
    return torch.cat([output_of(module, x, autocast).cpu() for x, _ in batches])


def is_finite(values: Tensor) -> bool:
    """Tell whether all numbers are finite.

    Parameters
    ----------
    values : torch.Tensor of shape (*)
        The numbers.

    Returns
    -------
    is_finite : bool
        False if one of them is infinite or not a number.

    Examples
    --------
    >>> import torch
    >>> from skhyper.training.evaluation import is_finite
    >>> is_finite(torch.tensor([1.0, torch.inf]))
    False
    """
    values = values.detach()
    # A finite sum has finite terms, and is found in a fraction of the time.
    return math.isfinite(values.sum().item()) or bool(values.isfinite().all())


def flaw_of(module: torch.nn.Module, X: Tensor, autocast: bool) -> str | None:
    """Say why a trained network is of no use.

    Parameters
    ----------
    module : torch.nn.Module
        The network, which is left in evaluation mode.
    X : torch.Tensor of shape (n_rows, n_features)
        Features that it was trained on; the first of them are tried.
    autocast : bool
        Whether matrix products are computed in bfloat16.

    Returns
    -------
    what : str or None
        What is not finite, as a clause; None where the network is sound.
    """
    if not all(is_finite(weight) for weight in module.parameters()):
        return "a weight is not finite"
    # Finite weights may be of no use: no loss is measured after the last step.
    if not is_finite(evaluate(module, X[:TRIED_ROWS], autocast)):
        return "the output is not finite"
    return None
