"""How much memory is free."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["free_memory"]

# Where the system does not tell how much memory there is, as on Windows.
MODEST_MEMORY = 4 * 10**9


class Hierarchy(NamedTuple):
    """Where the kernel tells what the control groups of one hierarchy may take."""

    folder: str
    limit: str
    usage: str
    cache: str


# By the controller in the lines of /proc/self/cgroup; that of version 2 has no name.
HIERARCHIES = {
    "": Hierarchy("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
    "memory": Hierarchy(
        "sys/fs/cgroup/memory",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
}


def free_memory(root: Path = Path("/")) -> int:
    """Give the bytes that this process may still take.

    On Linux that is what the kernel holds to be available, the files in its cache that
    it can drop included, and no more than the limits leave of the control groups that
    the process is in, as those of a container. Elsewhere it is what the system calls
    free; half of all memory where it only tells how much there is, as on macOS; and
    4 GB where it tells nothing, as on Windows.

    Parameters
    ----------
    root : Path, default=Path("/")
        Where ``proc`` and ``sys`` are.

    Returns
    -------
    n_bytes : int
        At least 0.

    Examples
    --------
    >>> from skhyper.fused._memory import free_memory
    >>> free_memory() > 0
    True
    """
    available = _available(root)
    if available is None:
        available = _free_by_system()
    return max(0, min([available, *_left_by_groups(root)]))


def _available(root: Path) -> int | None:
    """Read what the kernel holds to be available; None where it does not tell."""
    kilobytes = _numbers(root / "proc/meminfo").get("MemAvailable:")
    return None if kilobytes is None else kilobytes * 1024


def _free_by_system() -> int:
    for name, part in (("SC_AVPHYS_PAGES", 1), ("SC_PHYS_PAGES", 2)):
        try:
            n_bytes = os.sysconf(name) * os.sysconf("SC_PAGE_SIZE")
        except (AttributeError, ValueError, OSError):
            continue
        if n_bytes > 0:
            return n_bytes // part
    return MODEST_MEMORY


def _left_by_groups(root: Path) -> Iterator[int]:
    """Give what is left of the limit of each control group of this process."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            if controller in HIERARCHIES:
                yield from _left_by_parents(root, HIERARCHIES[controller], path)


def _left_by_parents(root: Path, hierarchy: Hierarchy, path: str) -> Iterator[int]:
    """Give what is left of the limits of a group and of those that it lies in."""
    top = root / hierarchy.folder
    # In a container its own group may be the top one, under whatever path: then the
    # folders below are not there.
    names = [name for name in path.split("/") if name not in ("", "..")]
    group = top.joinpath(*names)
    for folder in (group, *group.parents):
        limit = _lines(folder / hierarchy.limit)
        usage = _lines(folder / hierarchy.usage)
        # Without a limit it is the word "max".
        if limit and usage and limit[0].isdecimal():
            cache = _numbers(folder / "memory.stat").get(hierarchy.cache, 0)
            yield int(limit[0]) - int(usage[0]) + cache
        if folder == top:
            return


def _numbers(path: Path) -> dict[str, int]:
    """Read a file with a name and a number in each line."""
    words = [line.split() for line in _lines(path)]
    return {word[0]: int(word[1]) for word in words if len(word) > 1}


def _lines(path: Path) -> list[str]:
    """Read the lines of a file; there are none where it cannot be read."""
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
