"""Runs kept on disk: nothing of them is executed, and damage is noticed."""

import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from skhyper._encoding import Encoder, decode
from skhyper._files import write_whole
from skhyper.exceptions import StoreWarning
from skhyper.training.outcome import NetState, StopReason

__all__ = ["Entry", "Store", "store_at"]


@dataclass(frozen=True, eq=False)
class Entry:
    """How far a run has come.

    Parameters
    ----------
    state : NetState
        What its training has made of it.
    reason : StopReason
        Why it went no further.
    """

    state: NetState
    reason: StopReason


class Store:
    """A folder of runs, each in a folder that is named by what determines it.

    There is a file for each epoch that a run may have to go on from, of the format
    "safetensors", with a document in JSON and a checksum in its header. It appears
    under its name when it is complete, so that several processes can share a folder.

    Parameters
    ----------
    folder : Path
        The folder; it is made when the first run is written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pathlib import Path
    >>> from skhyper.training import Store
    >>> with TemporaryDirectory() as folder:
    ...     Store(Path(folder)).read("0" * 64, last=9) is None
    True
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._has_failed = False

    def read(self, key: str, last: int) -> Entry | None:
        """Read how far a run has come.

        Parameters
        ----------
        key : str
            Its name.
        last : int
            Epoch beyond which it must not be.

        Returns
        -------
        entry : Entry or None
            The latest up to there; None if nothing is known of it.

        Warns
        -----
        StoreWarning
            If a file is damaged. Then it is removed.
        """
        folder = self.folder / key
        paths = {
            int(path.stem): path
            for path in folder.glob("*.safetensors")
            if path.stem.isdecimal()
        }
        for epoch in sorted(paths, reverse=True):
            if epoch > last:
                continue
            try:
                return _read(paths[epoch])
            except FileNotFoundError:
                # Another process has come further.
                continue
            except (OSError, SafetensorError, ValueError, KeyError) as error:
                warnings.warn(
                    f"{str(paths[epoch])!r} is damaged and is removed: {error}. What "
                    "it held is trained again.",
                    StoreWarning,
                    stacklevel=2,
                )
                self.remove(key, epoch)
        return None

    def remove(self, key: str, epoch: int) -> None:
        """Remove what is known of a run after an epoch, if it can be.

        Parameters
        ----------
        key : str
            Its name.
        epoch : int
            The epoch.
        """
        with suppress(OSError):
            self._path(key, epoch).unlink()

    def write(self, key: str, entry: Entry) -> None:
        """Write how far a run has come.

        Parameters
        ----------
        key : str
            Its name.
        entry : Entry
            What is known of it.

        Warns
        -----
        StoreWarning
            Once, if it cannot be written, as to a full disk; the run goes on without.
        """
        path = self._path(key, len(entry.state.history))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, _bytes(entry), durable=False)
        except OSError as error:
            is_known, self._has_failed = self._has_failed, True
            if is_known:
                return
            warnings.warn(
                f"What was trained cannot be kept in {str(self.folder)!r}: {error}. "
                "The training goes on, but will have to begin anew if it is cut off.",
                StoreWarning,
                stacklevel=2,
            )

    def _path(self, key: str, epoch: int) -> Path:
        return self.folder / key / f"{epoch}.safetensors"


def store_at(
    memory: str | Path | joblib.Memory | None, user: str, *, has_seed: bool
) -> Store | None:
    """Open the folder that an argument ``memory`` names.

    Parameters
    ----------
    memory : str, Path, joblib.Memory or None
        The folder, or a memory in whose folder there is one for runs.
    user : str
        The class that has the argument.
    has_seed : bool
        Whether another fit would have the same seeds.

    Returns
    -------
    store : Store or None
        None if nothing is to be kept.

    Raises
    ------
    ValueError
        If the path is empty.

    Warns
    -----
    StoreWarning
        If no other fit would find what is kept.
    """
    if memory == "":
        raise ValueError(
            f"The 'memory' parameter of {user} must be the path of a folder. Got ''. "
            "Set memory=None to keep nothing."
        )
    if isinstance(memory, joblib.Memory):
        memory = memory.location and Path(memory.location) / "skhyper"
    if memory is None:
        return None
    if not has_seed:
        warnings.warn(
            f"No other fit will find what the memory of {user} keeps, as random_state "
            "is None and each fit draws a seed of its own. Set random_state to an int.",
            StoreWarning,
            stacklevel=4,
        )
    # Elsewhere too, as in a process with a working directory of its own.
    return Store(Path(memory).absolute())


def _bytes(entry: Entry) -> bytes:
    """Lay an entry out as the content of a file."""
    state = entry.state
    encoder = Encoder()
    values = encoder.encode_each(
        {
            **vars(state),
            "history": _as_columns(state.history),
            "module": dict(state.module),
            "best": state.best and dict(state.best),
            "reason": str(entry.reason),
        }
    )
    assert not encoder.refused, f"a state is made of plain values: {encoder.refused}"
    document = json.dumps(values)
    digest = _digest(document, encoder.arrays)
    return save(encoder.arrays, {"document": document, "sha256": digest})


def _read(path: Path) -> Entry:
    with safe_open(path, framework="np") as file:
        header = file.metadata() or {}
        names = file.keys()
        arrays = {name: file.get_tensor(name) for name in names}
    document = header["document"]
    if _digest(document, arrays) != header["sha256"]:
        raise ValueError("its checksum is wrong")
    values = {
        name: decode(value, arrays) for name, value in json.loads(document).items()
    }
    values["history"] = _as_rows(values["history"])
    return Entry(reason=StopReason(values.pop("reason")), state=NetState(**values))


def _as_columns(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Lay rows out by columns, which are faster to write, if they have the same."""
    names = list(rows[0]) if rows else []
    if any(list(row) != names for row in rows):
        return [dict(row) for row in rows]
    return {name: [row[name] for row in rows] for name in names}


def _as_rows(table: Any) -> list[dict[str, Any]]:
    """Turn what `_as_columns` gives back into rows."""
    if isinstance(table, list):
        return table
    rows = zip(*table.values(), strict=True)
    return [dict(zip(table, row, strict=True)) for row in rows]


def _digest(document: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    hasher = hashlib.sha256(document.encode())
    for name in sorted(arrays):
        array = arrays[name]
        hasher.update(f"{name} {array.dtype} {array.shape} ".encode())
        hasher.update(array.tobytes())
    return hasher.hexdigest()
