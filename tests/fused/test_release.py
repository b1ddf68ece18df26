"""What a training needed is given back at its end, without the garbage collector."""

import gc

import pytest
import torch

from skhyper.fused._trainer import train_together
from skhyper.training import Halt
from tests.fused.runs import make_requests

LANES = [{"dropout": 0.2, "patience": 1, "tol": 0.1}, {"l1": 1e-3, "lr": 1e38}]


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
@pytest.mark.parametrize("normalizer", [None, "batch", "layer", "group"])
@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy"])
def test_no_tensor_of_a_stack_is_left(kind, normalizer, loss):
    form = {"kind": kind, "normalizer": normalizer, "n_groups": 1, "loss": loss}
    # Where it is called first, torch keeps the frames it was called from.
    train_together(make_requests(LANES, sizes=(9,), batch_size=5), 1, Halt())
    # Tensors with a dimension that nothing else has.
    requests = make_requests(LANES, sizes=(61,), batch_size=23, valid=True, **form)
    gc.collect()
    gc.disable()
    try:
        results = train_together(requests, 1, Halt())
        left = [
            each
            for each in gc.get_objects()
            if type(each) is torch.Tensor and 23 in each.shape
        ]
    finally:
        gc.enable()
    assert len(results) == len(requests)
    assert not left
