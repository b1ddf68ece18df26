"""The score of a whole search on outer folds."""

import re

import joblib
import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_digits, make_classification
from sklearn.model_selection import GridSearchCV as SklearnGridSearchCV
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    StratifiedKFold,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhyper import (
    BayesSearchCV,
    GridSearchCV,
    HyperbandSearchCV,
    MLPClassifier,
    MLPRegressor,
    RandomizedSearchCV,
    nested_score,
)

SPACE = {"lr": [1e-3, 1e-2, 0.1], "dropout": [0.0, 0.3]}


@pytest.fixture
def digits():
    X, y = load_digits(n_class=4, return_X_y=True)
    return X[:240], y[:240]


def make_net():
    return make_pipeline(StandardScaler(), MLPClassifier((12,), max_epochs=4))


@pytest.mark.parametrize(
    "search",
    [
        GridSearchCV(make_net(), SPACE, cv=3, random_state=0),
        RandomizedSearchCV(make_net(), "optimizer", n_iter=3, cv=3, random_state=0),
        BayesSearchCV(make_net(), "dropout", n_iter=3, cv=3, random_state=0),
        HyperbandSearchCV(
            make_net(), "regularization", max_epochs=3, cv=3, random_state=0
        ),
    ],
    ids=lambda search: type(search).__name__,
)
def test_scores_are_those_of_cross_validate_over_searches_alone(search, digits):
    scores = nested_score(search, *digits, outer=3, verbose=False)
    alone = clone_alone(search)
    reference = cross_validate(alone, *digits, cv=3, return_estimator=True)
    np.testing.assert_array_equal(scores["test_score"], reference["test_score"])
    expected = [fitted.best_score_ for fitted in reference["estimator"]]
    np.testing.assert_array_equal(scores["inner_score"], expected)
    assert len(set(expected)) > 1


def clone_alone(search):
    return type(search)(**{**search.get_params(deep=False), "fused": False})


def test_searches_of_all_outer_folds_are_trained_together(digits):
    search = GridSearchCV(make_net(), SPACE, cv=3, random_state=0)
    outer = StratifiedKFold(3)
    scores = nested_score(search, *digits, outer=outer, verbose=False)
    n_lanes = max(
        fitted.fusion_report_["lanes"].max() for fitted in scores["estimator"]
    )
    assert n_lanes == 3 * 6 * 3


def test_fused_false_is_heeded(digits):
    search = GridSearchCV(make_net(), SPACE, cv=2, random_state=0, fused=False)
    scores = nested_score(search, *digits, outer=2, verbose=False)
    for fitted in scores["estimator"]:
        assert (
            "lanes" not in fitted.fusion_report_
            or (fitted.fusion_report_["lanes"] == 1).all()
        )


def test_search_of_scikit_learn_is_scored_as_well(digits):
    net = make_net().set_params(mlpclassifier__random_state=0)
    search = SklearnGridSearchCV(net, {"mlpclassifier__lr": [1e-3, 0.1]}, cv=2)
    scores = nested_score(search, *digits, outer=2, verbose=False)
    with joblib.parallel_config("fused"):
        fused = nested_score(search, *digits, outer=2, verbose=False)
    np.testing.assert_array_equal(scores["test_score"], fused["test_score"])


def test_the_two_figures_are_printed_beside_each_other(digits, capsys):
    search = GridSearchCV(make_net(), SPACE, cv=2, random_state=0)
    scores = nested_score(search, *digits, outer=3)
    nested, inner = capsys.readouterr().out.splitlines()
    assert nested.startswith(f"score: {scores['test_score'].mean():.4f} ± ")
    assert nested.endswith("over 3 outer folds")
    assert inner.startswith(
        f"GridSearchCV itself says {scores['inner_score'].mean():.4f}"
    )


def test_several_metrics(digits):
    metrics = ["accuracy", "neg_log_loss"]
    search = GridSearchCV(
        make_net(), SPACE, cv=2, random_state=0, scoring=metrics, refit="neg_log_loss"
    )
    scores = nested_score(search, *digits, outer=2, scoring=metrics, verbose=False)
    assert {"test_accuracy", "test_neg_log_loss"} <= {*scores}
    assert (scores["inner_score"] < 0).all()


def test_search_on_noise_is_told_from_one_that_learns():
    """The best of many is above chance by choice alone, the nested score is not."""
    X, y = make_classification(n_samples=80, n_features=20, flip_y=1.0, random_state=0)
    space = {"random_state": list(range(40))}
    search = GridSearchCV(MLPClassifier((8,), max_epochs=3), space, cv=4)
    outer = KFold(4, shuffle=True, random_state=0)
    scores = nested_score(search, X, y, outer=outer, verbose=False)
    assert scores["inner_score"].mean() > 0.6
    assert scores["test_score"].mean() < scores["inner_score"].mean() - 0.05


def test_regression(regression_data):
    search = RandomizedSearchCV(
        MLPRegressor((8,), max_epochs=3), "optimizer", n_iter=2, cv=2, random_state=0
    )
    scores = nested_score(search, *regression_data, outer=KFold(3), verbose=False)
    assert scores["test_score"].shape == (3,)


def test_what_is_no_search_is_refused(digits):
    with pytest.raises(TypeError, match="'search' parameter of nested_score must be a"):
        nested_score(MLPClassifier(), *digits)


def test_search_that_does_not_refit_is_refused(digits):
    search = GridSearchCV(make_net(), SPACE, refit=False)
    with pytest.raises(ValueError, match=re.escape("GridSearchCV with refit=False")):
        nested_score(search, *digits)


class NoSplitter:
    def split(self, X, y=None, groups=None):
        yield [0, 1], [2, 3]

    def __repr__(self):
        return "NoSplitter()"


@pytest.mark.parametrize("outer", [1, 0, -3, 2.5, True, "5", None, NoSplitter()])
def test_what_does_not_split_is_refused_with_all_mistakes(outer, digits):
    search = GridSearchCV(make_net(), SPACE, refit=False)
    with pytest.raises(ValueError, match="'outer' parameter of nested_score") as caught:
        nested_score(search, *digits, outer=outer)
    assert f"Got {outer!r}" in str(caught.value)
    assert "must refit" in str(caught.value)


def test_choice_of_a_callable(digits):
    search = GridSearchCV(make_net(), SPACE, cv=2, random_state=0, refit=lambda _: 0)
    scores = nested_score(search, *digits, outer=2, verbose=False)
    expected = [
        fitted.cv_results_["mean_test_score"][0] for fitted in scores["estimator"]
    ]
    np.testing.assert_array_equal(scores["inner_score"], expected)


class ByGroup:
    """A splitter of one's own, which knows nothing of metadata."""

    def split(self, X, y=None, groups=None):
        return GroupKFold(3).split(X, y, groups)

    def get_n_splits(self, X=None, y=None, groups=None):
        return 3


@pytest.mark.filterwarnings("ignore::skhyper.exceptions.FusionWarning")
@pytest.mark.parametrize("kind", [GridSearchCV, SklearnGridSearchCV])
@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        (GroupKFold(3), 2),
        (GroupKFold(3), GroupKFold(2)),
        (3, GroupKFold(2)),
        (KFold(3), LeaveOneGroupOut()),
        (ByGroup(), KFold(2)),
        (KFold(3), ByGroup()),
    ],
    ids=lambda cv: type(cv).__name__,
)
def test_groups_go_to_the_splitters_that_take_them(kind, outer, inner, digits):
    X, y = digits
    groups = np.arange(len(y)) % 5
    net = MLPClassifier((4,), max_epochs=1, random_state=0)
    search = kind(net, {"lr": [1e-2]}, cv=inner, error_score="raise")
    params = {"groups": groups}
    scores = nested_score(search, X, y, outer=outer, params=params, verbose=False)
    expected = expected_scores(search, X, y, groups, outer)
    np.testing.assert_array_equal(scores["test_score"], expected[0])
    np.testing.assert_array_equal(scores["inner_score"], expected[1])
    assert params["groups"] is groups


def expected_scores(search, X, y, groups, outer):
    """Score a search on outer folds by hand."""

    def takes(cv):
        return type(cv) in (GroupKFold, LeaveOneGroupOut, ByGroup)

    splitter = StratifiedKFold(outer) if isinstance(outer, int) else outer
    splits = splitter.split(X, y, groups) if takes(outer) else splitter.split(X, y)
    scores = []
    for train, test in splits:
        own = {"groups": groups[train]} if takes(search.cv) else {}
        fitted = clone(search).fit(X[train], y[train], **own)
        scores.append((fitted.score(X[test], y[test]), fitted.best_score_))
    return np.array(scores).T


def test_groups_by_metadata_routing(digits):
    X, y = digits
    groups = np.arange(len(y)) % 5
    search = GridSearchCV(make_net(), {"lr": [1e-2]}, cv=2, random_state=0)
    given = {"outer": GroupKFold(3), "params": {"groups": groups}, "verbose": False}
    with config_context(enable_metadata_routing=True):
        scores = nested_score(search, X, y, **given)
    other = nested_score(search, X, y, **given)
    np.testing.assert_array_equal(scores["test_score"], other["test_score"])


@pytest.mark.parametrize("split", [("a", "b"), ([0, 1],), ([0, 1], []), 3])
def test_outer_splits_that_are_none_are_told_with_what_else_is_wrong(split, digits):
    search = GridSearchCV(make_net(), SPACE, cv=2)
    with pytest.raises(ValueError, match="nested_score") as caught:
        nested_score(search, *digits, outer=[split], verbose="a")
    verbose, outer = str(caught.value).splitlines()
    assert "'verbose' parameter of nested_score must be a bool. Got 'a'." in verbose
    assert "'outer' parameter of nested_score must hold a pair" in outer
    assert f"Got {split!r} for a split" in outer


def test_groups_that_no_splitter_takes_are_refused(digits):
    search = GridSearchCV(make_net(), SPACE, cv=2)
    groups = np.arange(len(digits[1])) % 5
    with pytest.raises(ValueError, match=r"'params' .* groups, .* GroupKFold"):
        nested_score(search, *digits, outer=KFold(3), params={"groups": groups})


def test_mistakes_of_the_search_are_told_by_itself(digits):
    search = GridSearchCV(make_net(), {"mlpclassifier__lrr": [0.1]}, cv=2)
    with pytest.raises(ValueError, match=r"^A parameter .*lrr'. Did you mean 'm"):
        nested_score(search, *digits)


def test_arguments_of_the_own_fit_of_a_search_reach_it(digits):
    search = BayesSearchCV(make_net(), "dropout", n_iter=2, cv=2, random_state=0)
    results = []
    params = {"callback": results.append}
    nested_score(search, *digits, outer=2, params=params, verbose=False)
    assert len(results) == 2 * 2


def test_class_of_a_splitter_is_refused(digits):
    search = GridSearchCV(make_net(), SPACE, cv=2)
    words = r"'outer' parameter of nested_score .* Got the class KFold.* KFold\(\)"
    with pytest.raises(ValueError, match=words):
        nested_score(search, *digits, outer=KFold)


def test_choice_of_a_callable_by_several_metrics(digits, capsys):
    metrics = ["accuracy", "neg_log_loss"]
    search = GridSearchCV(
        make_net(), SPACE, cv=2, random_state=0, scoring=metrics, refit=lambda _: 0
    )
    with pytest.raises(ValueError, match=r"several metrics .* callable as refit"):
        nested_score(search, *digits, outer=2)
    scores = nested_score(search, *digits, outer=2, scoring="accuracy")
    assert np.isfinite(scores["test_score"]).all()
    assert np.isnan(scores["inner_score"]).all()
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("score: 0.")


@pytest.mark.parametrize("scoring", ["accurac", ["accurac"], {"a": "accurac"}])
def test_metrics_that_there_are_not_are_refused(scoring, digits):
    search = GridSearchCV(MLPClassifier(), {"lr": [0.1]})
    rule = "'scoring' parameter of nested_score must name .* Did you mean 'accuracy'"
    with pytest.raises(ValueError, match=rule):
        nested_score(search, *digits, scoring=scoring)


def test_a_metric_alone_is_in_nothing(digits):
    search = GridSearchCV(MLPClassifier(), {"lr": [0.1]})
    with pytest.raises(ValueError, match=r"Got 'acc'\. Did you mean 'accuracy'\?"):
        nested_score(search, *digits, scoring="acc")


def test_weights_of_another_length_are_told_once(digits):
    search = GridSearchCV(make_net()[-1], {"lr": [0.1]})
    with pytest.raises(ValueError, match=r"^The 'sample_weight' argument of GridSe"):
        nested_score(search, *digits, params={"sample_weight": np.ones(9)})


@pytest.mark.parametrize("scoring", [5, {"accuracy"}])
def test_what_is_no_scoring_is_refused_with_all_mistakes(scoring, digits):
    search = GridSearchCV(MLPClassifier(), {"lr": [0.1]}, refit=False)
    rule = "'scoring' parameter of nested_score must be a str, callable, list, tuple"
    with pytest.raises(ValueError, match=rule) as caught:
        nested_score(search, *digits, scoring=scoring)
    assert f"Got {scoring!r}" in str(caught.value)
    assert "must refit" in str(caught.value)


def test_arguments_that_fit_does_not_take_are_told_once(digits):
    search = GridSearchCV(make_net()[-1], {"lr": [0.1]})
    with pytest.raises(TypeError, match=r"^GridSearchCV.fit takes .*'sample_weight'"):
        nested_score(search, *digits, params={"sample_wieght": np.ones(len(digits[0]))})


def test_params_are_a_dict(digits):
    search = GridSearchCV(MLPClassifier(), {"lr": [0.1]})
    with pytest.raises(ValueError, match=r"'params' parameter of nested_score .* 3"):
        nested_score(search, *digits, params=3)
