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
    Shortcut,
    Sign,
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


TINY, HUGE = np.finfo(np.float32).smallest_subnormal, np.finfo(np.float32).max
ODD = np.array([0.0, -0.0, TINY, -TINY, 1e-38, 2**-24, 0.1, -1.0, 1.0, 1e30, HUGE, -HUGE], np.float32)
"""Scales and shifts at which float32 does what is easily got wrong: zeros of both signs, subnormals, overflow."""


def odd(rng, outputs):
    return Affine(rng.choice(ODD, outputs), rng.choice(ODD, outputs))


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


BLOCKS = (
    (12, 3, 1, 1, MaxPool(), "value"),
    (12, 3, 1, 1, None, "shortcut"),
    (20, 1, 1, 0, None, "threshold"),
    (12, 3, 1, 1, None, "shortcut"),
)


def residual(rng, shape=(6, 7, 2), layers=BLOCKS, dense_layers=(), classes=3, source="u8", after=affine):
    """layers: as in `convolutional`, and what follows each; dense_layers: (outputs, what follows) each.

    A "shortcut" begins a value where none of its shape is there. after: makes scales and shifts, as `affine` does.
    """
    about, operations, value = metadata(shape, classes), [], None
    reach = 255 if source == "u8" else 2

    def follow(what, outputs):
        nonlocal value, reach
        if what == "threshold":
            operations.append(threshold(rng, outputs, reach * 3))
        else:
            made = after(rng, outputs)
            kind = Shortcut if what == "shortcut" and value == shape else Affine
            operations.extend([kind(made.scale, made.shift), Sign()])
            value = shape
        reach = 3

    for outputs, kernel, stride, padding, pool, what in layers:
        operations.append(conv(rng, shape[2], outputs, kernel, stride, padding))
        shape = operations[-1].gives(shape)
        if pool is not None:
            operations.append(pool)
            shape = pool.gives(shape)
        follow(what, outputs)
    for outputs, what in dense_layers:
        operations.append(dense(rng, int(np.prod(shape)), outputs))
        shape = (outputs,)
        follow(what, outputs)
    operations += [dense(rng, int(np.prod(shape)), classes), affine(rng, classes)]
    return PackedNetwork(about, tuple(operations), source)


def _normal(rng, *sides):
    return rng.standard_normal(sides).astype(np.float32)


def floating_convolutional(rng, shape=(6, 7, 2), classes=3):
    """A strided, a padded and pooled convolution, and a dense layer."""
    first = FloatConv(_normal(rng, 4, 3, 3, shape[2]), _normal(rng, 4), _normal(rng, 4), True, 2, 1)
    second = FloatConv(_normal(rng, 5, 5, 5, 4), _normal(rng, 5), _normal(rng, 5), True, 1, 2, MaxPool(2, 1))
    flat = int(np.prod(second.gives(first.gives(shape))))
    last = FloatDense(_normal(rng, classes, flat), _normal(rng, classes), relu=False)
    return FloatNetwork(metadata(shape, classes), (first, second, last))


def floating_residual(rng, shape=(3, 4, 2), classes=3):
    """A convolution and a dense layer, each with another of its shape that is added to it."""
    first, added = (
        FloatConv(_normal(rng, 5, 3, 3, channels), _normal(rng, 5), _normal(rng, 5), True, 1, 1, None, shortcut)
        for channels, shortcut in ((shape[2], False), (5, True))
    )
    dense, last = (
        FloatDense(_normal(rng, classes, inputs), _normal(rng, classes), relu, shortcut)
        for inputs, relu, shortcut in ((5 * shape[0] * shape[1], True, False), (classes, False, True))
    )
    return FloatNetwork(metadata(shape, classes), (first, added, dense, last))


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
