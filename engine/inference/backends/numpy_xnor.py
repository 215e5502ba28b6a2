"""XNOR and popcount with numpy alone: the fastest that runs everywhere without a compiler."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words, pack
from engine.inference.backend import Activation, Kind, Ready
from engine.inference.network import Affine, Dense, Network, PackedNetwork, Threshold
from engine.inference.rules import check_images, check_operands, packed_only, scores_of, stages
from engine.inference.signed import SignedLayer

TILE = 65_536
"""Words in a tile: 512 KB of them and their counts stay in a core's second-level cache."""
DEPTH = 8
"""Words of one dot product taken in one call, where a tile is not smaller than that."""
COLUMNS = 4096
BLOCK = 256
"""Images taken through all layers together."""

Counts = NDArray[np.uint32]
Values = NDArray[Any]
"""What a layer takes: pixels u8 [B, H, W, C] or words uint64 [B, W]."""


def distances(a: Words, turned: Words) -> Counts:
    """Hamming distances uint32 [M, N] of the rows of a [M, W] from the columns of turned [W, N]."""
    if turned.shape[1] < len(a):
        # the longer side goes along the inner loop
        return _distances(np.ascontiguousarray(turned.T), np.ascontiguousarray(a.T)).T
    return _distances(a, turned)


def _distances(a: Words, turned: Words) -> Counts:
    (rows, words), columns = a.shape, turned.shape[1]
    width = max(1, min(columns, COLUMNS))
    height = max(1, min(rows, TILE // (width * DEPTH)))
    depth = max(1, min(words, TILE // (width * height), 1023))  # counts of 1023 words still add up in 16 bits
    mixed, counts = np.empty((depth, height, width), np.uint64), np.empty((depth, height, width), np.uint8)
    lines, out = np.ascontiguousarray(a.T)[:, :, None], np.zeros((rows, columns), np.uint32)
    for top in range(0, rows, height):
        for left in range(0, columns, width):
            target = out[top : top + height, left : left + width]
            for first in range(0, words, depth):
                x = lines[first : first + depth, top : top + height]
                y = turned[first : first + depth, None, left : left + width]
                part = np.s_[: len(x), : target.shape[0], : target.shape[1]]
                np.bitwise_xor(x, y, out=mixed[part])
                np.bitwise_count(mixed[part], out=counts[part])
                target += np.add.reduce(counts[part], axis=0, dtype=np.uint16)
    return out


def _agreement(distance: Counts, k: int) -> NDArray[np.int32]:
    """Sums k - 2 * distance, in the place of the distances."""
    sums: NDArray[np.int32] = distance.view(np.int32)
    sums *= -2
    sums += k
    return sums


class BitLayer:
    """One dense layer on packed signs, with the comparison after it.

    sum = k - 2 * distance, so "sum >= t" is "distance <= (k - t) / 2", rounded down. Rows whose batch-norm has
    gamma < 0 are held complemented, which turns "sum <= t" into "distance <= k - (k - t) / 2", rounded down alike.
    """

    def __init__(self, dense: Dense, after: Threshold | Affine) -> None:
        k, rows = dense.inputs, dense.weights
        up = after.at_least if isinstance(after, Threshold) else np.ones(dense.outputs, np.bool_)
        ones = pack(np.ones(k, np.bool_))
        self._inputs = k
        self._direction = np.where(up, 1, -1).astype(np.int32)
        self._turned = np.ascontiguousarray(np.where(up[:, None], rows, rows ^ ones).T)
        if isinstance(after, Threshold):
            wanted = k - after.threshold.astype(np.int64)
            reached = np.where(up, wanted // 2, k - -(-wanted // 2))
            self._below = (np.clip(reached, -1, k) + 1).astype(np.uint32)

    def sums(self, words: Words) -> NDArray[np.int32]:
        """Sums int32 [B, outputs] of signs packed in words [B, W]."""
        return _agreement(distances(words, self._turned), self._inputs) * self._direction

    def fires(self, words: Words) -> NDArray[np.bool_]:
        """Which outputs are +1, bool [B, outputs]; hidden layers only."""
        return distances(words, self._turned) < self._below


class PixelLayer(SignedLayer):
    """The first layer on 8-bit pixels u8 [B, H, W, C].

    No numpy operation on bits comes near its BLAS here: eight bit planes need eight products, each at no more than
    twice the speed of the one float product, which is as exact.
    """

    def sums(self, values: Values) -> NDArray[np.int32]:
        return super().sums(self._flat(values))

    def fires(self, values: Values) -> NDArray[np.bool_]:
        return super().fires(self._flat(values))

    def _flat(self, pixels: Values) -> Values:
        return pixels.reshape(len(pixels), self.inputs).astype(self.dtype)


class XnorProgram:
    """A packed network whose hidden and last layers run on packed bits."""

    def __init__(self, network: PackedNetwork) -> None:
        self._network = network
        self._layers: list[PixelLayer | BitLayer] = []
        for dense, after in stages(network):
            on_pixels = not self._layers and network.source == "u8"
            self._layers.append(PixelLayer(dense, after, 255) if on_pixels else BitLayer(dense, after))
            if isinstance(after, Affine):
                self._affine = after

    def scores(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Scores float32 [B, classes] of u8 [B, H, W, C] or words [B, W]. Raises BadInput."""
        check_images(self._network, images)
        scores = np.empty((len(images), self._network.classes), np.float32)
        for start in range(0, len(images), BLOCK):
            *_, (_, values) = self._values(images[start : start + BLOCK])
            scores[start : start + BLOCK] = scores_of(self._layers[-1].sums(values), self._affine)
        return scores

    def activations(self, images: NDArray[np.generic]) -> list[Activation]:
        """One Activation for each hidden layer, in order. Raises BadInput."""
        check_images(self._network, images)
        taken = list(self._values(images))
        return [Activation(layer.sums(values), given) for (layer, values), (_, given) in pairwise(taken)]

    def _values(self, images: NDArray[np.generic]) -> Iterator[tuple[PixelLayer | BitLayer, Values]]:
        """Each layer with the values it takes."""
        values: Values = images
        for layer in self._layers[:-1]:
            yield layer, values
            values = pack(layer.fires(values))
        yield self._layers[-1], values


class NumpyXnor:
    """Packed signs, xor and popcount, blocked for the cache."""

    name: ClassVar[str] = "numpy-xnor"
    kind: ClassVar[Kind] = "xnor"
    rank: ClassVar[int] = 10

    def probe(self) -> Ready:
        """Always ready: it needs numpy alone."""
        return Ready("CPU")

    def load(self, network: Network) -> XnorProgram:
        """Make a packed network ready. Raises Unsupported for a float network."""
        return XnorProgram(packed_only(network, self.name))

    def matmul(self, a: Words, w: Words, k: int) -> NDArray[np.int32]:
        """Product of +-1 matrices: a [M, W], w [N, W] of k bits -> int32 [M, N]. Raises BadInput."""
        check_operands(a, w, k)
        return _agreement(distances(a, np.ascontiguousarray(w.T)), k)


BACKEND = NumpyXnor()
