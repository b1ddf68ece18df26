"""Who runs a trial of an Optuna study, and whether it was left behind."""

import os
import socket
from contextlib import suppress
from typing import Any

__all__ = ["HERE", "PROCESS", "has_asked", "is_left_behind", "process_of"]

# What is noted of a trial: who runs it.
PROCESS = "skhyper:process"

# The searches that run in this process: its trials of any other are left behind.
HERE: set[str] = set()


def process_of(search: str, *, has_asked: bool) -> dict[str, Any]:
    """Note whose a trial is, and whether all of its parameters are suggested.

    Parameters
    ----------
    search : str
        A name that no other search has.
    has_asked : bool
        Whether all of its parameters are suggested.

    Returns
    -------
    notes : dict of str to object
        What is kept with the trial.
    """
    return {
        "host": socket.gethostname(),
        "id": os.getpid(),
        "search": search,
        "has_asked": has_asked,
    }


def is_left_behind(trial: Any) -> bool:
    """Tell whether a trial is under way of which the search has ended.

    Parameters
    ----------
    trial : optuna.trial.FrozenTrial
        The trial.

    Returns
    -------
    is_left : bool
        False also where another machine knows.
    """
    process = trial.user_attrs.get(PROCESS)
    if trial.state.name != "RUNNING" or process is None:
        return False
    if process["host"] != socket.gethostname():
        return False
    if process["id"] == os.getpid():
        return process["search"] not in HERE
    return not _is_alive(process["id"])


def has_asked(trial: Any) -> bool:
    """Tell whether all parameters of a trial are there to be read.

    Parameters
    ----------
    trial : optuna.trial.FrozenTrial
        A trial of a search.

    Returns
    -------
    has_asked : bool
        False also while another process may still write them.
    """
    is_written = trial.state.is_finished() or is_left_behind(trial)
    return bool(is_written and trial.user_attrs[PROCESS]["has_asked"])


def _is_alive(number: int) -> bool:
    with suppress(ProcessLookupError):
        try:
            os.kill(number, 0)
        except PermissionError:
            return True
        return True
    return False
