"""Gradients of the penalties against automatic differentiation."""

import torch

from skhyper.rules import add_penalty_gradients_


def test_gradients_are_those_of_the_formula():
    generator = torch.Generator().manual_seed(0)
    weights = [
        torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()
        for shape in [(3, 4), (2, 3, 3)]
    ]
    value = sum(0.3 * w.abs().sum() + 0.7 * w.square().sum() for w in weights)
    expected = torch.autograd.grad(value, weights)
    for weight in weights:
        weight.grad = torch.ones_like(weight)
    add_penalty_gradients_(weights, l1=0.3, l2=0.7)
    for weight, gradient in zip(weights, expected, strict=True):
        torch.testing.assert_close(weight.grad, gradient + 1)


def test_a_weight_of_zero_is_left_alone_by_l1():
    weight = torch.zeros(2, requires_grad=True)
    weight.grad = torch.zeros(2)
    add_penalty_gradients_([weight], l1=1.0, l2=1.0)
    assert weight.grad.tolist() == [0.0, 0.0]


def test_weights_without_a_gradient_are_passed_over():
    weight = torch.ones(2, requires_grad=True)
    add_penalty_gradients_([weight], l1=1.0, l2=1.0)
    assert weight.grad is None
