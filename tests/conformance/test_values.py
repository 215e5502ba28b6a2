"""The float32 value beside the bits, its signs and shortcuts: every ready backend against the oracle, to the bit."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bits import pack, unpack
from engine.inference.backend import backend
from engine.inference.network import Affine, Conv, Dense, FloatConv, MaxPool, PackedNetwork, Shortcut, Sign
from tests.conformance.oracle import FAST, NAMES, assert_like_oracle
from tests.inference import builders

fast = pytest.mark.parametrize("name", FAST)


def rounded(exact):
    """The float32 nearest to a Fraction, ties to even, by the definition: of the two about it, the nearer."""
    near = np.float32(float(exact))
    about = (near, np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf)))
    return min(about, key=lambda x: (abs(Fraction(float(x)) - exact), int(x.view(np.uint32)) & 1))


def exactly(*numbers):
    return (Fraction(float(number)) for number in numbers)


def defined(total, scale, shift, before=None):
    """A value from a sum, each operation rounded from its exact result."""
    total, scale, shift = exactly(rounded(Fraction(int(total))), scale, shift)
    (product,) = exactly(rounded(total * scale))
    own = rounded(product + shift)
    return own if before is None else rounded(sum(exactly(before, own)))


def test_oracle_is_the_definition():
    rng = np.random.default_rng(3)
    network = builders.residual(rng, (5, 6, 2))
    images = builders.inputs(rng, network, 2)
    made = backend("naive").load(network).activations(images)
    first, second, middle, last = made
    _, _, start, _, _, added, _, _, _, _, again, *_ = network.operations
    assert (type(start), type(added), type(again), middle.value) == (Affine, Shortcut, Shortcut, None)
    for place in np.ndindex(first.sums.shape):
        o = place[-1]
        x = defined(first.sums[place], start.scale[o], start.shift[o])
        assert first.value[place] == x
        x = defined(second.sums[place], added.scale[o], added.shift[o], x)
        assert second.value[place] == x
        assert last.value[place] == defined(last.sums[place], again.scale[o], again.shift[o], x)
    for layer in (first, second, last):
        np.testing.assert_array_equal(unpack(layer.bits, layer.sums.shape[-1]), layer.value >= 0)


def floats(kind, scale, shift, outputs=1):
    return kind(np.full(outputs, scale, np.float32), np.full(outputs, shift, np.float32))


def pixelwise(positive):
    """A convolution of one sign by one weight."""
    return Conv(pack(np.full((1, 1, 1, 1), positive)), 1)


def scored(name, operations, white):
    """Scores of a network that ends in one sign of one place, for one image and for many, all white."""
    last = (Dense(pack(np.ones((1, 1), bool)), 1), floats(Affine, 1, 0))
    shape = white.shape[1:]
    network = PackedNetwork(builders.metadata((*shape[:2], 1), 1), (*operations, *last), "bits")
    program = backend(name).load(network)
    program.warm()
    scores = {float(score) for batch in (1, 9) for score in program.scores(np.repeat(white, batch, axis=0))[:, 0]}
    assert len(scores) == 1
    return scores.pop(), program.activations(white)


WHITE = pack(np.ones((1, 1, 1, 1), bool))


@pytest.mark.parametrize("name", NAMES)
def test_products_are_rounded_before_they_are_added(name):
    """A fused multiply-add keeps what the product is rounded by: here nothing else is left, and it is below 0."""
    scale = np.float32(1) / np.float32(3)
    product = np.float32(25) * scale
    assert Fraction(float(product)) > 25 * Fraction(float(scale))
    conv = Conv(pack(np.ones((1, 5, 5, 1), bool)), 1)
    score, _ = scored(name, (conv, floats(Affine, scale, -product), Sign()), pack(np.ones((1, 5, 5, 1), bool)))
    assert score == 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("begun", "scale", "shift", "sign"),
    [
        pytest.param(1, -(2**-24), -1, 1, id="added first"),
        pytest.param(-1, 2**-24, 1, 1, id="rounded off"),
        pytest.param(-0.0, 0.0, -0.0, 1, id="zeros"),
        pytest.param(-1e-45, 0.0, 0.0, -1, id="subnormal"),
        pytest.param(1e-45, -1e-45, 0.0, 1, id="subnormals"),
        pytest.param(builders.HUGE, builders.HUGE, builders.HUGE, 1, id="infinite"),
        pytest.param(-builders.HUGE, -builders.HUGE, -builders.HUGE, -1, id="minus infinite"),
    ],
)
def test_shortcuts_are_added_in_the_one_order(name, begun, scale, shift, sign):
    """x + (s * 1 + b): another order, another rounding or no subnormals give other signs in some of these."""
    operations = (
        pixelwise(True), floats(Affine, 0, begun), Sign(),
        pixelwise(begun >= 0), floats(Shortcut, scale, shift), Sign(),
    )  # fmt: skip
    assert scored(name, operations, WHITE)[0] == sign


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_a_number_is_below_zero(name):
    operations = (
        pixelwise(True), floats(Affine, -builders.HUGE, -builders.HUGE), Sign(),
        pixelwise(False), floats(Shortcut, builders.HUGE, builders.HUGE), Sign(),
    )  # fmt: skip
    score, made = scored(name, operations, WHITE)
    assert np.isnan(made[1].value).all()
    assert score == -1


def test_float_shortcuts_add_what_stood_before_the_rectifier():
    rng = np.random.default_rng(5)
    network = builders.floating_residual(rng)
    images = builders.inputs(rng, network, 4)
    before, values = None, images.astype(np.float64) / 255
    for layer in network.operations:
        if isinstance(layer, FloatConv):
            padded = np.pad(values, ((0, 0), (1, 1), (1, 1), (0, 0)))
            seen = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
            made = np.einsum("bhwcyx,oyxc->bhwo", seen, layer.weight.astype(float)) * layer.scale + layer.bias
        else:
            made = values.reshape(4, -1) @ layer.weight.T.astype(float) + layer.bias
        before = before + made if layer.shortcut else made
        values = np.maximum(before, 0) if layer.relu else before
    np.testing.assert_allclose(backend("float-blas").load(network).scores(images), values, rtol=1e-4, atol=1e-3)


layer = st.tuples(
    st.sampled_from([1, 8, 20, 64, 65, 70]),
    st.sampled_from([1, 3, 5]),
    st.sampled_from([1, 1, 1, 2]),
    st.just(None) | st.sampled_from([MaxPool(), MaxPool(2, 1), MaxPool(3, 2)]),
    st.sampled_from(["shortcut", "shortcut", "value", "threshold"]),
)


@st.composite
def networks(draw):
    """Convolutions that mostly keep the shape of their maps, so that shortcuts find a value, then dense layers."""
    shape = (draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.sampled_from([1, 3, 64, 70])))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    width, layers, left = draw(st.sampled_from([1, 20, 64, 70])), [], shape[:2]
    for outputs, kernel, stride, pool, what in draw(st.lists(layer, min_size=1, max_size=4)):
        if draw(st.booleans()):
            outputs, stride, pool = width, 1, None
        sums = [(side - 1) // stride + 1 for side in left]
        if pool is not None and min(sums) < pool.size:
            pool = None
        layers.append((outputs, kernel, stride, kernel // 2, pool, what))
        left = sums if pool is None else [(side - pool.size) // pool.stride + 1 for side in sums]
    ends = draw(st.lists(st.tuples(st.sampled_from([9, 70]), st.sampled_from(["shortcut", "threshold"])), max_size=3))
    source, after = draw(st.sampled_from(["u8", "bits"])), draw(st.sampled_from([builders.affine, builders.odd]))
    return rng, builders.residual(rng, shape, layers, ends, draw(st.integers(1, 12)), source, after)


@fast
@settings(deadline=None, max_examples=25)
@given(drawn=networks(), batch=st.sampled_from([0, 1, 2, 5]))
def test_any_network(name, drawn, batch):
    rng, network = drawn
    assert_like_oracle(network, builders.inputs(rng, network, batch), name)


@fast
@pytest.mark.parametrize("source", ["u8", "bits"])
@pytest.mark.parametrize("after", [builders.affine, builders.odd])
@pytest.mark.parametrize("channels", [1, 63, 64, 65, 130])
def test_every_width(name, source, after, channels):
    rng = np.random.default_rng(channels)
    layers = ((channels, 3, 1, 1, MaxPool(), "value"), *[(channels, 3, 1, 1, None, "shortcut")] * 2)
    ends = ((channels, "value"), (channels, "shortcut"))
    network = builders.residual(rng, (7, 6, channels), layers, ends, 10, source, after)
    for batch in (0, 1, 3):
        assert_like_oracle(network, builders.inputs(rng, network, batch), name)
