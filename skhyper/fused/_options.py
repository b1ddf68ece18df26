"""What may be said of joblib's backend "fused"."""

from collections.abc import Iterable, Sequence
from numbers import Integral

from skhyper.exceptions import did_you_mean

__all__ = ["MOST_TASKS", "check_options"]

# joblib multiplies it, and takes no larger numbers than a million.
MOST_TASKS = 100_000


def check_options(
    owner: str,
    max_tasks: object,
    memory: object,
    *,
    others: Iterable[str] = (),
    known: Sequence[str] = (),
    also: Sequence[str] = (),
) -> None:
    """Refuse options that there are not, and values that they cannot have.

    Parameters
    ----------
    owner : str
        What they were given to.
    max_tasks, memory : object
        What was given for these.
    others : iterable of str, default=()
        Names of further options that were given.
    known : sequence of str, default=()
        Names of all that there are, beside joblib's ``n_jobs``.
    also : sequence of str, default=()
        What else is wrong.

    Raises
    ------
    TypeError
        If there is no such option. All mistakes are in the one message.
    ValueError
        If only values are wrong.
    """
    unknown = [
        f"{owner} has no parameter {name!r}; it has {', '.join(map(repr, known))}."
        f"{did_you_mean(name, (*known, 'n_jobs'))}"
        for name in others
        if name not in known
    ]
    wrong = [
        f"The {name!r} parameter of {owner} must be {rule}. Got {value!r}."
        for name, rule, value, is_right in (
            (
                "max_tasks",
                f"an int from 1 to {MOST_TASKS:,}; 512 is the default",
                max_tasks,
                is_count(max_tasks, MOST_TASKS),
            ),
            (
                "memory",
                "an int of at least 1, in bytes, or None for half of what is free",
                memory,
                memory is None or is_count(memory),
            ),
        )
        if not is_right
    ]
    mistakes = [*also, *unknown, *wrong]
    if mistakes:
        raise (TypeError if unknown else ValueError)("\n".join(mistakes))


def is_count(value: object, most: float = float("inf")) -> bool:
    """Tell whether a value is an integer of at least 1."""
    is_integer = isinstance(value, Integral) and not isinstance(value, bool)
    return is_integer and 1 <= int(value) <= most  # type: ignore[call-overload]
