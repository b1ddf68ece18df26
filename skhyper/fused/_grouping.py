"""Which runs are stacked, and which are trained alone."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from skhyper.fused._rates import make_rates
from skhyper.fused._report import MET_NO_LIKE, MET_NOBODY
from skhyper.fused._request import Request
from skhyper.training import Rows, batch_bounds

__all__ = ["Group", "group_requests"]


@dataclass(frozen=True)
class Group:
    """Runs that are trained in the same way.

    Parameters
    ----------
    numbers : tuple of int
        Their places among the requests.
    reason : str or None
        Why each of them is trained alone; None where they are stacked.
    """

    numbers: tuple[int, ...]
    reason: str | None = None


def group_requests(requests: Sequence[Request]) -> list[Group]:
    """Find the runs that can be stacked.

    Parameters
    ----------
    requests : sequence of Request
        The runs.

    Returns
    -------
    groups : list of Group
        All of the runs, each in one group.
    """
    if len(requests) == 1:
        return [Group((0,), MET_NOBODY)]
    alone: defaultdict[str, list[int]] = defaultdict(list)
    stacked: defaultdict[Hashable, list[int]] = defaultdict(list)
    for number, request in enumerate(requests):
        reason = _reason_alone(request)
        if reason is None:
            stacked[_stack_key(request)].append(number)
        else:
            alone[reason].append(number)
    for key, numbers in [*stacked.items()]:
        if len(numbers) == 1:
            alone[MET_NO_LIKE] += stacked.pop(key)
    return [
        *(Group(tuple(numbers)) for numbers in stacked.values()),
        *(Group(tuple(numbers), reason) for reason, numbers in alone.items()),
    ]


def _reason_alone(request: Request) -> str | None:
    recipe = request.recipe
    if recipe.callbacks:
        return "it has callbacks"
    if recipe.verbose:
        return "it prints its epochs"
    if recipe.structure.compile:
        return "it is compiled"
    if 1 in dict(recipe.structure.module_params)["hidden_layer_sizes"]:
        # Products of one column have other bits in a stack, and little to gain.
        return "it has a hidden layer of one unit"
    if not _has_rates(request):
        return "its schedule cannot be laid out"
    return None


def _has_rates(request: Request) -> bool:
    """Tell whether torch can lay out its schedule; what fails is to fail alone."""
    recipe, n_rows = request.recipe, len(request.data.train)
    try:
        make_rates(recipe.knobs, len(batch_bounds(n_rows, recipe.structure.batch_size)))
    except Exception:
        return False
    return True


def _stack_key(request: Request) -> Hashable:
    # What differs here is to differ in the words of ``describe`` as well.
    structure, data = request.recipe.structure, request.data
    if structure.batch_size >= len(data.train):
        # One batch holds all rows, however many there are.
        structure = replace(structure, batch_size=0)
    form = _form(data.train), data.valid and _form(data.valid)
    return structure, form, request.n_behind


def _form(rows: Rows) -> tuple[Any, ...]:
    assert rows.y is not None, "nothing is learned without a target"
    return rows.X.shape[1:], rows.y.shape[1:], rows.y.dtype, rows.weight is not None
