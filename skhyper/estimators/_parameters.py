"""The rules for the estimators' arguments."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
import torch
from joblib import Memory
from sklearn.base import BaseEstimator
from skorch.callbacks import Callback

from skhyper._constraints import is_beyond_floats, mistakes_in_values, refuse
from skhyper._sklearn import Interval, InvalidParameterError, StrOptions
from skhyper.estimators._trial import mistakes_in_optimizer, mistakes_in_scheduler
from skhyper.exceptions import did_you_mean, nearest
from skhyper.modules import ACTIVATIONS, NORMALIZERS
from skhyper.rules import OPTIMIZERS, SCHEDULES
from skhyper.training import OWN_CALLBACKS

__all__ = [
    "CLASSIFIER",
    "CONSTRAINTS",
    "MAPS",
    "REGRESSOR",
    "as_sizes",
    "check_parameters",
    "resolve_device",
]

PROBABILITY = Interval(Real, 0, 1, closed="left")
NON_NEGATIVE = Interval(Real, 0, math.inf, closed="left")
COUNT = Interval(Integral, 1, None, closed="left")

PRECISIONS = ("auto", "float32", "float64", "bfloat16")


def _names(known: Iterable[str]) -> StrOptions:
    # Unlike those of a set, the keys of a dict keep their order in messages.
    return StrOptions(dict.fromkeys(known).keys())


CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", COUNT],
    "activation": [_names(ACTIVATIONS)],
    "normalizer": [_names(NORMALIZERS), None],
    "n_groups": [COUNT],
    "dropout": [PROBABILITY],
    "l1": [NON_NEGATIVE],
    "l2": [NON_NEGATIVE],
    "weight_decay": [NON_NEGATIVE],
    "optimizer": [_names(OPTIMIZERS)],
    "lr": [Interval(Real, 0, math.inf, closed="neither")],
    "momentum": [PROBABILITY],
    "nesterov": ["boolean"],
    "optimizer_params": [dict, None],
    "scheduler": [_names(SCHEDULES), None],
    "scheduler_params": [dict, None],
    "max_epochs": [COUNT],
    "batch_size": [StrOptions({"auto"}), COUNT],
    "early_stopping": [StrOptions({"auto"}), "boolean"],
    "patience": [COUNT],
    "tol": [NON_NEGATIVE],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "restore_best": ["boolean"],
    "callbacks": [list, tuple, None],
    "device": [str],
    "precision": [_names(PRECISIONS)],
    "compile": ["boolean"],
    "memory": [str, Path, Memory, None],
    "warm_start": ["boolean"],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}
"""What each argument may be, in scikit-learn's grammar of constraints."""

MAPS: dict[str, list[Any]] = {
    "input_shape": ["array-like", None],
    "channels": ["array-like", COUNT],
    "kernel_size": ["array-like", COUNT],
    "pool": ["array-like", COUNT, StrOptions({"auto"}), None],
}
"""The same for what convolutional nets have besides."""

CLASSIFIER: dict[str, list[Any]] = {
    "label_smoothing": [PROBABILITY],
    "class_weight": [dict, StrOptions({"balanced"}), None],
}
"""The same for what classifiers have besides."""

REGRESSOR: dict[str, list[Any]] = {"scale_target": ["boolean"]}
"""The same for what regressors have besides."""


def as_sizes(value: Any) -> Any:
    """Turn a sequence of sizes into a tuple, and leave anything else.

    Parameters
    ----------
    value : int, array-like of int, str or None
        An argument that takes one size or several.

    Returns
    -------
    sizes : int, tuple of int, str or None
        The same, hashable.
    """
    if hasattr(value, "__array__") and np.ndim(value):
        return tuple(np.asarray(value).tolist())
    if isinstance(value, list | tuple):
        return tuple(
            int(size) if isinstance(size, np.integer) else size for size in value
        )
    return value


def check_parameters(
    owner: type[BaseEstimator],
    params: Mapping[str, Any],
    module_mistakes: Callable[[], list[str]],
) -> None:
    """Check every argument and report all mistakes at once.

    Parameters
    ----------
    owner : type
        The estimator's class, with its constraints.
    params : mapping of str to object
        The estimator's arguments.
    module_mistakes : callable
        Says what the module would refuse. Asked if each argument by itself obeys
        its rule.

    Raises
    ------
    InvalidParameterError
        If an argument breaks its rule, or two of them do not go together.
    """
    name = owner.__name__
    refuse(mistakes_in_values(owner, params))
    refuse([*_mistakes_in_combinations(name, params), *module_mistakes()])
    resolve_device(name, params["device"])


def resolve_device(name: str, device: str) -> str:
    """Choose the device, or refuse one that is not there.

    Parameters
    ----------
    name : str
        The estimator's class.
    device : str
        ``"auto"`` or a device of torch.

    Returns
    -------
    device : str
        A device of torch that is available.

    Raises
    ------
    ValueError
        If torch knows no such device or it is not available.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if device == "auto":
        return next(kind for kind, there in available.items() if there)
    try:
        kind, index = torch.device(device).type, torch.device(device).index
    except RuntimeError:
        kind, index = device, None
    there = available.get(kind, False)
    if there and kind == "cuda" and index is not None:
        there = index < torch.cuda.device_count()
    if not there:
        there_are = [known for known, is_there in available.items() if is_there]
        names = ", ".join(map(repr, there_are))
        meant = None if kind in available else nearest(device, available)
        raise InvalidParameterError(
            f"The 'device' parameter of {name} must be a device of this machine: "
            f"'auto' or one of {names}. Got {device!r} instead."
            f"{did_you_mean(device, available) if meant in there_are else ''}"
        )
    return device


def _mistakes_in_combinations(name: str, params: Mapping[str, Any]) -> Iterator[str]:
    yield from mistakes_in_optimizer(name, params)
    yield from mistakes_in_scheduler(name, params)
    if params["optimizer"] == "sgd" and params["nesterov"] and not params["momentum"]:
        yield (
            f"The 'momentum' parameter of {name} must be a float above 0 with "
            f"nesterov=True. Got {params['momentum']!r} instead."
        )
    if params["normalizer"] == "batch" and params["batch_size"] == 1:
        yield (
            f"The 'batch_size' parameter of {name} must be at least 2 with "
            "normalizer='batch', which has nothing to normalize over in one row. Got "
            "1 instead."
        )
    yield from _mistakes_in_callbacks(name, params["callbacks"] or ())
    class_weight = params.get("class_weight")
    if isinstance(class_weight, dict):
        for label, weight in class_weight.items():
            is_number = isinstance(weight, Real) and not is_beyond_floats(weight)
            if not is_number or not 0 <= float(weight) < math.inf:
                yield (
                    f"The 'class_weight' parameter of {name} must have finite numbers "
                    f"of at least 0. Got {weight!r} for the class {label!r}."
                )


def _mistakes_in_callbacks(name: str, callbacks: Iterable[Any]) -> Iterator[str]:
    used: list[str] = []
    for number, callback in enumerate(callbacks):
        named = (
            isinstance(callback, tuple)
            and len(callback) == 2
            and isinstance(callback[0], str)
        )
        if not isinstance(callback[1] if named else callback, Callback):
            yield (
                f"The 'callbacks' parameter of {name} must be a list of callbacks of "
                f"skorch, or of pairs of a name and a callback. Got {callback!r} in it."
            )
        elif named and callback[0] in OWN_CALLBACKS:
            yield (
                f"The 'callbacks' parameter of {name} must not use the name of "
                f"one of the net's own callbacks. Got {callback!r} in it. Name it "
                f"otherwise than {callback[0]!r}."
            )
        else:
            # As it is called in the net.
            used.append(callback[0] if named else f"callback_{number}")
    for callback_name, count in Counter(used).items():
        if count > 1:
            yield (
                f"The 'callbacks' parameter of {name} must give each callback a name "
                f"of its own. Got {callback_name!r} {count} times."
            )
