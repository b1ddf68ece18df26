"""A Pipeline taken apart: who is given which argument, and rows behind transformers."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from sklearn import get_config
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import get_routing_for_object, process_routing

from skhyper._sklearn import InvalidParameterError, arguments_of_steps, check_pipeline
from skhyper.exceptions import did_you_mean

__all__ = [
    "check_pairs",
    "check_steps",
    "copied",
    "end_of_steps",
    "fits_by_steps",
    "has_own_fit",
    "last_steps",
    "names_transformed",
    "share_of_last",
    "transform_rows",
]


def check_steps(pipeline: Pipeline, params: Mapping[str, Any], place: str = "") -> None:
    """Refuse what a Pipeline cannot be fitted with: its own, and of the arguments.

    Parameters
    ----------
    pipeline : Pipeline
        The Pipeline.
    params : mapping of str to object
        Arguments of its ``fit``.
    place : str, default=""
        What the user writes in front of them, where it is inside other Pipelines.

    Raises
    ------
    InvalidParameterError
        If its steps are no pairs; it is a ValueError.
    TypeError
        If a step in front of the last is no transformer.
    ValueError
        If the Pipeline would refuse a parameter of its own, or some arguments are for
        none of its steps; all of these are in the one message.
    """
    check_pairs(pipeline)
    check_pipeline(pipeline)
    if get_config()["enable_metadata_routing"]:
        # Whoever requests an argument takes it, and what nobody does is refused.
        return
    steps = [name for name, step in pipeline.steps if step is not None]
    mistakes = [
        f"Got {place + name!r}.{_hint(pipeline, steps, name, place)}"
        for name in params
        if (step := name.partition("__")[0]) not in steps or step == name
    ]
    if mistakes:
        told = " ".join(mistakes)
        raise ValueError(
            f"{type(pipeline).__name__}.fit takes arguments of its steps, as "
            f"step__argument, and its steps are {', '.join(map(repr, steps))}. {told}"
        )


def share_of_last(pipeline: Pipeline, params: Mapping[str, Any]) -> dict[str, Any]:
    """Give those arguments of a fit that are for the last step, as they are.

    Parameters
    ----------
    pipeline : Pipeline
        The Pipeline, which `check_steps` has not refused.
    params : mapping of str to object
        Arguments of its ``fit``.

    Returns
    -------
    own : dict of str to object
        The arguments, as the step itself takes them in ``fit``.
    """
    routed = arguments_of_steps(pipeline, params)
    # Nothing is routed to what only passes the rows on.
    return dict(routed.get(pipeline.steps[-1][0], {}).get("fit", {}))


def transform_rows(pipeline: Pipeline, X: Any, params: Mapping[str, Any]) -> Any:
    """Transform rows for the last step, also by what never looks fitted.

    Parameters
    ----------
    pipeline : Pipeline
        Its transformers have been fitted; they may have had nothing to learn.
    X : array-like of shape (n_samples, n_features)
        Rows.
    params : mapping of str to object
        Arguments of its ``fit``, of these rows.

    Returns
    -------
    X : array-like of shape (n_samples, n_features_out)
        The rows, transformed.
    """
    if len(pipeline) == 1:
        return X
    # A subclass may not take the steps.
    front, asked = Pipeline(pipeline.steps[:-1]), {}
    if get_config()["enable_metadata_routing"]:
        names = get_routing_for_object(front).consumes("transform", params)
        asked = {name: params[name] for name in names}
    routed = process_routing(front, "transform", **asked)
    for name, step in front.steps:
        if step is not None and step != "passthrough":
            X = step.transform(X, **routed[name]["transform"])
    return X


def copied(rows: Any) -> Any:
    """Copy rows, for transformers that work in place.

    Parameters
    ----------
    rows : array-like
        Rows.

    Returns
    -------
    rows : array-like
        A copy. That of a list has the same items, which need not be such as can be
        copied.
    """
    return rows.copy() if hasattr(rows, "copy") else deepcopy(rows)


def names_transformed(pipeline: Pipeline, params: Mapping[str, Any]) -> frozenset[str]:
    """Name the arguments of a fit that a Pipeline transforms for its steps.

    Parameters
    ----------
    pipeline : Pipeline
        The Pipeline. Its ``transform_input`` has the names that the steps give them.
    params : mapping of str to object
        Arguments of its ``fit``.

    Returns
    -------
    names : frozenset of str
        As they were given.
    """
    # The steps may know them by other names, so each is told by its own, sent in place
    # of its value. None counts as not given.
    given = {name: name for name, value in params.items() if value is not None}
    if not (pipeline.transform_input and given):
        return frozenset()
    routed = arguments_of_steps(pipeline, given)
    return frozenset(
        taken[name]
        for methods in routed.values()
        for taken in methods.values()
        for name in pipeline.transform_input
        if name in taken
    )


def last_steps(estimator: Any) -> Iterator[tuple[str, Any]]:
    """Follow the last steps of Pipelines inside each other.

    Parameters
    ----------
    estimator : estimator object
        A Pipeline or anything else.

    Yields
    ------
    place : str
        What the user writes in front of the names of its arguments.
    last : object
        The estimator itself, then the last step of each Pipeline. The last of them is
        no Pipeline, or has no steps.

    Raises
    ------
    InvalidParameterError
        If the steps of one are no pairs; it is a ValueError.
    """
    place = ""
    yield place, estimator
    # Some have their steps only once they are fitted.
    while isinstance(estimator, Pipeline) and getattr(estimator, "steps", None):
        check_pairs(estimator)
        name, estimator = estimator.steps[-1]
        place += f"{name}__"
        yield place, estimator


def check_pairs(pipeline: Pipeline) -> None:
    """Refuse steps that have no names.

    Parameters
    ----------
    pipeline : Pipeline
        The Pipeline.

    Raises
    ------
    InvalidParameterError
        If its steps are no pairs; it is a ValueError.
    """
    steps = pipeline.steps
    if not (isinstance(steps, list | tuple) and all(map(_is_pair, steps))):
        raise InvalidParameterError(
            f"The 'steps' parameter of {type(pipeline).__name__} must be a list of "
            f"pairs of a name and an estimator. Got {pipeline.steps!r}; "
            "sklearn.pipeline.make_pipeline finds names by itself."
        )


def has_own_fit(pipeline: Pipeline) -> bool:
    """Tell whether a Pipeline is more than its steps, one by one.

    Parameters
    ----------
    pipeline : Pipeline
        The Pipeline, or one of a subclass.

    Returns
    -------
    has_own_fit : bool
        Whether its ``fit`` is neither scikit-learn's nor that of a HoldoutPipeline.
    """
    kind = type(pipeline)
    ours = getattr(kind, "_sets_rows_aside", None)
    return kind.fit is not Pipeline.fit and kind.fit is not ours


def fits_by_steps(estimator: Any) -> bool:
    """Tell whether an estimator is a Pipeline that is fitted step by step.

    Parameters
    ----------
    estimator : estimator object
        A Pipeline or anything else.

    Returns
    -------
    fits_by_steps : bool
        Whether it is one that has steps, and no ``fit`` of its own.
    """
    is_plain = isinstance(estimator, Pipeline) and not has_own_fit(estimator)
    return is_plain and bool(estimator.steps)


def end_of_steps(estimator: Any) -> tuple[str, Any]:
    """Find who is fitted by itself at the end of Pipelines that are fitted by steps.

    Parameters
    ----------
    estimator : estimator object
        A Pipeline or anything else.

    Returns
    -------
    place : str
        What the user writes in front of the names of its arguments.
    end : object
        The first of the last steps that is not fitted step by step itself.

    Raises
    ------
    InvalidParameterError
        If the steps of one before it are no pairs; it is a ValueError.
    """
    ends = last_steps(estimator)
    return next((place, end) for place, end in ends if not fits_by_steps(end))


def _hint(pipeline: Pipeline, steps: list[str], name: str, place: str) -> str:
    step, _, rest = name.partition("__")
    if rest:
        return did_you_mean(step, steps, place, f"__{rest}")
    if step != name or step in steps:
        return ""
    first, inner = pipeline.steps[-1]
    further, _ = end_of_steps(inner)
    return f" For the last step, write {place}{first}__{further}{name}."


def _is_pair(step: Any) -> bool:
    is_pair = isinstance(step, list | tuple) and len(step) == 2
    return is_pair and isinstance(step[0], str)
