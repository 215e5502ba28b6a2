"""What a page is told of one image's way through a network."""

import math
import time

import numpy as np
import pytest

from engine.bits import pack, unpack
from engine.inference import predict
from engine.inference.backend import backend, ready
from engine.inference.service import model_info
from tests.inference import builders

LAYERS = ((9, 3, 1, 1, None), (70, 3, 1, 1, builders.MaxPool()))


@pytest.mark.parametrize("name", [one.name for one in ready()])
def test_maps_are_told_flat_and_as_many_as_the_model_says(name):
    rng = np.random.default_rng(0)
    network = builders.convolutional(rng, (6, 7, 2), LAYERS)
    (image,) = builders.inputs(rng, network, 1)
    told = predict.layer_signs(backend(name).load(network), image)
    whole = backend("naive").load(network).activations(image[None])
    for layer, activation in zip(told, whole, strict=True):
        np.testing.assert_array_equal(layer.sums, activation.sums.ravel())
        signs = unpack(activation.bits, activation.sums.shape[-1]).ravel()
        np.testing.assert_array_equal(layer.bits, pack(signs))
        assert layer.outputs == signs.size
    info = model_info("a", network)
    assert info.layers == ((6 * 7 * 9, 18), (3 * 3 * 70, 81), (3, 3 * 3 * 70))
    assert [outputs for outputs, _ in info.layers[:-1]] == [layer.outputs for layer in told]
    assert info.weight_count == 9 * 18 + 70 * 81 + 3 * 630


def test_the_value_behind_signs_is_told_where_there_is_one():
    rng = np.random.default_rng(0)
    network = builders.residual(rng, dense_layers=((5, "value"),))
    (image,) = builders.inputs(rng, network, 1)
    told = predict.layer_signs(backend("numpy-xnor").load(network), image)
    assert [layer.value is None for layer in told] == [False, False, True, False, False]
    for layer in told:
        if layer.value is not None:
            assert layer.value.shape == layer.sums.shape
            np.testing.assert_array_equal(layer.value >= 0, unpack(layer.bits, layer.outputs))


def test_layers_of_a_float_model():
    network = builders.floating_convolutional(np.random.default_rng(0))
    assert model_info("f", network).layers == ((3 * 4 * 4, 18), (2 * 3 * 5, 100), (3, 30))
    assert network.weight_count == math.prod((4, 18)) + 5 * 100 + 3 * 30


@pytest.mark.parametrize(("patience", "least", "most"), [(predict.HASTE, 1, 1), (predict.PATIENCE, 1, 2)])
def test_a_slow_program_is_asked_once_in_haste(patience, least, most):
    class Slow:
        calls = 0

        def scores(self, batch):
            self.calls += 1
            time.sleep(predict.PATIENCE / 2)
            return np.full((len(batch), 10), self.calls, np.float32)

    slow = Slow()
    scores, seconds = predict.timed(slow, np.zeros((1, 4), np.uint8), patience)
    assert least <= slow.calls <= most
    assert scores[0, 0] == slow.calls
    assert seconds >= predict.PATIENCE / 2
