"""Kill a search at random moments and count its epochs; run by the tests of resuming.

``python tests/search/kill_moments.py grid 20`` prints a line for each kill: the moment,
the epochs that had begun and those that were in the files, the epochs that the same
call began again, and whether its table is that of a search which nobody has killed. All
run in forks of this process, which has imported what they need and has no threads.
"""

import json
import mmap
import os
import random
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from tempfile import TemporaryDirectory

from kill import fitted, make_search, table_of

from skhyper.fused._tile import Tile
from skhyper.training.net import Net


class Counter:
    """A number that outlives the process which counts."""

    def __init__(self):
        self._memory = mmap.mmap(-1, 8)
        self._lock = threading.Lock()

    def add(self, number):
        with self._lock:
            self.value += number

    @property
    def value(self):
        return int.from_bytes(self._memory[:], "little")

    @value.setter
    def value(self, number):
        self._memory[:] = number.to_bytes(8, "little")


def count_epochs(epochs):
    """Have each epoch counted that a network begins, in a stack or alone."""
    train_epoch, on_epoch_begin = Tile._train_epoch, Net.on_epoch_begin

    def train_epoch_counted(tile, epoch):
        epochs.add(sum(not lane.is_over for lane in tile.lanes))
        train_epoch(tile, epoch)

    def on_epoch_begin_counted(net, *arguments, **keywords):
        epochs.add(1)
        on_epoch_begin(net, *arguments, **keywords)

    Tile._train_epoch = train_epoch_counted
    Net.on_epoch_begin = on_epoch_begin_counted


def begin(kind, memory, path):
    """Fit a search in another process, which writes to a file what it has found."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        path.write_text(json.dumps(table_of(fitted(make_search(kind, memory)))))
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def is_under_way(pid):
    """Tell whether a process still runs, without waiting for it."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def has_ended(pid):
    """Wait for a process, and tell whether it came to its end by itself."""
    return os.waitpid(pid, 0)[1] == 0


def n_kept(memory):
    """Add up the epochs of the latest file of each run."""
    return sum(
        max((int(path.stem) for path in run.glob("[0-9]*.safetensors")), default=0)
        for run in memory.glob("*")
    )


def kill_once(kind, folder, moment, epochs):
    """Kill a search a while after it has begun an epoch, and fit it again."""
    memory, path = folder / "memory", folder / "table"
    number, seconds = moment
    epochs.value = 0
    pid = begin(kind, memory, path)
    while epochs.value < number and is_under_way(pid):
        time.sleep(0.001)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    if has_ended(pid):
        return None
    killed = {"moment": moment, "begun": epochs.value, "kept": n_kept(memory)}
    epochs.value = 0
    assert has_ended(begin(kind, memory, path))
    return {**killed, "again": epochs.value, "table": json.loads(path.read_text())}


def main():
    kind, n_kills = sys.argv[1], int(sys.argv[2])
    epochs = Counter()
    count_epochs(epochs)
    with TemporaryDirectory() as folder:
        path = Path(folder, "table")
        assert has_ended(begin(kind, None, path))
        whole, table = epochs.value, json.loads(path.read_text())
    draw, kills = random.Random(kind), []
    while len(kills) < n_kills:
        # The while is about as long as ten epochs and the writing of their files.
        moment = draw.randrange(whole), draw.uniform(0, 0.05)
        with TemporaryDirectory() as folder:
            kill = kill_once(kind, Path(folder), moment, epochs)
        if kill is not None:
            kills.append({**kill, "table": kill["table"] == table})
    lines = (json.dumps(line) for line in [{"whole": whole}, *kills])
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()
