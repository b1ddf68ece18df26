"""What joblib keeps to itself, used in this one place."""

from collections.abc import Callable
from typing import Any

from joblib._parallel_backends import FallbackToBackend
from joblib._utils import eval_expr
from joblib.externals.loky.process_executor import TerminatedWorkerError

__all__ = [
    "FallbackToBackend",
    "TerminatedWorkerError",
    "eval_expr",
    "folder_chooser",
]


def folder_chooser(loky: Any) -> Callable[[], None]:
    """Give what a call must do when it is pickled for the workers of loky.

    Large arrays are then written to the folder of the Parallel object whose call it is,
    which is removed with it. joblib does the same for backends that are loky's own.

    Parameters
    ----------
    loky : LokyBackend
        The backend; it has been configured.

    Returns
    -------
    choose : callable
        Chooses the folder.
    """

    def choose() -> None:
        manager = loky._workers._temp_folder_manager
        manager.set_current_context(loky.parallel._id)

    return choose
