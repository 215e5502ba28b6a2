"""Whole networks on every ready backend against the oracle: sums, signs and scores, bit for bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bits import pack, unpack
from engine.errors import BadInput, Unsupported
from engine.inference.backend import backend, backends, ready
from engine.inference.network import Affine, Dense, PackedNetwork, Threshold
from tests.conformance.oracle import FAST, NAMES, SIMULATED, assert_like_oracle
from tests.hostsim import build
from tests.hostsim.shipped import SHIPPED, differing
from tests.inference import builders

fast = pytest.mark.parametrize("name", FAST)


def test_oracle_is_the_definition():
    rng = np.random.default_rng(3)
    network = builders.packed(rng, shape=(2, 3, 1), hidden=(4,), classes=2)
    image = builders.inputs(rng, network, 1)
    first, fold, last, affine = network.operations
    values = image.reshape(-1).tolist()
    sums = [sum(v if s else -v for v, s in zip(values, row, strict=True)) for row in unpack(first.weights, 6)]
    fires = [s >= t if up else s <= t for s, t, up in zip(sums, fold.threshold, fold.at_least, strict=True)]
    totals = [sum(1 if f == s else -1 for f, s in zip(fires, row, strict=True)) for row in unpack(last.weights, 4)]
    scores = [np.float32(t) * a + b for t, a, b in zip(totals, affine.scale, affine.shift, strict=True)]
    program = backend("naive").load(network)
    assert program.scores(image).tolist() == [scores]
    (hidden,) = program.activations(image)
    assert hidden.sums.tolist() == [sums]
    assert unpack(hidden.bits, 4).tolist() == [fires]


@fast
@pytest.mark.parametrize("source", ["u8", "bits"])
@pytest.mark.parametrize("width", [1, 63, 64, 65, 255, 784, 4096, 5185])
def test_every_width(name, source, width):
    rng = np.random.default_rng(width)
    network = builders.packed(rng, (1, width, 1), (width % 100 + 1, 65), 10, source)
    for batch in (0, 1, 7):
        assert_like_oracle(network, builders.inputs(rng, network, batch), name)


@fast
@settings(deadline=None, max_examples=40)
@given(
    shape=st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 3)),
    hidden=st.lists(st.integers(1, 140), max_size=3),
    classes=st.integers(1, 12),
    source=st.sampled_from(["u8", "bits"]),
    bias_only=st.booleans(),
    batch=st.integers(0, 9),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_network(name, shape, hidden, classes, source, bias_only, batch, seed):
    rng = np.random.default_rng(seed)
    network = builders.packed(rng, shape, hidden, classes, source, bias_only)
    assert network.operations[-1].bias_only is bias_only or not bias_only
    assert_like_oracle(network, builders.inputs(rng, network, batch), name)


def one_layer(rng, k, threshold, at_least):
    """k inputs, all weights +1, one hidden output for each threshold."""
    outputs = len(threshold)
    hidden = Dense(pack(np.ones((outputs, k), bool)), k)
    fold = Threshold(np.array(threshold, np.int32), np.array(at_least, np.bool_))
    last = builders.dense(rng, outputs, 2)
    return PackedNetwork(builders.metadata((1, k, 1), 2), (hidden, fold, last, builders.affine(rng, 2)), "bits")


@fast
@pytest.mark.parametrize("k", [6, 7, 64, 65])
def test_every_tie_in_both_directions(name, k):
    """Every sum that k inputs can reach meets every threshold about it: all ties, both parities, both directions."""
    rng = np.random.default_rng(k)
    low, high = builders.EXTREMES
    values = [low, low + 1, *range(-k - 2, k + 3), 0, high - 1, high]
    network = one_layer(rng, k, values * 2, [True] * len(values) + [False] * len(values))
    images = pack(np.arange(k + 1)[:, None] > np.arange(k)[None, :])
    sums = 2 * np.arange(k + 1) - k
    (hidden,) = backend(name).load(network).activations(images)
    expected = [[s >= t for t in values] + [s <= t for t in values] for s in sums.tolist()]
    assert unpack(hidden.bits, 2 * len(values)).tolist() == expected
    assert_like_oracle(network, images, name)


@fast
@pytest.mark.parametrize("level", [0, 255])
def test_all_pixels_equal_and_all_weights_equal_or_opposite(name, level):
    rng = np.random.default_rng(0)
    images = np.full((3, 28, 28, 1), level, np.uint8)
    for sign in (True, False):
        first = Dense(pack(np.full((5, 784), sign)), 784)
        edge = 784 * level * (1 if sign else -1)
        fold = Threshold(np.array([edge, edge + 1, edge, edge - 1, 0], np.int32), np.array([1, 1, 0, 0, 1], bool))
        last = (builders.dense(rng, 5, 2), builders.affine(rng, 2))
        network = PackedNetwork(builders.metadata((28, 28, 1), 2), (first, fold, *last))
        assert_like_oracle(network, images, name)


@fast
def test_more_inputs_than_float32_can_count(name):
    """70,000 white pixels sum to more than 2**24."""
    rng = np.random.default_rng(0)
    network = builders.packed(rng, (700, 100, 1), (3,), 2)
    images = np.concatenate([np.full((1, 700, 100, 1), 255, np.uint8), builders.inputs(rng, network, 1)])
    assert_like_oracle(network, images, name)
    flat = PackedNetwork(
        network.metadata,
        (Dense(pack(np.ones((2, 70_000), bool)), 70_000), Affine(np.ones(2, np.float32), np.zeros(2, np.float32))),
    )
    assert_like_oracle(flat, images, name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("source", ["u8", "bits"])
def test_inputs_that_are_refused(name, source):
    rng = np.random.default_rng(0)
    network = builders.packed(rng, source=source)
    images = builders.inputs(rng, network, 4)
    wide = np.concatenate([images, images], axis=-1)
    refused = [images.astype(np.float32), images[0], wide, wide[..., :1], images.tolist(), None]
    if source == "bits":
        refused.append(images | np.uint64(2**63))
    program = backend(name).load(network)
    for bad in refused:
        for run in (program.scores, program.activations):
            with pytest.raises(BadInput):
                run(bad)


def test_float_networks_run_as_floats_and_nowhere_else():
    rng = np.random.default_rng(0)
    network = builders.floating(rng)
    images = builders.inputs(rng, network, 5)
    for name in backends():
        if backend(name).kind != "float":
            with pytest.raises(Unsupported):
                backend(name).load(network)
    program = backend("float-blas").load(network)
    values = images.reshape(5, -1).astype(np.float64) / 255
    for layer in network.operations:
        values = values @ layer.weight.T.astype(np.float64) + layer.bias
        values = np.maximum(values, 0) if layer.relu else values
    np.testing.assert_allclose(program.scores(images), values, rtol=1e-4, atol=1e-4)
    assert program.activations(images) == []
    assert program.scores(images[:0]).shape == (0, 3)


def test_models_are_shipped():
    assert "mnist-mlp-512x2.safetensors" in SHIPPED


@pytest.mark.slow
@pytest.mark.parametrize("model", SHIPPED)
def test_all_test_images_of_the_shipped_models(model):
    fast = [one for one in ready() if one.name not in ("naive", *SIMULATED)]
    assert set(differing(model, fast).values()) == {0}


@pytest.mark.skipif(not SIMULATED, reason=build.WHY_NOT)
@pytest.mark.parametrize("model", SHIPPED)
def test_shipped_models_on_the_simulated_kernels(model):
    """All images: python -m tests.hostsim.shipped."""
    assert differing(model, [backend(name) for name in SIMULATED], most=200) == {"simulated": 0}
