"""The memory that is free is what this process may still take, not what lies idle."""

import os

import pytest

from skhyper.fused._memory import MODEST_MEMORY, free_memory

MEMINFO = """\
MemTotal:       24683656 kB
MemFree:          553284 kB
MemAvailable:   20000000 kB
Buffers:          282176 kB
HugePages_Total:       0
"""
AVAILABLE = 20_000_000 * 1024

STAT = """\
anon 2580480
file 13021184
inactive_file {inactive_file}
active_file 3502080
"""
# Version 1 has the numbers of the group itself first, then those of all within it.
STAT_V1 = """\
cache 13021184
inactive_file 11
hierarchical_memory_limit 9223372036854771712
total_inactive_file {inactive_file}
"""
NO_LIMIT_V1 = 9223372036854771712


def write(root, files):
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def group(path, limit, usage, inactive_file=0):
    """Give the files of a control group of version 2."""
    folder = f"sys/fs/cgroup/{path}"
    return {
        f"{folder}/memory.max": f"{limit}\n",
        f"{folder}/memory.current": f"{usage}\n",
        f"{folder}/memory.stat": STAT.format(inactive_file=inactive_file),
    }


def group_v1(path, limit, usage, inactive_file=0):
    """Give the files of a control group of version 1."""
    folder = f"sys/fs/cgroup/memory/{path}"
    return {
        f"{folder}/memory.limit_in_bytes": f"{limit}\n",
        f"{folder}/memory.usage_in_bytes": f"{usage}\n",
        f"{folder}/memory.stat": STAT_V1.format(inactive_file=inactive_file),
    }


def machine(group_of_process):
    return {"proc/meminfo": MEMINFO, "proc/self/cgroup": group_of_process}


V1 = "9:name=systemd:/\n4:cpuset:/\n3:cpu,memory:/docker/4f\n0::/\n"

MACHINES = {
    "without control groups": ({"proc/meminfo": MEMINFO}, AVAILABLE),
    "in the top group, which has no limit": (machine("0::/\n"), AVAILABLE),
    "in a group without a limit": (
        {**machine("0::/user.slice\n"), **group("user.slice", "max", 10**9)},
        AVAILABLE,
    ),
    "in a group with a limit": (
        {**machine("0::/a/b\n"), **group("a/b", 10**9, 4 * 10**8)},
        6 * 10**8,
    ),
    "in a group with a limit above what there is": (
        {**machine("0::/a\n"), **group("a", 10**15, 1)},
        AVAILABLE,
    ),
    "in a group that has read files": (
        {**machine("0::/a\n"), **group("a", 10**9, 9 * 10**8, 5 * 10**8)},
        6 * 10**8,
    ),
    "in a group within one that has less left": (
        {
            **machine("0::/a/b/c\n"),
            **group("a/b/c", 10**9, 10**8),
            **group("a/b", "max", 10**8),
            **group("a", 7 * 10**8, 4 * 10**8),
        },
        3 * 10**8,
    ),
    "beside a group that has less left": (
        {
            **machine("0::/a/b\n"),
            **group("a/b", 10**9, 10**8),
            **group("a/c", 10**8, 10**8),
        },
        9 * 10**8,
    ),
    "in a container that sees its own group as the top one": (
        {**machine("0::/\n"), **group("", 10**9, 10**8)},
        9 * 10**8,
    ),
    "in a group outside of what its container sees": (
        {**machine("0::/../a\n"), **group("", 10**9, 10**8)},
        9 * 10**8,
    ),
    "in a group that has taken more than it may": (
        {**machine("0::/a\n"), **group("a", 10**8, 10**9)},
        0,
    ),
    "in groups of version 1": (
        {
            **machine(V1),
            **group_v1("docker/4f", 10**9, 9 * 10**8, 2 * 10**8),
            **group_v1("docker", NO_LIMIT_V1, 10**9),
            **group_v1("", NO_LIMIT_V1, 10**9),
        },
        3 * 10**8,
    ),
    "in a container of version 1": (
        {**machine(V1), **group_v1("", 10**9, 10**8)},
        9 * 10**8,
    ),
}


@pytest.mark.parametrize("case", MACHINES)
def test_free_is_what_the_kernel_and_the_groups_leave(case, tmp_path):
    files, expected = MACHINES[case]
    write(tmp_path, files)
    assert free_memory(tmp_path) == expected


def test_without_files_of_a_kernel_the_system_is_asked(tmp_path):
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < free_memory(tmp_path) <= total


def test_where_free_pages_are_not_told_of_half_of_all_is_free(tmp_path, monkeypatch):
    pages = {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}

    def sysconf(name):
        # As macOS refuses the name of the free pages.
        if name not in pages:
            raise ValueError("unrecognized configuration name")
        return pages[name]

    monkeypatch.setattr(os, "sysconf", sysconf)
    assert free_memory(tmp_path) == 500 * 4096


def test_where_nothing_is_told_a_modest_memory_is_free(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "sysconf")
    assert free_memory(tmp_path) == MODEST_MEMORY


def test_this_machine_has_some_and_no_more_than_there_is():
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < free_memory() <= total
