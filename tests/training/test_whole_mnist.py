"""One real epoch on the whole of MNIST: what was trained, what torch says of it, and what every backend says of it."""

import time
from datetime import datetime

import numpy as np
import pytest
import torch

from engine.config import RunConfig
from engine.inference.backend import backend, ready
from engine.training import layers
from engine.training.evaluation import finish
from engine.training.fold import fold
from engine.training.reestimate import reestimate, sample
from engine.training.session import Session


@pytest.fixture(scope="module", params=["batchnorm", "bias"])
def trained(request, tmp_path_factory):
    config = RunConfig(model="mlp-128x2", epochs=1, output=request.param)
    session = Session.start(config, tmp_path_factory.mktemp("runs"), time.monotonic, datetime.now())
    list(session.events())
    loop = session.loop
    network = loop.network()
    arrays = finish(reestimate(loop.stepper.state(), config, sample(loop.data.train_images, config.seed)))
    return config, arrays, network, loop.data


def test_one_epoch_learns_to_read(trained):
    _, _, network, _ = trained
    assert network.metadata.accuracy > 0.93


def test_what_is_deployed_is_the_fold_of_the_re_estimated_arrays(trained):
    config, arrays, network, _ = trained
    again = fold(arrays, config, network.metadata)
    for one, other in zip(network.operations, again.operations, strict=True):
        for field, value in vars(one).items():
            np.testing.assert_array_equal(value, getattr(other, field))


def test_torch_in_float64_agrees_at_every_hidden_unit_of_every_test_image(trained):
    config, arrays, network, data = trained
    with torch.no_grad():
        *hidden, scores = layers.Network(arrays, config, torch.float64).forward(data.test_images)
    oracle = backend("naive").load(network)
    for ours, theirs in zip(hidden, oracle.activations(data.test_images), strict=True):
        signs = np.unpackbits(theirs.bits.view(np.uint8), axis=1, count=128, bitorder="little").view(np.bool_)
        assert np.count_nonzero((ours.numpy() >= 0) != signs) == 0
    packed = oracle.scores(data.test_images)
    assert np.count_nonzero(packed.argmax(1) != scores.numpy().argmax(1)) == 0
    np.testing.assert_allclose(packed, scores.numpy(), rtol=1e-5, atol=1e-5)


def test_every_backend_gives_the_same_score_vectors_bit_for_bit(trained):
    _, _, network, data = trained
    expected = backend("naive").load(network).scores(data.test_images)
    for other in ready():
        np.testing.assert_array_equal(other.load(network).scores(data.test_images), expected, err_msg=other.name)
