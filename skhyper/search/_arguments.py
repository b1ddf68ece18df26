"""What every search asks of its arguments, beyond scikit-learn's constraints."""

import ast
import operator
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from numbers import Integral
from typing import TypeGuard

from joblib import effective_n_jobs
from sklearn.metrics import get_scorer_names

from skhyper._sklearn import BaseSearchCV
from skhyper.exceptions import did_you_mean

__all__ = ["mistakes_in_arguments", "mistakes_in_choice"]

# What the searches call their spaces.
SPACES = ("param_distributions", "param_grid", "search_spaces", "space")

# What joblib reckons with to tell how many tasks it dispatches beforehand.
OPERATIONS: dict[type, Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
}


def mistakes_in_arguments(search: BaseSearchCV) -> Iterator[str]:
    """Say which arguments cannot be right, whatever the data.

    Parameters
    ----------
    search : BaseSearchCV
        The search.

    Yields
    ------
    mistake : str
        That the estimator is a class, that there is no space, that a list of metrics
        names one which there is not, or for which ``n_jobs`` and ``pre_dispatch``
        joblib would hang or run nothing.
    """
    for place, texts in (
        ("estimator", _of_estimator(search.estimator)),
        *((name, _of_spaces(getattr(search, name, None))) for name in SPACES),
        ("scoring", _of_scoring(search.scoring)),
        ("n_jobs", _of_jobs(search.n_jobs)),
        ("pre_dispatch", _of_dispatch(search.pre_dispatch, search.n_jobs)),
    ):
        for text in texts:
            yield f"The {place!r} parameter of {type(search).__name__} must {text}"


def mistakes_in_choice(
    search: BaseSearchCV,
    argument: str,
    known: Collection[str],
    method: str,
    library: str,
    *,
    or_none: bool = False,
) -> Iterator[str]:
    """Say that an argument is neither a known name nor an object of a library.

    Parameters
    ----------
    search : BaseSearchCV
        The search.
    argument : str
        The argument's name.
    known : collection of str
        The names it may be.
    method : str
        What an object of that kind has.
    library : str
        Whose objects it may be.
    or_none : bool, default=False
        Whether it may be None.

    Yields
    ------
    mistake : str
        A sentence, if it is wrong.
    """
    value = getattr(search, argument)
    is_known = isinstance(value, str) and value in known
    is_none = or_none and value is None
    is_made = hasattr(value, method) and not isinstance(value, type)
    if not (is_known or is_none or is_made):
        make = f" Write {value.__name__}()." if isinstance(value, type) else ""
        yield (
            f"The {argument!r} parameter of {type(search).__name__} must be one of "
            f"{sorted(known)}{', None' if or_none else ''} or an object of {library}. "
            f"Got {value!r} instead.{did_you_mean(value, known)}{make}"
        )


def _of_estimator(estimator: object) -> Iterator[str]:
    if isinstance(estimator, type):
        name = estimator.__name__
        yield f"be an estimator. Got the class {name}. Make one of it: {name}()."


def _of_spaces(spaces: object) -> Iterator[str]:
    if isinstance(spaces, list | tuple) and not spaces:
        yield f"hold at least one space. Got {spaces!r} instead."


def _of_scoring(scoring: object) -> Iterator[str]:
    if isinstance(scoring, dict | list | tuple):
        known = get_scorer_names()
        for name in scoring.values() if isinstance(scoring, dict) else scoring:
            if isinstance(name, str) and name not in known:
                yield (
                    "name metrics of sklearn.metrics.get_scorer_names(). Got "
                    f"{name!r} in it.{did_you_mean(name, known)}"
                )


def _of_jobs(n_jobs: object) -> Iterator[str]:
    if _is_count(n_jobs) and n_jobs == 0:
        yield f"be an int other than 0, or None. Got {n_jobs!r} instead."


def _of_dispatch(pre_dispatch: object, n_jobs: object) -> Iterator[str]:
    n_tasks = pre_dispatch
    if isinstance(pre_dispatch, str) and pre_dispatch != "all":
        n_tasks = 0
        n_at_once = effective_n_jobs(n_jobs if _is_count(n_jobs) and n_jobs else 1)
        with suppress(ArithmeticError, KeyError, SyntaxError, ValueError):
            tree = ast.parse(pre_dispatch, mode="eval")
            n_tasks = int(_reckoned(tree.body, n_at_once))
    if _is_count(n_tasks) and n_tasks < 1:
        yield (
            "be 'all', an int of at least 1, or arithmetic that gives one, such as "
            f"'2*n_jobs'. Got {pre_dispatch!r} instead."
        )


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _reckoned(node: ast.expr, n_jobs: int) -> float:
    """Give the value of an expression; a KeyError or ValueError if it is another."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.Name(id="n_jobs"):
            return n_jobs
        case ast.BinOp(left=left, op=operation, right=right):
            numbers = _reckoned(left, n_jobs), _reckoned(right, n_jobs)
            return OPERATIONS[type(operation)](*numbers)
        case ast.UnaryOp(op=operation, operand=operand):
            return OPERATIONS[type(operation)](_reckoned(operand, n_jobs))
    raise ValueError("It is no arithmetic.")
