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
        Where the rows come from.
    n_runs : int
        1 where all lanes have the same rows, else how many they are.
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
        n_runs: int,
        n_rows: int,
        loss: StackedLoss | None = None,
    ) -> None:
        self.batch = pool.batch(n_runs, n_rows)
        x, targets = self.batch.spread(lanes.stop - lanes.start)
        self.weight = targets.weight
        self.tape = network.tape(lanes)
        self.output = network.forward(x, self.tape)
        self.losses: Tensor | None = None
        if loss is not None:
            self.losses = loss.of_evaluation(self.output, targets, self.tape)

    def take(self, numbers: Tensor) -> None:
        """Evaluate rows.

        Parameters
        ----------
        numbers : torch.Tensor of int64 of shape (n_runs, n_rows)
            Their numbers in the pool.
        """
        self.batch.fill(numbers.reshape(-1))
        self.tape.play()
