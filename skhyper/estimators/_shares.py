"""A Pipeline taken apart: who is given which argument, and rows behind transformers."""

from collections.abc import Mapping
from typing import Any

from sklearn import get_config
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import get_routing_for_object, process_routing

from skhyper._sklearn import Front, check_pipeline
from skhyper.exceptions import did_you_mean

__all__ = [
    "arguments_behind",
    "check_steps",
    "front_of",
    "keep_front",
    "shares_of",
    "transform_arguments",
    "transform_by",
]


def check_steps(pipeline: Pipeline, params: Mapping[str, Any]) -> None:
    """Refuse what a Pipeline cannot be fitted with: its own, and of the arguments.

    Parameters
    ----------
    pipeline : Pipeline
        The Pipeline.
    params : mapping of str to object
        Arguments of its ``fit``.

    Raises
    ------
    TypeError
        If a step in front of the last is no transformer.
    ValueError
        If the Pipeline would refuse a parameter of its own, or some arguments are for
        none of its steps; all of these are in the one message.
    """
    check_pipeline(pipeline)
    if get_config()["enable_metadata_routing"]:
        # Whoever requests an argument takes it, and what nobody does is refused.
        return
    steps = [name for name, _ in pipeline.steps]
    mistakes = [
        f"{type(pipeline).__name__}.fit takes arguments of its steps, as "
        f"step__argument, and its steps are {', '.join(map(repr, steps))}. Got "
        f"{name!r}.{did_you_mean(step, steps)}"
        for name in params
        if (step := name.partition("__")[0]) not in steps or step == name
    ]
    if mistakes:
        raise ValueError("\n".join(mistakes))


def shares_of(
    pipeline: Pipeline, params: Mapping[str, Any]
) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Give the arguments of a fit that are for the transformers, and for the last step.

    Parameters
    ----------
    pipeline : Pipeline
        The Pipeline, with one step or more.
    params : mapping of str to object
        Arguments of its ``fit``.

    Returns
    -------
    others : dict of str to object
        Those for the transformers, as a Pipeline takes them.
    own : mapping of str to object
        Those for the last step, as the step itself takes them in ``fit``.

    Raises
    ------
    TypeError, ValueError
        As by `check_steps`.
    """
    check_steps(pipeline, params)
    last = pipeline.steps[-1][0]
    if not get_config()["enable_metadata_routing"]:
        prefix = f"{last}__"
        own = {
            name.removeprefix(prefix): value
            for name, value in params.items()
            if name.startswith(prefix)
        }
        others = {n: v for n, v in params.items() if not n.startswith(prefix)}
        return others, own
    routed = process_routing(pipeline, "fit", **params)
    end = pipeline.steps[-1][1]
    # Nothing is routed to what only passes the rows on.
    own = {} if end is None or end == "passthrough" else routed[last]["fit"]
    # A transformer may have asked for an argument by a name of its own.
    front = get_routing_for_object(front_of(pipeline))
    names = front.consumes("fit_transform", params)
    return {name: value for name, value in params.items() if name in names}, own


def front_of(pipeline: Pipeline) -> Pipeline:
    """Give the transformers of a Pipeline, as one that does with them as it would.

    Parameters
    ----------
    pipeline : Pipeline
        The Pipeline.

    Returns
    -------
    front : Pipeline
        Its steps, but with nothing done in the last. (The memory of a Pipeline does not
        keep what it ends in.)
    """
    end = pipeline.steps[-1][0]
    return Front(
        [*pipeline.steps[:-1], (end, "passthrough")],
        transform_input=pipeline.transform_input,
        memory=pipeline.memory,
        verbose=pipeline.verbose,
    )


def keep_front(pipeline: Pipeline, front: Pipeline) -> None:
    """Let a Pipeline have the transformers that were fitted for it.

    Parameters
    ----------
    pipeline : Pipeline
        The Pipeline, whose steps are replaced where they have a memory, which fits
        clones of them.
    front : Pipeline
        Its transformers, as `front_of` gave them, fitted.
    """
    if pipeline.memory is not None:
        pipeline.steps = [*front.steps[:-1], pipeline.steps[-1]]


def transform_by(front: Pipeline, X: Any, params: Mapping[str, Any]) -> Any:
    """Transform rows, also by what has nothing to learn and so never looks fitted.

    Parameters
    ----------
    front : Pipeline
        Transformers that have been fitted.
    X : array-like of shape (n_samples, n_features)
        Rows.
    params : mapping of str to object
        What they have requested for ``transform``.

    Returns
    -------
    X : array-like of shape (n_samples, n_features_out)
        The rows, transformed.
    """
    routed = process_routing(front, "transform", **params)
    for name, step in front.steps:
        if step is not None and step != "passthrough":
            X = step.transform(X, **routed[name]["transform"])
    return X


def transform_arguments(front: Pipeline, shares: Mapping[str, Any]) -> dict[str, Any]:
    """Give those arguments that transformers have requested for ``transform``.

    Parameters
    ----------
    front : Pipeline
        Transformers.
    shares : mapping of str to object
        Arguments of their fit.

    Returns
    -------
    params : dict of str to object
        None of them without metadata routing.
    """
    if not get_config()["enable_metadata_routing"]:
        return {}
    names = get_routing_for_object(front).consumes("transform", shares)
    return {name: shares[name] for name in names}


def arguments_behind(
    front: Pipeline, own: Mapping[str, Any], shares: Mapping[str, Any]
) -> dict[str, Any]:
    """Transform those arguments of a last step that ``transform_input`` names.

    Parameters
    ----------
    front : Pipeline
        Transformers that have been fitted.
    own : mapping of str to object
        Arguments of the step behind them.
    shares : mapping of str to object
        Arguments of their fit.

    Returns
    -------
    own : dict of str to object
        The arguments of the last step.
    """
    named = set(front.transform_input or ()).intersection(own)
    given = transform_arguments(front, shares) if named else {}

    def transform(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(transform, value))
        return transform_by(front, value, given)

    return {n: transform(value) if n in named else value for n, value in own.items()}
