"""Losses, the predictions and the scores that belong to them."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["LOSSES", "Loss", "has_few_classes", "predictions", "score", "weighted_mean"]

# So many classes fill the vectors of a processor.
VECTOR_CLASSES = 16


def has_few_classes(output: Tensor) -> bool:
    """Tell whether the softmax of an output is computed with its rows side by side.

    A processor computes the few classes of a row one by one, but those of many rows at
    once where they stand side by side.

    Parameters
    ----------
    output : torch.Tensor of shape (..., n_rows, n_classes)
        Output of a net, or of many.

    Returns
    -------
    answer : bool
        Whether it is on a CPU, and has fewer classes than a vector has room for.

    Examples
    --------
    >>> import torch
    >>> from skhyper.rules import has_few_classes
    >>> has_few_classes(torch.zeros(5, 3)), has_few_classes(torch.zeros(5, 30))
    (True, False)
    """
    return output.device.type == "cpu" and output.shape[-1] < VECTOR_CLASSES


def cross_entropy(output: Tensor, target: Tensor, smoothing: float) -> Tensor:
    """Cross-entropy of each row; ``target`` holds class indices."""
    if has_few_classes(output):
        # One sample, the rows of which are places in a map.
        output, target = output.t().unsqueeze(0), target.unsqueeze(0)
    losses = F.cross_entropy(
        output, target, reduction="none", label_smoothing=smoothing
    )
    return losses.view(-1)


def binary_cross_entropy(output: Tensor, target: Tensor, smoothing: float) -> Tensor:
    """Mean over the labels of the binary cross-entropy of each row."""
    if smoothing:
        target = target * (1 - smoothing) + smoothing / 2
    loss = F.binary_cross_entropy_with_logits(output, target, reduction="none")
    return loss.mean(-1)


def squared_error(output: Tensor, target: Tensor, smoothing: float) -> Tensor:
    """Mean over the outputs of the squared error of each row."""
    return F.mse_loss(output, target, reduction="none").mean(-1)


LOSSES: dict[str, Callable[[Tensor, Tensor, float], Tensor]] = {
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
    "squared_error": squared_error,
}


class Loss(nn.Module):
    """Loss of every row, not yet averaged.

    Parameters
    ----------
    name : {"cross_entropy", "binary_cross_entropy", "squared_error"}
        Which loss: of one label a row, of several labels a row, of numbers.
    label_smoothing : float, default=0.0
        Share of a label's probability that is spread over all the classes [1]_, in
        ``[0, 1)``. It applies in training mode only, so that the validation
        losses of differently smoothed nets can be compared.

    References
    ----------
    .. [1] C. Szegedy et al., "Rethinking the Inception Architecture for Computer
       Vision", CVPR 2016, section 7.

    Examples
    --------
    >>> import torch
    >>> from skhyper.rules import Loss
    >>> loss = Loss("squared_error")
    >>> loss(torch.tensor([[1.0], [3.0]]), torch.tensor([[1.0], [1.0]]))
    tensor([0., 4.])
    """

    def __init__(self, name: str, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.name = name
        self.label_smoothing = label_smoothing

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each row, of shape ``(n_rows,)``."""
        smoothing = self.label_smoothing if self.training else 0.0
        return LOSSES[self.name](output, target, smoothing)


def weighted_mean(values: Tensor, weight: Tensor | None) -> Tensor:
    """Average the values of rows, each counted by its weight.

    Parameters
    ----------
    values : torch.Tensor of shape (n_rows,)
        One value a row.
    weight : torch.Tensor of shape (n_rows,) or None
        Non-negative weights; None counts every row once.

    Returns
    -------
    mean : torch.Tensor of shape ()
        The weighted mean.
    """
    if weight is None:
        return values.mean()
    return (values * weight).sum() / weight.sum()


def predictions(loss: str, output: Tensor) -> Tensor:
    """Turn a net's output into what its loss says the output means.

    Parameters
    ----------
    loss : {"cross_entropy", "binary_cross_entropy", "squared_error"}
        Name of the loss.
    output : torch.Tensor of shape (n_rows, n_outputs)
        Output of the net.

    Returns
    -------
    prediction : torch.Tensor of shape (n_rows, n_outputs)
        Probabilities of the classes, of each label, or the numbers themselves.
    """
    if loss == "cross_entropy":
        return output.softmax(-1)
    if loss == "binary_cross_entropy":
        return output.sigmoid()
    return output


def score(loss: str, output: Tensor, target: Tensor, weight: Tensor | None) -> float:
    """Score a net's output as scikit-learn's ``score`` does.

    Parameters
    ----------
    loss : {"cross_entropy", "binary_cross_entropy", "squared_error"}
        Name of the loss.
    output : torch.Tensor of shape (n_rows, n_outputs)
        Output of the net.
    target : torch.Tensor of shape (n_rows,) or (n_rows, n_outputs)
        What was to be predicted.
    weight : torch.Tensor of shape (n_rows,) or None
        Non-negative weights of the rows.

    Returns
    -------
    score : float
        Accuracy, exact-match accuracy of all labels, or the coefficient of
        determination averaged over the outputs.
    """
    if loss == "squared_error":
        residual = weighted_mean_of_columns((target - output).square(), weight)
        centre = weighted_mean_of_columns(target, weight)
        spread = weighted_mean_of_columns((target - centre).square(), weight)
        # A constant output scores 1 when it is met exactly and 0 otherwise.
        constant = (residual == 0).to(output.dtype)
        explained = torch.where(spread > 0, 1 - residual / spread, constant)
        return float(explained.mean())
    if loss == "cross_entropy":
        hit = output.argmax(-1) == target
    else:
        hit = ((output > 0) == (target > 0.5)).all(-1)
    return float(weighted_mean(hit.to(output.dtype), weight))


def weighted_mean_of_columns(values: Tensor, weight: Tensor | None) -> Tensor:
    """Average each column of ``values``, its rows counted by their weights."""
    if weight is None:
        return values.mean(0)
    return (values * weight[:, None]).sum(0) / weight.sum()
