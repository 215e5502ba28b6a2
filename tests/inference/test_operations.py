"""What does not hold together is refused when a network is made, with a reason."""

import numpy as np
import pytest

from engine.bits import pack
from engine.errors import BadInput
from engine.inference.network import (
    Affine,
    Conv,
    Dense,
    FloatConv,
    FloatDense,
    FloatNetwork,
    MaxPool,
    PackedNetwork,
    Shortcut,
    Sign,
    Threshold,
)
from tests.inference import builders

ABOUT = builders.metadata((6, 6, 2), 3)
SCORES = Affine(np.ones(3, np.float32), np.zeros(3, np.float32))


def conv(outputs=4, kernel=3, channels=2, stride=1, padding=1):
    return Conv(pack(np.ones((outputs, kernel, kernel, channels), bool)), channels, stride, padding)


def fold(outputs=4):
    return Threshold(np.zeros(outputs, np.int32), np.ones(outputs, bool))


def value(kind=Affine, outputs=4):
    return kind(np.ones(outputs, np.float32), np.zeros(outputs, np.float32))


def dense(inputs, outputs=3):
    return Dense(pack(np.ones((outputs, inputs), bool)), inputs)


def test_a_sound_network_is_made():
    network = PackedNetwork(ABOUT, (conv(), MaxPool(), fold(), dense(36), SCORES))
    assert network.shapes()[1] == ((6, 6, 4), (3, 3, 4))
    assert network.weight_bytes == 8 * (4 * 9 + 3)


@pytest.mark.parametrize(
    "operations",
    [
        (),
        (conv(), fold(), dense(144)),
        (conv(), SCORES),
        (conv(), conv(4, channels=4), fold(), dense(144), SCORES),
        (conv(), MaxPool(), MaxPool(), fold(), dense(4), SCORES),
        (conv(), fold(), MaxPool(), dense(36), SCORES),
        (MaxPool(), conv(), fold(), dense(36), SCORES),
        (dense(72), MaxPool(), fold(3), dense(3), SCORES),
        (dense(72), SCORES, dense(3), SCORES),
        (dense(72), SCORES, Sign()),
        (dense(72), fold(3), Sign(), dense(3), SCORES),
        (Sign(), dense(72), SCORES),
        (conv(), value(), MaxPool(), Sign(), dense(36), SCORES),
        (conv(), value(), Sign(), Sign(), dense(144), SCORES),
        (conv(), value(), Sign(), conv(channels=4), value(Shortcut), dense(144), SCORES),
        (dense(72), SCORES, Sign(), dense(3), value(Shortcut, 3)),
    ],
    ids=lambda operations: "-".join(type(operation).__name__ for operation in operations) or "nothing",
)
def test_an_order_that_is_none(operations):
    with pytest.raises(BadInput):
        PackedNetwork(ABOUT, operations)


def test_a_sound_network_of_values_is_made():
    """A value stays through layers that do not add to it."""
    block = (conv(channels=4), fold(), conv(channels=4), value(Shortcut), Sign())
    ending = (dense(144, 3), value(outputs=3), Sign(), dense(3), value(Shortcut, 3), Sign(), dense(3), SCORES)
    network = PackedNetwork(ABOUT, (conv(), value(), Sign(), *block, *block, *ending))
    assert network.shapes()[2] == ((6, 6, 4), (6, 6, 4))


@pytest.mark.parametrize(
    "before",
    [
        (conv(), fold()),
        (conv(outputs=5), value(outputs=5), Sign(), conv(outputs=4, channels=5), fold()),
        (conv(stride=2), value(), Sign(), conv(channels=4), fold()),
        (conv(), MaxPool(), value(), Sign(), conv(channels=4, kernel=1, padding=0), value(), Sign()),
    ],
)
def test_shortcuts_to_nothing_or_to_another_shape(before):
    operations, shape = (*before, conv(channels=4, padding=0), value(Shortcut), Sign()), ABOUT.input_shape
    for operation in operations:
        shape = operation.gives(shape)
    with pytest.raises(BadInput, match="shortcut adds"):
        PackedNetwork(ABOUT, (*operations, dense(int(np.prod(shape))), SCORES))


@pytest.mark.parametrize(
    "hidden",
    [
        (conv(stride=3), fold()),
        (conv(stride=0), fold()),
        (conv(padding=2), fold()),
        (conv(padding=-1), fold()),
        (conv(kernel=2, padding=0), fold()),
        (conv(kernel=7, padding=3), fold()),
        (conv(channels=3), fold()),
        (Conv(np.zeros((4, 3, 5, 1), np.uint64), 2, 1, 1), fold()),
        (Conv(np.zeros((4, 3, 3, 2), np.uint64), 2, 1, 1), fold()),
        (Conv(np.zeros((4, 3, 3, 1), np.int64), 2, 1, 1), fold()),
        (Conv(np.zeros((4, 3), np.uint64), 2, 1, 1), fold()),
        (Conv(np.full((4, 3, 3, 1), 4, np.uint64), 2, 1, 1), fold()),
        (conv(), MaxPool(1, 1), fold()),
        (conv(), MaxPool(2, 3), fold()),
        (conv(), MaxPool(2, 0), fold()),
        (conv(), MaxPool(7, 7), fold()),
        (conv(), MaxPool(9, 9), fold()),
        (conv(), fold(5)),
        (dense(72, 4), fold(), conv(channels=4), fold()),
    ],
)
def test_layers_that_do_not_fit(hidden):
    with pytest.raises(BadInput):
        PackedNetwork(ABOUT, (*hidden, dense(144), SCORES))


def test_a_kernel_larger_than_what_strides_have_left():
    operations = (conv(kernel=5, stride=2, padding=0), fold(), conv(channels=4, padding=0), fold(), dense(4), SCORES)
    with pytest.raises(BadInput, match="does not fit on 1"):
        PackedNetwork(ABOUT, operations)


@pytest.mark.parametrize("shape", [(0, 6, 2), (6, 6, 0), (-6, -6, 2)])
def test_images_of_no_size(shape):
    with pytest.raises(BadInput, match="1 or more"):
        PackedNetwork(builders.metadata(shape, 3), (dense(0), SCORES))


@pytest.mark.parametrize(
    ("hidden", "told"),
    [((conv(outputs=0), fold(0)), "into 0 is none"), ((dense(72, 0), fold(0)), "at least one output")],
)
def test_layers_of_no_outputs(hidden, told):
    with pytest.raises(BadInput, match=told):
        PackedNetwork(ABOUT, (*hidden, dense(0), SCORES))


def normal(*sides):
    return np.ones(sides, np.float32)


@pytest.mark.parametrize(
    "layer",
    [
        FloatConv(normal(4, 3, 3, 3), normal(4), normal(4), True),
        FloatConv(normal(4, 3, 3, 2), normal(5), normal(4), True),
        FloatConv(normal(4, 3, 3, 2), normal(4), normal(5), True),
        FloatConv(normal(4, 3, 5, 2), normal(4), normal(4), True),
        FloatConv(normal(4, 3), normal(4), normal(4), True),
        FloatConv(normal(4, 3, 3, 2).astype(np.float64), normal(4), normal(4), True),
        FloatConv(normal(4, 3, 3, 2), normal(4), normal(4), True, stride=4),
        FloatConv(normal(4, 3, 3, 2), normal(4), normal(4), True, pool=MaxPool(5, 5)),
        FloatConv(normal(4, 3, 3, 2), normal(4), normal(4), True, shortcut=True),
    ],
)
def test_float_convolutions_that_do_not_fit(layer):
    sound = FloatConv(normal(4, 3, 3, 2), normal(4), normal(4), True)
    last = FloatDense(normal(3, 64), normal(3), False)
    FloatNetwork(ABOUT, (sound, last))
    with pytest.raises(BadInput):
        FloatNetwork(ABOUT, (layer, last))
