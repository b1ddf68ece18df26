"""A search to which something happens; run as a script by ``test_faults``.

Usage: ``python faults.py FAULT SEARCH N_JOBS BACKEND``. It prints one line of JSON. The
classes are those of a script so that worker processes are given them by value. Where
BACKEND is "none", no backend of joblib is chosen.
"""

import json
import os
import signal
import sys
import threading
import time
import warnings
from contextlib import nullcontext

import numpy as np
from joblib import parallel_config
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from skorch.callbacks import Callback

from skhyper.estimators import MLPClassifier
from skhyper.search import BayesSearchCV, GridSearchCV, RandomizedSearchCV


class Constant(ClassifierMixin, BaseEstimator):
    """Predicts one class; what happens in ``fit`` depends on ``level``."""

    def __init__(self, level=0, fault="none"):
        self.level = level
        self.fault = fault

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        if self.level == 3:
            if self.fault == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.fault == "swallow":
                # As scikit-learn's MLPClassifier and skorch's nets: Ctrl-C ends the
                # training, and fit returns as if nothing had happened.
                # By then the results of the tasks before have come home.
                time.sleep(2)
                try:
                    os.killpg(0, signal.SIGINT)
                    time.sleep(30)
                except KeyboardInterrupt:
                    pass
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[self.level % 3])


class InterruptAtEpoch(Callback):
    """The user's Ctrl-C in the second epoch of the fifth fit."""

    fits = 0
    epochs = 0

    def on_train_begin(self, net, **kwargs):
        InterruptAtEpoch.fits += 1

    def on_epoch_begin(self, net, **kwargs):
        InterruptAtEpoch.epochs += 1

    def on_epoch_end(self, net, **kwargs):
        if InterruptAtEpoch.fits >= 5 and len(net.history) == 2:
            InterruptAtEpoch.fits = -10
            os.killpg(0, signal.SIGINT)


def interrupt_stack(interrupted):
    """Send the user's Ctrl-C when the two short runs of a stack have ended."""
    time.sleep(5)
    interrupted.append(time.monotonic())
    os.killpg(0, signal.SIGINT)


def make_search(kind, fault, n_jobs):
    levels = list(range(6))
    common = {"cv": 2, "n_jobs": n_jobs, "random_state": 0, "refit": False}
    if fault == "epoch":
        network = MLPClassifier(
            hidden_layer_sizes=(4,), max_epochs=3, callbacks=[InterruptAtEpoch()]
        )
        if kind == "grid":
            return GridSearchCV(network, {"lr": [0.01, 0.02, 0.03, 0.04]}, **common)
        return BayesSearchCV(network, {"lr": (0.01, 0.1)}, n_iter=4, **common)
    if fault == "stack":
        network = MLPClassifier(hidden_layer_sizes=(4,))
        if kind == "nested":
            inner = GridSearchCV(network, {"max_epochs": [3, 10**6]}, cv=2)
            return GridSearchCV(inner, {"refit": [True]}, **common)
        return GridSearchCV(network, {"max_epochs": [3, 4, 10**6]}, **common)
    if fault == "threads":
        network = MLPClassifier(hidden_layer_sizes=(4,), callbacks=[InterruptAtEpoch()])
        return GridSearchCV(network, {"max_epochs": [3, 4, 10**6]}, **common)
    estimator = Constant(fault=fault)
    if kind == "grid":
        return GridSearchCV(estimator, {"level": levels}, **common)
    if kind == "randomized":
        return RandomizedSearchCV(estimator, {"level": levels}, n_iter=6, **common)
    return BayesSearchCV(estimator, {"level": levels}, n_iter=6, n_points=2, **common)


def main():
    fault, kind, n_jobs, backend = sys.argv[1:]
    warnings.simplefilter("ignore")
    search = make_search(kind, fault, int(n_jobs))
    ended, interrupted = "normally", []
    if fault == "stack":
        threading.Thread(target=interrupt_stack, args=[interrupted]).start()
    try:
        with nullcontext() if backend == "none" else parallel_config(backend):
            search.fit(*load_iris(return_X_y=True))
    except BaseException as error:
        ended = type(error).__name__
    seconds = [time.monotonic() - began for began in interrupted]
    threads = [thread.name for thread in threading.enumerate()]
    results = getattr(search, "cv_results_", {"params": []})
    names = {"epoch": "lr", "threads": "max_epochs", "stack": "max_epochs"}
    name = "refit" if kind == "nested" else names.get(fault, "level")
    fusion = getattr(search, "fusion_report_", {"lanes": []})
    # Whatever still trains is found out by its epochs.
    epochs = InterruptAtEpoch.epochs
    time.sleep(1)
    report = {
        "epochs_after_the_end": InterruptAtEpoch.epochs - epochs,
        "ended": ended,
        "seconds": seconds,
        "threads": threads,
        "lanes": np.asarray(fusion["lanes"]).tolist(),
        "values": [params[name] for params in results["params"]],
        "scores": np.asarray(results.get("mean_test_score", [])).tolist(),
        "ranks": np.asarray(results.get("rank_test_score", [])).tolist(),
        "epochs": np.asarray(results.get("mean_n_epochs", [])).tolist(),
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
