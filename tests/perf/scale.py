"""What 1,000 GPUs and 100,000 candidates would cost around the training.

``python tests/perf/scale.py`` measures what the client does for a task and how large a
stack is, with the code that sends stacks and nothing that runs them, and computes the
rest from that: messages, bytes, and lanes that idle. No cluster is needed.
"""

import argparse
import heapq
import pickle
import time

import joblib
import numpy as np
from sklearn.datasets import load_digits

from skhyper import GridSearchCV, MLPClassifier
from skhyper.fused import _engines
from skhyper.search._task import TaskResult

# Dask: submit, compute, finished, in memory, gather and its answer, release, free.
MESSAGES = 8
# Seconds of Dask's scheduler for a task: the order of magnitude in its documentation.
SCHEDULER = 0.001
# Seconds of an epoch of a stack, and of it for each lane. Together they are what an
# H200 took for 256 networks 64-100-10 (20 epochs in 0.15 s); their shares are assumed.
EPOCH, LANE = 0.004, 0.000015


class Counted(_engines.Engine):
    """Counts what would be sent, and answers without a worker."""

    name = "threading"
    calls: list[tuple[int, int, int]] = []

    def configure(self, n_jobs, parallel, **settings):
        return n_jobs

    def pack(self, argument):
        if getattr(argument, "nbytes", 0) < _engines.LARGE:
            return argument
        return ("array", id(argument))

    def submit(self, call, callback):
        layout = call[1][1]
        results = [TaskResult(n, 0, 0.5, None, 1.0, 0.1) for n in range(len(layout))]
        sizes = len(pickle.dumps(call)), len(pickle.dumps(results))
        self.calls.append((len(layout), *sizes))
        callback(Sent())


class Sent(Exception):
    """Ends the call as soon as a stack was sent."""


def measure(n_lanes):
    """Give seconds of the client for a task, and bytes of it and of its result."""
    X, y = load_digits(return_X_y=True)
    grid = {"lr": np.linspace(0.001, 0.1, n_lanes // 5)}
    search = GridSearchCV(MLPClassifier(random_state=0), grid, error_score="raise")
    Counted.calls.clear()
    began = time.process_time()
    with joblib.parallel_config("fused", over="counted", n_jobs=2):
        try:
            search.fit(X, y)
        except Sent:
            seconds = time.process_time() - began
    lanes, sent, back = Counted.calls[0]
    return seconds / n_lanes, sent / lanes, back / lanes, X.nbytes + y.nbytes


def simulate(n_workers, n_tasks, n_lanes, client, slower, seed=0):
    """Give the wall time and the part of it in which the lanes of a worker idle.

    Lanes train 5 to 100 epochs, as early stopping has them; a lane that has stopped
    makes the step of its stack cheaper, not free, and leaves its place empty. Training
    takes ``slower`` times as long as that of the networks it was measured with. The
    client makes ``n_lanes`` tasks for each worker before it sends the first stack, and
    as many again whenever one comes back.
    """
    rng = np.random.default_rng(seed)
    left = n_tasks
    ends: list[tuple[float, int]] = []
    drawn = min(n_tasks, n_workers * n_lanes)
    ready = drawn * client
    used = wall = 0.0
    idle_workers = list(range(n_workers))
    while left or ends:
        while left and idle_workers:
            size = min(n_lanes, left)
            left -= size
            worker = idle_workers.pop()
            epochs = np.sort(rng.integers(5, 101, size))
            alive = size - np.searchsorted(epochs, np.arange(epochs[-1]), "right")
            seconds = slower * (EPOCH + LANE * alive)
            # Client and scheduler work side by side: the slower one counts.
            making = 0.0 if drawn else size * client
            drawn = max(drawn - size, 0)
            ready = max(ready, wall) + max(making, SCHEDULER)
            used += float((alive / n_lanes * seconds).sum())
            heapq.heappush(ends, (ready + float(seconds.sum()), worker))
        wall, worker = heapq.heappop(ends)
        idle_workers.append(worker)
    return wall, 1 - used / (wall * n_workers)


def main():
    """Print the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=1_000)
    parser.add_argument("--candidates", type=int, default=100_000)
    options = parser.parse_args()
    n_tasks = 5 * options.candidates
    _engines.ENGINES["counted"] = Counted
    client, sent, back, data = measure(1_000)
    print(f"client: {1e3 * client:.2f} ms a task, {client * n_tasks:,.0f} s in all")
    print(f"a task is {sent:,.0f} bytes in its stack, a result {back:,.0f}")
    print(f"data: {data / 1e6:.1f} MB a worker, {data * options.workers / 1e9:.1f} GB")
    print(f"tasks: {n_tasks * sent / 1e9:.2f} GB, back {n_tasks * back / 1e9:.2f} GB")
    print("training  lanes   stacks  messages  scheduler s  wall s  idle %")
    for slower in (1, 100, 1_000):
        for n_lanes in (1, 50, 200, 500):
            stacks = -(-n_tasks // n_lanes)
            wall, idle = simulate(options.workers, n_tasks, n_lanes, client, slower)
            print(
                f"{slower:7}x {n_lanes:6} {stacks:8,} {stacks * MESSAGES:9,}"
                f" {stacks * SCHEDULER:12.1f} {wall:7,.0f} {100 * idle:7.0f}"
            )


if __name__ == "__main__":
    main()
