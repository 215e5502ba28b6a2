"""The oracle: signs unpacked to +-1, integer matrix products, comparisons. Plain and obvious, never fast."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words, pack, unpack
from engine.inference.backend import Activation, Backend, Convolver, Kind, Multiplier, Program, Ready
from engine.inference.network import Conv, Dense, MaxPool, Network, PackedNetwork, Product, Shape, Threshold
from engine.inference.rules import (
    Floats,
    Stage,
    check_images,
    check_maps,
    check_operand,
    convolution,
    given,
    packed_only,
    signs_of,
    stages,
    value_of,
)

Integers = NDArray[np.int32]


class NaiveProgram(Program):
    """Runs a packed network one operation after the other, as their definitions read."""

    def __init__(self, network: PackedNetwork) -> None:
        self._network = network
        self._stages = [(stage, _weights(stage.product)) for stage in stages(network)]

    def scores(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Scores float32 [B, classes] of u8 [B, H, W, C] or words. Raises BadInput."""
        *_, last = self._layers(images)
        assert last.value is not None
        return last.value

    def activations(self, images: NDArray[np.generic]) -> list[Activation]:
        """One Activation for each hidden layer, in order. Raises BadInput."""
        *hidden, _ = self._layers(images)
        return hidden

    def _layers(self, images: NDArray[np.generic]) -> Iterator[Activation]:
        """What each layer makes; the value of the last one is the scores."""
        check_images(self._network, images)
        inputs, beyond = self._inputs(images), 0 if self._network.source == "u8" else -1
        value: Floats | None = None
        for stage, weights in self._stages:
            sums = _sums(stage, inputs, weights, beyond)
            if isinstance(stage.after, Threshold):
                fires = _fires(sums, stage.after)
                yield Activation(sums, pack(fires))
            else:
                value = value_of(sums, stage.after, value)
                fires = signs_of(value)
                yield Activation(sums, pack(fires), value)
            inputs, beyond = _plus_minus(fires), -1

    def _inputs(self, images: NDArray[np.generic]) -> Integers:
        """The images' values, int32 [B, H, W, C], or [B, inputs] of words for a dense layer."""
        if self._network.source == "u8":
            return images.astype(np.int32)
        return _signs(images.astype(np.uint64, copy=False), _bits_of(self._stages[0][0].product))


class Naive(Backend):
    """The definition that every other backend is held against."""

    name: ClassVar[str] = "naive"
    kind: ClassVar[Kind] = "oracle"
    rank: ClassVar[int] = 0

    def probe(self) -> Ready:
        """Always ready: it needs numpy alone."""
        return Ready("CPU")

    def load(self, network: Network) -> NaiveProgram:
        """Make a packed network ready. Raises Unsupported for a float network."""
        return NaiveProgram(packed_only(network, self.name))

    def multiplier(self, w: Words, k: int) -> Multiplier:
        """Unpack the weights w [N, W] of k bits. Raises BadInput."""
        check_operand(w, k)
        weights = _signs(w, k)

        def multiply(a: Words, out: Integers | None = None) -> Integers:
            check_operand(a, k)
            return given(_product(_signs(a, k), weights), out)

        return multiply

    def convolver(self, conv: Conv, after: Threshold, shape: Shape) -> Convolver:
        """Unpack a convolution's weights. Raises BadInput."""
        convolution(conv, after, shape)
        weights = _weights(conv)

        def convolve(maps: Words, out: Words | None = None) -> Words:
            check_maps(maps, shape)
            sums = _convolution(_signs(maps, conv.channels), weights, conv, -1)
            return given(pack(_fires(sums, after)), out)

        return convolve


def _weights(product: Product) -> Integers:
    """+-1: [outputs, inputs] of a dense layer, [outputs, kernel, kernel, channels] of a convolution."""
    return _signs(product.weights, _bits_of(product))


def _bits_of(product: Product) -> int:
    """Bits of one packed row of a layer's weights."""
    return product.inputs if isinstance(product, Dense) else product.channels


def _signs(words: Words, bits: int) -> Integers:
    return _plus_minus(unpack(words, bits))


def _plus_minus(positive: NDArray[np.bool_]) -> Integers:
    signs: Integers = positive.astype(np.int32)
    signs *= 2
    signs -= 1
    return signs


def _sums(stage: Stage, values: Integers, weights: Integers, beyond: int) -> Integers:
    """A layer's sums, pooled. beyond: the value of the padding."""
    if isinstance(stage.product, Conv):
        sums = _convolution(values, weights, stage.product, beyond)
    else:
        sums = _product(values.reshape(len(values), stage.product.inputs), weights)
    return sums if stage.pool is None else _max_pool(sums, stage.pool)


def _product(values: Integers, weights: Integers) -> Integers:
    products: Integers = np.einsum("bi,oi->bo", values, weights)
    return products


def _convolution(maps: Integers, weights: Integers, conv: Conv, beyond: int) -> Integers:
    """Sums [B, H', W', outputs] of maps [B, H, W, C]; beyond: the value of the padding."""
    sides = (conv.padding, conv.padding)
    padded = np.pad(maps, ((0, 0), sides, sides, (0, 0)), constant_values=beyond)
    height, width = ((side - conv.kernel) // conv.stride + 1 for side in padded.shape[1:3])
    sums = np.zeros((len(maps), height, width, conv.outputs), np.int32)
    for y in range(height):
        for x in range(width):
            top, left = y * conv.stride, x * conv.stride
            window = padded[:, top : top + conv.kernel, left : left + conv.kernel]
            sums[:, y, x] = _product(window.reshape(len(maps), conv.inputs), weights.reshape(-1, conv.inputs))
    return sums


def _max_pool(sums: Integers, pool: MaxPool) -> Integers:
    height, width = ((side - pool.size) // pool.stride + 1 for side in sums.shape[1:3])
    pooled = np.empty((len(sums), height, width, sums.shape[3]), np.int32)
    for y in range(height):
        for x in range(width):
            top, left = y * pool.stride, x * pool.stride
            pooled[:, y, x] = sums[:, top : top + pool.size, left : left + pool.size].max(axis=(1, 2))
    return pooled


def _fires(sums: Integers, after: Threshold) -> NDArray[np.bool_]:
    return np.where(after.at_least, sums >= after.threshold, sums <= after.threshold)


BACKEND = Naive()
