"""XNOR and popcount with numpy alone: the fastest that runs everywhere without a compiler."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words, pack, unpack
from engine.inference.backend import Backend, Convolver, Kind, Multiplier, Ready
from engine.inference.layered import LayeredProgram
from engine.inference.maps import max_pool, patches, pool_signs
from engine.inference.network import Conv, Network, PackedNetwork, Product, Shape, Threshold
from engine.inference.rules import (
    Stage,
    check_maps,
    check_operand,
    convolution,
    given,
    packed_only,
)

TILE = 65_536
"""Words in a tile: 512 KB of them and their counts stay in a core's second-level cache."""
DEPTH = 8
"""Words of one dot product taken in one call, where a tile is not smaller than that."""
COLUMNS = 4096
BLOCK = 256
"""Images taken through all layers together, at most."""

Counts = NDArray[np.uint32]
Values = NDArray[Any]
"""What a layer takes: pixels u8 [B, H, W, C], octets of signs u8 [B, H, W, C/8] or words uint64 [B, W]."""


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
    """One dense layer or convolution on packed signs, pooled, with the comparison after it.

    sum = k - 2 * distance, so "sum >= t" is "distance <= (k - t) / 2", rounded down. Rows whose batch-norm has
    gamma < 0 are held complemented, which turns "sum <= t" into "distance <= k - (k - t) / 2", rounded down alike.
    """

    def __init__(self, stage: Stage) -> None:
        k, rows, ones = stage.product.inputs, *_rows(stage.product)
        self.stage = stage
        self._inputs = k
        self._direction = np.where(stage.rising, 1, -1).astype(np.int32)
        self._turned = np.ascontiguousarray(np.where(stage.rising[:, None], rows, rows ^ ones).T)
        if isinstance(stage.after, Threshold):
            wanted = k - stage.after.threshold.astype(np.int64)
            reached = np.where(stage.rising, wanted // 2, k - -(-wanted // 2))
            self._below = (np.clip(reached, -1, k) + 1).astype(np.uint32)

    def takes(self, positive: NDArray[np.bool_]) -> Values:
        """Signs bool [B, …] as this layer takes them: words [B, W], or for a convolution octets [B, H, W, C/8]."""
        count, product = len(positive), self.stage.product
        if isinstance(product, Conv):
            return np.packbits(positive.reshape(count, *self.stage.takes), axis=-1, bitorder="little")
        return pack(positive.reshape(count, product.inputs))

    def sums(self, values: Values) -> NDArray[np.int32]:
        """Sums int32 [B, *stage.gives], pooled."""
        sums = self._mapped(_agreement(self._distances(values), self._inputs) * self._direction, len(values))
        return sums if self.stage.pool is None else max_pool(sums, self.stage.pool)

    def fires(self, values: Values) -> NDArray[np.bool_]:
        """Which outputs are +1, bool [B, *stage.gives]; only with a Threshold."""
        fires = self._mapped(self._distances(values) < self._below, len(values))
        return fires if self.stage.pool is None else pool_signs(fires, self.stage.pool, self.stage.rising)

    def _distances(self, values: Values) -> Counts:
        """uint32 [rows, outputs], a row an image or a place of its map."""
        product = self.stage.product
        if isinstance(product, Conv):
            seen = patches(values, product.kernel, product.stride, product.padding, beyond=0)
            values = _in_words(seen.reshape(-1, seen.shape[-1]))
        return distances(values, self._turned)

    def _mapped(self, rows: Values, count: int) -> Values:
        """Rows [rows, outputs] put back into their images' maps."""
        product = self.stage.product
        if not isinstance(product, Conv):
            return rows
        return np.ascontiguousarray(rows).reshape(count, *product.gives(self.stage.takes))


def _rows(product: Product) -> tuple[Words, Words]:
    """The weights in words [outputs, W], and the one row [W] of which every bit that counts is set.

    A patch of a map is whole octets, so that a convolution's rows are octets for each place of the kernel.
    """
    if not isinstance(product, Conv):
        return product.weights, pack(np.ones(product.inputs, np.bool_))
    signs = unpack(product.weights, product.channels)
    octets = (np.packbits(bits, axis=-1, bitorder="little") for bits in (signs, np.ones_like(signs[:1])))
    rows, ones = (_in_words(each.reshape(len(each), -1)) for each in octets)
    return rows, ones[0]


def _in_words(octets: NDArray[np.uint8]) -> Words:
    """Octets [rows, n] in words [rows, ceil(n/8)], zeros at the end."""
    missing = -octets.shape[1] % 8
    if missing:
        octets = np.concatenate([octets, np.zeros((len(octets), missing), np.uint8)], axis=1)
    return octets.view("<u8").astype(np.uint64, copy=False)


class XnorProgram(LayeredProgram):
    """A packed network whose hidden and last layers run on packed bits."""

    def __init__(self, network: PackedNetwork) -> None:
        super().__init__(network, BitLayer, BLOCK)


class NumpyXnor(Backend):
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

    def multiplier(self, w: Words, k: int) -> Multiplier:
        """Turn the weights w [N, W] of k bits, so that outputs lie side by side. Raises BadInput."""
        check_operand(w, k)
        turned = np.ascontiguousarray(w.T)

        def multiply(a: Words, out: NDArray[np.int32] | None = None) -> NDArray[np.int32]:
            check_operand(a, k)
            return given(_agreement(distances(a, turned), k), out)

        return multiply

    def convolver(self, conv: Conv, after: Threshold, shape: Shape) -> Convolver:
        """Put a convolution's weights in rows of octets. Raises BadInput."""
        layer = BitLayer(convolution(conv, after, shape))

        def convolve(maps: Words, out: Words | None = None) -> Words:
            check_maps(maps, shape)
            return given(pack(layer.fires(layer.takes(unpack(maps, conv.channels)))), out)

        return convolve


BACKEND = NumpyXnor()
