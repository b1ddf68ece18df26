"""What ``optimizer_kwargs`` may hold, checked before anything is fitted."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import Parameter, signature
from numbers import Integral
from typing import Any

from sklearn.base import is_regressor
from skopt.sampler import InitialPointGenerator

from skhyper.exceptions import did_you_mean
from skhyper.search._models import ALIASES, MODELS

__all__ = ["mistakes_in_optimizer_kwargs"]

# What the search itself gives the optimizer, and what to set instead.
OWN = {
    "dimensions": "They come from 'search_spaces'.",
    "random_state": "It comes from the 'random_state' of the search.",
}

FUNCTIONS = ("gp_hedge", "EI", "LCB", "PI", "MES", "PVRS")
TIMED_FUNCTIONS = ("EIps", "PIps")
MINIMIZERS = ("auto", "sampling", "lbfgs")
GENERATORS = ("random", "sobol", "halton", "hammersly", "lhs", "grid")
FUNCTION_KWARGS = ("xi", "kappa", "eta", "n_min_samples", "n_thompson")
OPTIMIZER_KWARGS = ("n_points", "n_restarts_optimizer", "n_jobs")


def _is_count(value: Any) -> bool:
    is_int = isinstance(value, Integral) and not isinstance(value, bool)
    return is_int and int(value) >= 1


def _is_model(value: Any) -> bool:
    if isinstance(value, str):
        return value.upper() in {name.upper() for name in (*MODELS, *ALIASES)}
    # A class has the method too, but it is no model yet.
    if isinstance(value, type) or not hasattr(value, "predict"):
        return False
    parameters = signature(value.predict).parameters
    takes_std = "return_std" in parameters or any(
        parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters.values()
    )
    try:
        return takes_std and is_regressor(value)
    except AttributeError:  # no tags
        return False


def _is_generator(value: Any) -> bool:
    if isinstance(value, str):
        return value.lower() in GENERATORS
    return value is None or isinstance(value, InitialPointGenerator)


def _holds(known: tuple[str, ...]) -> Callable[[Any], bool]:
    return lambda value: (
        value is None
        or (isinstance(value, dict) and all(key in known for key in value))
    )


def _names(known: Iterable[str]) -> str:
    return ", ".join(map(repr, known))


# By key: what the value must be, how that is told, and the names it may have.
RULES: dict[str, tuple[str, Callable[[Any], bool], tuple[str, ...]]] = {
    "base_estimator": (
        f"one of {_names((*MODELS, *ALIASES))}, or a regressor whose predict takes "
        "return_std,",
        _is_model,
        (*MODELS, *ALIASES),
    ),
    "n_random_starts": (
        "an int >= 1 or None",
        lambda value: value is None or _is_count(value),
        (),
    ),
    "n_initial_points": ("an int >= 1", _is_count, ()),
    "initial_point_generator": (
        f"one of {_names(GENERATORS)}, or a generator of skopt,",
        _is_generator,
        GENERATORS,
    ),
    "n_jobs": (
        "an int other than 0, or None,",
        lambda value: (
            value is None
            or (
                isinstance(value, Integral)
                and not isinstance(value, bool)
                and value != 0
            )
        ),
        (),
    ),
    "acq_func": (
        f"one of {_names(FUNCTIONS)}",
        lambda value: isinstance(value, str) and value in FUNCTIONS,
        FUNCTIONS,
    ),
    "acq_optimizer": (
        f"one of {_names(MINIMIZERS)}",
        lambda value: isinstance(value, str) and value in MINIMIZERS,
        MINIMIZERS,
    ),
    "model_queue_size": (
        "an int >= 1 or None",
        lambda value: value is None or _is_count(value),
        (),
    ),
    "space_constraint": (
        "a callable or None",
        lambda value: value is None or callable(value),
        (),
    ),
    "acq_func_kwargs": (
        f"a dict of some of {_names(FUNCTION_KWARGS)}, or None,",
        _holds(FUNCTION_KWARGS),
        FUNCTION_KWARGS,
    ),
    "acq_optimizer_kwargs": (
        f"a dict of some of {_names(OPTIMIZER_KWARGS)}, or None,",
        _holds(OPTIMIZER_KWARGS),
        OPTIMIZER_KWARGS,
    ),
    "avoid_duplicates": (
        "a bool",
        lambda value: isinstance(value, bool),
        (),
    ),
}


def mistakes_in_optimizer_kwargs(name: str, given: Any) -> Iterator[str]:
    """Say what is wrong with the arguments for skopt's Optimizer.

    Parameters
    ----------
    name : str
        The search's class.
    given : dict
        The arguments; whatever is no dict is left alone.

    Yields
    ------
    mistake : str
        That there is no such argument, that the search gives it itself, that its value
        breaks its rule, or that two of them do not go together.
    """
    if isinstance(given, dict):
        mistakes = [*_mistakes_in_values(given)] or [*_mistakes_in_combinations(given)]
        for text in mistakes:
            yield f"The 'optimizer_kwargs' parameter of {name} must {text}"


def _mistakes_in_values(given: Mapping[str, Any]) -> Iterator[str]:
    for key, value in given.items():
        if key in OWN:
            yield f"not have {key!r}. Got {value!r} for it. {OWN[key]}"
        elif key not in RULES:
            yield (
                f"be a dict of arguments of skopt's Optimizer ({_names(RULES)}). Got "
                f"{key!r} instead.{did_you_mean(key, RULES)}"
            )
        else:
            expected, is_right, known = RULES[key]
            if not is_right(value):
                yield (
                    f"have {expected} for {key!r}. Got {value!r} instead."
                    f"{_remedy(key, value, known)}"
                )


def _remedy(key: str, value: Any, known: tuple[str, ...]) -> str:
    if key == "acq_func" and isinstance(value, str) and value in TIMED_FUNCTIONS:
        return (
            " It weighs the time of each candidate, which the optimizer is not told. "
            f"Use {value.removesuffix('ps')!r}."
        )
    if isinstance(value, dict):
        return "".join(did_you_mean(word, known) for word in value if word not in known)
    return did_you_mean(value, known)


def _mistakes_in_combinations(given: Mapping[str, Any]) -> Iterator[str]:
    if given.get("acq_optimizer") != "lbfgs":
        return
    model, function = given.get("base_estimator", "GP"), given.get("acq_func", "EI")
    if isinstance(model, str):
        has_gradients = model.upper() == "GP"
    else:
        has_gradients = "return_mean_grad" in signature(model.predict).parameters
    without = [
        *([] if has_gradients else [f"base_estimator={model!r}"]),
        *([f"acq_func={function!r}"] if function in ("MES", "PVRS") else []),
    ]
    if without:
        yield (
            "have 'auto' or 'sampling' for 'acq_optimizer' where there is no gradient. "
            f"Got 'lbfgs' with {' and '.join(without)}."
        )
