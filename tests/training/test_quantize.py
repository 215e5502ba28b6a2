"""The sign quantizer against its formulas."""

import numpy as np
import pytest
import torch

from engine.training import quantize
from engine.training.steppers import Key

EDGES = torch.tensor([-2.0, -1.0, -0.5, -1e-30, -0.0, 0.0, 1e-30, 0.5, 1.0, 2.0])


def test_the_sign_of_zero_is_plus_one():
    assert quantize.sign(EDGES).tolist() == [-1, -1, -1, -1, 1, 1, 1, 1, 1, 1]


def test_the_gradient_passes_where_x_is_within_one():
    x = EDGES.clone().requires_grad_()
    upstream = torch.arange(1.0, 11.0)
    quantize.straight_through(x).backward(upstream)
    np.testing.assert_array_equal(x.grad, upstream * (EDGES.abs() <= 1))


def test_stochastic_signs_follow_the_hard_sigmoid():
    x = torch.tensor([-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5]).repeat(20_000, 1)
    noise = torch.from_numpy(Key(1, 2, 3).stream("activations").random(x.shape, np.float32))
    share = (quantize.straight_through(x, noise) > 0).double().mean(0)
    np.testing.assert_allclose(share, [0, 0, 0.25, 0.5, 0.75, 1, 1], atol=0.01)
    assert share[1] == 0
    assert share[5] == 1


def test_stochastic_signs_let_the_same_gradient_through():
    x = EDGES.clone().requires_grad_()
    quantize.straight_through(x, torch.full_like(x, 0.3)).sum().backward()
    np.testing.assert_array_equal(x.grad, (EDGES.abs() <= 1).float())


@pytest.mark.parametrize("other", [Key(1, 0, 0), Key(0, 1, 0), Key(0, 0, 1)])
def test_streams_repeat_and_are_told_apart_by_their_key(other):
    draw = Key(0, 0, 0).stream("weights", 1).random(8)
    np.testing.assert_array_equal(draw, Key(0, 0, 0).stream("weights", 1).random(8))
    assert not np.array_equal(draw, other.stream("weights", 1).random(8))
    assert not np.array_equal(draw, Key(0, 0, 0).stream("weights", 2).random(8))
    assert not np.array_equal(draw, Key(0, 0, 0).stream("activations", 1).random(8))
