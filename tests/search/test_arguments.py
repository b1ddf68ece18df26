"""Wrong arguments of the searches are named, all of them at once, before any fit."""

from functools import wraps
from typing import ClassVar

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris, make_regression
from sklearn.linear_model import Ridge, SGDClassifier
from sklearn.model_selection import KFold
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import shuffle

from skhyper import (
    ASHASearchCV,
    BayesSearchCV,
    GridSearchCV,
    HyperbandSearchCV,
    HyperoptSearchCV,
    MLPClassifier,
    OptunaSearchCV,
    RandomizedSearchCV,
    RayTuneSearchCV,
)
from skhyper.spaces import SearchSpace

SEARCHES = [
    GridSearchCV,
    RandomizedSearchCV,
    BayesSearchCV,
    HyperbandSearchCV,
    ASHASearchCV,
    OptunaSearchCV,
    HyperoptSearchCV,
    RayTuneSearchCV,
]


@pytest.mark.parametrize("search", SEARCHES)
def test_all_wrong_arguments_are_told_at_once(search):
    wrong = {"refit": 3, "verbose": "loud", "max_time": -1, "fused": "yes"}
    made = search(MLPClassifier(), {"lr": [0.1]}, **wrong)
    for call in (made.fit, made.plan):
        with pytest.raises(ValueError, match="'verbose' parameter") as caught:
            call(*load_iris(return_X_y=True))
        lines = str(caught.value).splitlines()
        assert len(lines) == len(wrong)
        for name, value in wrong.items():
            words = f"The {name!r} parameter of {search.__name__} must be "
            [line] = [line for line in lines if line.startswith(words)]
            assert f"Got {value!r} instead." in line


@pytest.mark.parametrize(
    ("search", "wrong"),
    [
        (
            OptunaSearchCV,
            {
                "n_iter": 0,
                "sampler": "tep",
                "pruner": "medain",
                "storage": "study.db",
                "warm_start_from": 3,
            },
        ),
        (HyperoptSearchCV, {"n_iter": 0, "algorithm": "tep", "warm_start_from": []}),
        (RayTuneSearchCV, {"n_iter": 0, "algorithm": "randon", "scheduler": "ahsa"}),
        (BayesSearchCV, {"n_iter": 0, "optimizer_kwargs": {"acq_func": "IE"}}),
    ],
)
def test_mistakes_in_the_engine_are_told_with_the_others(search, wrong):
    made = search(MLPClassifier(), {"lr": [0.1]}, **wrong)
    with pytest.raises(ValueError, match="'n_iter' parameter") as caught:
        made.fit(*load_iris(return_X_y=True))
    lines = str(caught.value).splitlines()
    assert sorted(line.split("'")[1] for line in lines) == sorted(wrong)
    for line in lines:
        assert line.startswith("The ")
        assert f"parameter of {search.__name__} must " in line


@pytest.mark.parametrize("search", SEARCHES)
def test_the_nearest_word_is_named(search):
    made = search(MLPClassifier(), {"lr": [0.1]}, scoring="accurac", fused="atuo")
    with pytest.raises(ValueError, match="Did you mean") as caught:
        made.fit(*load_iris(return_X_y=True))
    [fused, scoring] = sorted(str(caught.value).splitlines())
    assert fused.endswith("Got 'atuo' instead. Did you mean 'auto'?")
    assert scoring.endswith("Got 'accurac' instead. Did you mean 'accuracy'?")


@pytest.mark.parametrize("search", SEARCHES)
def test_a_bool_is_no_number(search):
    made = search(MLPClassifier(), {"lr": [0.1]}, n_jobs=True, max_time=True)
    with pytest.raises(ValueError, match="must be a number") as caught:
        made.plan(*load_iris(return_X_y=True))
    assert str(caught.value).splitlines() == [
        f"The {name!r} parameter of {search.__name__} must be a number. Got True "
        "instead."
        for name in sorted(["n_jobs", "max_time"])
    ]


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(
    "pre_dispatch",
    [
        *(0, -1, "3*njobs", "2*n_jobs)", "0", "", "1/0", "1()", "0.4*n_jobs"),
        *("n_jobs-5000", "9**9**9", "(0-4)**0.5", "3000000", "1" + "+1" * 20),
    ],
)
def test_jobs_that_joblib_would_wait_for_are_refused(search, pre_dispatch):
    made = search(MLPClassifier(), {"lr": [0.1]}, n_jobs=0, pre_dispatch=pre_dispatch)
    with pytest.raises(ValueError, match="parameter") as caught:
        made.fit(*load_iris(return_X_y=True))
    jobs, dispatch = str(caught.value).splitlines()
    assert jobs.startswith(f"The 'n_jobs' parameter of {search.__name__} must be")
    assert dispatch.startswith(f"The 'pre_dispatch' parameter of {search.__name__}")
    assert f"Got {pre_dispatch!r} instead." in dispatch


@pytest.mark.parametrize(
    "pre_dispatch", [1, "all", "n_jobs", "1.5*n_jobs", "2*(n_jobs+1)", "3%n_jobs"]
)
def test_jobs_that_joblib_reads_are_taken(pre_dispatch):
    settings = {"cv": 2, "n_jobs": 2, "pre_dispatch": pre_dispatch}
    search = GridSearchCV(Ridge(), {"alpha": [1.0, 2.0]}, **settings)
    assert search.fit(*load_iris(return_X_y=True)).n_splits_ == 2


def test_jobs_are_reckoned_with_the_number_that_joblib_is_configured_for():
    search = GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=2, pre_dispatch="n_jobs-5")
    with joblib.parallel_config("threading", n_jobs=8):
        assert search.fit(*load_iris(return_X_y=True)).n_splits_ == 2
    with (
        joblib.parallel_config("threading", n_jobs=5),
        pytest.raises(ValueError, match="'pre_dispatch' parameter of GridSearchCV"),
    ):
        search.fit(*load_iris(return_X_y=True))


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(
    ("cv", "words"),
    [
        (KFold, r"Got the class KFold instead\. Write KFold\(\)\."),
        (np.array([1, 2]), "hold a pair for each split.* Got .*1.* for a split"),
        (np.array(5), "hold a pair for each split.* Got .*5.* for a split instead"),
        ([([0, 1],)], r"Got \(\[0, 1\],\) for a split instead"),
        (["ab"], "Got 'ab' for a split instead"),
        ([([], [0, 1])], r"some of each.* Got \(\[\], \[0, 1\]\) for a split"),
        ([([0], np.array([], int))], r"Got \(\[0\], array.* for a split instead"),
        ([([0], np.zeros(150, bool))], r"Got \(\[0\], array\(.*\.\.\..* for a split"),
        ([("a", "b")], r"Got \('a', 'b'\) for a split instead"),
        ([{0: 1, 2: 3}], r"Got {0: 1, 2: 3} for a split instead"),
        ([{0, 1}], r"Got {0, 1} for a split instead"),
        ([(slice(0, 9), slice(9, 18))], r"Got \(slice\(0, 9, None\), .* for a split"),
        ([([0.5], [1.5])], r"Got \(\[0.5\], \[1.5\]\) for a split instead"),
    ],
)
def test_splits_that_are_none_are_refused(search, cv, words):
    made = search(MLPClassifier(), {"lr": [0.1]}, cv=cv)
    for method in (made.fit, made.plan):
        with pytest.raises(ValueError, match=f"'cv' parameter of .*{words}"):
            method(*load_iris(return_X_y=True))


@pytest.mark.parametrize("search", SEARCHES)
def test_metrics_that_are_none_are_refused(search):
    made = search(MLPClassifier(), {"lr": [0.1]}, scoring={"a": 3}, refit="a")
    rule = f"'scoring' parameter of {search.__name__} must name metrics .* Got 3 in it"
    with pytest.raises(ValueError, match=rule):
        made.fit(*load_iris(return_X_y=True))


MASK = np.arange(150) < 100


@pytest.mark.parametrize(
    ("split", "words"),
    [
        (([0, 1], [149, 150]), "X has 150 rows, and there is row 150 in split 1"),
        (([0, -151], [1]), "there is row -151 in split 1"),
        ((MASK, ~MASK[:-1]), "there is a mask of 149 in split 1"),
        ((MASK, ~MASK & MASK), "there are none in split 1"),
        (([], [1]), "there are none in split 1"),
        ((np.array([], int), [1]), "there are none in split 1"),
        (([0.5], [1]), r"there is \[0.5\] in split 1"),
        (("a", "b"), "there is 'a' in split 1"),
        ((slice(9), slice(9)), r"there is slice\(None, 9, None\) in split 1"),
    ],
)
def test_rows_that_there_are_not_are_told_before_any_fit(split, words):
    splits = iter([([0, 1], [2]), split])
    search = GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=splits)
    with pytest.raises(ValueError, match=words):
        search.fit(*load_iris(return_X_y=True))


@pytest.mark.parametrize(
    "split",
    [
        (np.arange(150) < 100, np.arange(150) >= 100),
        (range(100), range(100, 150)),
        [[*range(100)], tuple(range(100, 150))],
        (pd.Index(range(100)), pd.Series(range(100, 150))),
    ],
)
def test_splits_are_taken_in_every_form_of_rows(split):
    search = GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=[split])
    expected = GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=[[*map(np.asarray, split)]])
    rows, y = shuffle(*load_iris(return_X_y=True), random_state=0)
    scores = [one.fit(rows, y).best_score_ for one in (search, expected)]
    assert scores[0] == scores[1]
    assert 0.8 < scores[0] < 1


class Given:
    """A splitter that gives what it was given."""

    def __init__(self, *splits):
        self.splits = splits

    def split(self, X, y=None, groups=None):
        return iter(self.splits)

    def get_n_splits(self, X=None, y=None, groups=None):
        return len(self.splits)


@pytest.mark.parametrize(
    ("split", "words"),
    [
        (([0], [1], [2]), r"is \(\[0\], \[1\], \[2\]\) in split 0"),
        (([0],), r"is \(\[0\],\) in split 0"),
        (5, "is 5 in split 0"),
        ((([0], [1, 2]), [1]), r"is \(\[0\], \[1, 2\]\) in split 0"),
    ],
)
def test_what_a_splitter_gives_that_is_no_pair_is_told(split, words):
    search = GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=Given(split))
    with pytest.raises(ValueError, match=f"cv.split must give a pair .* there {words}"):
        search.fit(*load_iris(return_X_y=True))


def test_a_splitter_may_give_a_pair_that_is_read_but_once():
    rows = [*range(100)], [*range(100, 150)]
    search = GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=Given(map(np.asarray, rows)))
    assert search.fit(*load_iris(return_X_y=True)).n_splits_ == 1


def test_splits_that_are_read_but_once_are_taken():
    split = map(np.asarray, ([*range(100)], [*range(100, 150)]))
    search = GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=[split])
    assert search.fit(*load_iris(return_X_y=True)).n_splits_ == 1


def test_the_own_score_may_be_one_of_several_metrics():
    settings = {"scoring": {"own": None, "mse": "neg_mean_squared_error"}, "cv": 2}
    search = GridSearchCV(Ridge(), {"alpha": [1.0]}, refit="own", **settings)
    search.fit(*load_iris(return_X_y=True))
    assert np.isfinite(search.cv_results_["mean_test_own"]).all()


def never_fitted(X, y):
    raise AssertionError("It is too late to refuse an argument.")


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("step", ["", "mlpclassifier__"])
def test_arguments_that_fit_does_not_take_are_refused_before_any_fit(search, step):
    X, y = load_iris(return_X_y=True)
    estimator = MLPClassifier()
    if step:
        estimator = make_pipeline(FunctionTransformer(never_fitted), estimator)
    made = search(estimator, {"lr": [0.1]})
    hint = f"Did you mean '{step}sample_weight'"
    words = rf"arguments of MLPClassifier.fit. .*sample_weigth'. {hint}"
    with pytest.raises(TypeError, match=rf"{search.__name__}\.fit takes .* {words}"):
        made.fit(X, y, **{f"{step}sample_weigth": np.ones(len(y))})


class Taking(GaussianNB):
    def fit(self, X, y, sample_weight=None, **kwargs):
        assert kwargs
        return super().fit(X, y, sample_weight)


class Scaling(StandardScaler):
    def fit(self, X, y=None):
        return super().fit(X, y)

    def fit_transform(self, X, y=None, *, weight):
        return self.fit(X).transform(X)


def logged(fit):
    @wraps(fit)
    def wrapper(*args, **kwargs):
        assert kwargs.pop("log")
        return fit(*args, **kwargs)

    return wrapper


class Logged(GaussianNB):
    # To scikit-learn's Pipelines this would be a dict.
    named_steps = ("a", "b")

    @logged
    def fit(self, X, y):
        return super().fit(X, y)


class LoggedOfOthers(GaussianNB):
    # The wrapper bears the name and the module of scikit-learn's.
    fit = logged(GaussianNB.fit)


class Renaming(Pipeline):
    def fit(self, X, y=None, **params):
        return super().fit(X, y, clf__sample_weight=params["clf__weight"])


TAKEN = {
    "resembling one": (Taking(), {"var_smoothing": [1e-9]}, "class_weight"),
    "resembling an own one": (Taking(), {"var_smoothing": [1e-9]}, "group"),
    "of a decorator": (Logged(), {"var_smoothing": [1e-9]}, "log"),
    "of a decorator of others": (LoggedOfOthers(), {"var_smoothing": [1e-9]}, "log"),
    "of a Pipeline of its own kind": (
        Renaming([("clf", GaussianNB())]),
        {"clf__var_smoothing": [1e-9]},
        "clf__weight",
    ),
    "of a step that is searched": (
        Pipeline([("clf", KNeighborsClassifier())]),
        [{"clf": [GaussianNB()]}],
        "clf__sample_weight",
    ),
    "of a step of a step": (
        Pipeline([("a", Pipeline([("clf", MLPClassifier())]))]),
        SearchSpace({"a__clf": [Taking()]}),
        "a__clf__class_weight",
    ),
    "of steps that are searched": (
        Pipeline([("clf", KNeighborsClassifier())]),
        {"steps": [[("net", GaussianNB())]]},
        "net__sample_weight",
    ),
    "of fit_transform": (
        Pipeline([("t", Scaling()), ("clf", GaussianNB())]),
        {"clf__var_smoothing": [1e-9]},
        "t__weight",
    ),
}


@pytest.mark.parametrize(("estimator", "space", "name"), TAKEN.values(), ids=TAKEN)
def test_arguments_that_fit_may_take_are_left_to_it(estimator, space, name):
    X, y = load_iris(return_X_y=True)
    search = GridSearchCV(estimator, space, cv=2, error_score="raise")
    given = {name: True if name == "log" else np.ones(len(y))}
    assert search.fit(X, y, **given).best_score_ > 0.5


class PartlyTaking(GaussianNB):
    def partial_fit(self, X, y, classes=None, sample_weight=None, extra=None):
        assert extra is not None
        return super().partial_fit(X, y, classes, sample_weight)


def test_arguments_that_partial_fit_takes_are_left_to_it():
    X, y = load_iris(return_X_y=True)
    space = {"var_smoothing": [1e-9, 1e-8, 1e-7, 1e-6, 1e-5]}
    search = HyperbandSearchCV(PartlyTaking(), space, max_epochs=3, random_state=0)
    assert search.fit(X, y, extra=np.ones(len(y))).best_score_ > 0.5


@pytest.mark.parametrize("estimator", [KNeighborsClassifier(), MLPClassifier()])
def test_all_arguments_that_fit_does_not_take_are_in_one_message(estimator):
    X, y = load_iris(return_X_y=True)
    pipeline = Pipeline([("last", estimator)])
    search = GridSearchCV(pipeline, {"memory": [None]})
    wrong = {"sample_weight": X, "last__y_vall": X, "last__groups": y}
    with pytest.raises(TypeError, match="takes X, y, groups") as caught:
        search.fit(X, y, **wrong)
    lines = str(caught.value).splitlines()
    assert all(repr(name) in line for name, line in zip(wrong, lines, strict=True))


def test_an_argument_for_a_pipeline_without_steps_is_refused():
    X, y = load_iris(return_X_y=True)
    search = GridSearchCV(Pipeline([]), {"memory": [None]}, scoring="accuracy")
    with pytest.raises(TypeError, match="Got 'sample_weight'"):
        search.fit(X, y, sample_weight=y)


@pytest.mark.parametrize(
    "steps", [[], [("clf", KNeighborsClassifier())]], ids=["none", "others"]
)
@pytest.mark.parametrize("inside", [False, True], ids=["outside", "inside"])
def test_arguments_for_steps_that_candidates_bring_are_left_to_them(steps, inside):
    X, y = load_iris(return_X_y=True)
    pipeline, place = Pipeline(steps), ""
    if inside:
        pipeline, place = Pipeline([("outer", pipeline)]), "outer__"
    others = [("scale", StandardScaler()), ("clf", GaussianNB())]
    search = GridSearchCV(pipeline, {f"{place}steps": [others]}, scoring="accuracy")
    search.fit(X, y, **{f"{place}clf__sample_weight": np.ones(len(y))})
    assert search.best_score_ > 0.9
    with pytest.raises(TypeError, match=f"Got '{place}sample_weight'"):
        search.fit(X, y, **{f"{place}sample_weight": np.ones(len(y))})


class Stepwise(GaussianNB):
    """Its steps are no steps of a Pipeline."""

    def __init__(self, steps=1):
        self.steps = steps
        super().__init__()


@pytest.mark.parametrize("inside", [False, True], ids=["outside", "inside"])
def test_a_number_of_steps_that_is_searched_brings_no_steps(inside):
    X, y = load_iris(return_X_y=True)
    estimator, place = Stepwise(), ""
    if inside:
        estimator, place = Pipeline([("last", estimator)]), "last__"
    search = GridSearchCV(estimator, {f"{place}steps": [1, 2]})
    with pytest.raises(TypeError, match=f"Did you mean '{place}sample_weight'"):
        search.fit(X, y, **{f"{place}sample_wieght": np.ones(len(y))})


@pytest.mark.parametrize("inside", [False, True], ids=["outside", "inside"])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sample_weight", "Got '.*sample_weight'. Did you mean '.*last__sample_w"),
        ("lst__X_val", "Got '.*lst__X_val'. Did you mean '.*last__X_val'"),
        ("last", "Got '.*last'"),
    ],
)
def test_arguments_of_no_step_are_refused_before_any_fit(inside, name, words):
    X, y = load_iris(return_X_y=True)
    steps = [("first", FunctionTransformer(never_fitted)), ("last", MLPClassifier())]
    pipeline = Pipeline(steps)
    if inside:
        pipeline, name = Pipeline([("outer", pipeline)]), f"outer__{name}"
    words = words.replace(".*", "outer__" if inside else "")
    search = GridSearchCV(pipeline, {"memory": [None]})
    rule = f"Pipeline.fit, as step__argument, .* are 'first', 'last'. {words}"
    with pytest.raises(TypeError, match=rule):
        search.fit(X, y, **{name: np.ones(len(y))})


@pytest.mark.parametrize("search", SEARCHES)
def test_what_cannot_be_right_is_told_at_once(search):
    made = search(MLPClassifier, [], scoring=["accuracy", "neg_mean"], refit=False)
    with pytest.raises(ValueError, match="parameter") as caught:
        made.plan(*load_iris(return_X_y=True))
    name = search.__name__
    estimator, space, scoring = str(caught.value).splitlines()
    assert estimator == (
        f"The 'estimator' parameter of {name} must be an estimator. Got the class "
        "MLPClassifier. Make one of it: MLPClassifier()."
    )
    assert space.endswith(f"of {name} must hold at least one space. Got [] instead.")
    assert scoring.startswith(f"The 'scoring' parameter of {name} must name metrics")
    assert "Got 'neg_mean' in it. Did you mean 'neg_mean_" in scoring


class Flagged(GridSearchCV):
    _parameter_constraints: ClassVar = {
        **GridSearchCV._parameter_constraints,
        "flag": [bool],
    }

    def __init__(self, estimator, param_grid, *, flag=True, free=10**400, cv=2):
        super().__init__(estimator, param_grid, cv=cv)
        self.flag = flag
        self.free = free


def test_subclasses_may_have_rules_of_their_own():
    search = Flagged(Ridge(), {"alpha": [1.0, 2.0]})
    assert search.fit(*load_iris(return_X_y=True)).n_splits_ == 2
    with pytest.raises(ValueError, match="'flag' parameter of Flagged"):
        search.set_params(flag=3).fit(*load_iris(return_X_y=True))


@pytest.mark.parametrize("search", SEARCHES)
def test_numbers_of_numpy_are_refused_alike(search):
    made = search(MLPClassifier(), {"lr": [0.1]}, n_jobs=np.int64(0))
    with pytest.raises(ValueError, match=r"'n_jobs' parameter of .* other than 0"):
        made.plan(*load_iris(return_X_y=True))


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("n_jobs", ["2", [1], 0.5, np.array([1, 2])])
def test_jobs_of_a_wrong_type_are_told_with_the_rest(search, n_jobs):
    made = search(MLPClassifier(), {"lr": [0.1]}, n_jobs=n_jobs, verbose="loud")
    with pytest.raises(ValueError, match="parameter") as caught:
        made.plan(*load_iris(return_X_y=True))
    named = {line.split("'")[1] for line in str(caught.value).splitlines()}
    assert named == {"n_jobs", "verbose"}


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("is_nested", [False, True])
def test_steps_without_names_are_told(search, is_nested):
    pipeline = Pipeline([StandardScaler(), MLPClassifier()])
    if is_nested:
        pipeline = Pipeline([("rest", pipeline)])
    made = search(pipeline, {"lr": [0.1]}, n_jobs="2")
    words = r"'estimator' parameter of \w+ must be made of steps that have names.* Got"
    for method in (made.fit, made.plan):
        with pytest.raises(ValueError, match=words) as caught:
            method(*load_iris(return_X_y=True))
        assert "'n_jobs' parameter" in str(caught.value)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (3, "be made of steps that have names. .* Got 3"),
        (iter([("net", MLPClassifier())]), "be made of steps that have names. .* Got"),
        (
            [("scale", StandardScaler), ("net", MLPClassifier())],
            r"be an estimator in its step 'scale'. .* class StandardScaler. .*\(\)\.",
        ),
        (
            [("scale", StandardScaler()), ("net", Pipeline([("net", MLPClassifier)]))],
            r"be an estimator in its step 'net__net'. Got the class MLPClassifier\.",
        ),
        (
            [("scale", Pipeline([StandardScaler()])), ("net", MLPClassifier())],
            r"steps that have names in its step 'scale'\. .* Got \[StandardScaler",
        ),
    ],
)
def test_steps_that_are_none_are_told(search, steps, words):
    made = search(Pipeline(steps), {"lr": [0.1]})
    for method in (made.fit, made.plan):
        with pytest.raises(ValueError, match=f"'estimator' parameter of .* {words}"):
            method(*load_iris(return_X_y=True))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("rest__sample_weight", "rest__net__sample_weight"),
        ("rest__ned__sample_weight", "rest__net__sample_weight"),
        ("rset__net__X_val", "rest__net__X_val"),
        ("rest__net__x_val", "rest__net__X_val"),
    ],
)
def test_hints_lead_to_arguments_of_inner_pipelines(name, hint):
    inner = Pipeline([("net", MLPClassifier())])
    search = GridSearchCV(Pipeline([("rest", inner)]), {"lr": [0.1]})
    with pytest.raises(TypeError, match=f"Got '{name}'. Did you mean '{hint}'"):
        search.fit(*load_iris(return_X_y=True), **{name: np.ones(150)})


@pytest.mark.parametrize("last", ["passthrough", None])
def test_arguments_of_no_step_are_refused_where_the_last_is_a_word(last):
    pipeline = Pipeline([("scale", StandardScaler()), ("net", last)])
    grid = {"net": [MLPClassifier(max_epochs=1)]}
    search = GridSearchCV(pipeline, grid, scoring="accuracy", cv=2)
    X, y = load_iris(return_X_y=True)
    with pytest.raises(TypeError, match=r"as step__argument.* Got 'sample_weight'\."):
        search.fit(X, y, sample_weight=np.ones(150))
    search.fit(X, y, net__sample_weight=np.ones(150))


class Late(Pipeline):
    """Makes its steps when it is fitted."""

    def __init__(self, C=1e-9):
        self.C = C
        super().__init__(None)

    def fit(self, X, y):
        self.steps = [("last", GaussianNB(var_smoothing=self.C))]
        return super().fit(X, y)


class WithoutSteps(Late):
    """Does not even have the attribute."""

    def __init__(self, C=1e-9):
        self.C = C

    def get_params(self, deep=True):
        return {"C": self.C}

    def set_params(self, C):
        self.C = C

    def fit(self, X, y):
        super().__init__(self.C)
        return super().fit(X, y)


@pytest.mark.parametrize(
    ("pipeline", "grid"),
    [
        (Pipeline(None), {"steps": [[("last", GaussianNB())]]}),
        (
            Pipeline([("all", StandardScaler()), ("last", Pipeline(None))]),
            {"last": [Pipeline([("last", GaussianNB())])]},
        ),
        (Late(), {"C": [1e-9]}),
        (Pipeline([("all", StandardScaler()), ("last", Late())]), {"last__C": [1e-9]}),
        (
            Pipeline([("all", StandardScaler()), ("last", WithoutSteps())]),
            {"last__C": [1e-9]},
        ),
    ],
    ids=["of a candidate", "in a candidate", "of its fit", "inside", "no attribute"],
)
def test_steps_that_come_later_need_not_be_there_before(pipeline, grid):
    search = GridSearchCV(pipeline, grid, scoring="accuracy", cv=2)
    X, y = shuffle(*load_iris(return_X_y=True), random_state=0)
    assert search.fit(X, y).best_score_ > 0.5


def test_rungs_need_the_steps_before():
    pipeline = Pipeline([("all", StandardScaler()), ("last", WithoutSteps())])
    search = HyperbandSearchCV(pipeline, {"last__C": [1e-9]}, max_epochs=3)
    with pytest.raises(ValueError, match=r"go on with its train.* Got WithoutSteps"):
        search.fit(*load_iris(return_X_y=True))


def test_weights_are_taken_where_candidates_put_in_who_weighs():
    X, y = make_regression(n_targets=2, random_state=0)
    pipeline = Pipeline([("last", MultiOutputRegressor(None))])
    search = GridSearchCV(pipeline, {"last__estimator": [Ridge()]}, scoring="r2", cv=2)
    assert search.fit(X, y, last__sample_weight=np.ones(len(y))).best_score_ > 0


@pytest.mark.parametrize("name", ["X", "y"])
@pytest.mark.parametrize("last", [MLPClassifier(), SGDClassifier()])
def test_what_a_search_gives_itself_is_not_taken(last, name):
    search = GridSearchCV(Pipeline([("last", last)]), {"memory": [None]})
    with pytest.raises(TypeError, match=f"Got 'last__{name}'"):
        search.fit(*load_iris(return_X_y=True), **{f"last__{name}": np.ones(150)})


def test_an_argument_of_the_own_fit_that_is_misspelt_is_named():
    search = BayesSearchCV(MLPClassifier(), {"lr": [0.1]})
    with pytest.raises(TypeError, match=r"X, y, groups, callback .* mean 'callback'"):
        search.fit(*load_iris(return_X_y=True), callbacc=print)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("in_pipeline", [False, True])
def test_weights_of_another_length_are_refused_before_any_fit(search, in_pipeline):
    rows, y = load_iris(return_X_y=True)
    estimator, name = MLPClassifier(max_epochs=2), "sample_weight"
    if in_pipeline:
        estimator = Pipeline([("net", estimator)])
        name = f"net__{name}"
    made = search(estimator, {"lr": [0.1]})
    rule = (
        rf"^The '{name}' argument of {search.__name__}\.(fit|plan) must hold a weight "
        r"for each of the 150 rows\. Got 149\.$"
    )
    for method in (made.fit, made.plan):
        with pytest.raises(ValueError, match=rule):
            method(rows, y, **{name: np.ones(149)})


@pytest.mark.parametrize(
    ("given", "meant"),
    [("acc", "accuracy"), ("mse", "neg_mean_squared_error"), ("f1_macr", "f1_macro")],
)
def test_metrics_are_known_by_their_short_names(given, meant):
    search = GridSearchCV(Ridge(), {"alpha": [1.0]}, scoring=given)
    with pytest.raises(ValueError, match=rf"Got '{given}' .*Did you mean '{meant}'\?"):
        search.fit(*load_iris(return_X_y=True))
