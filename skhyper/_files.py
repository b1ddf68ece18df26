"""Files that are whole, or not there."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

__all__ = ["write_whole"]


def write_whole(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a file, which appears under its name when it is complete.

    Parameters
    ----------
    path : Path
        Where to write. An existing file is replaced.
    content : bytes
        What to write.
    durable : bool, default=True
        Whether to wait until it lies on the disk, which takes its time; not to wait is
        for what can be made again, and tells by itself whether it is damaged.

    Raises
    ------
    OSError
        If it cannot be written. Then nothing is left behind.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from skhyper._files import write_whole
    >>> with TemporaryDirectory() as folder:
    ...     write_whole(Path(folder, "a"), b"text")
    ...     [path.name for path in Path(folder).iterdir()]
    ['a']
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink()
