"""Which models a search keeps while it goes on."""

import pytest
from sklearn.dummy import DummyClassifier

from skhyper.search._candidate import Ask, Outcome
from skhyper.search._fold_models import FoldModels
from skhyper.search._results import mean_score
from skhyper.search._task import TaskResult


def make_models(n_best=1):
    return FoldModels(lambda outcome: mean_score(outcome, "score"), n_best)


def begin(outcome, n_resources=1):
    outcome.begin(Ask({}, outcome, notes={"n_resources": n_resources}))


def record(outcome, split, score, failed=False):
    model = DummyClassifier()
    outcome.record(TaskResult(outcome.number, split, score, model=model, failed=failed))


def finished(number, *scores, **kwargs):
    outcome = Outcome({}, len(scores), number)
    begin(outcome)
    for split, score in enumerate(scores):
        record(outcome, split, score, **kwargs)
    return outcome


def has_models(outcome):
    return [result.model is not None for result in outcome.in_order]


@pytest.mark.parametrize("n_best", [1, 2])
def test_the_best_are_kept(n_best):
    models = make_models(n_best)
    outcomes = [finished(n, s, s) for n, s in enumerate([0.5, 0.9, 0.7, 0.8])]
    for outcome in outcomes:
        models.see(outcome)
    kept = {1: [1], 2: [1, 3]}[n_best]
    for outcome in outcomes:
        assert has_models(outcome) == [outcome.number in kept] * 2


def test_of_equal_ones_the_first_is_kept():
    models = make_models()
    outcomes = [finished(n, 0.5, 0.5) for n in (2, 0, 1)]
    for outcome in outcomes:
        models.see(outcome)
    assert [has_models(one)[0] for one in outcomes] == [False, True, False]


def test_a_last_bit_does_not_decide():
    models = make_models()
    outcomes = [finished(0, 0.5), finished(1, 0.5 + 1e-15)]
    for outcome in outcomes:
        models.see(outcome)
    assert [has_models(one)[0] for one in outcomes] == [True, True]


def test_what_failed_is_not_kept():
    models = make_models(2)
    failed = finished(0, 0.9, 0.9, failed=True)
    models.see(failed)
    assert has_models(failed) == [False, False]


@pytest.mark.parametrize("early", [(), (0.1,)])
def test_one_that_goes_on_is_judged_when_it_is_done(early):
    """Another one may finish while it is being trained for longer."""
    models = make_models()
    first, second = finished(0, 0.9, 0.9), finished(1, 0.8, 0.8)
    models.see(first)
    models.see(second)
    begin(first, 3)
    begin(second, 3)
    for split, score in enumerate(early):
        record(first, split, score)
    for split in range(2):
        record(second, split, 0.5)
    models.see(second)
    for split in range(len(early), 2):
        record(first, split, 0.95)
    models.see(first)
    assert has_models(first) == [True, True]
    assert has_models(second) == [False, False]


def test_one_that_is_cut_off_has_the_models_that_it_had():
    models = make_models()
    first = finished(0, 0.9, 0.9)
    models.see(first)
    begin(first, 3)
    record(first, 0, 0.9)
    first.step_back()
    assert has_models(first) == [True, True]
    assert first.notes == {"n_resources": 1}


def test_the_models_of_an_earlier_leg_are_let_go_of():
    models = make_models()
    first = finished(0, 0.9, 0.9)
    models.see(first)
    earlier = first.results
    begin(first, 3)
    for split in range(2):
        record(first, split, 0.9)
    models.see(first)
    later = finished(1, 0.5, 0.5)
    models.see(later)
    assert has_models(first) == [True, True]
    assert earlier is not first.results
    assert first._before is None
