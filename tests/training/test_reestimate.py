"""Re-estimated statistics against the plain way, layer by layer in float64."""

import numpy as np
import pytest
import torch

from engine.training import layers, models
from engine.training import reestimate as reestimation
from engine.training.evaluation import finish
from engine.training.norms import EPSILON
from engine.training.reestimate import BATCH, BATCHES, reestimate, sample
from tests.training.tiny import config


@pytest.mark.parametrize("kind", ["binary", "float"])
def test_equals_statistics_over_all_images_at_once(data, kind):
    run = config(kind=kind)
    arrays = models.initial(run, (28, 28, 1), 10)
    arrays["layer1.gamma"][:] = np.linspace(-2, 2, 32)
    arrays["layer0.beta"][:] = 0.3
    images = data.train_images[:300]
    found = finish(reestimate(arrays, run, images))
    x = images.reshape(300, -1).astype(float) / (1 if kind == "binary" else 255)
    for i in range(3):
        weights = arrays[f"layer{i}.latent"].astype(float)
        sums = x @ (np.where(weights >= 0, 1.0, -1.0) if kind == "binary" else weights).T
        np.testing.assert_allclose(found[f"layer{i}.mean"], sums.mean(0), rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(found[f"layer{i}.var"], sums.var(0), rtol=1e-4, atol=1e-4)
        outputs = (sums - sums.mean(0)) / np.sqrt(sums.var(0) + EPSILON)
        outputs = outputs * arrays[f"layer{i}.gamma"] + arrays[f"layer{i}.beta"]
        x = np.where(outputs >= 0, 1.0, -1.0) if kind == "binary" else np.maximum(outputs, 0)


@pytest.mark.parametrize("kind", ["binary", "float"])
@pytest.mark.parametrize("model", ["cnn-32-64-64", "resnet-4-16x2-9x1"])
def test_of_maps_every_place_counts(data, model, kind):
    run = config(model=model, kind=kind)
    arrays = models.initial(run, (28, 28, 1), 10)
    arrays["layer1.gamma"][::2] = -1
    images = data.train_images[:150]
    found = finish(reestimate(arrays, run, images))
    network = layers.Network(found, run, torch.float64)
    x, outputs = network.inputs(images), None
    with torch.no_grad():
        for i, layer in enumerate(network.layers):
            sums = layer.sums(x)
            rows = sums.flatten(0, -2).numpy()
            np.testing.assert_allclose(found[f"layer{i}.mean"], rows.mean(0), rtol=1e-4, atol=1e-4)
            np.testing.assert_allclose(found[f"layer{i}.var"], rows.var(0), rtol=1e-4, atol=1e-4)
            outputs = layer.outputs(sums, outputs)
            x = layer.activate(outputs)


def test_of_large_maps_as_many_images_are_taken_as_there_is_room_for(data, monkeypatch):
    run = config(model="cnn-2-8-8")
    arrays = models.initial(run, (28, 28, 1), 10)
    images = data.train_images[:30]
    expected = finish(reestimate(arrays, run, images[::3]))
    monkeypatch.setattr(reestimation, "ROOM", 14 * 14 * 2 * 10)
    found = finish(reestimate(arrays, run, images))
    np.testing.assert_array_equal(found["layer2.mean"], expected["layer2.mean"])
    assert finish(reestimate(arrays, run, images[:0])).keys() == found.keys()


def test_the_given_arrays_stay_and_the_rest_is_handed_on(data):
    run = config(output="bias")
    arrays = models.initial(run, (28, 28, 1), 10)
    before = {name: array.copy() for name, array in arrays.items()}
    found = finish(reestimate(arrays, run, data.train_images[:130]))
    assert found.keys() == arrays.keys()
    for name, array in before.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert name.endswith(("mean", "var")) or found[name] is arrays[name]


def test_the_sample_repeats_and_is_of_distinct_images():
    images = np.arange(10_000, dtype=np.uint32).view(np.uint8).reshape(10_000, 2, 2, 1)
    chosen = sample(images, seed=5)
    assert len(chosen) == BATCH * BATCHES == len(np.unique(chosen.reshape(-1, 4), axis=0))
    np.testing.assert_array_equal(chosen, sample(images, seed=5))
    assert not np.array_equal(chosen, sample(images, seed=6))
    assert len(sample(images[:50], seed=5)) == 50
