"""Runs of one structure, and how a lane is compared with the same run alone."""

import torch

from skhyper.fused._request import Request
from skhyper.fused._trainer import train_together
from skhyper.modules import CNN, MLP
from skhyper.training import (
    Data,
    Halt,
    Knobs,
    Outcome,
    Recipe,
    Rows,
    Structure,
    train_alone,
)

N_CLASSES = 3


def make_rows(
    n_rows, *, seed, loss, dtype, weighted=False, n_features=7, n_outputs=N_CLASSES
):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(n_rows, n_features, generator=generator, dtype=dtype)
    # Of fewer features than outputs the first counts for all.
    signal = X[:, :n_outputs] if n_features >= n_outputs else X[:, :1]
    scores = signal + 0.5 * torch.randn(
        n_rows, n_outputs, generator=generator, dtype=dtype
    )
    y = {
        "cross_entropy": scores.argmax(1),
        "binary_cross_entropy": (scores > 0).to(dtype),
        "squared_error": scores,
    }[loss]
    weight = None
    if weighted:
        weight = torch.rand(n_rows, generator=generator, dtype=dtype) + 0.1
    return Rows(X, y, weight)


def make_requests(
    lanes,
    *,
    kind="mlp",
    loss="cross_entropy",
    optimizer="sgd",
    dtype=torch.float32,
    sizes=(61, 61, 58),
    batch_size=16,
    valid=False,
    n_valid=20,
    n_features=7,
    n_outputs=N_CLASSES,
    weighted=False,
    **module_params,
):
    """Make requests of one structure: each of the lanes' knobs on each of the folds."""
    mine = {"n_outputs": n_outputs, "hidden_layer_sizes": (12, 5), **module_params}
    if kind == "cnn":
        mine = {"input_shape": (1, 4, 4), "channels": (3, 4), **mine}
    else:
        mine = {"n_features": n_features, **mine}
    structure = Structure(
        CNN if kind == "cnn" else MLP,
        tuple(mine.items()),
        loss,
        optimizer,
        batch_size,
        dtype,
        "cpu",
    )
    form = {"loss": loss, "dtype": dtype, "weighted": weighted, "n_outputs": n_outputs}
    form["n_features"] = 16 if kind == "cnn" else n_features
    folds = [
        Data(
            make_rows(n_rows, seed=fold, **form),
            make_rows(n_valid + fold, seed=100 + fold, **form) if valid else None,
        )
        for fold, n_rows in enumerate(sizes)
    ]
    defaults = {"lr": 0.05, "max_epochs": 5, "seed": 3}
    return [
        Request(Recipe(structure, Knobs(**(defaults | knobs))), fold, None)
        for knobs in lanes
        for fold in folds
    ]


def differences(together, alone):
    """Name all in which two outcomes differ, by a single bit or more."""
    assert isinstance(together, Outcome), together
    ours, theirs = together.module.state_dict(), alone.module.state_dict()
    assert list(ours) == list(theirs)
    names = [name for name in theirs if not torch.equal(ours[name], theirs[name])]
    columns = [name for name in alone.history if name != "seconds"]
    if not together.history[columns].equals(alone.history[columns]):
        names.append("history")
    return names + [
        name
        for name in ("best_epoch", "stop_reason")
        if getattr(together, name) != getattr(alone, name)
    ]


def check(requests, n_threads=1):
    """Train runs together and alone, and compare them, bit for bit."""
    results = train_together(requests, n_threads, Halt())
    differing = {}
    for request, result in zip(requests, results, strict=True):
        names = differences(result, train_alone(request.recipe, request.data))
        if names:
            differing[request.recipe.knobs] = names
    assert not differing
    return results
