"""Private names of other libraries are where they are expected, and do what they did.

A failure here after an update of one of them names what has moved.
"""

import inspect
import os
from numbers import Real

import joblib
import numpy as np
import pytest
import torch
from sklearn import config_context
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import Ridge
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skhyper import _joblib, _optuna, _sklearn, _torch


@pytest.mark.parametrize("door", [_joblib, _optuna, _sklearn, _torch])
def test_every_name_is_there(door):
    for name in door.__all__:
        assert getattr(door, name) is not None


def test_a_pipeline_checks_its_steps_as_its_fit_does():
    _sklearn.check_pipeline(make_pipeline(StandardScaler(), Ridge()))
    wrong = make_pipeline(Ridge(), Ridge())
    with pytest.raises(TypeError, match="should be transformers") as told:
        _sklearn.check_pipeline(wrong)
    with pytest.raises(TypeError) as raised:
        wrong.fit([[0.0]], [0.0])
    assert str(told.value) == str(raised.value)


def test_a_pipeline_tells_of_its_steps_one_after_the_other(capsys):
    steps = [("scale", StandardScaler()), ("last", "passthrough")]
    pipeline = Pipeline(steps, verbose=True)
    context = _sklearn.callback_context(pipeline)
    X = _sklearn.fit_transformers(pipeline, [[0.0], [1.0]], None, {}, context)
    assert X.tolist() == [[-1.0], [1.0]]
    assert "(step 1 of 2) Processing scale" in (told := capsys.readouterr().out)
    assert len(told.splitlines()) == 1
    with _sklearn.last_step_timed(pipeline):
        assert not capsys.readouterr().out
    assert "(step 2 of 2) Processing last, total=" in capsys.readouterr().out
    with _sklearn.last_step_timed(Pipeline(steps)):
        pass
    assert not capsys.readouterr().out


@pytest.mark.parametrize("routes", [False, True])
def test_arguments_of_a_pipeline_are_given_to_its_steps(routes):
    X, weight = np.array([[0.0], [2.0]]), [1.0, 3.0]
    with config_context(enable_metadata_routing=routes):
        scaler, ridge = StandardScaler(), Ridge()
        pipeline = Pipeline([("scale", scaler), ("last", ridge)])
        params = {"last__sample_weight": weight}
        if routes:
            scaler.set_fit_request(sample_weight=False)
            ridge.set_fit_request(sample_weight=True)
            pipeline.set_params(transform_input=["sample_weight"])
            params = {"sample_weight": X}
        [given] = params.values()
        routed = _sklearn.arguments_of_steps(pipeline, params)
        assert routed["last"]["fit"] == {"sample_weight": given}
        assert not routed["scale"]["fit_transform"]
        pipeline[:-1].fit(X)
        own = _sklearn.last_arguments(pipeline, params)
    assert [*own] == ["sample_weight"]
    expected = [[-1.0], [1.0]] if routes else weight
    np.testing.assert_array_equal(own["sample_weight"], expected)


def test_a_worker_that_dies_raises_the_error_of_joblib():
    with pytest.raises(_joblib.TerminatedWorkerError):
        joblib.Parallel(2, backend="loky")([joblib.delayed(os._exit)(1)] * 2)


def test_a_trial_of_optuna_is_begun_with_its_notes():
    optuna = pytest.importorskip("optuna")
    study = optuna.create_study()
    added = _optuna.add_running(optuna, study, {"whose": "mine"})
    assert (added.number, added.user_attrs) == (0, {"whose": "mine"})
    trial = _optuna.begin(optuna, study, added)
    assert (trial.number, trial.user_attrs) == (0, {"whose": "mine"})
    assert study.trials[0].state.name == "RUNNING"
    study.tell(trial, trial.suggest_float("x", 0, 1))
    assert study.trials[0].values == [trial.params["x"]]
    assert study.trials[0].datetime_complete >= study.trials[0].datetime_start


def test_a_trial_of_optuna_is_given_the_parameters_that_it_lacks():
    optuna = pytest.importorskip("optuna")
    study = optuna.create_study()
    study.ask().suggest_float("x", 0, 1)
    [trial] = study.trials

    def suggest(whole):
        whole.suggest_float("x", 0, 1)
        whole.suggest_int("y", 3, 3)

    expected = {**trial.params, "y": 3}
    assert _optuna.complete(optuna, study, trial, suggest) == expected
    assert study.trials[0].params == expected


def test_a_study_that_is_asked_and_told_can_be_stopped():
    optuna = pytest.importorskip("optuna")
    study = optuna.create_study()
    with _optuna.stoppable(study) as is_stopped:
        assert not is_stopped()
        study.stop()
        assert is_stopped()
    with pytest.raises(RuntimeError, match="stop"):
        study.stop()


def test_jobs_are_reckoned_as_joblib_does():
    assert _joblib.eval_expr("2*3") == 6
    with pytest.raises(ValueError, match="too large"):
        _joblib.eval_expr("9**9**9")


@pytest.mark.parametrize("search", [GridSearchCV, RandomizedSearchCV])
def test_searches_of_scikit_learn_stand_on_the_base_class(search):
    assert issubclass(search, _sklearn.BaseSearchCV)


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("_get_scorers", ["self"]),
        ("_get_routed_params_for_fit", ["self", "params"]),
        ("_check_refit_for_multimetric", ["self", "scores"]),
        ("_select_best_index", ["refit", "refit_metric", "results"]),
        (
            "_format_results",
            ["self", "candidate_params", "n_splits", "out", "more_results"],
        ),
    ],
)
def test_methods_of_the_base_class_take_what_they_are_given(method, parameters):
    function = getattr(_sklearn.BaseSearchCV, method)
    assert list(inspect.signature(function).parameters) == parameters


def test_context_of_fit_validates_the_parameters():
    class Estimator(Ridge):
        @_sklearn.fit_context(prefer_skip_nested_validation=False)
        def fit(self, X, y):
            return self

    with pytest.raises(_sklearn.InvalidParameterError, match="alpha"):
        Estimator(alpha=-1.0).fit([[0.0]], [0.0])


def test_rows_and_parameters_are_cut_by_indices():
    X, y = np.arange(6.0).reshape(3, 2), np.arange(3)
    cut, target = _sklearn.safe_split(Ridge(), X, y, np.array([0, 2]))
    assert cut.tolist() == [[0.0, 1.0], [4.0, 5.0]]
    assert target.tolist() == [0, 2]
    params = _sklearn.check_method_params(
        X, {"sample_weight": y, "flag": True}, indices=np.array([2])
    )
    assert params["sample_weight"].tolist() == [2]
    assert params["flag"] is True


def test_scorer_of_several_metrics_gives_the_traceback_of_one_that_fails():
    def fails(estimator, X, y):
        raise ValueError("no score today")

    scorer = _sklearn.MultimetricScorer(
        scorers={"r2": get_scorer("r2"), "fails": fails}, raise_exc=False
    )
    assert list(scorer._scorers) == ["r2", "fails"]
    X, y = np.array([[0.0], [1.0], [2.0]]), np.array([0.0, 1.0, 2.0])
    scores = scorer(Ridge().fit(X, y), X, y)
    assert isinstance(scores["r2"], float)
    assert "no score today" in scores["fails"]


def test_failed_fits_are_warned_of_or_raised():
    some = [{"fit_error": "Traceback"}, {"fit_error": None}]
    with pytest.warns(FitFailedWarning, match="1 fits failed out of a total of 2"):
        _sklearn.warn_or_raise_about_fit_failures(some, np.nan)
    with pytest.raises(ValueError, match="All the 1 fits failed"):
        _sklearn.warn_or_raise_about_fit_failures(some[:1], np.nan)


def test_library_and_device_of_an_array_are_known():
    xp, is_array_api = _sklearn.get_namespace(np.zeros(2))
    assert _sklearn.convert_to_numpy(np.ones(2), xp).tolist() == [1, 1]
    assert xp.asarray([1, 2], device=_sklearn.array_device(np.zeros(2))).tolist() == [
        1,
        2,
    ]
    assert not is_array_api


def test_constraints_are_validated_in_the_grammar_of_scikit_learn():
    constraints = {
        "rate": [_sklearn.Interval(Real, 0, 1, closed="both")],
        "kind": [_sklearn.StrOptions({"a", "b"}), _sklearn.HasMethods(["cache"])],
    }
    _sklearn.validate_parameter_constraints(
        constraints, {"rate": 0.5, "kind": "a"}, caller_name="Thing"
    )
    refused = pytest.raises(_sklearn.InvalidParameterError, match="'rate' parameter")
    with refused:
        _sklearn.validate_parameter_constraints(
            constraints, {"rate": 2.0, "kind": "a"}, caller_name="Thing"
        )


def test_arguments_are_what_an_estimator_names():
    class Estimator(Ridge):
        @classmethod
        def _get_param_names(cls):
            return (*super()._get_param_names()[:1], "solver")

    assert Ridge._get_param_names() == sorted(inspect.signature(Ridge).parameters)
    assert Estimator().get_params() == {"alpha": 1.0, "solver": "auto"}


def test_sample_weights_are_checked():
    with pytest.raises(ValueError, match="Negative"):
        _sklearn.check_sample_weight(
            np.array([-1.0]), np.zeros((1, 1)), ensure_non_negative=True
        )


def test_operations_of_torch_on_lists_change_every_tensor():
    for name in _torch.__all__:
        if name == "aten":
            continue
        stacks = [torch.full((2, 3), 4.0), torch.full((3,), 4.0)]
        others = [torch.full_like(stack, 2.0) for stack in stacks]
        operands = {
            "foreach_reciprocal_": [],
            "foreach_lerp_": [others, others],
            "foreach_addcmul_": [others, others],
            "foreach_addcdiv_": [others, others],
        }.get(name, [others])
        getattr(_torch, name)(stacks, *operands)
        assert all((stack != 4.0).all() for stack in stacks), name


def test_operations_that_derivatives_consist_of_give_what_autograd_gives():
    x = torch.linspace(-2.0, 2.0, 12).view(3, 4).requires_grad_()
    upstream = torch.arange(12.0).view(3, 4)
    for function, derivative in {
        torch.relu: lambda y: _torch.aten.threshold_backward(upstream, y, 0),
        torch.tanh: lambda y: _torch.aten.tanh_backward(upstream, y),
        torch.nn.functional.gelu: lambda y: _torch.aten.gelu_backward(upstream, x),
        torch.nn.functional.silu: lambda y: _torch.aten.silu_backward(upstream, x),
        torch.nn.functional.mish: lambda y: _torch.aten.mish_backward(upstream, x),
    }.items():
        y = function(x)
        [expected] = torch.autograd.grad(y, x, upstream, retain_graph=True)
        assert torch.equal(derivative(y), expected)
