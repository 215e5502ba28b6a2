"""Networks in faulty memory: what they answer equals what the network answers that was broken by hand."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bits import pack, unpack
from engine.faults import secded
from engine.faults.floats import Float32Memory, Int8Memory, answered
from engine.faults.memories import NO_ANSWER, CodedMemory, PackedMemory, RebuiltMemory
from engine.inference.backends.float_blas import FloatProgram
from engine.inference.backends.naive import BACKEND as ORACLE
from engine.inference.network import Conv, Product, Threshold
from tests.inference import builders

ALL = slice(None)
BUILT = {
    "dense": lambda rng: builders.packed(rng, (5, 13, 1), (70, 9), 4),
    "maps": lambda rng: builders.convolutional(rng, classes=4),
    "values": lambda rng: builders.residual(rng, (7, 9, 3), builders.BLOCKS, ((40, "value"),), 4),
}


def weight_signs(product):
    bits = product.channels if isinstance(product, Conv) else product.inputs
    return unpack(product.weights, bits).reshape(-1)


def broken_by_hand(network, wrong):
    """The network with the signs of each layer's weights flipped where `wrong` says, by plain booleans."""
    operations, left = [], iter(wrong)
    for operation in network.operations:
        if isinstance(operation, Product):
            bits = operation.channels if isinstance(operation, Conv) else operation.inputs
            signs = weight_signs(operation) ^ next(left)
            shape = (*operation.weights.shape[:-1], bits)
            operation = replace(operation, weights=pack(signs.reshape(shape)))
        operations.append(operation)
    return replace(network, operations=tuple(operations))


def oracle(network, images):
    return ORACLE.load(network).scores(images).argmax(1)


@pytest.mark.parametrize("kind", BUILT)
@pytest.mark.parametrize("make", [PackedMemory, partial(RebuiltMemory, thresholds=False)])
def test_one_cell_a_weight(kind, make):
    rng = np.random.default_rng(len(kind))
    network = BUILT[kind](rng)
    images = builders.inputs(rng, network, 40)
    memory = make(network, images)
    assert memory.cells == [layer.outputs * layer.inputs for layer in network.layers()]
    wrong = [rng.random(count) < 0.2 for count in memory.cells]
    for layer, which in enumerate(wrong):
        memory.flip(layer, np.flatnonzero(which))
    assert np.array_equal(memory.answers(ALL), oracle(broken_by_hand(network, wrong), images))
    memory.restore()
    assert np.array_equal(memory.answers(ALL), oracle(network, images))
    for layer, product in enumerate(network.layers()):
        cells = np.flatnonzero(wrong[layer])
        assert np.array_equal(memory.stored(layer, cells), weight_signs(product)[cells])


@pytest.mark.parametrize("kind", BUILT)
def test_faults_anywhere_are_those_of_the_whole_network_for_any_of_the_images(kind):
    """What sound layers gave is kept: layers alone, none, and some of the images."""
    rng = np.random.default_rng(1)
    network = BUILT[kind](rng)
    images = builders.inputs(rng, network, 40)
    memory = PackedMemory(network, images)
    for layer in [*range(len(memory.cells)), 0]:
        wrong = [rng.random(count) < (0.3 if index == layer else 0) for index, count in enumerate(memory.cells)]
        for index, which in enumerate(wrong):
            memory.flip(index, np.flatnonzero(which))
        expected = oracle(broken_by_hand(network, wrong), images)
        for which in (ALL, slice(7, 8), slice(30, 99)):
            assert np.array_equal(memory.answers(which), expected[which]), (layer, which)
        assert np.array_equal(memory.another().answers(ALL), oracle(network, images))
        memory.restore()


def test_thresholds_have_cells_behind_the_weights():
    rng = np.random.default_rng(5)
    network = BUILT["dense"](rng)
    images = builders.inputs(rng, network, 40)
    memory = RebuiltMemory(network, images, thresholds=True)
    layers = list(network.layers())
    assert memory.cells == [70 * 65 + 32 * 70, 9 * 70 + 32 * 9, 4 * 9]
    fold = next(operation for operation in network.operations if isinstance(operation, Threshold))
    output, bit = 7, 4
    cell = layers[0].outputs * layers[0].inputs + 32 * output + bit
    assert memory.stored(0, np.array([3, cell])).tolist() == [
        weight_signs(layers[0])[3],
        bool(int(fold.threshold[output]) >> bit & 1),
    ]
    memory.flip(0, np.array([3, cell]))
    limits = fold.threshold.copy()
    limits[output] ^= 1 << bit
    wrong = [np.zeros(layer.outputs * layer.inputs, bool) for layer in layers]
    wrong[0][3] = True
    expected = broken_by_hand(network, wrong)
    operations = [replace(each, threshold=limits) if each is fold else each for each in expected.operations]
    assert np.array_equal(memory.answers(ALL), oracle(replace(network, operations=tuple(operations)), images))


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), rate=st.sampled_from([0.002, 0.02, 0.1, 0.5]))
def test_coded_words_read_as_each_decodes_by_itself(seed, rate):
    rng = np.random.default_rng(seed)
    network = BUILT["dense"](rng)
    images = builders.inputs(rng, network, 10)
    memory = CodedMemory(PackedMemory(network, images), network)
    wrong = []
    for layer, product in enumerate(network.layers()):
        signs = weight_signs(product)
        filled = np.concatenate([signs, np.zeros(-signs.size % 64, bool)])
        words = pack(filled.reshape(-1, 64))[:, 0]
        assert memory.cells[layer] == 72 * words.size
        failing = rng.random(72 * words.size) < rate
        memory.flip(layer, np.flatnonzero(failing))
        read = []
        for word, flips in zip(words, failing.reshape(-1, 72), strict=True):
            data = word ^ pack(flips[:64])[0]
            checks = secded.encode(np.array([word])) ^ np.packbits(flips[64:], bitorder="little")
            read.append(secded.decode(np.array([data]), checks)[0][0])
        wrong.append(unpack(np.array(read), 64 * words.size)[: signs.size] ^ signs)
    assert np.array_equal(memory.answers(ALL), oracle(broken_by_hand(network, wrong), images))
    memory.restore()
    assert np.array_equal(memory.answers(ALL), oracle(network, images))


def test_what_a_coded_memory_stores_is_the_code_word():
    rng = np.random.default_rng(2)
    network = BUILT["dense"](rng)
    memory = CodedMemory(PackedMemory(network, builders.inputs(rng, network, 4)), network)
    signs = weight_signs(next(network.layers()))
    word = pack(signs[64:128])
    expected = [*signs[64:128], *np.unpackbits(secded.encode(word), bitorder="little").astype(bool)]
    assert memory.stored(0, np.arange(72, 144)).tolist() == expected


FLOATS = {
    "dense": lambda rng: builders.floating(rng, (4, 5, 1), (6, 7)),
    "maps": lambda rng: builders.floating_convolutional(rng),
}


@pytest.mark.parametrize("kind", FLOATS)
def test_a_float_is_its_word(kind):
    rng = np.random.default_rng(3)
    network = FLOATS[kind](rng)
    images = builders.inputs(rng, network, 50)
    memory = Float32Memory(network, images)
    weights = []
    for layer, operation in enumerate(network.operations):
        wrong = np.flatnonzero(rng.random(memory.cells[layer]) < 0.02)
        bits = np.unpackbits(operation.weight.view(np.uint8).reshape(-1), bitorder="little")
        assert np.array_equal(memory.stored(layer, wrong), bits[wrong])
        bits[wrong] ^= 1
        weights.append(np.packbits(bits, bitorder="little").view(np.float32).reshape(operation.weight.shape))
        memory.flip(layer, wrong)
    operations = zip(network.operations, weights, strict=True)
    by_hand = replace(network, operations=tuple(replace(each, weight=weight) for each, weight in operations))
    assert np.array_equal(memory.answers(ALL), answered(FloatProgram(by_hand), images))
    memory.restore()
    assert np.array_equal(memory.answers(ALL), FloatProgram(network).scores(images).argmax(1))


@pytest.mark.parametrize("kind", FLOATS)
def test_a_weight_that_is_no_number_leaves_no_answer_at_all(kind):
    rng = np.random.default_rng(4)
    network = FLOATS[kind](rng)
    images = builders.inputs(rng, network, 20)
    for layer, operation in enumerate(network.operations):
        weight = operation.weight.copy()
        weight.reshape(-1)[3] = np.nan
        operations = [replace(o, weight=weight) if i == layer else o for i, o in enumerate(network.operations)]
        broken = replace(network, operations=tuple(operations))
        assert set(answered(FloatProgram(broken), images)) == {NO_ANSWER}
        assert set(Float32Memory(broken, images).answers(ALL)) == {NO_ANSWER}


def test_infinities_compare_and_only_what_is_no_number_is_silent():
    network = builders.floating(np.random.default_rng(4), (1, 1, 1), (), 3)
    (layer,) = network.operations
    images = np.full((1, 1, 1, 1), 255, np.uint8)

    def answer(*weights):
        weight = np.array(weights, np.float32).reshape(3, 1)
        return answered(FloatProgram(replace(network, operations=(replace(layer, weight=weight),))), images)[0]

    assert answer(0, np.inf, 5) == 1
    assert answer(-np.inf, -np.inf, -np.inf) == 0
    assert answer(np.nan, np.inf, 5) == NO_ANSWER


def test_int8_is_within_half_a_step_and_breaks_by_its_code():
    rng = np.random.default_rng(6)
    network = FLOATS["dense"](rng)
    memory = Int8Memory(network, builders.inputs(rng, network, 4))
    weight = network.operations[0].weight
    scale = np.abs(weight).max(1, keepdims=True) / 127
    (found,) = [held for held in memory._weights if held.shape == weight.shape]
    assert np.abs(found - weight).max() <= scale.max() / 2 * (1 + 1e-5)
    before = found.copy()
    memory.flip(0, np.array([8 * 5 + 7]))  # the sign of the code of the sixth weight
    code = round(float(before.reshape(-1)[5] / scale[0, 0]))
    moved = np.flatnonzero(found != before)
    assert moved.tolist() == [5]
    assert found.reshape(-1)[5] == pytest.approx((code - 128 if code >= 0 else code + 128) * scale[0, 0], rel=1e-6)
    memory.restore()
    assert np.array_equal(found, before)
