"""skorch's own callbacks work with the estimators."""

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Checkpoint, EpochScoring, TrainEndCheckpoint

from skhyper import MLPClassifier, MLPRegressor

QUICK: dict[str, Any] = {"max_epochs": 20, "lr": 0.02, "random_state": 0}


@pytest.mark.parametrize("monitor", [None, "train_loss_best"])
def test_checkpoints_of_skorch_are_written(monitor, tmp_path) -> None:
    X, y = load_iris(return_X_y=True)
    callbacks = [
        Checkpoint(dirname=tmp_path / "a", monitor=monitor),
        TrainEndCheckpoint(dirname=tmp_path / "b"),
    ]
    net = MLPClassifier(**QUICK, callbacks=callbacks).fit(X, y)
    assert (tmp_path / "a" / "params.pt").exists()
    assert (tmp_path / "b" / "train_end_params.pt").exists()
    net.net_.load_params(f_params=tmp_path / "b" / "train_end_params.pt")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("on_train", [False, True])
@pytest.mark.parametrize("scoring", ["accuracy", "roc_auc", "neg_log_loss"])
def test_epochs_are_scored_by_skorch(scoring, on_train, weighted) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    scored = EpochScoring(scoring, on_train=on_train, name="mine")
    net = MLPClassifier(**QUICK, early_stopping=True, callbacks=[scored])
    weight = np.linspace(0.5, 1.0, len(y)) if weighted else None
    net.fit(StandardScaler().fit_transform(X), y, sample_weight=weight)
    scores = np.array(net.net_.history[:, "mine"])
    assert scores[-1] > {"neg_log_loss": -0.5}.get(scoring, 0.9)


def test_epochs_of_a_regressor_are_scored_by_skorch() -> None:
    X, y = load_diabetes(return_X_y=True)
    scored = EpochScoring("r2", on_train=True, name="mine")
    net = MLPRegressor(**QUICK, callbacks=[scored]).fit(X, y)
    assert np.isfinite(net.net_.history[:, "mine"]).all()
