"""Random networks for tests: every operation, both directions, thresholds at their extremes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from engine.bits import pack
from engine.inference.network import (
    Affine,
    Conv,
    Dense,
    FloatConv,
    FloatDense,
    FloatNetwork,
    MaxPool,
    Metadata,
    PackedNetwork,
    Threshold,
)

EXTREMES = np.array([np.iinfo(np.int32).min, np.iinfo(np.int32).max], np.int32)


def metadata(shape=(4, 5, 1), classes=3, **more):
    names = tuple(str(i) for i in range(classes))
    return Metadata(name="random", architecture="random", input_shape=shape, class_names=names, **more)


def dense(rng, inputs, outputs):
    return Dense(pack(rng.integers(0, 2, (outputs, inputs)).astype(bool)), inputs)


def conv(rng, channels, outputs, kernel=3, stride=1, padding=0):
    return Conv(pack(rng.integers(0, 2, (outputs, kernel, kernel, channels)).astype(bool)), channels, stride, padding)


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


LAYERS = ((9, 3, 1, 1, None), (70, 3, 1, 1, MaxPool()))


def convolutional(rng, shape=(6, 7, 2), layers=LAYERS, classes=3, source="u8"):
    """layers: (outputs, kernel, stride, padding, pool) each; a dense layer gives the scores."""
    about = metadata(shape, classes)
    operations, reach = [], 255 if source == "u8" else 2
    for outputs, kernel, stride, padding, pool in layers:
        operations.append(conv(rng, shape[2], outputs, kernel, stride, padding))
        operations += [pool] if pool is not None else []
        operations.append(threshold(rng, outputs, reach * kernel))
        for operation in operations[-2 - (pool is not None) :]:
            shape = operation.gives(shape)
        reach = 3
    operations += [dense(rng, int(np.prod(shape)), classes), affine(rng, classes)]
    return PackedNetwork(about, tuple(operations), source)


def floating_convolutional(rng, shape=(6, 7, 2), classes=3):
    """A strided, a padded and pooled convolution, and a dense layer."""

    def normal(*sides):
        return rng.standard_normal(sides).astype(np.float32)

    first = FloatConv(normal(4, 3, 3, shape[2]), normal(4), normal(4), True, 2, 1)
    second = FloatConv(normal(5, 5, 5, 4), normal(5), normal(5), True, 1, 2, MaxPool(2, 1))
    flat = int(np.prod(second.gives(first.gives(shape))))
    last = FloatDense(normal(classes, flat), normal(classes), relu=False)
    return FloatNetwork(metadata(shape, classes), (first, second, last))


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
    shape = network.metadata.input_shape
    if isinstance(network, PackedNetwork) and network.source == "bits":
        sides = shape if isinstance(network.operations[0], Conv) else (network.metadata.inputs,)
        return pack(rng.integers(0, 2, (batch, *sides)).astype(bool))
    return rng.integers(0, 256, (batch, *shape), dtype=np.uint8)
