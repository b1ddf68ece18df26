"""Penalties on the weights, by their gradients."""

from collections.abc import Iterable

import torch
from torch import Tensor

__all__ = ["add_penalty_gradients_"]


@torch.no_grad()
def add_penalty_gradients_(weights: Iterable[Tensor], l1: float, l2: float) -> None:
    r"""Add the gradients of the L1 and L2 penalties to those of the loss.

    The penalty :math:`\lambda_1 \sum |w| + \lambda_2 \sum w^2` has the gradient
    :math:`\lambda_1 \operatorname{sign}(w) + 2 \lambda_2 w`, with 0 as the
    subgradient of the absolute value at 0. Adding it where the loss has left its
    own gradient saves the passes over the weights that the value would cost.

    Parameters
    ----------
    weights : iterable of torch.Tensor
        Penalized parameters, each with its ``grad``.
    l1, l2 : float
        Non-negative factors :math:`\lambda_1` and :math:`\lambda_2`.

    Examples
    --------
    >>> import torch
    >>> from skhyper.rules import add_penalty_gradients_
    >>> weight = torch.tensor([2.0, -1.0], requires_grad=True)
    >>> weight.grad = torch.zeros(2)
    >>> add_penalty_gradients_([weight], l1=0.5, l2=0.25)
    >>> weight.grad
    tensor([ 1.5000, -1.0000])
    """
    for weight in weights:
        if weight.grad is None:
            continue
        if l1:
            weight.grad.add_(weight.sign(), alpha=l1)
        if l2:
            weight.grad.add_(weight, alpha=2 * l2)
