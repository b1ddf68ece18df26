"""The rows of a split are cut out once, for all networks of a search."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhyper import GridSearchCV, MLPClassifier
from skhyper.search._fold import Fold

X, Y = load_iris(return_X_y=True)
NET = MLPClassifier((4,), max_epochs=1, random_state=0)


def fold():
    return Fold(np.arange(0, 150, 2), np.arange(1, 150, 2))


@pytest.mark.parametrize("frame", [False, True])
def test_networks_share_what_one_of_them_has_cut_out(frame):
    split = fold()
    rows = pd.DataFrame(X) if frame else X
    first = split.cut(NET, rows, Y)
    assert split.cut(NET, rows, Y) is first
    np.testing.assert_array_equal(first.X_train, X[::2])
    np.testing.assert_array_equal(first.y_train, Y[::2])
    np.testing.assert_array_equal(first.X_test, X[1::2])
    np.testing.assert_array_equal(first.y_test, Y[1::2])


def test_rows_that_nobody_holds_are_let_go():
    split = fold()
    split.cut(NET, X, Y)
    assert split._last() is None


def test_estimators_that_may_write_to_their_rows_have_their_own():
    split = fold()
    model = make_pipeline(StandardScaler(copy=False), NET)
    cut = split.cut(model, X, Y)
    assert split.cut(model, X, Y) is not cut
    before = X.copy()
    cut.X_train[:] = 0.0
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(split.cut(model, X, Y).X_train, X[::2])


def test_a_fold_is_sent_to_other_processes_without_its_rows():
    split = fold()
    cut = split.cut(NET, X, Y)
    sent = pickle.loads(pickle.dumps(split))
    assert sent._last is None
    np.testing.assert_array_equal(sent.cut(NET, X, Y).X_test, cut.X_test)


class Centred(MLPClassifier):
    """Moves its rows where they are, as it should not."""

    def fit(self, X, y):
        X -= X.mean(axis=0)
        return super().fit(X, y)


class Doubled(ClassifierMixin, BaseEstimator):
    """Is no network, and writes to its rows."""

    def __init__(self, factor=2.0):
        self.factor = factor

    def fit(self, X, y):
        X *= self.factor
        self.classes_ = np.unique(y)
        self.largest_ = X.max()
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def score(self, X, y):
        return self.largest_


def test_a_network_cannot_write_to_the_rows_of_others():
    search = GridSearchCV(
        Centred((4,), max_epochs=1), {"lr": [0.01, 0.02]}, cv=2, error_score="raise"
    )
    with pytest.raises(ValueError, match="read-only"):
        search.fit(X, Y)


def test_other_estimators_may_write_to_theirs():
    search = GridSearchCV(Doubled(), {"factor": [2.0, 2.0]}, cv=2, fused=True)
    scores = search.fit(X, Y).cv_results_["mean_test_score"]
    assert scores[0] == scores[1]
