"""The simplest candidate within one standard error of the best."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhyper import (
    BayesSearchCV,
    GridSearchCV,
    HyperbandSearchCV,
    HyperoptSearchCV,
    MLPClassifier,
    OptunaSearchCV,
    RandomizedSearchCV,
)
from skhyper.search._simplest import simplest_within_error

SIZES = {"hidden_layer_sizes": [(64,), (2,), (32,), (16,), (128,)]}


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(n_class=5, return_X_y=True)
    return X[:300], y[:300]


def make_net(**params):
    return make_pipeline(
        StandardScaler(), MLPClassifier(max_epochs=8, lr=0.01, **params)
    )


def table(means, n_weights, stds=0.02, **columns):
    means = np.array(means)
    return {
        "mean_test_score": means,
        "std_test_score": np.full(len(means), stds),
        "rank_test_score": np.argsort(np.argsort(-means)) + 1,
        "split0_test_score": means,
        "split1_test_score": means,
        "split2_test_score": means,
        "split3_test_score": means,
        "split4_test_score": means,
        "mean_n_weights": np.array(n_weights, dtype=float),
        "params": [{}] * len(means),
        **columns,
    }


def test_fewest_weights_within_the_error():
    # The error is 0.02 / 2: 0.89 is within it, 0.88 is not.
    assert simplest_within_error(table([0.9, 0.89, 0.88], [30, 20, 10])) == 1
    assert simplest_within_error(table([0.9, 0.89, 0.88], [30, 20, 10], 0.05)) == 2
    assert simplest_within_error(table([0.9, 0.89, 0.88], [30, 20, 10], 0.0)) == 0


@pytest.mark.parametrize(
    "name", ["l1", "l2", "weight_decay", "dropout", "label_smoothing"]
)
def test_of_equally_many_weights_the_most_regularized(name):
    params = [{f"mlp__{name}": amount} for amount in (0.0, 0.1, 0.3, 0.2)]
    results = table([0.9, 0.899, 0.897, 0.898], [10] * 4, params=params)
    assert simplest_within_error(results) == 2


def test_what_regularizes_first_decides_and_what_is_not_searched_is_as_if_0():
    params = [{"dropout": 0.5}, {"l2": 0.1}, {"l2": 0.1, "dropout": 0.1}, {}]
    results = table([0.9, 0.899, 0.898, 0.897], [10] * 4, params=params)
    assert simplest_within_error(results) == 2


def test_of_equally_simple_ones_the_best():
    assert simplest_within_error(table([0.897, 0.9, 0.899], [10, 20, 10])) == 2


def test_what_failed_is_never_chosen():
    ranks = np.array([1, 3, 2])
    results = table([0.9, 1.0, 0.9], [30, np.nan, 20], rank_test_score=ranks)
    assert simplest_within_error(results) == 2


def test_only_those_trained_as_long_come_into_question():
    resources = np.array([9, 3, 9])
    results = table([0.9, 0.899, 0.898], [30, 10, 20], n_resources=resources)
    assert simplest_within_error(results) == 2


def test_the_choice_is_refitted(digits):
    plain = GridSearchCV(make_net(), SIZES, random_state=0).fit(*digits)
    search = GridSearchCV(make_net(), SIZES, random_state=0, refit="1se").fit(*digits)
    results = search.cv_results_
    scores = np.array([results[f"split{split}_test_score"] for split in range(5)])
    best = plain.best_index_
    limit = scores[:, best].mean() - scores[:, best].std(ddof=1) / np.sqrt(5)
    width = [
        params["mlpclassifier__hidden_layer_sizes"] for params in results["params"]
    ]
    good = [place for place in range(5) if scores[:, place].mean() >= limit]
    assert search.best_index_ == min(good, key=width.__getitem__)
    assert search.best_index_ != best
    assert search.best_score_ == results["mean_test_score"][search.best_index_]
    network = search.best_estimator_[-1]
    assert (network.hidden_layer_sizes,) == (*search.best_params_.values(),)
    assert network.n_weights_ == results["mean_n_weights"][search.best_index_]
    assert search.predict_proba(digits[0]).shape == (300, 5)
    assert search.score(*digits) > 0.9


def test_weights_are_counted_on_every_layer():
    X, y = np.random.default_rng(0).normal(size=(40, 6)), np.arange(40) % 3
    network = MLPClassifier((5, 4), normalizer="batch", max_epochs=1).fit(X, y)
    linear = 6 * 5 + 5 + 5 * 4 + 4 + 4 * 3 + 3
    assert linear <= network.n_weights_ <= linear + 2 * (5 + 4)
    parameters = network.net_.module_.parameters()
    assert network.n_weights_ == sum(weight.numel() for weight in parameters)


@pytest.mark.parametrize(
    ("search", "params"),
    [
        (RandomizedSearchCV, {"n_iter": 4}),
        (BayesSearchCV, {"n_iter": 4}),
        (OptunaSearchCV, {"n_iter": 4}),
        (HyperoptSearchCV, {"n_iter": 4}),
        (HyperbandSearchCV, {"max_epochs": 4, "factor": 2}),
    ],
)
def test_every_search_has_it(search, params, digits):
    space = {"hidden_layer_sizes": [(2,), (8,), (32,)], "dropout": [0.0, 0.1, 0.2, 0.3]}
    fitted = search(make_net(), space, cv=3, random_state=0, refit="1se", **params).fit(
        *digits
    )
    assert fitted.best_index_ == simplest_within_error(fitted.cv_results_)
    assert fitted.best_estimator_.score(*digits) == fitted.score(*digits)


def test_one_split_has_no_standard_error_and_others_no_weights(digits):
    search = GridSearchCV(
        LogisticRegression(), {"C": [1.0]}, cv=ShuffleSplit(1), refit="1se"
    )
    with pytest.raises(ValueError, match="needs at least 2 splits") as caught:
        search.fit(*digits)
    assert "needs a network of skhyper" in str(caught.value)
    assert "Got LogisticRegression" in str(caught.value)


@pytest.mark.parametrize("refit", ["1se", "ensemble", "greedy_ensemble"])
def test_several_metrics_take_the_name_of_one(refit, digits):
    both = ["accuracy", "f1_macro"]
    search = GridSearchCV(make_net(), SIZES, scoring=both, refit=refit)
    words = rf"Got '{refit}', .* \['accuracy', 'f1_macro'\]. Give 'scoring' one metric"
    with pytest.raises(ValueError, match=words):
        search.fit(*digits)
