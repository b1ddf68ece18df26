"""Our step beside the bare matrix products that are in it."""

import math

import torch
from nets import LR, MOMENTUM, Shape, make_data
from torch import Tensor

from skhyper.fused._request import Request
from skhyper.fused._sharing import make_lanes
from skhyper.fused._tiling import cut_tiles
from skhyper.fused._trainer import train_together
from skhyper.modules import MLP
from skhyper.training import Data, Halt, Knobs, Recipe, Rows, Structure

__all__ = ["Products", "Steps"]

MANY_LANES = 512


class Steps:
    """Trains a tile of lanes for so long that what comes before does not count.

    Parameters
    ----------
    shape : Shape
        The nets.
    n_batches : int
        Batches in an epoch, all of them full.
    epochs : int
        Epochs.
    device : str
        Where.
    """

    def __init__(self, shape: Shape, n_batches: int, epochs: int, device: str) -> None:
        self.shape = shape
        self.n_batches = n_batches
        self.epochs = epochs
        self.device = device
        self.n_lanes = self._tile_lanes()
        self.requests = self._requests(self.n_lanes)
        self.n_lane_steps = self.n_lanes * n_batches * epochs

    def run(self) -> None:
        """Train them."""
        for result in train_together(self.requests, 1, Halt()):
            if isinstance(result, BaseException):
                raise result

    def _tile_lanes(self) -> int:
        """Find out how many of many lanes are stepped at once."""
        requests = self._requests(MANY_LANES)
        tiles = cut_tiles(make_lanes(requests, range(MANY_LANES)), 1)
        return max(len(tile) for tile in tiles)

    def _requests(self, n_lanes: int) -> list[Request]:
        """Hand in lanes of a few rates on as many rows, as a search does."""
        shape = self.shape
        module_params = {
            "n_features": shape.n_features,
            "n_outputs": shape.n_classes,
            "hidden_layer_sizes": (shape.width,),
        }
        structure = Structure(
            MLP,
            tuple(module_params.items()),
            "cross_entropy",
            "sgd",
            shape.batch_size,
            torch.float32,
            self.device,
        )
        n_rows = self.n_batches * shape.batch_size
        X, y = (torch.from_numpy(part) for part in make_data(shape, n_rows))
        folds = [
            Data(Rows(X.roll(fold, 0).to(self.device), y.roll(fold, 0).to(self.device)))
            for fold in range(5)
        ]
        return [
            Request(
                Recipe(
                    structure,
                    Knobs(
                        lr=LR / (1 + lane // len(folds)),
                        max_epochs=self.epochs,
                        seed=0,
                        momentum=MOMENTUM,
                    ),
                ),
                folds[lane % len(folds)],
            )
            for lane in range(n_lanes)
        ]


class Products:
    """The five products of a step of as many nets, and nothing else.

    Parameters
    ----------
    shape : Shape
        The nets.
    n_lanes : int
        How many.
    n_steps : int
        Steps to take.
    device : str
        Where.
    """

    def __init__(self, shape: Shape, n_lanes: int, n_steps: int, device: str) -> None:
        self.n_steps = n_steps
        n_rows, n_features = shape.batch_size, shape.n_features
        width, n_classes = shape.width, shape.n_classes

        def draw(*sizes: int) -> Tensor:
            return torch.randn(n_lanes, *sizes, device=device) / math.sqrt(sizes[-1])

        self.x = draw(n_rows, n_features)
        self.hidden, self.hidden_gradient = draw(n_rows, width), draw(n_rows, width)
        self.scores, self.gradient = draw(n_rows, n_classes), draw(n_rows, n_classes)
        self.first, self.first_gradient = (draw(width, n_features) for _ in range(2))
        self.last, self.last_gradient = (draw(n_classes, width) for _ in range(2))
        self.biases = draw(1, width), draw(1, n_classes)

    def run(self) -> None:
        """Multiply, forward and backward."""
        first, last = self.first.mT, self.last.mT
        for _ in range(self.n_steps):
            torch.baddbmm(self.biases[0], self.x, first, out=self.hidden)
            torch.baddbmm(self.biases[1], self.hidden, last, out=self.scores)
            torch.bmm(self.gradient.mT, self.hidden, out=self.last_gradient)
            torch.bmm(self.gradient, self.last, out=self.hidden_gradient)
            torch.bmm(self.hidden_gradient.mT, self.x, out=self.first_gradient)
