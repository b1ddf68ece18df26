"""The names of scikit-learn that are private, imported in this one place.

Whoever needs one takes it from here, so that a release of scikit-learn that moves
one breaks one file, and the test of that file says which name it was.
"""

from contextlib import AbstractContextManager

from sklearn import get_config
from sklearn.base import _fit_context as fit_context
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
    "Front",
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "MultimetricScorer",
    "StrOptions",
    "array_device",
    "check_method_params",
    "check_pipeline",
    "check_sample_weight",
    "convert_to_numpy",
    "fit_context",
    "get_namespace",
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


class Front(Pipeline):
    """A Pipeline that tells nothing of its last step, in which nothing is done."""

    def _log_message(self, step_idx: int) -> str | None:
        is_last = step_idx == len(self.steps) - 1
        message: str | None = None if is_last else super()._log_message(step_idx)
        return message
