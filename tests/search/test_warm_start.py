"""warm_start_from: what another search has evaluated is told to the engine first."""

import warnings

import hyperopt
import numpy as np
import optuna
import pandas as pd
import pytest
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV as SklearnGridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from skopt.space import Categorical, Integer, Real

from skhyper import (
    BayesSearchCV,
    GridSearchCV,
    HyperbandSearchCV,
    HyperoptSearchCV,
    MLPClassifier,
    OptunaSearchCV,
    RandomizedSearchCV,
)
from skhyper._identity import identity
from skhyper.spaces import Float, Int, SearchSpace, Switch

X, Y = load_iris(return_X_y=True)
PIPELINE = make_pipeline(StandardScaler(), MLPClassifier((4,), max_epochs=2))
SPACE = {"C": loguniform(1e-3, 1e3), "kernel": ["rbf", "linear"]}
ENGINES = [BayesSearchCV, OptunaSearchCV, HyperoptSearchCV]

optuna.logging.set_verbosity(optuna.logging.WARNING)

every_engine = pytest.mark.parametrize("engine", ENGINES)


def make(engine, space=SPACE, net=None, **settings):
    common = {"n_iter": 2, "cv": 3, "random_state": 0, "n_points": 2}
    return engine(SVC() if net is None else net, space, **{**common, **settings})


def table(params, scores=None):
    """A cv_results_ of which only what counts is there."""
    if scores is None:
        scores = np.linspace(0.5, 0.9, len(params))
    return {"params": params, "mean_test_score": np.array(scores)}


def told(search, space_number=0):
    """What the engine of a fitted search was told at the beginning, as candidates."""
    if isinstance(search, BayesSearchCV):
        optimizer = search.optimizers_[space_number]
        n_known = len(optimizer.Xi) - len(search.cv_results_["params"])
        names = [one.name for one in optimizer.space.dimensions]
        values = [[np.array(v).item() for v in point] for point in optimizer.Xi]
        flat = [dict(zip(names, point, strict=True)) for point in values[:n_known]]
        return flat, [-loss for loss in optimizer.yi[:n_known]]
    if isinstance(search, OptunaSearchCV):
        trials = search.study_.trials[: search.cv_results_["trial"].min()]
        return [trial.params for trial in trials], [trial.value for trial in trials]
    trials = search.trials_.trials[: search.cv_results_["trial"].min()]
    drawn = [
        {name: value[0] for name, value in trial["misc"]["vals"].items() if value}
        for trial in trials
    ]
    return drawn, [-trial["result"]["loss"] for trial in trials]


def same(results, others):
    return identity(results["params"]) == identity(others["params"])


GRID = {"C": [0.5, 1.0, 2.0, 4.0, 8.0, 16.0], "kernel": ["rbf", "linear"]}


@every_engine
def test_a_grid_around_the_optimum_leads_the_first_suggestions(engine):
    grid = SklearnGridSearchCV(SVC(), GRID, cv=3).fit(X, Y)
    # 24 for the model of Hyperopt, which begins with 20 at random.
    more = [{**params, "C": params["C"] * 1.1} for params in grid.cv_results_["params"]]
    scores = grid.cv_results_["mean_test_score"]
    known = table([*grid.cv_results_["params"], *more], [*scores, *scores - 0.01])
    cold = make(engine).fit(X, Y)
    warm = make(engine, warm_start_from=known).fit(X, Y)
    assert not same(cold.cv_results_, warm.cv_results_)
    assert len(warm.cv_results_["params"]) == 2
    params, values = told(warm)
    assert len(params) == 24
    np.testing.assert_array_equal(values, known["mean_test_score"])
    assert [point["C"] for point in params] == [one["C"] for one in known["params"]]
    again = clone(make(engine, warm_start_from=pd.DataFrame(known))).fit(X, Y)
    assert same(warm.cv_results_, again.cv_results_)


@every_engine
def test_the_model_goes_where_the_scores_are(engine):
    rates = np.geomspace(1e-3, 1e3, 60)
    # Only around 30 the scores are good, whatever they are in truth.
    scores = -np.abs(np.log(rates / 30))
    known = table([{"C": rate} for rate in rates], scores)
    space = {"C": loguniform(1e-3, 1e3)}
    warm = make(engine, space, warm_start_from=known, n_iter=4, n_points=4).fit(X, Y)
    found = np.array([one["C"] for one in warm.cv_results_["params"]])
    assert np.median(np.abs(np.log(found / 30))) < 1.5


@every_engine
@pytest.mark.parametrize("prefix", ["", "mlpclassifier__"])
def test_names_may_be_short_or_full_in_a_pipeline(engine, prefix):
    known = table([{f"{prefix}lr": 0.01}, {f"{prefix}lr": 0.2}])
    search = make(engine, {"lr": loguniform(1e-4, 1)}, PIPELINE, warm_start_from=known)
    params, values = told(search.fit(X, Y))
    assert [one["mlpclassifier__lr"] for one in params] == [0.01, 0.2]
    assert values == [0.5, 0.9]


OBJECT = StandardScaler()
KINDS = {
    "ranges": (
        SearchSpace(
            a=Float(1e-3, 1, log=True),
            b=Float(0, 1, step=0.1),
            c=Float(1e-3, 1, log=True, zero=True),
            d=Int(1, 100, log=True),
            e=Int(0, 8, step=2),
            f=Int(-3, 3),
            g=Float(0.5, 1.5, step=0.25, zero=True),
        ),
        [
            {"a": 1 / 3, "b": 0.1 + 0.2, "c": 0.0, "d": 7, "e": 4, "f": 0, "g": 0.0},
            {"a": 1e-3, "b": 1.0, "c": 2 / 7, "d": 100, "e": 0, "f": -3, "g": 1.25},
        ],
    ),
    "values": (
        SearchSpace(
            a=[(1,), (1, 2)],
            b=[None, True, 1.5, "x"],
            c=[OBJECT, None],
            d=[{"k": 1}, 2],
        ),
        [
            {"a": (1, 2), "b": None, "c": OBJECT, "d": {"k": 1}},
            {"a": (1,), "b": True, "c": None, "d": 2},
        ],
    ),
    "branches": (
        SearchSpace(
            leaf=Switch("sub", {"x": Float(0, 1)}),
            sub=Switch("top", {"p": ["x", "y"], ("q", "r"): ["z", "x"]}),
            top=["p", "q", "r", "s"],
        ),
        [
            {"leaf": 0.25, "sub": "x", "top": "p"},
            {"leaf": 0.75, "sub": "x", "top": "r"},
            {"sub": "z", "top": "q"},
            {"top": "s"},
        ],
    ),
    "skopt": (
        {
            "a": Real(1e-3, 10, prior="log-uniform"),
            "b": Integer(1, 9),
            "c": Categorical(["u", "v"], prior=[0.1, 0.9]),
            "d": [(1, 2), (3,)],
        },
        [{"a": 1 / 3, "b": 4, "c": "v", "d": (3,)}],
    ),
}


class Anything(SVC):
    """Takes every parameter, and does nothing with it."""

    def __init__(self, a=0, b=0, c=0, d=0, e=0, f=0, g=0, leaf=0, sub=0, top=0):
        super().__init__()
        vars(self).update(
            a=a, b=b, c=c, d=d, e=e, f=f, g=g, leaf=leaf, sub=sub, top=top
        )

    def set_params(self, **params):
        vars(self).update(params)
        return self


@every_engine
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_value_is_found_again_exactly(engine, kind):
    space, candidates = KINDS[kind]
    if kind == "skopt" and engine is not BayesSearchCV:
        space = {**space, "c": ["u", "v"]}
    search = make(engine, space, Anything(), warm_start_from=table(candidates))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a space of few is used up
        search.fit(X, Y)
    expected = [
        {**one, "b": 0.3} if one.get("b") == 0.1 + 0.2 else one for one in candidates
    ]
    assert identity(read_back(search, space)) == identity(expected)


def read_back(search, space):
    """Read by the engine's own way what it was told at the beginning."""
    params, _ = told(search)
    if isinstance(search, BayesSearchCV):
        if isinstance(space, SearchSpace):
            return [space.resolve(point) for point in params]
        return [dict(zip(sorted(space), one.values(), strict=True)) for one in params]
    space = SearchSpace.coerce(space)
    if isinstance(search, OptunaSearchCV):
        return [space.suggest(optuna.trial.FixedTrial(one)) for one in params]
    expression = space.to_hyperopt()
    return [space.from_hyperopt(hyperopt.space_eval(expression, one)) for one in params]


@every_engine
@pytest.mark.parametrize("preset", ["full", ["optimizer", "regularization"]])
def test_what_a_preset_draws_is_known_to_it(engine, preset):
    net = PIPELINE
    drawn = RandomizedSearchCV(net, preset, n_iter=6, cv=2, random_state=1)
    drawn.fit(X, Y)
    search = make(engine, preset, net, warm_start_from=drawn.cv_results_, n_iter=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search.fit(X, Y)
    params, values = told(search)
    assert len(params) == 6
    np.testing.assert_array_equal(values, drawn.cv_results_["mean_test_score"])


@every_engine
def test_alternatives_know_the_candidates_that_lie_in_them(engine):
    spaces = [{"C": Float(0.1, 1.0)}, {"C": Float(0.5, 2.0), "gamma": [0.1, 1.0]}]
    known = table([{"C": 0.7}, {"C": 0.7, "gamma": 1.0}])
    search = make(engine, spaces, warm_start_from=known).fit(X, Y)
    if engine is BayesSearchCV:
        firsts = [optimizer.Xi[0] for optimizer in search.optimizers_]
        assert firsts == [[0.7], [0.7, 1.0]]
        assert [optimizer.yi[0] for optimizer in search.optimizers_] == [-0.5, -0.9]
    else:
        params, values = told(search)
        assert [one["space"] for one in params] == [0, 1]
        assert params[0]["space 0: C"] == params[1]["space 1: C"] == 0.7
        assert values == [0.5, 0.9]


BAD = {
    "out of range": ({"C": 1e9, "kernel": "rbf"}, "'C' is 1000000000.0, not in Float"),
    "other value": ({"C": 1.0, "kernel": "poly"}, "'kernel' is 'poly', not in Choice"),
    "missing": ({"C": 1.0}, "it has no value for 'kernel'"),
    "not searched": ({"C": 1.0, "kernel": "rbf", "gamma": 1}, "'gamma' is not in the"),
    "typo": ({"C": 1.0, "kernle": "rbf"}, "Got 'kernle'. Did you mean 'kernel'?"),
    "text": ("{'C': 1.0}", "its params must be a dict"),
}


@every_engine
@pytest.mark.parametrize("kind", BAD)
def test_what_does_not_fit_is_left_out_and_told_of(engine, kind):
    bad, reason = BAD[kind]
    known = table([{"C": 1.0, "kernel": "rbf"}, bad, bad])
    search = make(engine, warm_start_from=known)
    with pytest.warns(UserWarning, match="leaves out 2 of the 3 candidates") as caught:
        search.fit(X, Y)
    assert len(caught) == 1
    assert reason in str(caught[0].message)
    assert "The first is number 1, because" in str(caught[0].message)
    assert len(told(search)[0]) == 1
    with pytest.raises(ValueError, match="'warm_start_from' parameter") as error:
        make(engine, warm_start_from=table([bad])).fit(X, Y)
    assert reason in str(error.value)
    assert "Got 1 candidates" in str(error.value)


@every_engine
@pytest.mark.parametrize("score", [np.nan, np.inf])
def test_what_has_no_score_is_left_out(engine, score):
    params = [{"C": 1.0, "kernel": "rbf"}, {"C": 2.0, "kernel": "rbf"}]
    search = make(engine, warm_start_from=table(params, [0.5, score]))
    with pytest.warns(UserWarning, match=f"number 1, because its score is {score}"):
        search.fit(X, Y)
    assert told(search)[1] == [0.5]


def test_what_was_trained_for_less_than_others_is_left_out():
    space = {"lr": loguniform(1e-4, 1)}
    first = HyperbandSearchCV(PIPELINE, space, max_epochs=3, cv=3, random_state=0)
    results = first.fit(X, Y).cv_results_
    n_whole = (results["n_resources"] == 3).sum()
    search = make(BayesSearchCV, space, PIPELINE, warm_start_from=results)
    with pytest.warns(UserWarning, match="because it had 1 of 3 n_resources"):
        search.fit(X, Y)
    assert len(told(search)[0]) == n_whole


@every_engine
def test_the_metric_is_that_which_guides_the_search(engine):
    scoring = ["accuracy", "f1_macro"]
    grid = GridSearchCV(SVC(), GRID, cv=3, scoring=scoring, refit="f1_macro").fit(X, Y)
    known = grid.cv_results_
    for refit, metric in (("f1_macro", "f1_macro"), (False, "accuracy")):
        search = make(engine, scoring=scoring, refit=refit, warm_start_from=known)
        np.testing.assert_array_equal(
            told(search.fit(X, Y))[1], known[f"mean_test_{metric}"]
        )
    search = make(engine, scoring="f1_macro", warm_start_from=known).fit(X, Y)
    np.testing.assert_array_equal(told(search)[1], known["mean_test_f1_macro"])
    with pytest.raises(ValueError, match=r"one of \['mean_test_score'\]\. Got"):
        make(engine, warm_start_from=known).fit(X, Y)


@every_engine
@pytest.mark.parametrize(
    "scoring",
    [None, "f1_macro", get_scorer("f1_macro")],
    ids=["none", "name", "scorer"],
)
def test_a_metric_that_counts_as_true_is_not_the_one_that_is_told(engine, scoring):
    metrics = {"accuracy": "accuracy", "f1_macro": "f1_macro", "score": "recall_macro"}
    several = GridSearchCV(SVC(), GRID, cv=3, scoring=metrics, refit=False).fit(X, Y)
    known = {**several.cv_results_, "mean_test_accuracy": np.full(12, 2.0)}
    one = {"scoring": scoring, "refit": "accuracy", "warm_start_from": known}
    search = make(engine, **one).fit(X, Y)
    column = "mean_test_f1_macro" if scoring == "f1_macro" else "mean_test_score"
    np.testing.assert_array_equal(told(search)[1], known[column])


def test_all_objectives_are_told_and_the_front_is_of_the_search_itself():
    scoring = ["accuracy", "f1_macro"]
    grid = GridSearchCV(SVC(), GRID, cv=3, scoring=scoring, refit=False).fit(X, Y)
    both = {"scoring": scoring, "objectives": scoring, "refit": "accuracy"}
    known = {**grid.cv_results_, "mean_test_accuracy": np.full(12, 2.0)}
    search = make(OptunaSearchCV, warm_start_from=known, n_iter=6, **both).fit(X, Y)
    trials = search.study_.trials[:12]
    expected = zip(*(known[f"mean_test_{name}"] for name in scoring), strict=True)
    assert [tuple(trial.values) for trial in trials] == list(expected)
    assert search.best_index_ in search.front_
    with pytest.raises(ValueError, match=r"all of \['mean_test_accuracy', "):
        make(OptunaSearchCV, warm_start_from=table([{}]), **both).fit(X, Y)


def test_the_front_is_what_optuna_says_it_is():
    scoring = ["accuracy", "neg_log_loss"]
    settings = {"scoring": scoring, "objectives": scoring, "refit": "accuracy"}
    net, space = SVC(probability=True), {"C": loguniform(1e-3, 1e3)}
    known = {"params": [{"C": 1.0}]}
    known |= {f"mean_test_{name}": [-100.0] for name in scoring}
    settings |= {"warm_start_from": known, "n_iter": 8}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        search = make(OptunaSearchCV, space, net, **settings).fit(X, Y)
    best = {trial.number for trial in search.study_.best_trials}
    trials = search.cv_results_["trial"]
    assert {trials[place] for place in search.front_} == best


def test_a_stored_study_is_told_once(tmp_path):
    known = table([{"C": 1.0, "kernel": "rbf"}, {"C": 1 / 3, "kernel": "linear"}])
    stored = {"storage": f"sqlite:///{tmp_path}/study.db", "study_name": "s"}
    make(OptunaSearchCV, warm_start_from=known, n_iter=2, **stored).fit(X, Y)
    going_on = make(OptunaSearchCV, warm_start_from=known, n_iter=6, **stored)
    going_on.fit(X, Y)
    assert len(going_on.study_.trials) == 2 + 6
    whole = make(OptunaSearchCV, warm_start_from=known, n_iter=6).fit(X, Y)
    assert same(going_on.cv_results_, whole.cv_results_)


def test_saved_trials_of_hyperopt_are_told_once(tmp_path):
    known = table([{"C": 1.0, "kernel": "rbf"}, {"C": 1 / 3, "kernel": "linear"}])
    saved = {"trials": tmp_path / "trials.json", "warm_start_from": known}
    make(HyperoptSearchCV, n_iter=2, **saved).fit(X, Y)
    going_on = make(HyperoptSearchCV, n_iter=6, **saved).fit(X, Y)
    assert len(going_on.trials_) == 2 + 6
    whole = make(HyperoptSearchCV, n_iter=6, warm_start_from=known).fit(X, Y)
    assert same(going_on.cv_results_, whole.cv_results_)


def test_a_pruner_and_several_rungs_go_with_it():
    known = table([{"lr": 0.01}, {"lr": 0.1}])
    settings = {"pruner": "median", "max_epochs": 3, "n_iter": 4}
    space = {"lr": loguniform(1e-4, 1)}
    search = make(OptunaSearchCV, space, PIPELINE, warm_start_from=known, **settings)
    search.fit(X, Y)
    assert search.cv_results_["trial"].tolist() == [2, 3, 4, 5]
    states = [trial.state.name for trial in search.study_.trials[:2]]
    assert states == ["COMPLETE"] * 2


@pytest.mark.parametrize("model", ["GP", "ET", "GBRT", "random"])
def test_every_model_of_skopt_begins_with_what_is_known(model):
    params = [{"C": 10.0**k, "kernel": "rbf"} for k in np.linspace(-2, 2, 15)]
    settings = {"optimizer_kwargs": {"base_estimator": model}, "n_iter": 3}
    search = make(BayesSearchCV, warm_start_from=table(params), **settings).fit(X, Y)
    [optimizer] = search.optimizers_
    assert len(optimizer.Xi) == 15 + 3
    assert bool(optimizer.models) == (model != "random")
    assert search.optimizer_time_ > 0


def test_a_space_that_is_used_up_counts_its_own_candidates():
    known = table([{"kernel": "rbf"}, {"kernel": "linear"}])
    search = make(
        BayesSearchCV, {"kernel": ["rbf", "linear"]}, warm_start_from=known, n_iter=4
    )
    with pytest.warns(UserWarning, match="all of its 2 candidates are tried"):
        search.fit(X, Y)
    # What is known is not thereby done: it may have been scored on other rows.
    assert len(search.cv_results_["params"]) == 2


@every_engine
def test_mistakes_are_named(engine):
    name = engine.__name__
    search = GridSearchCV(SVC(), GRID)
    message = f"parameter of {name} must be the cv_results_ of a search, not the search"
    with pytest.raises(TypeError, match=message):
        make(engine, warm_start_from=search).fit(X, Y)
    with pytest.raises(ValueError, match=f"'warm_start_from' parameter of {name}"):
        make(engine, warm_start_from=3).fit(X, Y)
    message = r"must have the columns of a cv_results_: .* results_frame\(\) has no"
    with pytest.raises(ValueError, match=message):
        make(engine, warm_start_from={"mean_test_score": [1.0]}).fit(X, Y)
    settings = {"scoring": ["accuracy", "f1_macro"], "refit": "accuracy"}
    with pytest.raises(ValueError, match="or name one metric as 'scoring'"):
        make(engine, warm_start_from=table([{"C": 1.0}]), **settings).fit(X, Y)
    with pytest.raises(ValueError, match="Got 0 candidates, of which none does"):
        make(engine, warm_start_from=table([])).fit(X, Y)
    with pytest.raises(ValueError, match=r"equally long columns\. Got 1 'params'"):
        make(engine, warm_start_from=table([{}], [1.0, 2.0])).fit(X, Y)


@every_engine
def test_scores_of_an_unknown_metric_are_not_taken_for_those_of_another(engine):
    known = GridSearchCV(SVC(), GRID, cv=3).fit(X, Y).cv_results_
    metrics = {"scoring": ["accuracy", "f1_macro"], "refit": "f1_macro"}
    with pytest.raises(ValueError, match=r"one of \['mean_test_f1_macro'\]"):
        make(engine, warm_start_from=known, **metrics).fit(X, Y)
