"""What is trained, said in a line."""

from typing import Any

import numpy as np

from skhyper.training import Data, Rows, Structure

__all__ = ["describe"]


def describe(structure: Structure, data: Data | None = None) -> str:
    """Say in a line what is trained.

    Parameters
    ----------
    structure : Structure
        A structure.
    data : Data or None, default=None
        What it is trained on; None leaves out what hangs on that.

    Returns
    -------
    text : str
        The same line for runs that can be stacked, and for no others.

    Examples
    --------
    >>> import torch
    >>> from skhyper.fused._description import describe
    >>> from skhyper.modules import MLP
    >>> from skhyper.training import Structure
    >>> params = {"n_features": 64, "n_outputs": 10, "hidden_layer_sizes": (100,)}
    >>> params |= {"activation": "relu", "normalizer": None}
    >>> structure = Structure(
    ...     MLP, (*params.items(),), "cross_entropy", "sgd", 128, torch.float32, "cpu"
    ... )
    >>> describe(structure)
    'MLP 64-100-10 relu, sgd, batch 128, float32'
    """
    params = dict(structure.module_params)
    widths = _join("-", params["hidden_layer_sizes"], params["n_outputs"])
    if "n_features" in params:
        network = _join("-", params["n_features"], widths)
    else:
        network = (
            f"{_join('x', params['input_shape'])}, "
            f"channels {_join('-', params['channels'])}, "
            f"kernel {params['kernel_size']}, pool {params['pool']}, {widths}"
        )
    normalizer, n_groups = params["normalizer"], params.get("n_groups")
    of_groups = f" of {n_groups}" if n_groups else ""
    is_one_batch = data is not None and structure.batch_size >= len(data.train)
    parts = [
        f"{structure.module.__name__} {network} {params['activation']}",
        f"{normalizer} norm{of_groups}" if normalizer else None,
        # That of classes goes without saying.
        structure.loss.replace("_", " ") if structure.loss != "cross_entropy" else None,
        structure.optimizer,
        "one batch" if is_one_batch else f"batch {structure.batch_size}",
        str(structure.dtype).removeprefix("torch."),
        "bfloat16 products" if structure.autocast else None,
        "compiled" if structure.compile else None,
        structure.device if structure.device != "cpu" else None,
        _kind("rows", data.train) if data and data.train.weight is not None else None,
        _kind("validation", data.valid) if data and data.valid else None,
    ]
    return ", ".join(filter(None, parts))


def _kind(name: str, rows: Rows) -> str:
    return name if rows.weight is None else f"weighted {name}"


def _join(by: str, *parts: Any) -> str:
    """Write numbers, each alone or in a sequence, in one row."""
    return by.join(str(item) for part in parts for item in np.atleast_1d(part))
