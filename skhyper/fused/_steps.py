"""Steps of the training, each recorded once for the lanes and rows it is about."""

from torch import Tensor

from skhyper.fused._feed import Feed, Turn
from skhyper.fused._losses import StackedLoss
from skhyper.fused._network import Network
from skhyper.fused._penalties import Penalties

__all__ = ["TrainingStep"]


class TrainingStep:
    """Computes the gradients of some lanes for batches of one size.

    Parameters
    ----------
    turn : Turn
        One such batch.
    feed : Feed
        Where the rows come from.
    network : Network
        The networks.
    loss : StackedLoss
        Their loss.
    penalties : Penalties
        The penalties on their weights.
    """

    def __init__(
        self,
        turn: Turn,
        feed: Feed,
        network: Network,
        loss: StackedLoss,
        penalties: Penalties,
    ) -> None:
        self.feed = feed
        self.lanes = turn.lanes
        n_lanes, n_rows = turn.lanes.stop - turn.lanes.start, turn.stop - turn.start
        self.batch = feed.batch(turn.lanes, n_rows)
        x, targets = self.batch.spread(n_lanes)
        self.tape = tape = network.tape(turn.lanes, feed.draw)
        output = network.forward(x, tape)
        self.loss, gradient = loss.of_training(output, targets, tape)
        self.gradients = network.backward(gradient, tape)
        penalties.add(self.gradients, network, tape)
        self.share: Tensor | float = float(n_rows)
        if targets.weight is not None:
            self.share = tape.empty(())
            tape.call(_sum, targets.weight, out=self.share)

    def compute(self, turn: Turn) -> list[Tensor]:
        """Compute the gradients of a batch.

        Parameters
        ----------
        turn : Turn
            The batch.

        Returns
        -------
        gradients : list of torch.Tensor of shape (n_lanes, *)
            For the parameters of the network, until the next batch.
        """
        self.feed.load(turn, self.batch)
        self.tape.play()
        return self.gradients


def _sum(weight: Tensor, *, out: Tensor) -> None:
    out.copy_(weight.sum(1))
