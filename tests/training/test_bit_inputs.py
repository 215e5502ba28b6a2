"""Networks on bits, from training to deployment: +-1 in training, words when deployed, the same answers."""

import numpy as np
import pytest
import torch

from engine.bits import unpack
from engine.config import RunConfig
from engine.errors import BadInput
from engine.inference import modelfile
from engine.inference.backend import backend
from engine.inference.network import Metadata
from engine.inference.rules import taken
from engine.training import layers, models
from engine.training.fold import fold
from engine.training.loop import Finished, Loop, Scored
from tests.training.tiny import config

IMAGES = np.array([0, 127, 128, 255], np.uint8)


def trained(data, model):
    run = config(model=model, inputs="bits", output="bias", epochs=1)
    about = Metadata("t", run.model, data.input_shape, data.class_names)
    loop = Loop(run, data, models.initial(run, (28, 28, 1), 10), lambda: 0.0, about)
    events = list(loop.events())
    assert isinstance(events[-1], Finished)
    return loop, [event.score for event in events if isinstance(event, Scored)][-1]


def test_the_first_layer_takes_plus_and_minus_one():
    run = RunConfig(model="mlp-8x1", inputs="bits")
    network = layers.Network(models.initial(run, (2, 2, 1), 3), run)
    assert network.inputs(IMAGES.reshape(1, 2, 2, 1)).flatten().tolist() == [-1, -1, 1, 1]


@pytest.mark.parametrize("model", ["mlp-16-12", "cnn-4-8-8"])
def test_the_deployed_network_takes_words_and_answers_as_the_trained_one(data, model, tmp_path):
    loop, score = trained(data, model)
    network = score.network
    modelfile.save(tmp_path / "net.safetensors", network)
    assert modelfile.load(tmp_path / "net.safetensors").source == network.source == "bits"
    images = data.test_images[:50]
    words = taken(network, images)
    bits = unpack(words, 1 if model.startswith("cnn") else 784)
    assert np.array_equal(bits.ravel(), (images >= 128).ravel())
    found = backend("naive").load(fold(loop.state(), loop.config, network.metadata)).scores(words)
    *_, expected = layers.Network(loop.state(), loop.config, torch.float64).forward(images)
    assert np.array_equal(found.argmax(1), expected.argmax(1).numpy())
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-4, atol=1e-4)
    scale = network.operations[-1].scale
    assert np.all(scale == scale[0])


def test_float_networks_take_no_bits():
    with pytest.raises(BadInput, match="take bits"):
        RunConfig(kind="float", inputs="bits")
