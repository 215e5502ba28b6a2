"""The network for digits in every form: it learns, is counted in bits, and reads with whole statistics."""

import numpy as np
import pytest
import torch

from engine import messages as m
from engine.config import RunConfig
from engine.tensortrain.messages import FAMILIES, Point, RunDigits
from engine.tensortrain.modes import Modes
from engine.training.compression import initial
from engine.training.compression.digits import trained
from engine.training.compression.network import SIDE, HiddenLayerNetwork

SMALL = RunDigits(ranks=(2,), epochs=4)


@pytest.fixture(scope="module")
def points():
    """Every family once, on 600 digits."""
    from engine import datasets

    whole = datasets.load("mnist")
    parts = whole.train_images[:600].copy(), whole.train_labels[:600].copy(), whole.test_images[:300].copy()
    small = datasets.Dataset("", "", *parts, whole.test_labels[:300].copy(), whole.class_names, "mnist")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "load", lambda name: small)  # noqa: ARG005 - whatever it is called
        events = list(trained(SMALL))
    shares = [event.share for event in events if isinstance(event, m.Progress) and event.share is not None]
    assert shares == sorted(shares)
    return {event.family: event for event in events if isinstance(event, Point)}


def test_every_family_is_trained_and_learns(points):
    assert list(points) == list(FAMILIES)
    for family, point in points.items():
        assert point.accuracy > 0.25, points
        assert point.rank == (0 if family in ("dense", "bnn") else 2)


def test_bits_are_those_that_would_be_stored(points):
    train, wide = 2 * 16 * 2 + 3 * 16 * 4, 1024 * 1024
    assert {family: point.parameters for family, point in points.items()} == {
        "dense": wide, "tensor-train": train, "low-rank": 4096, "hashed": train, "bnn": wide, "bnn-tensor-train": train,
    }  # fmt: skip
    scoring, packed = 32 * (10 * 1024 + 10), 10 * 1024 + 64 * 10
    assert points["dense"].network_bits == 32 * (wide + 1024) + scoring
    assert points["low-rank"].network_bits == 32 * (4096 + 1024) + scoring
    assert points["tensor-train"].network_bits == 32 * (train + 2 * 1024) + scoring
    assert points["bnn"].network_bits == wide + 33 * 1024 + packed
    assert points["bnn-tensor-train"].network_bits == train + 33 * 1024 + packed
    assert points["bnn-tensor-train"].layer_bits == train


def network(rng, kind):
    config = RunConfig(kind=kind)
    binary = config.binary_weights
    layout = Modes((4,) * 5, (4,) * 5)
    hidden = initial.train(rng, layout, layout.bonds([2]), (1024, 1024), 1e-3, binary=binary)
    return HiddenLayerNetwork(hidden, initial.matrix(rng, 10, 1024, 1e-3, binary=binary), config)


@pytest.mark.parametrize("kind", ["float", "binary"])
def test_statistics_taken_anew_are_those_of_the_images(kind):
    rng = np.random.default_rng(0)
    made, images = network(rng, kind), rng.integers(0, 256, (300, 28, 28, 1), np.uint8)
    made.estimate(images)
    with torch.no_grad():
        scores = made.scores(images).double()
        features = made._features(images, training=False)
    torch.testing.assert_close(scores.mean(0), torch.zeros(10).double(), atol=1e-4, rtol=0)
    torch.testing.assert_close(scores.var(0, unbiased=False), torch.ones(10).double(), atol=1e-2, rtol=0)
    assert set(features.unique().tolist()) == {-1.0, 1.0} if kind == "binary" else features.min() == 0


def test_images_are_padded_on_every_side_and_binary_networks_see_bits():
    images = np.full((1, 28, 28, 1), 200, np.uint8)
    for kind, inside, outside in (("float", np.float32(200) / np.float32(255), 0.0), ("binary", 1.0, -1.0)):
        seen = network(np.random.default_rng(0), kind)._inputs(images).reshape(SIDE, SIDE).numpy()
        assert np.all(seen[2:30, 2:30] == inside)
        assert np.count_nonzero(seen == outside) == 32 * 32 - 28 * 28
