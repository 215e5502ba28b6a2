"""Thresholds against the float64 rule at every reachable sum."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine import bits
from engine.config import RunConfig
from engine.errors import BadInput
from engine.inference.backend import ready
from engine.inference.network import (
    Affine,
    Conv,
    Dense,
    FloatConv,
    FloatDense,
    FloatNetwork,
    MaxPool,
    Metadata,
    Shortcut,
    Sign,
    Threshold,
)
from engine.inference.thresholds import ALWAYS, NEVER
from engine.training import fold, layers, models
from engine.training.norms import EPSILON

HUGE = float(np.finfo(np.float32).max)
METADATA = Metadata("t", "mlp-8x2", (2, 3, 1), ("a", "b", "c"))


def vectors(strategy):
    return hnp.arrays(np.float32, 5, elements=strategy)


ordinary = st.floats(-50, 50, width=32)
tricky = st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e-38, -1e-38, HUGE, -HUGE, 0.5, 3.0])
any_number = st.one_of(ordinary, tricky, st.floats(-HUGE, HUGE, width=32), st.integers(-40, 40).map(float))
variances = st.one_of(st.floats(0, 1000, width=32), st.sampled_from([0.0, HUGE, 1e-38, 1.0]))


def meets(threshold: Threshold, sums):
    return np.where(threshold.at_least, sums >= threshold.threshold, sums <= threshold.threshold)


def check(mean, var, gamma, beta, reach, *more):
    mean, var, gamma, beta, *more = (
        np.asarray(a, np.float32).astype(np.float64) for a in (mean, var, gamma, beta, *more)
    )
    norm = fold.BatchNorm(mean, np.sqrt(var + EPSILON), gamma, beta, *more)
    sums = np.arange(-reach, reach + 1)[:, np.newaxis]
    np.testing.assert_array_equal(meets(fold.thresholds(norm, -reach, reach), sums), norm(sums.astype(float)) >= 0)


@settings(max_examples=300, deadline=None)
@given(vectors(any_number), vectors(variances), vectors(any_number), vectors(any_number), st.integers(1, 200))
def test_thresholds_equal_the_rule_at_every_sum(mean, var, gamma, beta, reach):
    check(mean, var, gamma, beta, reach)


@settings(max_examples=100, deadline=None)
@given(
    vectors(ordinary),
    vectors(variances),
    vectors(any_number),
    vectors(any_number),
    vectors(st.one_of(st.just(0.0), st.floats(0, 1, width=32))),
    vectors(any_number),
)
def test_scaled_sums_and_learned_thresholds_are_folded_as_well(mean, var, gamma, beta, alpha, threshold):
    check(mean, var, gamma, beta, 60, alpha, threshold)


@pytest.mark.parametrize("gamma", [1.0, -1.0, 1e-20, -3.5, 0.0, -0.0])
@pytest.mark.parametrize("beta", [0.0, -0.0, 1e-45, -1e-45, 7.0, -7.0])
def test_ties_fall_on_plus_one(gamma, beta):
    means = np.arange(-12, 13, dtype=np.float32)
    check(means, np.ones_like(means), np.full_like(means, gamma), np.full_like(means, beta), 10)


def test_pixel_sums_reach_far():
    check([100_000, -199_920, 199_921, 0.25], [9e6, 1, 1, 4e9], [1, -1, 2, 0.125], [0.5, 0, 0, -1.5], 784 * 255)


def test_sums_of_the_largest_kernel_on_pixels_reach_far():
    reach = 255 * 5 * 5 * 3
    check([reach - 1, 0.25, -3], [9e4, 4e9, 0], [2, -0.125, -1], [0, -1.5, 1e-30], reach)


def test_a_constant_is_met_by_every_or_by_no_sum():
    zeros, ones = np.zeros(2), np.ones(2)
    threshold = fold.thresholds(fold.BatchNorm(zeros, ones, zeros, np.array([0.0, -1e-300])), -5, 5)
    assert threshold.threshold.tolist() == [ALWAYS, NEVER]
    assert threshold.at_least.all()


@pytest.mark.parametrize("name", ["latent", "gamma", "beta", "mean", "var", "inverse_std", "threshold"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_a_number_is_refused_by_layer_and_array(name, value):
    norm = "shift-based" if name == "inverse_std" else "plain"
    config = RunConfig(model="mlp-8x2", batch_norm=norm, thresholds="learned")
    arrays = models.initial(config, (2, 3, 1), 3)
    arrays[f"layer1.{name}"].reshape(-1)[1] = value
    with pytest.raises(BadInput, match=f"'{name}' of layer 'hidden 2'"):
        fold.fold(arrays, config, METADATA)


def test_a_negative_variance_and_a_score_beyond_float32_are_refused():
    config = RunConfig(model="mlp-8x2")
    arrays = models.initial(config, (2, 3, 1), 3)
    arrays["layer0.var"][0] = -1
    with pytest.raises(BadInput, match="'var' of layer 'hidden 1'"):
        fold.fold(arrays, config, METADATA)
    shift = RunConfig(model="mlp-8x2", batch_norm="shift-based")
    arrays = models.initial(shift, (2, 3, 1), 3)
    arrays["layer0.inverse_std"][0] = 0
    with pytest.raises(BadInput, match="'inverse_std' of layer 'hidden 1'"):
        fold.fold(arrays, shift, METADATA)
    arrays = models.initial(config, (2, 3, 1), 3)
    arrays["layer2.gamma"][0] = HUGE
    arrays["layer2.var"][0] = 0
    with pytest.raises(BadInput, match="'output' is too large"):
        fold.fold(arrays, config, METADATA)


def test_the_bias_only_form_has_one_scale():
    config = RunConfig(model="mlp-8x2", output="bias")
    arrays = models.initial(config, (2, 3, 1), 3)
    arrays["layer2.bias"][:] = [0.5, -1, 2]
    last = fold.fold(arrays, config, METADATA).operations[-1]
    assert last.bias_only
    np.testing.assert_array_equal(last.scale, np.full(3, 1 / np.sqrt(8), np.float32))
    np.testing.assert_array_equal(last.shift, np.float32([0.5, -1, 2]))


def test_a_convolutional_network_folds_to_convolutions():
    config = RunConfig(model="cnn-32-64-64")
    about = Metadata("t", "cnn-32-64-64", (12, 10, 3), ("a", "b", "c"))
    arrays = models.initial(config, about.input_shape, 3)
    network = fold.fold(arrays, config, about)
    kinds = [type(operation) for operation in network.operations]
    assert kinds == [Conv, Threshold, Conv, MaxPool, Threshold, Conv, Threshold, Dense, Affine]
    first = network.operations[0]
    assert (first.channels, first.kernel, first.stride, first.padding) == (3, 5, 2, 2)
    signs = bits.unpack(first.weights, 3)
    for output, row, column, channel in ((0, 0, 0, 0), (31, 4, 3, 2), (5, 2, 0, 1)):
        latent = arrays["layer0.latent"][output, (row * 5 + column) * 3 + channel]
        assert signs[output, row, column, channel] == (latent >= 0)


def test_the_twin_of_a_convolutional_network_keeps_its_scale_behind_the_maximum():
    config = RunConfig(model="cnn-32-64-64", kind="float")
    about = Metadata("t", "cnn-32-64-64", (8, 8, 1), ("a", "b", "c"))
    arrays = models.initial(config, about.input_shape, 3)
    arrays["layer1.gamma"][:] = -2
    network = fold.fold(arrays, config, about)
    assert [type(operation) for operation in network.operations] == [FloatConv, FloatConv, FloatConv, FloatDense]
    second = network.operations[1]
    assert second.pool == MaxPool()
    assert np.all(second.scale < 0)
    np.testing.assert_array_equal(second.weight.reshape(64, -1), arrays["layer1.latent"])


def residual(kind, **changes):
    """A residual network whose batch-norm is none that a beginning has, and its settings."""
    stream = np.random.default_rng(7)
    config = RunConfig(model="resnet-6-9x2", kind=kind, **changes)
    arrays = models.initial(config, RESIDUAL.input_shape, 3)
    for name, array in arrays.items():
        if name.endswith(("gamma", "beta", "mean", "threshold")):
            array[:] = stream.normal(size=array.shape)
        elif name.endswith("inverse_std"):
            array[:] = stream.uniform(0.1, 1, array.shape)
        elif name.endswith("var"):
            array[:] = stream.uniform(1, 40, array.shape)
    return arrays, config


RESIDUAL = Metadata("t", "resnet-6-9x2", (12, 10, 3), ("a", "b", "c"))
IMAGES = np.random.default_rng(8).integers(0, 256, (6, 12, 10, 3), np.uint8)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("binary", {}),
        ("binary", {"batch_norm": "shift-based", "scaling": "xnor-net", "thresholds": "learned"}),
        ("binaryconnect", {"scaling": "xnor-net"}),
        ("float", {}),
    ],
)
def test_a_residual_network_folds_to_what_torch_makes_of_it(kind, changes):
    arrays, config = residual(kind, **changes)
    network = fold.fold(arrays, config, RESIDUAL)
    with torch.no_grad():
        *_, expected = layers.Network(arrays, config, torch.float64).forward(IMAGES)
    for one in ready(None if kind == "binary" else "float"):
        np.testing.assert_allclose(one.load(network).scores(IMAGES), expected.numpy(), rtol=1e-4, atol=1e-4)


def test_shortcuts_begin_where_the_layer_before_them_ends():
    network = fold.fold(*residual("binary"), RESIDUAL)
    block = [Conv, Shortcut, Sign]
    kinds = [type(operation) for operation in network.operations]
    assert kinds == [Conv, Threshold, Conv, MaxPool, Affine, Sign, *block, *block, Dense, Affine]
    twin = fold.fold(*residual("float"), RESIDUAL)
    assert [layer.shortcut for layer in twin.operations] == [False, False, True, True, False]


def test_the_twin_folds_to_float_layers():
    config = RunConfig(model="mlp-8x2", kind="float")
    network = fold.fold(models.initial(config, (2, 3, 1), 3), config, METADATA)
    assert isinstance(network, FloatNetwork)
    assert [layer.relu for layer in network.operations] == [True, True, False]
