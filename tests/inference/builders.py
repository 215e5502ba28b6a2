"""Random networks for tests: every operation, both directions, thresholds at their extremes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from engine.bits import pack
from engine.inference.network import Affine, Dense, FloatDense, FloatNetwork, Metadata, PackedNetwork, Threshold

EXTREMES = np.array([np.iinfo(np.int32).min, np.iinfo(np.int32).max], np.int32)


def metadata(shape=(4, 5, 1), classes=3, **more):
    names = tuple(str(i) for i in range(classes))
    return Metadata(name="random", architecture="random", input_shape=shape, class_names=names, **more)


def dense(rng, inputs, outputs):
    return Dense(pack(rng.integers(0, 2, (outputs, inputs)).astype(bool)), inputs)


def threshold(rng, outputs, reach):
    """Thresholds within reach, on the parity that ties, both directions, and some that every or no sum meets."""
    values = rng.integers(-reach, reach + 1, outputs).astype(np.int32)
    extreme = rng.random(outputs) < 0.2
    values[extreme] = rng.choice(EXTREMES, int(extreme.sum()))
    return Threshold(values, rng.random(outputs) < 0.5)


def affine(rng, outputs, bias_only=False):
    scale = rng.standard_normal(outputs).astype(np.float32)
    if bias_only:
        scale = np.full(outputs, 0.37, np.float32)
    return Affine(scale, rng.standard_normal(outputs).astype(np.float32))


def packed(rng, shape=(4, 5, 1), hidden=(9, 70), classes=3, source="u8", bias_only=False):
    about = metadata(shape, classes)
    operations, width, reach = [], about.inputs, 255 if source == "u8" else 2
    for outputs in hidden:
        operations += [dense(rng, width, outputs), threshold(rng, outputs, reach)]
        width, reach = outputs, 4
    operations += [dense(rng, width, classes), affine(rng, classes, bias_only)]
    return PackedNetwork(about, tuple(operations), source)


def floating(rng, shape=(4, 5, 1), hidden=(6,), classes=3):
    about = metadata(shape, classes)
    widths = [about.inputs, *hidden, classes]
    layers = [
        FloatDense(
            rng.standard_normal((after, before)).astype(np.float32),
            rng.standard_normal(after).astype(np.float32),
            relu=i < len(hidden),
        )
        for i, (before, after) in enumerate(pairwise(widths))
    ]
    return FloatNetwork(about, tuple(layers))


def inputs(rng, network, batch):
    """Random images, or words, that the network takes."""
    if isinstance(network, PackedNetwork) and network.source == "bits":
        return pack(rng.integers(0, 2, (batch, network.metadata.inputs)).astype(bool))
    return rng.integers(0, 256, (batch, *network.metadata.input_shape), dtype=np.uint8)
