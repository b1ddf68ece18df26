"""Passes without gradients, each recorded once for the lanes and rows it is about."""

from torch import Tensor

from skhyper.fused._losses import StackedLoss
from skhyper.fused._network import Network
from skhyper.fused._pool import Pool

__all__ = ["EvaluationPass"]


class EvaluationPass:
    """Evaluates some lanes on batches of one size.

    Parameters
    ----------
    network : Network
        The networks.
    lanes : slice
        Which of them.
    pool : Pool
        Where the rows of these lanes come from.
    n_rows : int
        Rows of a batch.
    loss : StackedLoss or None, default=None
        The loss of each row that is wanted.

    Attributes
    ----------
    output : torch.Tensor of shape (n_lanes, n_rows, n_outputs)
        Where the outputs are.
    losses : torch.Tensor of shape (n_lanes, n_rows) or None
        Where the losses are.
    weight : torch.Tensor of shape (n_lanes, n_rows) or None
        Where the weights of the rows are.
    """

    def __init__(
        self,
        network: Network,
        lanes: slice,
        pool: Pool,
        n_rows: int,
        loss: StackedLoss | None = None,
    ) -> None:
        self.batch = pool.batch(n_rows)
        targets = self.batch.targets
        self.weight = targets.weight
        self.tape = network.tape(lanes)
        self.output = network.forward(self.batch.inputs, self.tape)
        self.losses: Tensor | None = None
        if loss is not None:
            self.losses = loss.of_evaluation(self.output, targets, self.tape)

    def take(self, numbers: Tensor) -> None:
        """Evaluate rows.

        Parameters
        ----------
        numbers : torch.Tensor of int64 of shape (n_sources, n_rows)
            Their numbers, for every source of the pool.
        """
        self.batch.fill(numbers)
        self.tape.play()
