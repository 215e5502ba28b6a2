"""Opened networks read as the oracle does; a layer in another form learns, and the rest of the network stays."""

import numpy as np
import pytest
import torch

from engine.config import RunConfig
from engine.datasets import Dataset
from engine.errors import BadInput, Unsupported
from engine.inference.backends.float_blas import FloatBlas
from engine.inference.backends.naive import BACKEND as ORACLE
from engine.inference.rules import taken
from engine.tensortrain.decompose import balanced, decomposed
from engine.tensortrain.modes import suggested
from engine.training.compression.fit import fit
from engine.training.compression.opened import Opened, Replaced
from engine.training.compression.weights import Matrix, Train
from tests.inference import builders


def images(rng, network, count=200):
    return rng.integers(0, 256, (count, *network.metadata.input_shape), np.uint8)


@pytest.mark.parametrize("source", ["u8", "bits"])
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_a_packed_network_gives_the_oracles_classes_whichever_layer_is_put_in_again(source, layer):
    rng = np.random.default_rng(layer)
    network = builders.packed(rng, hidden=(9, 70), source=source)
    seen = images(rng, network)
    expected = ORACLE.load(network).scores(taken(network, seen))
    opened = Opened(network)
    again = Replaced(opened, layer, opened.stages[layer].weights, seen)
    with torch.no_grad():
        np.testing.assert_allclose(again.scores(seen).numpy(), expected, rtol=1e-6, atol=1e-6)
    assert opened.chosen(None) == 1
    assert opened.bits == 9 * 20 + 70 * 9 + 3 * 70 + 33 * 79 + 64 * 3


@pytest.mark.parametrize("layer", [0, 1])
def test_a_float_network_gives_its_own_scores(layer):
    rng = np.random.default_rng(3)
    network = builders.floating(rng)
    seen = images(rng, network)
    opened = Opened(network)
    again = Replaced(opened, layer, opened.stages[layer].weights, seen)
    expected = FloatBlas().load(network).scores(seen)
    with torch.no_grad():
        np.testing.assert_allclose(again.scores(seen).numpy(), expected, rtol=1e-4, atol=1e-4)


def error(put, seen, labels):
    with torch.no_grad():
        return torch.nn.functional.cross_entropy(put.scores(seen), torch.tensor(labels)).item()


@pytest.mark.parametrize("make", [builders.packed, builders.floating])
def test_fine_tuning_brings_accuracy_back_and_moves_nothing_else(make):
    rng = np.random.default_rng(5)
    network = make(rng, hidden=(40, 30))
    seen = images(rng, network, 400)
    whole = Opened(network)
    matrix = whole.stages[0].weights.latents["latent"].numpy().astype(np.float64)
    with torch.no_grad():
        plain = Replaced(whole, 0, Matrix(torch.from_numpy(matrix.astype(np.float32))), seen)
        labels = plain.scores(seen).argmax(1).numpy()
    data = Dataset("", "tiny", seen, labels, seen, labels, network.metadata.class_names, "mnist")
    train = balanced(decomposed(matrix, suggested(*matrix.shape, 2), [2]).train)
    cores = [torch.from_numpy(core.astype(np.float32)) for core in train.cores]
    put = Replaced(whole, 0, Train(cores, *matrix.shape), seen)
    before = error(put, seen, labels)
    others = [stage.weights.latents["latent"].clone() for stage in whole.stages[1:]]
    shares = list(fit(put, RunConfig(kind="float", epochs=8, learning_rate=1e-2, batch_size=50), data))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert error(put, seen, labels) < 0.9 * before
    for stage, other in zip(whole.stages[1:], others, strict=True):
        assert torch.equal(stage.weights.latents["latent"], other)


def test_the_same_seed_gives_the_same_network():
    network = builders.floating(np.random.default_rng(7))
    seen = images(np.random.default_rng(8), network, 100)
    labels = np.arange(100) % 3
    data = Dataset("", "tiny", seen, labels, seen, labels, network.metadata.class_names, "mnist")
    found = []
    for _ in range(2):
        opened = Opened(network)
        matrix = opened.stages[0].weights.latents["latent"].clone()
        put = Replaced(opened, 0, Matrix(matrix), seen)
        for _ in fit(put, RunConfig(kind="float", epochs=2, learning_rate=1e-2, batch_size=32, seed=4), data):
            pass
        found.append(matrix)
    assert torch.equal(*found)


def test_training_that_diverges_says_so():
    network = builders.floating(np.random.default_rng(7))
    seen, labels = images(np.random.default_rng(8), network, 100), np.arange(100) % 3
    data = Dataset("", "tiny", seen, labels, seen, labels, network.metadata.class_names, "mnist")
    opened = Opened(network)
    put = Replaced(opened, 0, Matrix(torch.full((6, 20), float("nan"))), seen)
    with pytest.raises(BadInput, match="diverged"):
        list(fit(put, RunConfig(kind="float", epochs=1), data))


@pytest.mark.parametrize("make", [builders.convolutional, builders.residual])
def test_networks_of_more_than_dense_layers_are_refused(make):
    with pytest.raises(Unsupported, match="more than dense layers"):
        Opened(make(np.random.default_rng(0)))


def test_a_layer_that_is_not_there_is_refused():
    opened = Opened(builders.packed(np.random.default_rng(0)))
    assert opened.chosen(3) == 2
    for layer in (0, 4):
        with pytest.raises(BadInput, match=f"no layer {layer}"):
            opened.chosen(layer)
