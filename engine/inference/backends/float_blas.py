"""The same network in float32 through numpy's BLAS, and networks whose weights are floats to begin with."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words, pack, unpack
from engine.inference.backend import Activation, Backend, Convolver, Kind, Multiplier, Program, Ready
from engine.inference.layered import LayeredProgram
from engine.inference.maps import convolve, max_pool
from engine.inference.network import (
    Conv,
    FloatConv,
    FloatDense,
    FloatNetwork,
    Network,
    PackedNetwork,
    Shape,
    Threshold,
)
from engine.inference.rules import (
    check_images,
    check_maps,
    check_operand,
    convolution,
    given,
    images_together,
)
from engine.inference.signed import Floats, SignedLayer, sign_floats

BLOCK = 512
"""Images taken through all layers together, at most."""


class SignedProgram(LayeredProgram):
    """A packed network as float products of +-1. Exact: see SignedLayer."""

    def __init__(self, network: PackedNetwork) -> None:
        super().__init__(network, SignedLayer, BLOCK)


class FloatProgram(Program):
    """A float network: pixels scaled to 0..1, products in float32, pooling, bias, shortcut, rectifier."""

    def __init__(self, network: FloatNetwork) -> None:
        self._network = network
        self._block = images_together(network, BLOCK)

    def scores(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Scores float32 [B, classes] of u8 [B, H, W, C]. Raises BadInput."""
        check_images(self._network, images)
        scores = np.empty((len(images), self._network.classes), np.float32)
        for start in range(0, len(images), self._block):
            values = images[start : start + self._block].astype(np.float32) / np.float32(255)
            before = values
            for layer in self._network.operations:
                made = _convolved(layer, values) if isinstance(layer, FloatConv) else _dense(layer, values)
                before = before + made if layer.shortcut else made
                values = np.maximum(before, 0) if layer.relu else before
            scores[start : start + self._block] = values
        return scores

    def activations(self, images: NDArray[np.generic]) -> list[Activation]:
        """None: a float network has no signs."""
        check_images(self._network, images)
        return []


def _dense(layer: FloatDense, values: NDArray[np.float32]) -> NDArray[np.float32]:
    product: NDArray[np.float32] = values.reshape(len(values), layer.inputs) @ layer.weight.T + layer.bias
    return product


def _convolved(layer: FloatConv, maps: NDArray[np.float32]) -> NDArray[np.float32]:
    sums = convolve(maps, layer.weight.reshape(layer.outputs, layer.inputs), layer, beyond=0)
    if layer.pool is not None:
        sums = max_pool(sums, layer.pool)
    scaled: NDArray[np.float32] = sums * layer.scale + layer.bias
    return scaled


class FloatBlas(Backend):
    """Ordinary float32 arithmetic, the side that XNOR is compared with."""

    name: ClassVar[str] = "float-blas"
    kind: ClassVar[Kind] = "float"
    rank: ClassVar[int] = 10

    def probe(self) -> Ready:
        """Always ready: numpy brings its BLAS."""
        return Ready("CPU")

    def load(self, network: Network) -> Program:
        """Make a packed or a float network ready."""
        return FloatProgram(network) if isinstance(network, FloatNetwork) else SignedProgram(network)

    def multiplier(self, w: Words, k: int) -> Multiplier:
        """Turn the weights w [N, W] of k bits into floats. Raises BadInput."""
        check_operand(w, k)
        right = sign_matrix(w, k)

        def multiply(a: Words, out: NDArray[np.int32] | None = None) -> NDArray[np.int32]:
            check_operand(a, k)
            return given((sign_matrix(a, k) @ right.T).astype(np.int32), out)

        return multiply

    def convolver(self, conv: Conv, after: Threshold, shape: Shape) -> Convolver:
        """Turn a convolution's weights into floats. Raises BadInput."""
        layer = SignedLayer(convolution(conv, after, shape))

        def convolve(maps: Words, out: Words | None = None) -> Words:
            check_maps(maps, shape)
            return given(pack(layer.fires(sign_floats(unpack(maps, conv.channels), layer.dtype))), out)

        return convolve


def sign_matrix(words: Words, k: int) -> Floats:
    """Words of k bits as +-1 in a floating type in which sums of k terms are exact."""
    return sign_floats(unpack(words, k), np.dtype(np.float32 if k < 2**24 else np.float64))


BACKEND = FloatBlas()
