"""The signs of a layer's weights as its products want them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import bits
from engine.jit.layout import aligned, whole
from engine.jit.record import Record, filled
from engine.jit.target import host
from engine.jit.training import kernels, tiles, turned
from engine.jit.training.maps import PAIR
from engine.jit.training.shape import GROUP, shape_for
from engine.training.maps.geometry import Geometry
from engine.training.native.programs import at
from engine.training.native.together import Call

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
        backward: the same for the gradient's way back, its window turned over, int32 [blocks][down][...][BLOCK] of
            negated signs: two of 16 bits in each, or where products are `tiled` four of 8, with zeros behind every
            line up to a whole operand; for `entries` results, of no use to a layer on pixels. none: zeros.
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
        lines, rows = (1, 1) if g.dense else (g.down, g.across)
        self.depth = g.wide * lines * rows
        shape = shape_for(host())
        self.tiled = shape is not None and shape.tiled
        self._beside = GROUP if self.tiled else PAIR
        line = whole(rows * g.wide, tiles.LINE if self.tiled else PAIR) // self._beside
        self.backward: NDArray[np.int32] = aligned((self.entries // BLOCK, lines, line, BLOCK), np.int32)
        self.none: NDArray[np.int32] = aligned((self.entries,), np.int32)
        self._turning = Call(self._turned())

    def take(self, latents: NDArray[np.float32]) -> None:
        """The signs of latents, in order [outputs, inputs]."""
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
        self._turning.record[turned.FIELDS.index("source")] = at(latents)
        self._turning()

    def _turned(self) -> Record:
        """The call that makes rows of what came in, where the forward ones are of outputs."""
        g, made = self._g, self.backward
        block, line, unit, _ = made.strides
        row = g.wide // self._beside * unit
        if g.dense:
            target, row = at(made), g.deep // BLOCK * block
            line = g.across * row
        else:
            target, line, row = at(made) + (g.down - 1) * line + (g.across - 1) * row, -line, -row
        return filled(
            turned.FIELDS, kernel=kernels.address("map-turned"), target=target, outputs=g.outputs, lines=g.down,
            rows=g.across, channels=g.channels, target_line=line, target_row=row, block_step=block,
        )  # fmt: skip


def _negated(positive: NDArray[np.bool_]) -> NDArray[np.int8]:
    """-1 for +1, and 1 for -1."""
    return 1 - 2 * positive.view(np.int8)


def _block(rows: NDArray[Any], into: NDArray[Any]) -> None:
    """Rows [N, D] as blocks [N / block, D, block] of them."""
    into[...] = rows.reshape(into.shape[0], into.shape[2], into.shape[1]).transpose(0, 2, 1)
