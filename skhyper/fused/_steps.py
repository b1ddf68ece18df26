"""Steps of the training, each recorded once for the lanes and rows it is about."""

import numpy as np
from numpy.typing import NDArray

from skhyper.fused._feed import Feed, Turn
from skhyper.fused._graphs import Graphs
from skhyper.fused._losses import StackedLoss
from skhyper.fused._network import Network
from skhyper.fused._optimizers import StackedOptimizer
from skhyper.fused._penalties import Penalties

__all__ = ["TrainingStep"]


class TrainingStep:
    """Steps some lanes by batches of one size.

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
    optimizer : StackedOptimizer
        What steps them.
    """

    def __init__(
        self,
        turn: Turn,
        feed: Feed,
        network: Network,
        loss: StackedLoss,
        penalties: Penalties,
        optimizer: StackedOptimizer,
    ) -> None:
        self.optimizer = optimizer
        self.batch = feed.batch(turn)
        targets = self.batch.targets
        self.tape = tape = network.tape(turn.lanes, feed.draw)
        output = network.forward(self.batch.inputs, tape)
        self.losses, gradient = loss.of_training(output, targets, tape)
        self.weight = targets.weight
        gradients = network.backward(gradient, tape)
        penalties.add(gradients, network, tape)
        self.stepped = optimizer.stepped(turn.lanes)
        tape.call(optimizer.update, gradients, self.stepped)
        self.graphs = Graphs(feed.generators.values()) if output.is_cuda else None

    def take(self, turn: Turn, rates: NDArray[np.float64]) -> None:
        """Take a step.

        Parameters
        ----------
        turn : Turn
            The batch.
        rates : numpy.ndarray of float64 of shape (n_lanes,)
            The learning rates.
        """
        self.batch.fill(turn.numbers)
        self.optimizer.advance(self.stepped, rates)
        if self.graphs is None:
            self.tape.play()
        else:
            self.graphs.play(self.tape.play, self.stepped.mode)
