"""Convolution and max-pooling on every ready backend against the oracle, and the oracle against the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bits import pack, unpack
from engine.errors import BadInput, Unsupported
from engine.inference.backend import backend, backends
from engine.inference.network import Conv, MaxPool, PackedNetwork, Threshold
from engine.inference.rules import stages
from tests.conformance.oracle import FAST, NAMES, assert_like_oracle
from tests.inference import builders

fast = pytest.mark.parametrize("name", FAST)


def value(maps, row, column, channel, beyond):
    """A value of a map as a list, or of its padding."""
    inside = 0 <= row < len(maps) and 0 <= column < len(maps[0])
    return maps[row][column][channel] if inside else beyond


def summed(maps, conv, signs, place, output, beyond):
    """One sum of a convolution, term by term."""
    top, left = (side * conv.stride - conv.padding for side in place)
    return sum(
        (1 if signs[output][y][x][c] else -1) * value(maps, top + y, left + x, c, beyond)
        for y in range(conv.kernel)
        for x in range(conv.kernel)
        for c in range(conv.channels)
    )


def convolved(maps, conv, shape, beyond):
    """Sums [row][column][output] of one map."""
    signs = unpack(conv.weights, conv.channels).tolist()
    height, width, outputs = conv.gives(shape)
    return [
        [[summed(maps, conv, signs, (y, x), o, beyond) for o in range(outputs)] for x in range(width)]
        for y in range(height)
    ]


def pooled(sums, pool, shape):
    height, width, channels = pool.gives(shape)
    window = range(pool.size)
    return [
        [
            [max(sums[y * pool.stride + i][x * pool.stride + j][c] for i in window for j in window)
             for c in range(channels)]
            for x in range(width)
        ]
        for y in range(height)
    ]  # fmt: skip


def meets(sums, fold):
    limits = zip(sums, fold.threshold.tolist(), fold.at_least.tolist(), strict=True)
    return [s >= t if up else s <= t for s, t, up in limits]


@pytest.mark.parametrize("source", ["u8", "bits"])
def test_oracle_is_the_definition(source):
    rng = np.random.default_rng(3)
    layers = ((4, 3, 2, 1, None), (3, 3, 1, 1, MaxPool(2, 1)))
    network = builders.convolutional(rng, (5, 6, 2), layers, 2, source)
    image = builders.inputs(rng, network, 1)
    maps = image[0].tolist() if source == "u8" else (unpack(image, 2)[0] * 2 - 1).tolist()
    *hidden_stages, last_stage = stages(network)
    beyond = 0 if source == "u8" else -1
    sums, hidden = [], []
    for stage in hidden_stages:
        found = convolved(maps, stage.product, stage.takes, beyond)
        if stage.pool is not None:
            found = pooled(found, stage.pool, stage.product.gives(stage.takes))
        fires = [[meets(place, stage.after) for place in row] for row in found]
        sums.append(found)
        hidden.append(fires)
        maps, beyond = [[[1 if f else -1 for f in place] for place in row] for row in fires], -1
    last, affine = last_stage.product, last_stage.after
    flat = [v for row in maps for place in row for v in place]
    totals = [sum(v if s else -v for v, s in zip(flat, row, strict=True)) for row in unpack(last.weights, len(flat))]
    scores = [np.float32(t) * a + b for t, a, b in zip(totals, affine.scale, affine.shift, strict=True)]
    program = backend("naive").load(network)
    assert program.scores(image).tolist() == [scores]
    for activation, wanted, signs in zip(program.activations(image), sums, hidden, strict=True):
        assert activation.sums.tolist() == [wanted]
        assert unpack(activation.bits, len(wanted[0][0])).tolist() == [signs]


layer = st.tuples(
    st.integers(1, 130),
    st.sampled_from([1, 3, 5]),
    st.sampled_from([1, 2]),
    st.integers(0, 2),
    st.sampled_from([None, None, MaxPool(), MaxPool(2, 1), MaxPool(3, 2)]),
)


@st.composite
def networks(draw):
    """Any chain of convolutions that fits on its images."""
    shape = (draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(1, 130)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    layers, left = [], shape[:2]
    for outputs, kernel, stride, padding, pool in draw(st.lists(layer, min_size=1, max_size=3)):
        padding = min(padding, kernel // 2)
        sums = [(side + 2 * padding - kernel) // stride + 1 for side in left]
        if min(sums) >= 1 and pool is not None and min(sums) >= pool.size:
            layers.append((outputs, kernel, stride, padding, pool))
            left = [(side - pool.size) // pool.stride + 1 for side in sums]
        elif min(sums) >= 1:
            layers.append((outputs, kernel, stride, padding, None))
            left = sums
    source = draw(st.sampled_from(["u8", "bits"]))
    return rng, builders.convolutional(rng, shape, layers or [(3, 1, 1, 0, None)], draw(st.integers(1, 12)), source)


@fast
@settings(deadline=None, max_examples=60)
@given(drawn=networks(), batch=st.sampled_from([0, 1, 2, 5]))
def test_any_network(name, drawn, batch):
    rng, network = drawn
    assert_like_oracle(network, builders.inputs(rng, network, batch), name)


@fast
@pytest.mark.parametrize("source", ["u8", "bits"])
@pytest.mark.parametrize("channels", [1, 8, 63, 64, 65, 128, 130])
@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_every_width_and_kernel(name, source, channels, kernel):
    rng = np.random.default_rng(channels)
    layers = ((channels, kernel, 1, kernel // 2, MaxPool()), (7, kernel, 2, kernel // 2, None))
    network = builders.convolutional(rng, (8, 7, channels), layers, 10, source)
    for batch in (0, 1, 3):
        assert_like_oracle(network, builders.inputs(rng, network, batch), name)


@fast
def test_dense_layers_between_a_map_and_the_scores(name):
    rng = np.random.default_rng(0)
    whole = builders.convolutional(rng, (7, 7, 3), ((70, 3, 1, 1, MaxPool(3, 2)),), 4)
    flat = whole.shapes()[-2][0]
    hidden = (builders.dense(rng, int(np.prod(flat)), 33), builders.threshold(rng, 33, 9))
    last = (builders.dense(rng, 33, 4), builders.affine(rng, 4))
    network = PackedNetwork(whole.metadata, (*whole.operations[:-2], *hidden, *last))
    assert_like_oracle(network, builders.inputs(rng, network, 5), name)


@fast
@pytest.mark.parametrize("pool", [None, MaxPool(), MaxPool(2, 1), MaxPool(3, 3)])
def test_every_tie_in_both_directions_pooled_and_not(name, pool):
    """Every sum of a 3x3 kernel, on the padding and off it, meets every threshold about it, in both directions."""
    rng = np.random.default_rng(1)
    low, high = builders.EXTREMES
    values = [low, low + 1, *range(-11, 12), high - 1, high]
    outputs = 2 * len(values)
    signs = np.repeat(rng.integers(0, 2, (1, 3, 3, 1)), outputs, axis=0).astype(bool)
    fold = Threshold(np.array(values * 2, np.int32), np.arange(outputs) < len(values))
    middle = (Conv(pack(signs), 1, 1, 1), *([] if pool is None else [pool]), fold)
    shape = (6, 6, 1)
    for operation in middle:
        shape = operation.gives(shape)
    last = (builders.dense(rng, int(np.prod(shape)), 2), builders.affine(rng, 2))
    network = PackedNetwork(builders.metadata((6, 6, 1), 2), (*middle, *last), "bits")
    images = pack(np.concatenate([rng.integers(0, 2, (20, 6, 6, 1)).astype(bool), [np.ones((6, 6, 1), bool)]]))
    (hidden,) = backend("naive").load(network).activations(images)
    sums = hidden.sums[..., :1]
    wanted = np.concatenate([sums >= np.array(values), sums <= np.array(values)], axis=-1)
    np.testing.assert_array_equal(unpack(hidden.bits, outputs), wanted)
    assert_like_oracle(network, images, name)


@fast
@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("sign", [True, False])
def test_all_pixels_and_all_weights_equal(name, level, sign):
    rng = np.random.default_rng(0)
    edge = 25 * 3 * level * (1 if sign else -1)
    fold = Threshold(np.array([edge, edge + 1, edge, edge - 1, 0], np.int32), np.array([1, 1, 0, 0, 1], bool))
    first = Conv(pack(np.full((5, 5, 5, 3), sign)), 3, 1, 2)
    last = (builders.dense(rng, 9 * 8 * 5, 2), builders.affine(rng, 2))
    network = PackedNetwork(builders.metadata((9, 8, 3), 2), (first, fold, *last))
    assert_like_oracle(network, np.full((3, 9, 8, 3), level, np.uint8), name)


@fast
def test_more_images_and_larger_maps_than_are_taken_together(name):
    rng = np.random.default_rng(5)
    layers = ((64, 3, 1, 1, None), (40, 3, 1, 1, MaxPool()))
    network = builders.convolutional(rng, (32, 32, 3), layers, 10)
    assert_like_oracle(network, builders.inputs(rng, network, 37), name)


@pytest.mark.parametrize("name", NAMES)
def test_inputs_that_are_refused(name):
    rng = np.random.default_rng(0)
    network = builders.convolutional(rng, (4, 5, 3), ((3, 3, 1, 1, None),), source="bits")
    images = builders.inputs(rng, network, 4)
    flat = pack(rng.integers(0, 2, (4, 60)).astype(bool))
    program = backend(name).load(network)
    for bad in (images | np.uint64(8), images[:, :, :4], images[0], flat, images.astype(np.int64), images.tolist()):
        for run in (program.scores, program.activations):
            with pytest.raises(BadInput):
                run(bad)


def test_float_convolutions_against_the_definition():
    rng = np.random.default_rng(0)
    network = builders.floating_convolutional(rng)
    images = builders.inputs(rng, network, 5)
    maps = images.astype(np.float64) / 255
    for layer in network.operations[:-1]:
        sides = (layer.padding, layer.padding)
        maps = np.pad(maps, ((0, 0), sides, sides, (0, 0)))
        seen = np.lib.stride_tricks.sliding_window_view(maps, (layer.kernel, layer.kernel), (1, 2))
        sums = np.einsum("bhwcyx,oyxc->bhwo", seen[:, :: layer.stride, :: layer.stride], layer.weight.astype(float))
        if layer.pool is not None:
            windows = np.lib.stride_tricks.sliding_window_view(sums, (layer.pool.size,) * 2, (1, 2))
            sums = windows[:, :: layer.pool.stride, :: layer.pool.stride].max((-1, -2))
        maps = np.maximum(sums * layer.scale + layer.bias, 0)
    last = network.operations[-1]
    expected = maps.reshape(5, -1) @ last.weight.T.astype(float) + last.bias
    program = backend("float-blas").load(network)
    np.testing.assert_allclose(program.scores(images), expected, rtol=1e-4, atol=1e-3)
    assert program.scores(images[:0]).shape == (0, 3)
    for other in backends():
        if backend(other).kind != "float":
            with pytest.raises(Unsupported):
                backend(other).load(network)


def test_shapes_and_products_of_one_image():
    rng = np.random.default_rng(0)
    layers = ((32, 5, 2, 2, None), (64, 3, 1, 1, MaxPool()), (64, 3, 1, 1, None))
    network = builders.convolutional(rng, (28, 28, 1), layers, 10)
    assert [gives for _, gives in network.shapes()] == [
        (14, 14, 32), (14, 14, 32), (14, 14, 64), (7, 7, 64), (7, 7, 64), (7, 7, 64), (7, 7, 64), (10,), (10,),
    ]  # fmt: skip
    assert network.weight_count == 87_456
    assert network.macs == 14 * 14 * 32 * 25 + 14 * 14 * 64 * 288 + 7 * 7 * 64 * 576 + 3136 * 10
    twin = builders.floating_convolutional(rng)
    assert twin.macs == 3 * 4 * 4 * 18 + 3 * 4 * 5 * 100 + 3 * 2 * 3 * 5
