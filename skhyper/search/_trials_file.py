"""Trials of Hyperopt in a file, with a checksum."""

import hashlib
import json
import re
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

from skhyper._files import write_whole
from skhyper.exceptions import StoreWarning

__all__ = ["load_trials", "save_trials"]


def load_trials(hyperopt: ModuleType, path: Path) -> Any:
    """Load the trials that a search has saved.

    Parameters
    ----------
    hyperopt : module
        Hyperopt.
    path : Path
        The file.

    Returns
    -------
    trials : hyperopt.Trials
        Without any if there is no file, or it is damaged.

    Raises
    ------
    ValueError
        If it is a file of something else, or one cannot be written there.

    Warns
    -----
    StoreWarning
        If it is damaged.
    """
    trials = hyperopt.Trials()
    rule = "The 'trials' parameter of HyperoptSearchCV must be"
    if not path.parent.is_dir():
        raise ValueError(
            f"{rule} a file in a folder that exists. Got {str(path)!r}. Make the "
            f"folder {str(path.parent)!r}, or name a file in another."
        )
    if path.is_dir():
        raise ValueError(
            f"{rule} a file. Got the folder {str(path)!r}. Name a file in it, such as "
            f"{str(path / 'trials.json')!r}."
        )
    if not path.exists():
        return trials
    content = path.read_text(errors="replace")
    digest, _, text = content.partition("\n")
    if content and not re.fullmatch("[0-9a-f]{64}", digest):
        raise ValueError(
            f"{rule} a file that such a search has written, or none that exists. Got "
            f"{str(path)!r}, which is a file of something else. Name another; a Trials "
            "object that was pickled there is to be loaded and given itself."
        )
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        warnings.warn(
            f"{str(path)!r} is damaged and is not used: its checksum is wrong. The "
            "search begins anew, and the file is written over.",
            StoreWarning,
            stacklevel=2,
        )
        return trials
    docs = [
        hyperopt.base.Trials.new_trial_docs(
            trials, [misc["tid"]], [None], [result], [misc]
        )[0]
        for misc, result in json.loads(text)
    ]
    for doc in docs:
        is_new = doc["result"]["status"] == hyperopt.STATUS_NEW
        doc["state"] = hyperopt.JOB_STATE_NEW if is_new else hyperopt.JOB_STATE_DONE
    trials.insert_trial_docs(docs)
    trials.refresh()
    return trials


def save_trials(trials: Any, path: Path) -> None:
    """Write trials to a file, with a checksum in its first line.

    Parameters
    ----------
    trials : hyperopt.Trials
        The trials.
    path : Path
        The file.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    pairs = [[trial["misc"], trial["result"]] for trial in trials.trials]
    text = json.dumps(pairs, default=_plain)
    digest = hashlib.sha256(text.encode()).hexdigest()
    write_whole(path, f"{digest}\n{text}".encode())


def _plain(value: Any) -> Any:
    """Turn a number or an array of numpy into what JSON knows."""
    return value.tolist()
