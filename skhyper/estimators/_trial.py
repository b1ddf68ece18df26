"""Try out what the user hands on to torch, before there is anything to train."""

import inspect
import sys
from collections.abc import Iterator, Mapping
from numbers import Integral, Real
from typing import Any

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from skhyper.exceptions import did_you_mean
from skhyper.rules import OPTIMIZERS, SCHEDULES

__all__ = ["mistakes_in_optimizer", "mistakes_in_scheduler"]

# What torch raises for a wrong value, in a constructor or in a step.
WRONG = (ArithmeticError, IndexError, RuntimeError, TypeError, ValueError)

# Batches an epoch: enough that the one-cycle schedule has room for its phases.
N_BATCHES = 1_000


def mistakes_in_optimizer(name: str, params: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with ``optimizer_params``.

    Parameters
    ----------
    name : str
        The estimator's class.
    params : mapping of str to object
        Its arguments, each right by itself.

    Yields
    ------
    mistake : str
        A sentence for each mistake.
    """
    rule, given = OPTIMIZERS[params["optimizer"]], params["optimizer_params"]
    if not given:
        return
    wrong = [
        *_mistakes_in_values(
            name, "optimizer_params", rule.optimizer, rule.arguments, given
        )
    ]
    yield from wrong
    if not wrong:
        try:
            _optimizer(params).step()
        except WRONG as error:
            yield _refused(name, "optimizer_params", rule.optimizer, given, error)


def mistakes_in_scheduler(name: str, params: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with ``scheduler_params``.

    Parameters
    ----------
    name : str
        The estimator's class.
    params : mapping of str to object
        Its arguments, each right by itself.

    Yields
    ------
    mistake : str
        A sentence for each mistake.
    """
    given = params["scheduler_params"]
    if not given:
        return
    if params["scheduler"] is None:
        for key in given:
            yield (
                f"The 'scheduler_params' parameter of {name} must be None without a "
                f"scheduler. Got {key!r} instead."
            )
        return
    rule = SCHEDULES[params["scheduler"]]
    wrong = [
        *_mistakes_in_values(
            name, "scheduler_params", rule.scheduler, rule.arguments, given
        )
    ]
    yield from wrong
    if not wrong:
        try:
            _run_schedule(params)
        except WRONG as error:
            yield _refused(name, "scheduler_params", rule.scheduler, given, error)


def _mistakes_in_values(
    name: str,
    parameter: str,
    owner: type,
    known: tuple[str, ...],
    given: Mapping[str, Any],
) -> Iterator[str]:
    signature = inspect.signature(owner).parameters
    for key, value in given.items():
        if key not in known:
            yield (
                f"The {parameter!r} parameter of {name} must be a dict of arguments "
                f"of torch's {owner.__name__} ({', '.join(map(repr, known))}). Got "
                f"{key!r} instead.{did_you_mean(key, known)}"
            )
            continue
        expected = _expected(signature[key], value)
        if expected:
            yield (
                f"The {parameter!r} parameter of {name} must have {expected} for "
                f"{key!r}. Got {value!r} instead."
            )


def _expected(parameter: inspect.Parameter, value: Any) -> str:
    """Name the kind of value that a parameter asks for, if this is another."""
    annotation = getattr(parameter.annotation, "__name__", str(parameter.annotation))
    if isinstance(parameter.default, tuple):
        length = len(parameter.default)
        right = isinstance(value, list | tuple) and len(value) == length
        right = right and all(map(_is_number, value))
        return "" if right else f"a tuple of {length} finite numbers of at least 0"
    if annotation == "bool":
        return "" if isinstance(value, bool) else "a bool"
    if annotation == "int":
        right = isinstance(value, Integral) and _is_number(value)
        return "" if right else "an int of at least 0"
    if annotation == "str" or "Literal" in annotation:
        return "" if isinstance(value, str) else "a str"
    numbers = value if isinstance(value, list | tuple) else [value]
    return "" if all(map(_is_number, numbers)) else "finite numbers of at least 0"


def _is_number(value: Any) -> bool:
    number = isinstance(value, Real) and not isinstance(value, bool)
    return number and 0 <= value <= sys.float_info.max


def _optimizer(params: Mapping[str, Any]) -> torch.optim.Optimizer:
    rule = OPTIMIZERS[params["optimizer"]]
    weight = torch.zeros(1, requires_grad=True)
    weight.grad = torch.ones(1)
    keywords = rule.keywords(
        **{key: params[key] for key in ("weight_decay", "momentum", "nesterov")},
        optimizer_params=params["optimizer_params"] or {},
    )
    return rule.optimizer([weight], lr=params["lr"], **keywords)  # type: ignore[arg-type,call-arg]


def _run_schedule(params: Mapping[str, Any]) -> None:
    """Run the schedule over all epochs, on a weight that is nobody's."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=params["lr"])
    rule = SCHEDULES[params["scheduler"]]
    keywords = rule.keywords(
        params["scheduler_params"],
        lr=params["lr"],
        max_epochs=params["max_epochs"],
        n_batches=N_BATCHES,
    )
    scheduler = rule.scheduler(optimizer, **keywords)  # type: ignore[arg-type]
    # A loss that never falls takes the plateau schedule through all its steps.
    loss: list[Any] = [1.0] if isinstance(scheduler, ReduceLROnPlateau) else []
    for _ in range(params["max_epochs"]):
        optimizer.step()
        scheduler.step(*loss)


def _refused(
    name: str, parameter: str, owner: type, given: object, error: Exception
) -> str:
    is_zero = isinstance(error, ArithmeticError)
    reason = "it divides by one of them that is 0" if is_zero else error
    return (
        f"The {parameter!r} parameter of {name} must be arguments that torch's "
        f"{owner.__name__} takes. Got {given!r} instead: {reason}"
    )
