"""scikit-learn's checks of estimators, on the searches; none is expected to fail."""

import pytest
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
    parametrize_with_checks,
)

from skhyper.estimators import MLPClassifier, MLPRegressor
from skhyper.search import (
    ASHASearchCV,
    BayesSearchCV,
    GridSearchCV,
    HyperbandSearchCV,
    HyperoptSearchCV,
    OptunaSearchCV,
    RandomizedSearchCV,
)
from skhyper.spaces import Float, SearchSpace

# scikit-learn runs its checks with warnings as warnings.
pytestmark = pytest.mark.filterwarnings("default")


def make_searches():
    """Give all searches over estimators of scikit-learn, and some over ours."""
    logistic, ridge = LogisticRegression(), Ridge(solver="svd")
    classifier = MLPClassifier(hidden_layer_sizes=(8,), max_epochs=20)
    regressor = MLPRegressor(hidden_layer_sizes=(8,), max_epochs=20)
    common = {"cv": 2, "error_score": "raise", "random_state": 0}
    for estimator, space in [
        (logistic, {"C": [0.1, 1.0]}),
        (ridge, {"alpha": [0.1, 1.0]}),
    ]:
        yield GridSearchCV(estimator, space, **common)
        yield RandomizedSearchCV(estimator, space, n_iter=2, **common)
        yield BayesSearchCV(estimator, space, n_iter=2, **common)
    yield GridSearchCV(classifier, {"lr": [0.02, 0.05]}, **common)
    yield BayesSearchCV(regressor, {"lr": [0.02, 0.05]}, n_iter=2, **common)
    alphas = SearchSpace(alpha=Float(1e-5, 1e-3, log=True))
    rates = SearchSpace(lr=Float(0.02, 0.05))
    yield HyperbandSearchCV(SGDClassifier(), alphas, max_epochs=9, **common)
    yield HyperbandSearchCV(classifier, rates, max_epochs=20, min_epochs=5, **common)
    yield ASHASearchCV(SGDClassifier(), alphas, n_iter=4, max_epochs=9, **common)
    yield ASHASearchCV(regressor, rates, n_iter=3, max_epochs=20, **common)
    for kind in (OptunaSearchCV, HyperoptSearchCV):
        yield kind(logistic, {"C": [0.1, 1.0]}, n_iter=2, **common)
        yield kind(regressor, rates, n_iter=2, **common)


SEARCHES = list(make_searches())


@parametrize_with_checks(SEARCHES)
def test_checks_of_scikit_learn_pass(estimator, check):
    check(estimator)


@pytest.mark.parametrize("search", SEARCHES, ids=str)
@pytest.mark.parametrize(
    "check", [check_param_validation, check_dataframe_column_names_consistency]
)
def test_checks_that_scikit_learn_keeps_for_itself_pass(search, check):
    check(type(search).__name__, search)
