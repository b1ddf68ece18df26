"""The names of scikit-learn that are private, imported in this one place.

Whoever needs one takes it from here, so that a release of scikit-learn that moves
one breaks one file, and the test of that file says which name it was.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from sklearn import get_config
from sklearn.base import _fit_context as fit_context
from sklearn.callback import CallbackContext
from sklearn.metrics._scorer import _MultimetricScorer as MultimetricScorer
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._validation import (
    _warn_or_raise_about_fit_failures as warn_or_raise_about_fit_failures,
)
from sklearn.pipeline import Pipeline
from sklearn.utils._array_api import _convert_to_numpy as convert_to_numpy
from sklearn.utils._array_api import device as array_device
from sklearn.utils._array_api import get_namespace
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils._user_interface import _print_elapsed_time
from sklearn.utils.metaestimators import _safe_split as safe_split
from sklearn.utils.validation import _check_method_params as check_method_params
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

__all__ = [
    "BaseSearchCV",
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "MultimetricScorer",
    "StrOptions",
    "arguments_of_steps",
    "array_device",
    "callback_context",
    "check_method_params",
    "check_pipeline",
    "check_sample_weight",
    "convert_to_numpy",
    "fit_context",
    "fit_transformers",
    "get_namespace",
    "last_arguments",
    "last_step_timed",
    "safe_split",
    "validate_parameter_constraints",
    "warn_or_raise_about_fit_failures",
]


def check_pipeline(pipeline: Pipeline) -> None:
    """Refuse the parameters of a Pipeline that its own ``fit`` would refuse.

    Parameters
    ----------
    pipeline : Pipeline
        The Pipeline.

    Raises
    ------
    TypeError
        If a step in front of the last is no transformer.
    ValueError
        If the name of a step is there twice or cannot be one, another parameter is no
        such thing, or ``transform_input`` is given without metadata routing.
    """
    if not get_config()["skip_parameter_validation"]:
        pipeline._validate_params()
    routes = get_config()["enable_metadata_routing"]
    if pipeline.transform_input is not None and not routes:
        raise ValueError(
            f"The 'transform_input' parameter of {type(pipeline).__name__} needs "
            f"metadata routing. Got {pipeline.transform_input!r}; call "
            "sklearn.set_config(enable_metadata_routing=True)."
        )
    pipeline._validate_steps()


def last_step_timed(pipeline: Pipeline) -> AbstractContextManager[None]:
    """Tell how long the last step of a Pipeline took, if the Pipeline is to tell.

    Parameters
    ----------
    pipeline : Pipeline
        The Pipeline.

    Returns
    -------
    timed : context manager
        In it the step is fitted.
    """
    message = pipeline._log_message(len(pipeline.steps) - 1)
    timed: AbstractContextManager[None] = _print_elapsed_time("Pipeline", message)
    return timed


def callback_context(pipeline: Pipeline) -> CallbackContext:
    """Begin what the callbacks of a Pipeline are told of its fit.

    Parameters
    ----------
    pipeline : Pipeline
        The Pipeline.

    Returns
    -------
    context : CallbackContext
        With a task for each step.
    """
    return pipeline._init_callback_context(max_subtasks=len(pipeline.steps))


def arguments_of_steps(
    pipeline: Pipeline, params: Mapping[str, Any]
) -> Mapping[str, Mapping[str, Any]]:
    """Give the arguments of a Pipeline's ``fit`` by steps, and by their methods.

    Parameters
    ----------
    pipeline : Pipeline
        The Pipeline.
    params : mapping of str to object
        Arguments of its ``fit``.

    Returns
    -------
    routed : mapping of str to mapping of str to dict
        Steps that only pass the rows on may be missing.
    """
    routed: Mapping[str, Mapping[str, Any]]
    routed = Pipeline._check_method_params(pipeline, "fit", props=params)
    return routed


def fit_transformers(
    pipeline: Pipeline,
    X: Any,
    y: Any,
    params: Mapping[str, Any],
    context: CallbackContext,
) -> Any:
    """Fit all steps of a Pipeline but the last, as its own ``fit`` does.

    Parameters
    ----------
    pipeline : Pipeline
        The Pipeline. Where it has a memory, its steps are replaced.
    X, y : array-like
        Rows; `y` may be None.
    params : mapping of str to object
        Arguments of its ``fit``.
    context : CallbackContext
        What is told of its fit.

    Returns
    -------
    X : array-like
        The rows, transformed.
    """
    routed = arguments_of_steps(pipeline, params)
    steps = pipeline.steps
    X = Pipeline._fit(pipeline, X, y, routed, raw_params=params, callback_ctx=context)
    if pipeline.memory is None:
        # It holds the same objects still, and parameters are not to be overwritten.
        pipeline.steps = steps
    return X


def last_arguments(pipeline: Pipeline, params: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the last step of a Pipeline is given for its ``fit``.

    Parameters
    ----------
    pipeline : Pipeline
        The Pipeline, whose other steps have been fitted.
    params : mapping of str to object
        Arguments of its ``fit``.

    Returns
    -------
    own : dict of str to object
        The arguments of the step, transformed if ``transform_input`` names them.
    """
    last = pipeline.steps[-1][0]
    methods = Pipeline._get_metadata_for_step(
        pipeline,
        step_idx=len(pipeline.steps) - 1,
        step_params=arguments_of_steps(pipeline, params).get(last, {}),
        all_params=params,
    )
    return dict(methods.get("fit", {}))
