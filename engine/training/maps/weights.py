"""The signs of a layer's weights as its products want them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine import bits
from engine.jit.layout import aligned, whole
from engine.jit.training.maps import PAIR
from engine.training.maps.geometry import Geometry

BLOCK, WORDS_BLOCK = 16, 8
"""Outputs of a block of weights: where they are numbers, and where words of signs (jit.depth)."""
UNIT = 4
"""Pixels that a product takes at once."""
WORD_BYTES = 8


class Weights:
    """Of one layer.

    Attributes:
        forward: what sums are made with: uint64 [blocks][down * units][WORDS_BLOCK], or of pixels int32
            [blocks][down * units][BLOCK] of four negated signs each. base: int32 [wide], what those are taken from.
        backward: the same for the gradient's way back, its window turned over, int32 [blocks][...][BLOCK] of two
            negated signs as 16 bits each, for `entries` results; of no use to a layer on pixels. none: zeros.
    """

    def __init__(self, g: Geometry) -> None:
        self._g = g
        run = g.across * g.place_bytes
        self.units = whole(run, UNIT) // UNIT if g.on_pixels else run // WORD_BYTES
        block, kind = (BLOCK, np.int32) if g.on_pixels else (WORDS_BLOCK, np.uint64)
        self.forward: NDArray[Any] = aligned((g.wide // block, g.down * self.units, block), kind)
        self.base: NDArray[np.int32] = aligned((g.wide,), np.int32)
        self.base[:] = 0 if g.on_pixels else g.inputs
        self.entries = 0 if g.on_pixels else g.deep * (g.height * g.width if g.dense else 1)
        self.depth = g.wide * (1 if g.dense else g.down * g.across)
        self.backward: NDArray[np.int32] = aligned((self.entries // BLOCK, self.depth // PAIR, BLOCK), np.int32)
        self.none: NDArray[np.int32] = aligned((self.entries,), np.int32)

    def take(self, latents: NDArray[np.float32]) -> None:
        """The signs of latents [outputs, inputs]."""
        g = self._g
        positive = (latents >= 0).reshape(g.outputs, g.down, g.across, g.channels)
        if g.on_pixels:
            rows = np.zeros((g.wide, g.down, self.units * UNIT), np.int8)
            rows[: g.outputs, :, : g.across * g.channels] = _negated(positive).reshape(g.outputs, g.down, -1)
            _block(rows.reshape(g.wide, -1).view(np.int32), self.forward)
            return
        words = np.zeros((g.wide, g.down * self.units), np.uint64)
        words[: g.outputs] = bits.pack(positive).reshape(g.outputs, -1)
        _block(words, self.forward)
        self._turn(_negated(positive))

    def _turn(self, negated: NDArray[np.int8]) -> None:
        """Rows of what came in, where the forward ones are of outputs."""
        g = self._g
        padded = np.zeros((g.wide, g.down, g.across, g.deep), np.int16)
        padded[: g.outputs, :, :, : g.channels] = negated
        rows = transposed(padded.reshape(g.wide, -1))
        if not g.dense:
            taps = rows.reshape(g.down * g.across, g.deep, g.wide)[::-1]
            rows = np.ascontiguousarray(taps.transpose(1, 0, 2))
        _block(rows.reshape(self.entries, self.depth).view(np.int32), self.backward)


def transposed(rows: NDArray[Any]) -> NDArray[Any]:
    """Rows [N, D] as [D, N], in order: torch does that in blocks that stay in a near cache, numpy number by number."""
    turned: NDArray[Any] = torch.from_numpy(rows).t().clone(memory_format=torch.contiguous_format).numpy()
    return turned


def _negated(positive: NDArray[np.bool_]) -> NDArray[np.int8]:
    """-1 for +1, and 1 for -1."""
    return 1 - 2 * positive.view(np.int8)


def _block(rows: NDArray[Any], into: NDArray[Any]) -> None:
    """Rows [N, D] as blocks [N / block, D, block] of them."""
    into[...] = rows.reshape(into.shape[0], into.shape[2], into.shape[1]).transpose(0, 2, 1)
