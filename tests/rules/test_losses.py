"""Losses, predictions and scores against formulas and scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, log_loss, r2_score

from skhyper.rules import Loss, predictions, score, weighted_mean


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_cross_entropy_is_the_log_loss(rng):
    output, target = (
        torch.from_numpy(rng.normal(size=(30, 4))),
        rng.integers(4, size=30),
    )
    loss = Loss("cross_entropy")(output, torch.from_numpy(target))
    expected = log_loss(target, output.softmax(1).numpy(), labels=range(4))
    assert loss.shape == (30,)
    assert loss.mean().item() == pytest.approx(expected, rel=1e-12)


def test_binary_cross_entropy_is_the_mean_log_loss_of_the_labels(rng):
    output = torch.from_numpy(rng.normal(size=(30, 3)))
    target = rng.integers(2, size=(30, 3)).astype(float)
    loss = Loss("binary_cross_entropy")(output, torch.from_numpy(target))
    probability = output.sigmoid().numpy()
    expected = np.mean([log_loss(target[:, k], probability[:, k]) for k in range(3)])
    assert loss.mean().item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy"])
def test_smoothing_spreads_a_share_of_the_label_while_training(name, rng):
    output = torch.from_numpy(rng.normal(size=(5, 3)))
    hard = torch.eye(3, dtype=torch.float64)[[0, 1, 2, 0, 1]]
    n_classes = 3 if name == "cross_entropy" else 2
    soft = 0.8 * hard + 0.2 / n_classes
    if name == "cross_entropy":
        target = hard.argmax(1)
        expected = -(soft * output.log_softmax(1)).sum(1)
    else:
        target = hard
        log = torch.nn.functional.logsigmoid
        expected = -(soft * log(output) + (1 - soft) * log(-output)).mean(1)
    loss = Loss(name, label_smoothing=0.2)
    torch.testing.assert_close(loss(output, target), expected)
    torch.testing.assert_close(loss.eval()(output, target), Loss(name)(output, target))


def test_squared_error_is_averaged_over_the_outputs():
    loss = Loss("squared_error")
    output, target = torch.tensor([[1.0, 3.0]]), torch.tensor([[0.0, 0.0]])
    assert loss(output, target).item() == 5.0


def test_a_weight_counts_as_so_many_rows():
    values = torch.tensor([1.0, 2.0, 6.0])
    weighted = weighted_mean(values, torch.tensor([2.0, 0.0, 1.0]))
    assert weighted.item() == pytest.approx((1 + 1 + 6) / 3)
    assert weighted_mean(values, None).item() == 3.0


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "loss", ["cross_entropy", "binary_cross_entropy", "squared_error"]
)
def test_scores_are_those_of_scikit_learn(loss, weighted, rng):
    output = torch.from_numpy(rng.normal(size=(40, 3)))
    weight = rng.uniform(0.1, 2, size=40) if weighted else None
    if loss == "cross_entropy":
        target = rng.integers(3, size=40)
        predicted = output.argmax(1).numpy()
        expected = accuracy_score(target, predicted, sample_weight=weight)
    elif loss == "binary_cross_entropy":
        target = (output.numpy() + 0.5 * rng.normal(size=(40, 3)) > 0).astype(float)
        expected = accuracy_score(target, output.numpy() > 0, sample_weight=weight)
    else:
        target = output.numpy() + rng.normal(size=(40, 3))
        expected = r2_score(target, output.numpy(), sample_weight=weight)
    given = None if weight is None else torch.from_numpy(weight)
    result = score(loss, output, torch.from_numpy(target), given)
    assert result == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("shift", "expected"), [(0.0, 1.0), (0.5, 0.0)])
def test_a_constant_target_scores_as_in_scikit_learn(shift, expected):
    target = torch.full((4, 1), 2.0)
    assert score("squared_error", target + shift, target, None) == expected


def test_predictions_are_what_the_loss_means():
    output = torch.tensor([[0.0, 0.0]])
    assert predictions("cross_entropy", output).tolist() == [[0.5, 0.5]]
    assert predictions("binary_cross_entropy", output).tolist() == [[0.5, 0.5]]
    assert predictions("squared_error", output) is output
