"""A Pipeline taken apart: who is given which argument, and rows behind transformers."""

from collections.abc import Mapping
from typing import Any

from sklearn import get_config
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import get_routing_for_object, process_routing

from skhyper._sklearn import arguments_of_steps, check_pipeline
from skhyper.exceptions import did_you_mean

__all__ = ["check_steps", "innermost", "share_of_last", "transform_rows"]


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
    mistakes = {
        name: did_you_mean(step, steps)
        if "__" in name
        else f" For the last step, write {steps[-1]}__{name}."
        for name in params
        if (step := name.partition("__")[0]) not in steps or step == name
    }
    if mistakes:
        told = " ".join(f"Got {name!r}.{hint}" for name, hint in mistakes.items())
        raise ValueError(
            f"{type(pipeline).__name__}.fit takes arguments of its steps, as "
            f"step__argument, and its steps are {', '.join(map(repr, steps))}. {told}"
        )


def share_of_last(pipeline: Pipeline, params: Mapping[str, Any]) -> dict[str, Any]:
    """Give those arguments of a fit that are for the last step, as they are.

    Parameters
    ----------
    pipeline : Pipeline
        The Pipeline, with one step or more.
    params : mapping of str to object
        Arguments of its ``fit``.

    Returns
    -------
    own : dict of str to object
        The arguments, as the step itself takes them in ``fit``.

    Raises
    ------
    TypeError, ValueError
        As by `check_steps`.
    """
    check_steps(pipeline, params)
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
    front, asked = pipeline[:-1], {}
    if get_config()["enable_metadata_routing"]:
        names = get_routing_for_object(front).consumes("transform", params)
        asked = {name: params[name] for name in names}
    routed = process_routing(front, "transform", **asked)
    for name, step in front.steps:
        if step is not None and step != "passthrough":
            X = step.transform(X, **routed[name]["transform"])
    return X


def innermost(estimator: Any) -> Any:
    """Find what a Pipeline ends in, through those inside it.

    Parameters
    ----------
    estimator : estimator object
        A Pipeline or anything else.

    Returns
    -------
    last : object
        The last step; the estimator itself if it is no Pipeline.
    """
    while isinstance(estimator, Pipeline) and estimator.steps:
        estimator = estimator.steps[-1][1]
    return estimator
