"""The stacked optimizers against torch's own, lane by lane and bit for bit."""

import numpy as np
import pytest
import torch

from skhyper.fused._by_lane import LaneByLane
from skhyper.fused._optimizers import STACKED, agree, make_optimizer
from skhyper.rules import OPTIMIZERS

SHAPES = [(7, 5), (7,), (1,), (16, 2), (2, 3, 3)]
NOTHING, DECAY = {}, {"weight_decay": 0.01}
BETAS = {"betas": (0.8, 0.95)}
DECOUPLED = {"decoupled_weight_decay": True}

# What the lanes of a stack are called with: first alike, then all different.
CASES = {
    "sgd": [
        [NOTHING] * 3,
        [DECAY] * 3,
        [{"momentum": 0.9}] * 3,
        [{"momentum": 0.9, "nesterov": True}] * 3,
        [{"momentum": 0.9, "dampening": 0.1, **DECAY}] * 3,
        [
            DECAY,
            {"momentum": 0.9, **DECAY},
            NOTHING,
            {"momentum": 0.5, "nesterov": True, "weight_decay": 0.1},
            {"momentum": 0.8, "dampening": 0.3},
        ],
    ],
    "adam": [
        [NOTHING] * 3,
        [{**BETAS, "eps": 1e-3, "amsgrad": True, **DECAY}] * 3,
        [
            NOTHING,
            {"amsgrad": True, **BETAS},
            {"eps": 1e-4, **DECAY},
            {"betas": (0.0, 0.5), "weight_decay": 0.1},
            {"amsgrad": True, "eps": 1e-12},
        ],
    ],
    "adamw": [
        [NOTHING] * 3,
        [{"weight_decay": 0.0}, DECAY, {"weight_decay": 0.3, **BETAS}, NOTHING, DECAY],
        [{"amsgrad": True, "eps": 1e-3}] * 3,
    ],
    "rmsprop": [
        [NOTHING] * 3,
        [{"momentum": 0.9, "centered": True, **DECAY}] * 3,
        [
            {"momentum": 0.5},
            {"centered": True, "alpha": 0.9},
            DECAY,
            {"momentum": 0.9, "centered": True, "eps": 1e-3, "weight_decay": 0.1},
            {"alpha": 0.0},
        ],
    ],
    "adagrad": [
        [NOTHING] * 3,
        [
            DECAY,
            {"lr_decay": 0.1},
            {"initial_accumulator_value": 0.5},
            {"eps": 1e-3, "lr_decay": 0.01, "weight_decay": 0.1},
            NOTHING,
        ],
    ],
    "nadam": [
        [NOTHING] * 3,
        [
            NOTHING,
            {"momentum_decay": 0.1, **BETAS},
            {**DECAY, **DECOUPLED},
            {"weight_decay": 0.1, "eps": 1e-3},
            {**DECOUPLED, "momentum_decay": 0.0},
        ],
    ],
    "radam": [
        [NOTHING] * 3,
        [
            NOTHING,
            {"betas": (0.8, 0.8)},
            {"betas": (0.9, 0.5), **DECAY},
            {"weight_decay": 0.1, "eps": 1e-3, **DECOUPLED},
            {"betas": (0.0, 0.9)},
        ],
    ],
}
TABLE = [
    pytest.param(name, keywords, id=f"{name}-{number}")
    for name, cases in CASES.items()
    for number, keywords in enumerate(cases)
]
MIXED = [
    pytest.param(name, max(cases, key=len), id=name) for name, cases in CASES.items()
]
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)


class Pair:
    """A stack, and the same lanes with an optimizer of torch each."""

    def __init__(self, name, keywords, dtype, kind=None):
        self.generator = torch.Generator().manual_seed(0)
        self.parameters = [self.draw(len(keywords), shape, dtype) for shape in SHAPES]
        self.alone = [
            [stack[lane].clone().requires_grad_() for stack in self.parameters]
            for lane in range(len(keywords))
        ]
        self.optimizers = [
            OPTIMIZERS[name].optimizer(parameters, **given)
            for parameters, given in zip(self.alone, keywords, strict=True)
        ]
        self.stacked = (kind or STACKED[name])(
            OPTIMIZERS[name].optimizer, self.parameters, keywords
        )

    def draw(self, n_lanes, shape, dtype):
        return torch.randn(n_lanes, *shape, generator=self.generator, dtype=dtype)

    def rates(self, n_lanes):
        return 10 ** (torch.rand(n_lanes, generator=self.generator).double() * 3 - 4)

    def step(self, rates, lanes=slice(None), spoil=None):
        chosen = range(len(self.alone))[lanes]
        gradients = [
            self.draw(len(chosen), stack.shape[1:], stack.dtype)
            for stack in self.parameters
        ]
        for gradient in gradients:
            gradient[gradient.abs() < 0.05] = -0.0
            if spoil is not None:
                gradient[spoil] = torch.nan
        for number, lane in enumerate(chosen):
            for weight, gradient in zip(self.alone[lane], gradients, strict=True):
                weight.grad = gradient[number].clone()
            self.optimizers[lane].param_groups[0]["lr"] = float(rates[lane])
            self.optimizers[lane].step()
        stepped = self.stacked.stepped(lanes)
        self.stacked.advance(stepped, rates.numpy()[lanes])
        self.stacked.update(gradients, stepped)

    def keep(self, lanes):
        self.parameters = [stack[lanes] for stack in self.parameters]
        self.stacked.keep(self.parameters, lanes)
        self.alone = [self.alone[lane] for lane in lanes.tolist()]
        self.optimizers = [self.optimizers[lane] for lane in lanes.tolist()]

    def check(self):
        for lane, (weights, optimizer) in enumerate(
            zip(self.alone, self.optimizers, strict=True)
        ):
            states = self.stacked.lane_state(lane)
            for stack, weight, state in zip(
                self.parameters, weights, states, strict=True
            ):
                assert same_bits(stack[lane], weight.detach())
                theirs = optimizer.state[weight]
                assert state.keys() == theirs.keys()
                for key in state:
                    assert same_bits(state[key], theirs[key]), (lane, key)


def same_bits(ours, theirs):
    same_kind = ours.dtype == theirs.dtype and ours.shape == theirs.shape
    # The sign of a zero is a bit, too; that of a NaN says nothing.
    same_sign = (ours.signbit() == theirs.signbit()) | ours.isnan()
    return same_kind and same_sign.all() and ours.allclose(theirs, 0, 0, True)


@DTYPES
@pytest.mark.parametrize(("name", "keywords"), TABLE)
@pytest.mark.parametrize("kind", [None, LaneByLane], ids=["stacked", "by-lane"])
def test_every_lane_has_the_bits_of_torch(name, keywords, dtype, kind):
    pair = Pair(name, keywords, dtype, kind)
    rates = pair.rates(len(keywords))
    for step in range(30):
        if step in (7, 8, 20):
            rates = pair.rates(len(keywords))
        pair.step(rates)
        pair.check()


@DTYPES
@pytest.mark.parametrize(("name", "keywords"), MIXED)
def test_lanes_may_have_taken_different_numbers_of_steps(name, keywords, dtype):
    pair = Pair(name, keywords, dtype)
    rates = pair.rates(len(keywords))
    slices = [slice(0, 2), slice(1, 4), slice(0, 5), slice(0, 1), slice(2, 5)]
    for lanes in slices * 4:
        pair.step(rates, lanes)
        pair.check()


@pytest.mark.parametrize(("name", "keywords"), MIXED)
def test_many_steps_are_as_exact_as_few(name, keywords):
    pair = Pair(name, keywords, torch.float32)
    rates = pair.rates(len(keywords))
    for _ in range(50):
        pair.step(rates)
        pair.step(rates, slice(0, 3))
        pair.step(rates, slice(2, 5))
    pair.check()
    pair.keep(torch.tensor([3, 2]))
    for _ in range(80):
        pair.step(rates[[3, 2]])
    pair.check()


@DTYPES
@pytest.mark.parametrize(("name", "keywords"), MIXED)
def test_the_lanes_kept_go_on_as_before(name, keywords, dtype):
    pair = Pair(name, keywords, dtype)
    rates = pair.rates(len(keywords))
    for lanes in [slice(0, 5), slice(0, 3), slice(0, 5)]:
        pair.step(rates, lanes)
    for kept in [torch.tensor([4, 1, 0]), torch.tensor([2])]:
        pair.keep(kept)
        rates = rates[kept]
        for _ in range(6):
            pair.step(rates)
            pair.check()


@pytest.mark.parametrize(("name", "keywords"), MIXED)
@pytest.mark.parametrize("spoilt", range(5))
def test_a_lane_that_diverges_touches_no_other(name, keywords, spoilt):
    pair = Pair(name, keywords, torch.float32)
    rates = pair.rates(len(keywords))
    for step in range(8):
        pair.step(rates, spoil=spoilt if step == 3 else None)
        pair.check()


@pytest.mark.parametrize(("name", "keywords"), MIXED)
def test_an_optimizer_of_torch_goes_on_from_the_state_of_a_lane(name, keywords):
    pair = Pair(name, keywords, torch.float32)
    rates = pair.rates(len(keywords))
    for _ in range(7):
        pair.step(rates)
    for lane, given in enumerate(keywords):
        optimizer = OPTIMIZERS[name].optimizer(pair.alone[lane], **given)
        for weight, state in zip(
            pair.alone[lane], pair.stacked.lane_state(lane), strict=True
        ):
            optimizer.state[weight] = state
        pair.optimizers[lane] = optimizer
    for _ in range(3):
        pair.step(rates)
        pair.check()


@pytest.mark.parametrize(("name", "keywords"), MIXED)
def test_the_state_of_a_lane_is_a_copy(name, keywords):
    pair = Pair(name, keywords, torch.float32)
    pair.step(pair.rates(len(keywords)))
    for state in pair.stacked.lane_state(1):
        for tensor in state.values():
            tensor.fill_(7.0)
    pair.check()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_can_be_made(name):
    weights = torch.zeros(2, 3)
    optimizer = make_optimizer(name, [weights], [NOTHING, DECAY])
    stepped = optimizer.stepped(slice(0, 2))
    optimizer.advance(stepped, np.array([0.1, 0.2]))
    optimizer.update([torch.ones(2, 3)], stepped)
    assert (weights < 0).all()


def test_where_the_bits_would_differ_torch_steps_the_lanes(monkeypatch):
    class Rough(STACKED["sgd"]):
        def update(self, gradients, span):
            super().update(gradients, span)
            torch._foreach_mul_(span["parameters"], 1 + 1e-6)

    monkeypatch.setitem(STACKED, "sgd", Rough)
    for dtype in (torch.float32, torch.float64):
        agree.cache_clear()
        made = make_optimizer("sgd", [torch.zeros(2, 3, dtype=dtype)], [NOTHING, DECAY])
        assert isinstance(made, LaneByLane)
    agree.cache_clear()


def test_every_argument_of_an_optimizer_is_tried():
    for name, cases in CASES.items():
        given = {key for case in cases for keywords in case for key in keywords}
        assert given >= {*OPTIMIZERS[name].arguments, "weight_decay"}
