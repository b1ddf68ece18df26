"""From an estimator's arguments to the recipe of a training run."""

import secrets
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import fields, replace
from typing import Any

import numpy as np
from torch import nn

from skhyper.estimators._rows import auto_batch_size
from skhyper.training import Data, Knobs, Recipe, Structure

__all__ = ["check_same_structure", "draw_seed", "make_recipe"]


def make_recipe(
    name: str,
    params: Mapping[str, Any],
    module: tuple[type[nn.Module], Mapping[str, Any]],
    loss: str,
    data: Data,
    seed: int,
) -> Recipe:
    """Write down how a net is to be trained.

    Parameters
    ----------
    name : str
        The estimator's class.
    params : mapping of str to object
        Its arguments.
    module : tuple of (type, mapping)
        The module's class and its arguments that form the structure.
    loss : str
        Name of the loss.
    data : Data
        What it is trained on.
    seed : int
        Where weights, batch order and dropout come from.

    Returns
    -------
    recipe : Recipe
        The recipe.

    Raises
    ------
    ValueError
        If batch normalization would meet a batch of a single row, or a callback
        watches a validation that does not take place.
    """
    rows = data.train
    batch_size = params["batch_size"]
    if batch_size == "auto":
        batch_size = auto_batch_size(len(rows))
    if params["normalizer"] == "batch" and len(rows) == 1:
        raise ValueError(
            f"{name} with normalizer='batch' needs at least two rows to normalize "
            "over, after those of weight 0 and those set aside for early stopping "
            "are left out. Got n_samples = 1."
        )
    callbacks = tuple(deepcopy(list(params["callbacks"] or ())))
    if data.valid is None:
        _check_unvalidated(name, callbacks)
    kind, arguments = module
    structure = Structure(
        module=kind,
        module_params=tuple(arguments.items()),
        loss=loss,
        optimizer=params["optimizer"],
        batch_size=min(int(batch_size), len(rows)),
        dtype=rows.X.dtype,
        device=str(rows.X.device),
        autocast=params["precision"] == "bfloat16",
        compile=bool(params["compile"]),
    )
    stopping = data.valid is not None and params["early_stopping"] is not False
    knobs = Knobs(
        lr=float(params["lr"]),
        max_epochs=int(params["max_epochs"]),
        seed=seed,
        momentum=float(params["momentum"]),
        nesterov=bool(params["nesterov"]),
        weight_decay=float(params["weight_decay"]),
        l1=float(params["l1"]),
        l2=float(params["l2"]),
        dropout=float(params["dropout"]),
        label_smoothing=float(params.get("label_smoothing", 0.0)),
        optimizer_params=_frozen(params["optimizer_params"]),
        scheduler=params["scheduler"],
        scheduler_params=_frozen(params["scheduler_params"]),
        patience=int(params["patience"]) if stopping else None,
        tol=float(params["tol"]),
        restore_best=bool(params["restore_best"]),
    )
    return Recipe(structure, knobs, callbacks, int(params["verbose"]))


def _frozen(arguments: Mapping[str, Any] | None) -> tuple[tuple[str, Any], ...]:
    """Put tuples in the place of lists, which torch takes as well."""
    return tuple(
        (name, tuple(value) if isinstance(value, list) else value)
        for name, value in (arguments or {}).items()
    )


def check_same_structure(
    name: str, method: str, structure: Structure, before: Structure, device: str
) -> None:
    """Refuse to go on training a net with another structure.

    Parameters
    ----------
    name : str
        The estimator's class.
    method : {"fit", "partial_fit"}
        What goes on with the net: a warm start or another epoch.
    structure : Structure
        What is wanted.
    before : Structure
        What the net has.
    device : str
        Where the net lies by now.

    Raises
    ------
    ValueError
        If more than the batch size has changed.
    """
    before = replace(before, batch_size=structure.batch_size, device=device)
    now, then = _as_arguments(structure), _as_arguments(before)
    changed = [key for key in {**now, **then} if now.get(key) != then.get(key)]
    if changed:
        remedy = "set warm_start=False" if method == "fit" else "set it back"
        raise ValueError(
            f"{name}.{method} can only go on training a net of the same structure. "
            f"Changed since the last fit: {', '.join(changed)}. Fit a clone, or "
            f"{remedy}."
        )


def _as_arguments(structure: Structure) -> dict[str, Any]:
    """Spell out a structure by the names that its parts have as arguments."""
    values = {field.name: getattr(structure, field.name) for field in fields(structure)}
    precision = (values.pop("dtype"), values.pop("autocast"))
    return {**dict(values.pop("module_params")), **values, "precision": precision}


def draw_seed(random_state: int | np.random.RandomState | None) -> int:
    """Turn a ``random_state`` into the seed of one run.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        As the estimators' argument. A RandomState is advanced; None asks the
        operating system, so that no global state is touched.

    Returns
    -------
    seed : int
        A non-negative integer.
    """
    if random_state is None:
        return secrets.randbits(31)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    return int(random_state)


def _check_unvalidated(name: str, callbacks: tuple[Any, ...]) -> None:
    for callback in callbacks:
        callback = callback[1] if isinstance(callback, tuple) else callback
        watched = getattr(callback, "monitor", None)
        if isinstance(watched, str) and watched.startswith("valid_"):
            raise ValueError(
                f"The callback {type(callback).__name__} of {name} watches "
                f"{watched!r}, but no rows are validated on. Set early_stopping=True, "
                "pass X_val and y_val, or have it watch 'train_loss'."
            )
