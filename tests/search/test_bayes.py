"""BayesSearchCV without the traps of the class it extends.

Each trap is first shown with skopt's own class, so that the test says when it is gone.
"""

import inspect
import re
import warnings
from copy import deepcopy

import numpy as np
import pytest
from scipy.stats import loguniform, randint
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import BayesianRidge, LogisticRegression
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from skopt import BayesSearchCV as SkoptBayesSearchCV
from skopt.space import Categorical, Integer, Real

from skhyper._sklearn import InvalidParameterError
from skhyper.estimators import MLPClassifier
from skhyper.search import BayesSearchCV
from skhyper.search._flat import FlatSpace
from skhyper.search._stopwatch import Stopwatch
from skhyper.search._subsearch import Subsearch
from skhyper.spaces import Float, SearchSpace, Switch


class Bowl(ClassifierMixin, BaseEstimator):
    """Scores -(x - 0.3) ** 2; fails beyond ``limit``; ``kind`` and ``y`` do nothing."""

    def __init__(self, x=0.0, limit=np.inf, kind=None, y=None):
        self.x = x
        self.limit = limit
        self.kind = kind
        self.y = y

    def fit(self, X, y):
        if self.x > self.limit:
            raise ValueError("beyond the limit")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def score(self, X, y):
        return -((self.x - 0.3) ** 2)


class NaNScore(Bowl):
    """Scores NaN beyond the limit."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def score(self, X, y):
        return np.nan if self.x > self.limit else super().score(X, y)


@pytest.fixture
def iris():
    return load_iris(return_X_y=True)


@pytest.fixture
def quietly():
    """Let failures warn: they are what these tests are about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


LINE = {"x": Real(0.0, 1.0)}


def test_tuples_are_values(iris, quietly):
    space = {"hidden_layer_sizes": Categorical([(2,), (3, 2), (4,)])}
    settings = {"n_iter": 3, "cv": 2, "random_state": 0}
    network = SklearnMLPClassifier(max_iter=5)
    with pytest.raises(ValueError, match="size 1"):
        SkoptBayesSearchCV(network, space, **settings).fit(*iris)
    search = BayesSearchCV(network, space, **settings).fit(*iris)
    tried = {params["hidden_layer_sizes"] for params in search.cv_results_["params"]}
    assert tried == {(2,), (3, 2), (4,)}
    assert search.optimizer_results_[0].x[0] in tried


def test_score_of_nan_is_a_bad_score(iris, quietly):
    settings = {"n_iter": 14, "cv": 2, "random_state": 0, "error_score": np.nan}
    estimator = NaNScore(limit=0.5)
    with pytest.raises(ValueError, match="contains NaN"):
        SkoptBayesSearchCV(estimator, LINE, **settings).fit(*iris)
    search = BayesSearchCV(estimator, LINE, **settings).fit(*iris)
    scores = search.cv_results_["mean_test_score"]
    assert len(scores) == 14
    assert np.isnan(scores).any()
    assert search.best_params_["x"] <= 0.5
    assert np.isfinite(search.optimizers_[0].yi).all()


def test_batch_in_which_every_fit_fails_does_not_end_the_search(iris, quietly):
    settings = {"n_points": 2, "n_iter": 16, "cv": 2, "random_state": 0}
    estimator = Bowl(limit=0.3)
    with pytest.raises(ValueError, match="All the 4 fits failed"):
        SkoptBayesSearchCV(estimator, LINE, error_score=np.nan, **settings).fit(*iris)
    search = BayesSearchCV(estimator, LINE, **settings).fit(*iris)
    assert len(search.cv_results_["params"]) == 16
    # What failed is told as worse than all that did not, whenever it was tried.
    failed = np.isnan(search.cv_results_["mean_test_score"])
    losses = np.array(search.optimizers_[0].yi)
    assert losses[failed].min() > losses[~failed].max()


def test_failures_push_the_search_to_where_fits_succeed(iris, quietly):
    search = BayesSearchCV(
        Bowl(limit=0.5), LINE, n_iter=24, n_points=4, cv=2, random_state=0
    ).fit(*iris)
    failed = np.isnan(search.cv_results_["mean_test_score"])
    assert failed[12:].sum() < failed[:12].sum()


def test_no_candidate_is_evaluated_twice_and_a_small_space_ends_early(iris, quietly):
    space = {"criterion": ["gini", "entropy"], "max_depth": [1, 2]}
    settings = {"n_iter": 12, "cv": 2, "random_state": 0}
    tree = DecisionTreeClassifier(random_state=0)
    theirs = SkoptBayesSearchCV(tree, space, **settings).fit(*iris)
    assert len({*map(str, theirs.cv_results_["params"])}) < 12
    assert len(theirs.cv_results_["params"]) == 12
    ours = BayesSearchCV(tree, space, **settings).fit(*iris)
    assert len({*map(str, ours.cv_results_["params"])}) == 4
    assert len(ours.cv_results_["params"]) == 4


def test_what_hangs_on_another_value_makes_no_new_candidate(iris):
    space = SearchSpace(kind=["a", "b"], y=Switch("kind", {"a": [1, 2, 3]}))
    search = BayesSearchCV(Bowl(), space, n_iter=30, cv=2, random_state=0)
    with pytest.warns(UserWarning, match="all of its 4 candidates are tried"):
        search.fit(*iris)
    params = search.cv_results_["params"]
    assert len(params) == 4
    assert params.count({"kind": "b"}) == 1


def test_refit_may_be_a_callable(iris):
    def least(results):
        return int(np.argmin(results["mean_test_score"]))

    settings = {"n_iter": 4, "cv": 2, "random_state": 0, "refit": least}
    with pytest.raises(ValueError, match="callable refit"):
        SkoptBayesSearchCV(Bowl(), LINE, **settings).fit(*iris)
    search = BayesSearchCV(Bowl(), LINE, **settings).fit(*iris)
    assert search.cv_results_["rank_test_score"][search.best_index_] == 4
    assert search.best_estimator_.x == search.best_params_["x"]


def test_several_metrics_without_refit(iris):
    settings = {"scoring": ["accuracy", "f1_macro"], "refit": False, "cv": 2}
    space = {"max_depth": Integer(1, 5)}
    tree = DecisionTreeClassifier()
    with pytest.raises(ValueError, match="multi-metric"):
        SkoptBayesSearchCV(tree, space, n_iter=2, **settings).fit(*iris)
    search = BayesSearchCV(tree, space, n_iter=2, random_state=0, **settings)
    assert "mean_test_f1_macro" in search.fit(*iris).cv_results_


def test_candidates_are_asked_for_in_batches_of_eight(iris, capsys):
    search = BayesSearchCV(Bowl(), LINE, n_iter=10, cv=2, verbose=1, random_state=0)
    search.fit(*iris)
    output = capsys.readouterr().out
    assert "each of 8 candidates" in output
    assert "each of 2 candidates" in output
    assert "10 of 10 candidates, best score" in output


def test_time_of_the_optimizer_is_measured_apart(iris):
    search = BayesSearchCV(Bowl(), LINE, n_iter=12, cv=2, random_state=0).fit(*iris)
    assert search.optimizer_time_ > 0
    assert search.evaluation_time_ > 0


@pytest.mark.parametrize("base", ["GP", "ET", "RF", "GBRT", "dummy"])
def test_model_may_be_chosen(base, iris):
    search = BayesSearchCV(
        Bowl(),
        LINE,
        optimizer_kwargs={"base_estimator": base},
        n_iter=14,
        cv=2,
        random_state=0,
    ).fit(*iris)
    assert len(search.cv_results_["params"]) == 14
    assert search.best_score_ > -0.05


def test_optimum_is_found_better_than_by_chance(iris):
    search = BayesSearchCV(Bowl(), LINE, n_iter=24, n_points=4, cv=2, random_state=0)
    assert search.fit(*iris).best_params_["x"] == pytest.approx(0.3, abs=0.01)


def test_same_seed_gives_the_same_candidates_and_moves_no_global_state(
    iris, unchanged_global_random_state
):
    settings = {"n_iter": 12, "cv": 2, "random_state": 3}
    first = BayesSearchCV(Bowl(), LINE, **settings).fit(*iris)
    second = BayesSearchCV(Bowl(), LINE, **settings).fit(*iris)
    assert first.cv_results_["params"] == second.cv_results_["params"]
    # skopt's first points come from the same generator.
    theirs = SkoptBayesSearchCV(Bowl(), LINE, n_iter=3, cv=2, random_state=3)
    assert len(theirs.fit(*iris).cv_results_["params"]) == 3


@pytest.mark.parametrize("n_told", [0, 3, 12])
def test_suggestions_are_those_of_skopt(n_told):
    space = FlatSpace({"x": Real(0.0, 1.0), "y": Real(1e-3, 1.0, "log-uniform")})
    known = [({"x": n / 12, "y": 0.1}, n % 5 - 0.1 * n) for n in range(n_told)]
    subsearch = Subsearch(space, 99, np.random.RandomState(0), {}, known)
    subsearch.begin()
    theirs = deepcopy(subsearch.optimizer).ask(n_points=12)
    own = subsearch.ask(12, set(), Stopwatch())
    assert [[*candidate.values()] for candidate in own] == theirs


def test_every_kind_of_dimension_is_taken_and_left_as_it_was(iris):
    given = {
        "C": Real(0.1, 10.0, prior="log-uniform"),
        "degree": (2, 4),
        "kernel": ["rbf", "poly"],
        "shrinking": Categorical([True, False]),
        "coef0": (0.0, 1.0, "uniform"),
    }
    search = BayesSearchCV(SVC(), given, n_iter=8, cv=2, random_state=0).fit(*iris)
    assert given["C"].name is None
    for params in search.cv_results_["params"]:
        assert isinstance(params["degree"], int)
        assert 2 <= params["degree"] <= 4
        assert 0.1 <= params["C"] <= 10.0
        assert 0.0 <= params["coef0"] <= 1.0
        assert isinstance(params["shrinking"], bool)


def test_distributions_of_scipy_are_dimensions(iris):
    space = {"C": loguniform(0.1, 10.0), "degree": randint(2, 5)}
    with pytest.raises(ValueError, match="imension"):
        SkoptBayesSearchCV(SVC(), space)
    search = BayesSearchCV(SVC(), space, n_iter=4, cv=2, random_state=0).fit(*iris)
    assert {2, 3, 4} >= {p["degree"] for p in search.cv_results_["params"]}


def test_list_of_two_numbers_is_two_values(iris):
    search = BayesSearchCV(Bowl(), {"x": [0.1, 0.9]}, n_iter=8, cv=2, random_state=0)
    with pytest.warns(UserWarning, match="all of its 2 candidates are tried, fewer"):
        search.fit(*iris)
    xs = [params["x"] for params in search.cv_results_["params"]]
    assert sorted(xs) == [0.1, 0.9]


def test_every_candidate_of_a_finite_space_is_found(iris):
    space = {"x": list(np.linspace(0, 1, 40)), "y": Integer(0, 9)}
    settings = {"optimizer_kwargs": {"base_estimator": "dummy"}, "n_points": 400}
    search = BayesSearchCV(Bowl(), space, n_iter=400, cv=2, random_state=0, **settings)
    assert len(search.fit(*iris).cv_results_["params"]) == 400


@pytest.mark.parametrize(("given", "best"), [(np.inf, True), (-np.inf, False)])
def test_infinite_score_is_told_as_it_is_ranked(given, best, iris):
    def score(estimator, X, y):
        return given if estimator.x < 0.3 else estimator.x

    search = BayesSearchCV(Bowl(), LINE, n_iter=12, cv=2, random_state=0, scoring=score)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's, of scores that are not finite
        search.fit(*iris)
    told = np.asarray(search.optimizers_[0].yi)
    infinite = np.isinf(search.cv_results_["mean_test_score"])
    assert 0 < infinite.sum() < 12
    assert np.isfinite(told).all()
    if best:
        assert told[infinite].max() < told[~infinite].min()
        assert (search.cv_results_["rank_test_score"][infinite] == 1).all()
    else:
        assert told[infinite].min() > told[~infinite].max()


def test_spaces_in_a_list_are_searched_in_turn(iris):
    spaces = [({"x": (0.0, 0.1)}, 2), {"x": (0.9, 1.0)}]
    search = BayesSearchCV(Bowl(), spaces, n_iter=3, cv=2, random_state=0).fit(*iris)
    xs = np.array([params["x"] for params in search.cv_results_["params"]])
    assert ((xs <= 0.1) == [True, True, False, False, False]).all()
    assert len(search.optimizer_results_) == len(search.optimizers_) == 2
    assert search.total_iterations == 5


def test_total_iterations_do_not_count_parameters():
    search = BayesSearchCV(SVC(), {"C": (1.0, 2.0), "degree": (1, 3)}, n_iter=7)
    assert search.total_iterations == 7
    names = BayesSearchCV(MLPClassifier(), ["dropout", "optimizer"], n_iter=7)
    assert names.total_iterations == 7
    in_a_tuple = BayesSearchCV(Bowl(), ((LINE, 3), LINE), n_iter=7)
    assert in_a_tuple.total_iterations == 10


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({}, "at least one parameter"),
        ([({"x": (0.0, 1.0)}, -1)], "n_iter >= 0"),
        ([({"x": (0.0, 1.0)}, 1, 2)], "must be .space, n_iter."),
        ({"x": "0 ... 1"}, "Got '0 ... 1'"),
        ({"x": 3.0}, "Got 3.0"),
        ({"x": {0.0, 1.0}}, "must have an order, which a set has not"),
    ],
)
def test_nonsense_is_refused_by_fit_and_not_before(space, message, iris):
    search = BayesSearchCV(Bowl(), space, n_iter=2, cv=2)
    with pytest.raises(ValueError, match=message):
        search.fit(*iris)


def test_callback_hears_of_each_candidate_and_may_end_the_search(iris):
    heard = []

    def stop_at_three(result):
        heard.append(len(result.x_iters))
        return len(heard) == 3

    search = BayesSearchCV(Bowl(), LINE, n_iter=20, cv=2, random_state=0)
    search.fit(*iris, callback=stop_at_three)
    assert heard == [1, 2, 3]
    assert len(search.cv_results_["params"]) == 8


def test_fit_params_of_the_constructor_reach_the_estimator(iris):
    class Weighted(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            assert sample_weight is not None
            return super().fit(X, y, sample_weight)

    weight = np.ones(len(iris[1]))
    estimator = Weighted(max_iter=1000)
    search = BayesSearchCV(
        estimator,
        {"C": (0.1, 1.0)},
        fit_params={"sample_weight": weight},
        n_iter=2,
        cv=2,
        random_state=0,
    )
    assert search.fit(*iris).best_score_ > 0.9


def test_ranks_of_train_scores_are_there_as_in_skopt(iris):
    search = BayesSearchCV(
        DecisionTreeClassifier(),
        {"max_depth": (1, 4)},
        n_iter=3,
        cv=2,
        return_train_score=True,
        random_state=0,
    )
    assert "rank_train_score" in search.fit(*iris).cv_results_


def test_argument_without_effect_says_so(iris):
    with pytest.warns(FutureWarning, match="'iid'"):
        BayesSearchCV(Bowl(), LINE, n_iter=1, cv=2, iid=True).fit(*iris)


def test_warning_of_failures_counts_the_whole_search(iris):
    search = BayesSearchCV(
        Bowl(limit=0.5), LINE, n_iter=10, n_points=5, cv=2, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with pytest.warns(FitFailedWarning, match="out of a total of 20") as caught:
            search.fit(*iris)
    assert len([w for w in caught if w.category is FitFailedWarning]) == 1


def test_networks_of_this_package_take_presets(classification_data):
    network = MLPClassifier(hidden_layer_sizes=(4,), max_epochs=2)
    search = BayesSearchCV(
        network, ["dropout", "optimizer"], n_iter=3, cv=2, random_state=0
    ).fit(*classification_data)
    frame = search.results_frame()
    assert {"dropout", "optimizer", "lr", "mean_n_epochs"} <= {*frame.columns}


def test_range_with_a_zero_beside_it(iris):
    space = SearchSpace(x=Float(0.5, 1.0, zero=True))
    search = BayesSearchCV(Bowl(), space, n_iter=8, cv=2, random_state=0).fit(*iris)
    xs = [params["x"] for params in search.cv_results_["params"]]
    assert xs.count(0.0) == 1
    assert all(x == 0.0 or 0.5 <= x <= 1.0 for x in xs)


def test_a_tuple_beside_a_distribution_is_a_range(iris):
    space = {"C": loguniform(0.1, 10.0), "degree": (1, 5)}
    search = BayesSearchCV(SVC(), space, n_iter=6, cv=2, random_state=0).fit(*iris)
    degrees = {params["degree"] for params in search.cv_results_["params"]}
    assert degrees <= {1, 2, 3, 4, 5}
    assert len(degrees) > 2


def _never(*_args, **_kwargs):
    raise AssertionError("fitted before the arguments were checked")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"base_estimater": "GP"}, "Got 'base_estimater' instead. Did you mean 'base_"),
        ({"base_estimator": RandomForestRegressor()}, "Got RandomForestRegressor()"),
        ({"base_estimator": RandomForestRegressor}, "takes return_std, for 'base_est"),
        ({"base_estimator": None}, "Got None instead."),
        ({"base_estimator": 3}, "Got 3 instead."),
        ({"base_estimator": "GPP"}, "Got 'GPP' instead. Did you mean 'GP'?"),
        (
            {"acq_func": "EIps"},
            "'acq_func'. Got 'EIps' instead. It weighs the time",
        ),
        ({"acq_func": "ei"}, "Got 'ei' instead. Did you mean 'EI'?"),
        ({"acq_func_kwargs": {"kapa": 1.0}}, "Did you mean 'kappa'?"),
        ({"n_initial_points": 0}, "an int >= 1 for 'n_initial_points'. Got 0"),
        ({"model_queue_size": 0}, "an int >= 1 or None for 'model_queue_size'. Got 0"),
        ({"initial_point_generator": "sobel"}, "Did you mean 'sobol'?"),
        ({"avoid_duplicates": "no"}, "a bool for 'avoid_duplicates'. Got 'no'"),
        ({"dimensions": [(0, 1)]}, "must not have 'dimensions'"),
        ({"random_state": 3}, "must not have 'random_state'. Got 3"),
        ({1: 2}, "Got 1 instead."),
        (
            {"base_estimator": "ET", "acq_optimizer": "lbfgs"},
            "Got 'lbfgs' with base_estimator='ET'.",
        ),
        ({"acq_func": "MES", "acq_optimizer": "lbfgs"}, "with acq_func='MES'"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "plan"])
def test_wrong_arguments_of_the_optimizer_are_named_before_any_fit(
    method, given, words, iris, monkeypatch
):
    monkeypatch.setattr(Bowl, "fit", _never)
    search = BayesSearchCV(Bowl(), LINE, cv=2, optimizer_kwargs=given)
    with pytest.raises(InvalidParameterError) as error:
        getattr(search, method)(*iris)
    text = str(error.value)
    assert text.startswith("The 'optimizer_kwargs' parameter of BayesSearchCV must")
    assert words in text
    assert "\n" not in text


def test_all_wrong_arguments_of_the_optimizer_are_in_one_message(iris):
    given = {"base_estimator": "GPP", "acq_func": "EIps", "n_job": 1, "dimensions": []}
    search = BayesSearchCV(Bowl(), LINE, cv=2, optimizer_kwargs=given)
    with pytest.raises(InvalidParameterError) as error:
        search.fit(*iris)
    lines = str(error.value).splitlines()
    assert len(lines) == 4
    assert all(repr(key) in line for key, line in zip(given, lines, strict=True))


@pytest.mark.parametrize("names", [("forest", "ET"), ("random", "dummy")])
def test_model_has_a_second_name(names, iris):
    first, second = (
        BayesSearchCV(
            Bowl(),
            LINE,
            optimizer_kwargs={"base_estimator": name},
            n_iter=14,
            cv=2,
            random_state=0,
        ).fit(*iris)
        for name in names
    )
    assert first.cv_results_["params"] == second.cv_results_["params"]


def test_regressor_of_scikit_learn_may_be_the_model(iris):
    # It gives no gradients, so that its surface is sampled.
    settings = {"optimizer_kwargs": {"base_estimator": BayesianRidge()}, "n_iter": 14}
    search = BayesSearchCV(Bowl(), LINE, cv=2, random_state=0, **settings).fit(*iris)
    assert len(search.cv_results_["params"]) == 14


def test_arguments_by_place_are_those_of_skopt():
    theirs = [*inspect.signature(SkoptBayesSearchCV).parameters]
    ours = inspect.signature(BayesSearchCV).parameters.values()
    by_place = [one.name for one in ours if one.kind is one.POSITIONAL_OR_KEYWORD]
    assert by_place == theirs


@pytest.mark.parametrize("callback", [3, [print, "print"]])
def test_a_callback_that_cannot_be_called_is_named(callback, iris):
    search = BayesSearchCV(SVC(), {"C": [0.1, 1.0]}, n_iter=2)
    words = r"'callback' argument of BayesSearchCV\.fit must be .*Got "
    with pytest.raises(ValueError, match=words + re.escape(repr(callback))):
        search.fit(*iris, callback=callback)
