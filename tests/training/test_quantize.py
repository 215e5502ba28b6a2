"""The sign quantizer against its formulas."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.training import quantize
from engine.training.steppers import Key

EDGES = torch.tensor([-2.0, -1.0, -0.5, -1e-30, -0.0, 0.0, 1e-30, 0.5, 1.0, 2.0])


def test_the_sign_of_zero_is_plus_one():
    assert quantize.sign(EDGES).tolist() == [-1, -1, -1, -1, 1, 1, 1, 1, 1, 1]


def test_the_gradient_passes_where_x_is_within_one():
    x = EDGES.clone().requires_grad_()
    upstream = torch.arange(1.0, 11.0)
    quantize.binarize(x).backward(upstream)
    np.testing.assert_array_equal(x.grad, upstream * (EDGES.abs() <= 1))


def test_approx_sign_lets_through_two_less_twice_the_distance():
    x = EDGES.clone().requires_grad_()
    upstream = torch.arange(1.0, 11.0)
    quantize.binarize(x, estimator=quantize.ESTIMATORS["approx-sign"]).backward(upstream)
    size = EDGES.abs().numpy()
    np.testing.assert_allclose(x.grad, upstream.numpy() * np.where(size <= 1, 2 - 2 * size, 0), rtol=1e-6)


def test_the_mean_magnitude_and_the_gradient_of_xnor_nets_product():
    """By finite differences of g . alpha sign(w), which is as good as linear in w while no sign changes."""
    stream = np.random.default_rng(0)
    w, g = stream.uniform(-1, 1, (3, 5)), stream.standard_normal((3, 5))
    w[0, 0] = 0.0
    latent = torch.tensor(w, requires_grad=True)
    signs = np.where(w >= 0, 1.0, -1.0)
    alpha = quantize.mean_magnitude(latent)
    np.testing.assert_allclose(alpha.detach(), np.abs(w).mean(1), rtol=1e-15)
    (alpha * torch.tensor((g * signs).sum(1))).sum().backward()
    for row, column in np.ndindex(w.shape):
        nudged = w.copy()
        nudged[row, column] += 1e-6 * signs[row, column]
        change = (np.abs(nudged).mean(1) - np.abs(w).mean(1)) @ (g * signs).sum(1)
        assert latent.grad[row, column] == pytest.approx(signs[row, column] * change / 1e-6, rel=1e-6)


normal = st.floats(2.0**-120, 2.0**120, width=32)


@given(st.lists(st.one_of(normal, normal.map(lambda x: -x), st.just(0.0), st.just(-0.0)), min_size=1))
def test_powers_of_two_are_the_nearest_on_a_log_scale(values):
    x = np.float32(values)
    with np.errstate(divide="ignore"):
        expected = np.where(x == 0, 0, np.sign(x) * 2.0 ** np.round(np.log2(np.abs(x).astype(float))))
    for dtype in (torch.float32, torch.float64):
        np.testing.assert_array_equal(quantize.power_of_two(torch.tensor(x, dtype=dtype)).double(), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_nearest_power_changes_between_two_neighbours_about_the_root_of_two(dtype):
    root = dtype(np.sqrt(2))
    below = root if Fraction(float(root)) ** 2 < 2 else np.nextafter(root, dtype(0))
    around = torch.tensor(np.array([below, np.nextafter(below, dtype(2))]))
    assert quantize.power_of_two(around).tolist() == [1, 2]


def test_stochastic_signs_follow_the_hard_sigmoid():
    x = torch.tensor([-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5]).repeat(20_000, 1)
    noise = torch.from_numpy(Key(1, 2, 3).stream("activations").random(x.shape, np.float32))
    share = (quantize.binarize(x, noise) > 0).double().mean(0)
    np.testing.assert_allclose(share, [0, 0, 0.25, 0.5, 0.75, 1, 1], atol=0.01)
    assert share[1] == 0
    assert share[5] == 1


def test_stochastic_signs_let_the_same_gradient_through():
    x = EDGES.clone().requires_grad_()
    quantize.binarize(x, torch.full_like(x, 0.3)).sum().backward()
    np.testing.assert_array_equal(x.grad, (EDGES.abs() <= 1).float())


@pytest.mark.parametrize("other", [Key(1, 0, 0), Key(0, 1, 0), Key(0, 0, 1)])
def test_streams_repeat_and_are_told_apart_by_their_key(other):
    draw = Key(0, 0, 0).stream("weights", 1).random(8)
    np.testing.assert_array_equal(draw, Key(0, 0, 0).stream("weights", 1).random(8))
    assert not np.array_equal(draw, other.stream("weights", 1).random(8))
    assert not np.array_equal(draw, Key(0, 0, 0).stream("weights", 2).random(8))
    assert not np.array_equal(draw, Key(0, 0, 0).stream("activations", 1).random(8))
