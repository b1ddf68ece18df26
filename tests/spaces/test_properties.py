"""What holds for every domain and every space, whatever they are (contract C7)."""

import math
import pickle
from typing import Any

import hyperopt
import numpy as np
import optuna
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.model_selection import ParameterGrid, ParameterSampler
from skopt import Optimizer
from skopt.space import Categorical, Integer, Real, Space

from skhyper.spaces import Choice, Float, Int, SearchSpace, Switch
from skhyper.spaces._grid import grid_values
from skhyper.spaces._optuna import suggest_value
from skhyper.spaces._read import as_domain
from skhyper.spaces._scipy import scipy_distribution
from skhyper.spaces._skopt import skopt_dimension

# The same examples in every run, and no limit on time where two workers share a core.
repeatable = settings(derandomize=True, deadline=None, max_examples=40)

SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def floats(draw: st.DrawFn) -> Float:
    log, zero = draw(st.booleans()), draw(st.booleans())
    if log:
        low = 10.0 ** draw(st.integers(-8, 2))
        return Float(
            low, low * draw(st.sampled_from([2.0, 10, 1e4])), log=True, zero=zero
        )
    low = draw(st.integers(0 if zero else -50, 50)) / 10
    if draw(st.booleans()):
        step = draw(st.sampled_from([0.1, 0.5, 2.0]))
        high = float(f"{low + step * draw(st.integers(1, 20)):.12g}")
        return Float(low, high, step=step, zero=zero)
    return Float(low, low + draw(st.integers(1, 100)) / 10, zero=zero)


@st.composite
def ints(draw: st.DrawFn) -> Int:
    log = draw(st.booleans())
    low = draw(st.integers(1 if log else -20, 20))
    if not log and draw(st.booleans()):
        step = draw(st.integers(1, 5))
        return Int(low, low + step * draw(st.integers(1, 10)), step=step)
    return Int(low, low + draw(st.integers(1, 1000)), log=log)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from(["relu", "tanh", "1", ""]),
    st.floats(-2, 2).filter(lambda x: x != int(x)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.lists(st.integers(0, 2), max_size=2),
    st.dictionaries(
        st.sampled_from(["gamma", "factor"]), st.integers(0, 3), max_size=2
    ),
)


def same_key(value: Any) -> str:
    """Tell values apart as a Choice does, to which True is not 1."""
    if isinstance(value, dict):
        return repr(sorted(value.items()))
    return repr(value)


@st.composite
def choices(draw: st.DrawFn) -> Choice:
    values = draw(st.lists(VALUES, min_size=1, max_size=5, unique_by=same_key))
    return Choice(values, default=draw(st.sampled_from(values)))


def with_default(domain: Float | Int, share: float) -> Float | Int:
    values = grid_values(domain, 9)
    default = values[int(share * (len(values) - 1))]
    extra = {"zero": domain.zero} if isinstance(domain, Float) else {}
    return type(domain)(
        domain.low,
        domain.high,
        log=domain.log,
        step=domain.step,
        default=default,
        **extra,
    )


RANGES = st.builds(with_default, st.one_of(floats(), ints()), st.floats(0, 1))
DOMAINS = st.one_of(RANGES, choices())


@st.composite
def switched_spaces(draw: st.DrawFn) -> SearchSpace:
    """Draw a parent, what hangs on it, and sometimes a grandchild."""
    kinds = draw(st.integers(2, 3))
    parent = Choice(list("abc"[:kinds]), default=draw(st.sampled_from("abc"[:kinds])))
    cases: dict[Any, Any] = {"a": draw(DOMAINS)}
    if draw(st.booleans()):
        cases["b"] = draw(DOMAINS)
    parameters: dict[str, Any] = {
        "rate": draw(RANGES),
        "kind": parent,
        "child": Switch("kind", cases),
    }
    if draw(st.booleans()):
        parameters["mode"] = Switch("kind", {("a", "b"): ["x", "y"]})
        parameters["grandchild"] = Switch("mode", {"y": draw(DOMAINS)})
    if draw(st.booleans()):
        parameters["other"] = Choice([True, False])
        parameters["nephew"] = Switch("other", {True: draw(DOMAINS)})
    names = draw(st.permutations(list(parameters)))
    return SearchSpace({name: parameters[name] for name in names})


def branches_of(space: SearchSpace, candidate: dict[str, Any]) -> list[SearchSpace]:
    """List the branches that a candidate belongs to."""
    return [
        branch
        for branch in space.branches()
        if set(branch) == set(candidate)
        and all(value in branch[name] for name, value in candidate.items())
    ]


@repeatable
@given(DOMAINS)
def test_default_lies_inside(domain: Any) -> None:
    assert domain.default in domain


@repeatable
@given(DOMAINS)
def test_domain_is_a_value(domain: Any) -> None:
    again = pickle.loads(pickle.dumps(domain))
    assert again == domain
    assert hash(again) == hash(domain)


@repeatable
@given(DOMAINS)
def test_repr_is_the_code_that_makes_the_domain(domain: Any) -> None:
    again = eval(repr(domain), {"Float": Float, "Int": Int, "Choice": Choice})
    assert again == domain


@repeatable
@given(DOMAINS, st.integers(2, 12))
def test_grid_lies_inside_without_repetition(domain: Any, points: int) -> None:
    values = grid_values(domain, points)
    assert all(value in domain for value in values)
    assert len({same_key(value) for value in values}) == len(values)


@repeatable
@given(RANGES, st.integers(2, 12))
def test_grid_of_a_range_has_both_ends_and_zero(domain: Any, points: int) -> None:
    values = grid_values(domain, points)
    assert values == sorted(values)
    assert {domain.low, domain.high} <= set(values)
    assert (0.0 in values) or not domain.zero
    assert len(values) <= points + domain.zero


@repeatable
@given(DOMAINS)
def test_grid_of_one_point_is_the_default(domain: Any) -> None:
    assert grid_values(domain, 1) == [domain.default]


@repeatable
@given(st.one_of(floats(), ints()), st.integers(3, 9))
def test_grid_is_even_on_its_scale(domain: Any, points: int) -> None:
    assume(domain.step is None)
    values = [value for value in grid_values(domain, points) if value >= domain.low]
    scaled = np.log(values) if domain.log else np.asarray(values, dtype=float)
    if isinstance(domain, Int):
        # Rounding moves a value by at most one half, and never beside its place.
        ideal = grid_values(Float(domain.low, domain.high, log=domain.log), points)
        assert {round(x) for x in ideal} == set(values)
    elif not (domain.zero and domain.low == 0):
        np.testing.assert_allclose(np.diff(scaled), np.diff(scaled)[0], rtol=1e-6)


@repeatable
@given(DOMAINS, SEEDS)
def test_random_draws_lie_inside(domain: Any, seed: int) -> None:
    rendered = scipy_distribution(domain)
    if isinstance(rendered, list):
        assert all(value in domain for value in rendered)
        return
    generator = np.random.RandomState(seed)
    for _ in range(20):
        assert rendered.rvs(random_state=generator) in domain


@repeatable
@given(DOMAINS)
def test_distribution_reads_back_as_the_domain(domain: Any) -> None:
    again = as_domain(scipy_distribution(domain))
    if isinstance(domain, Choice):
        assert again.values == domain.values
    else:
        assert type(again) is type(domain)
        assert (again.log, again.step, again.zero) == (
            domain.log,
            domain.step,
            domain.zero,
        )
        # scipy keeps a width, not an upper end, so that may be off in its last digit.
        assert math.isclose(again.low, domain.low, rel_tol=1e-12)
        assert math.isclose(again.high, domain.high, rel_tol=1e-12, abs_tol=1e-12)


@repeatable
@given(DOMAINS)
def test_dimension_reads_back_as_the_domain(domain: Any) -> None:
    again = as_domain(skopt_dimension(domain))
    if isinstance(domain, Choice):
        assert again == domain
    else:
        assert (again.low, again.high) == (domain.low, domain.high)
        assert (again.log, again.step, again.zero) == (
            domain.log,
            domain.step,
            domain.zero,
        )


@repeatable
@given(DOMAINS)
def test_dimension_has_the_bounds_and_the_scale_of_the_domain(domain: Any) -> None:
    dimension = skopt_dimension(domain)
    if isinstance(domain, Choice):
        assert isinstance(dimension, Categorical)
        assert dimension.categories == domain.values
        return
    assert isinstance(dimension, Real | Integer)
    low = 0.0 if domain.zero else domain.low
    assert dimension.bounds == (low, domain.high)
    assert (dimension.prior == "log-uniform") is domain.log


@repeatable
@given(DOMAINS, SEEDS)
def test_suggestions_of_skopt_lie_inside(domain: Any, seed: int) -> None:
    optimizer = Optimizer(
        [skopt_dimension(domain)],
        base_estimator="ET",
        n_initial_points=10,
        random_state=seed,
    )
    for (value,) in optimizer.ask(n_points=5):
        plain = np.array(value).item()  # what BayesSearchCV makes of it
        assert plain in domain


@pytest.mark.parametrize("transform", ["normalize", "identity"])
@repeatable
@given(domain=RANGES, seed=SEEDS)
def test_dimension_of_a_range_warps_and_back(
    transform: str, domain: Any, seed: int
) -> None:
    dimension = skopt_dimension(domain)
    dimension.set_transformer(transform)
    drawn = dimension.rvs(n_samples=8, random_state=seed)
    warped = np.asarray(dimension.transform(drawn), dtype=float)
    if transform == "normalize":
        assert ((warped >= 0) & (warped <= 1)).all()
    np.testing.assert_allclose(
        np.asarray(dimension.inverse_transform(warped), dtype=float), drawn, rtol=1e-6
    )


@pytest.mark.parametrize("transform", ["onehot", "label", "normalize", "identity"])
@repeatable
@given(domain=choices(), seed=SEEDS)
def test_dimension_of_a_choice_warps_and_back(
    transform: str, domain: Choice, seed: int
) -> None:
    # skopt itself divides by zero where it normalizes a single category.
    assume(len(domain) > 1)
    dimension = skopt_dimension(domain)
    dimension.set_transformer(transform)
    values = list(domain.values)
    back = dimension.inverse_transform(np.asarray(dimension.transform(values)))
    assert [dimension.distance(a, b) for a, b in zip(values, back, strict=True)] == [
        0
    ] * len(values)


@repeatable
@given(switched_spaces())
def test_space_is_a_value(space: SearchSpace) -> None:
    again = pickle.loads(pickle.dumps(space))
    assert again == space
    assert hash(again) == hash(space)
    assert list(again) == list(space)


@repeatable
@given(switched_spaces())
def test_default_candidate_lies_in_one_branch(space: SearchSpace) -> None:
    assert len(branches_of(space, space.defaults())) == 1


@repeatable
@given(switched_spaces())
def test_branches_are_plain_and_pairwise_apart(space: SearchSpace) -> None:
    branches = space.branches()
    assert len(set(branches)) == len(branches)
    assert not any(isinstance(d, Switch) for b in branches for d in b.values())
    for branch in branches:
        assert branches_of(space, branch.defaults()) == [branch]


@repeatable
@given(switched_spaces())
def test_flat_default_resolves_to_the_default_candidate(space: SearchSpace) -> None:
    assert space.resolve(space.flatten().defaults()) == space.defaults()


@repeatable
@given(switched_spaces(), SEEDS)
def test_flat_candidates_resolve_into_one_branch(space: SearchSpace, seed: int) -> None:
    flat = space.flatten()
    assert not any(isinstance(domain, Switch) for domain in flat.values())
    for drawn in drawn_from(flat, 10, seed):
        candidate = space.resolve(drawn)
        assert len(branches_of(space, candidate)) == 1


def drawn_from(space: SearchSpace, n_iter: int, seed: int) -> list[dict[str, Any]]:
    """Draw as RandomizedSearchCV does, from a space that has at least one range."""
    return list(ParameterSampler(space.to_distributions(), n_iter, random_state=seed))


@repeatable
@given(switched_spaces(), SEEDS)
def test_drawn_candidates_lie_in_one_branch(space: SearchSpace, seed: int) -> None:
    for candidate in drawn_from(space, 10, seed):
        assert len(branches_of(space, candidate)) == 1


def trials_of(seed: int, n_trials: int) -> list[Any]:
    sampler = optuna.samplers.RandomSampler(seed=seed)
    study = optuna.create_study(sampler=sampler)
    return [study.ask() for _ in range(n_trials)]


@repeatable
@given(DOMAINS, SEEDS)
def test_suggestions_of_optuna_lie_inside(domain: Any, seed: int) -> None:
    for trial in trials_of(seed, 5):
        assert suggest_value(trial, "x", domain) in domain


@repeatable
@given(DOMAINS)
def test_distribution_of_optuna_has_the_bounds_and_the_scale(domain: Any) -> None:
    for trial in trials_of(0, 9):
        suggest_value(trial, "x", domain)
        for name, distribution in trial.distributions.items():
            if name == "x is 0":
                assert domain.zero
            elif isinstance(domain, Choice):
                assert len(distribution.choices) == len(domain)
            elif domain.n_steps and not isinstance(domain, Int):
                assert (distribution.low, distribution.high) == (0, domain.n_steps - 1)
            else:
                assert distribution.low == domain.low
                assert (
                    domain.nth(domain.n_steps - 1) == distribution.high
                    if (domain.n_steps)
                    else distribution.high == domain.high
                )
                assert distribution.log is domain.log


@repeatable
@given(switched_spaces(), SEEDS)
def test_draws_of_hyperopt_lie_in_one_branch(space: SearchSpace, seed: int) -> None:
    expression = space.to_hyperopt()
    generator = np.random.default_rng(seed)
    for _ in range(10):
        drawn = hyperopt.pyll.stochastic.sample(expression, generator)
        assert len(branches_of(space, space.from_hyperopt(drawn))) == 1


@repeatable
@given(DOMAINS, SEEDS)
def test_draws_of_hyperopt_lie_inside(domain: Any, seed: int) -> None:
    space = SearchSpace(x=domain)
    generator = np.random.default_rng(seed)
    for _ in range(20):
        drawn = hyperopt.pyll.stochastic.sample(space.to_hyperopt(), generator)
        assert space.from_hyperopt(drawn)["x"] in domain


def draw_by_ray(space: SearchSpace, generator: np.random.Generator) -> dict[str, Any]:
    """Draw as a trial of Ray Tune does."""
    return {
        name: domain.sample(random_state=generator)
        for name, domain in space.to_ray().items()
    }


@repeatable
@given(switched_spaces(), SEEDS)
def test_draws_of_ray_lie_in_one_branch(space: SearchSpace, seed: int) -> None:
    generator = np.random.default_rng(seed)
    for _ in range(10):
        candidate = space.from_ray(draw_by_ray(space, generator))
        assert len(branches_of(space, candidate)) == 1


@repeatable
@given(DOMAINS, SEEDS)
def test_draws_of_ray_lie_inside(domain: Any, seed: int) -> None:
    space = SearchSpace(x=domain)
    generator = np.random.default_rng(seed)
    for _ in range(20):
        assert space.from_ray(draw_by_ray(space, generator))["x"] in domain


@repeatable
@given(DOMAINS)
def test_every_step_of_ray_is_a_value(domain: Any) -> None:
    if isinstance(domain, Choice) or not domain.n_steps:
        return
    space = SearchSpace(x=domain)
    values = {
        space.from_ray({"x is 0": False, "x": place})["x"]
        for place in range(domain.n_steps)
    }
    assert len(values) == domain.n_steps
    assert {domain.low, domain.nth(domain.n_steps - 1)} <= values


@repeatable
@given(switched_spaces(), SEEDS)
def test_trials_of_optuna_lie_in_one_branch(space: SearchSpace, seed: int) -> None:
    for trial in trials_of(seed, 10):
        candidate = space.suggest(trial)
        assert len(branches_of(space, candidate)) == 1
        # What it suggests is read off the trial again.
        frozen = optuna.trial.FixedTrial(trial.params)
        assert repr(space.suggest(frozen)) == repr(candidate)


@repeatable
@given(switched_spaces(), st.integers(1, 3), st.booleans())
def test_grid_candidates_are_distinct_and_lie_in_one_branch(
    space: SearchSpace, points: int, crossed: bool
) -> None:
    candidates = list(ParameterGrid(space.to_grid(points, crossed)))
    seen = {repr(sorted(candidate.items())) for candidate in candidates}
    assert len(seen) == len(candidates)
    for candidate in candidates:
        assert len(branches_of(space, candidate)) == 1
    if points == 1 or not crossed:
        assert candidates[0] == space.defaults()
    if points == 1:
        assert crossed is False or len(candidates) == 1


@repeatable
@given(switched_spaces())
def test_star_varies_one_free_parameter_at_a_time(space: SearchSpace) -> None:
    centre = space.defaults()
    parents = {d.on for d in space.values() if isinstance(d, Switch)} & set(centre)
    for candidate in ParameterGrid(space.to_grid(3, crossed=False)):
        moved = set(candidate) ^ set(centre)
        if moved or any(candidate[name] != centre[name] for name in parents):
            continue  # with a parent, what hangs on it changes as well
        changed = [name for name in centre if candidate[name] != centre[name]]
        assert len(changed) <= 1


@repeatable
@given(switched_spaces())
def test_dimensions_are_those_of_the_branches(space: SearchSpace) -> None:
    rendered = space.to_skopt()
    assert [set(part) for part in rendered] == [set(b) for b in space.branches()]
    for part in rendered:
        Space(list(part.values()))  # refuses what is no dimension


@repeatable
@given(switched_spaces())
def test_prefix_changes_names_alone(space: SearchSpace) -> None:
    prefixed = space.prefix("net")
    assert list(prefixed) == [f"net__{name}" for name in space]
    assert prefixed.defaults() == {
        f"net__{name}": value for name, value in space.defaults().items()
    }
    assert len(prefixed.branches()) == len(space.branches())
