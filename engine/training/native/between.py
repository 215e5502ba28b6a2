"""What lies between the layers during a step of so many images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.bits import words_for
from engine.jit.layout import aligned, whole
from engine.jit.training.panels import OCTET
from engine.jit.training.shape import PANEL, WORD
from engine.training.native.layer import octets
from engine.training.native.layout import Float32

TILE = 8
"""Rows are a whole number of these, and so of every kernel's tile."""
BLOCK = 32
"""What tile registers read at once is a whole number of these rows."""


class Signs:
    """Bits that come into a layer, in `runs` runs: of two, what is dropped is +1 in the first and -1 in the second.

    Attributes:
        words: uint64 [runs, rows, words]. octets: u8 [runs, columns / 8, rows]. kept: u8 [columns / 8, rows], which
            are not dropped.
    """

    def __init__(self, columns: int, rows: int, runs: int) -> None:
        self.words: NDArray[np.uint64] = aligned((runs, rows, words_for(columns)), np.uint64)
        self.octets: NDArray[np.uint8] = aligned((runs, octets(columns), rows), np.uint8)
        self.kept: NDArray[np.uint8] = aligned((octets(columns), rows), np.uint8)
        self.kept.fill(0xFF)

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Drop others [B, columns]."""
        dropped = np.packbits(~kept, axis=1, bitorder="little")
        self.kept[: dropped.shape[1], : len(kept)] = ~dropped.T

    def put(self, positive: NDArray[np.bool_]) -> None:
        """Take signs [B, columns] in as they come from outside."""
        images = len(positive)
        packed = np.packbits(positive, axis=1, bitorder="little")
        kept = self.kept[: packed.shape[1], :images].T
        for run, signs in enumerate((packed | ~kept, packed & kept)[: len(self.words)]):
            self.words[run].view(np.uint8)[:images, : packed.shape[1]] = signs
            self.octets[run, : packed.shape[1], :images] = signs.T


class Pixels:
    """Pixels that come into the first layer, u8 [rows, columns to whole words].

    weights: of that layer as bytes, int8 [outputs, columns to whole panels].
    """

    def __init__(self, columns: int, rows: int, outputs: int) -> None:
        self.values: NDArray[np.uint8] = aligned((rows, whole(columns, WORD)), np.uint8)
        self.weights: NDArray[np.int8] = aligned((outputs, whole(columns, PANEL)), np.int8)
        self._kept: NDArray[np.bool_] | None = None

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Drop others [B, columns] of the next that are put in."""
        self._kept = kept

    def put(self, pixels: NDArray[np.uint8]) -> None:
        """Take pixels [B, columns] in, 0 where they are dropped."""
        images, width = pixels.shape
        self.values[:images, :width] = pixels if self._kept is None else pixels * self._kept
        self._kept = None


class Sums:
    """What a layer makes of its inputs, and the gradients of that.

    Attributes:
        values: int32 [runs, rows, outputs and a line more, for strides of whole pages would be slow].
        base: int32 [outputs], what the products begin at.
        gradients: float32 [panels, rows, PANEL]. by_output: int8, or int16 of pixels, a row of bytes for each output.
        by_row: int8 [rows, outputs], with zeros behind and rows below for what tile registers take in. column_sums,
        row_sums (int32), column_scales, row_scales (float32): of these two.
        largest: float32 [workers, rows, OCTET]. flips: int64 [workers, 8], the first of each.
    """

    def __init__(self, outputs: int, rows: int, runs: int, base: int, workers: int) -> None:
        self.values: NDArray[np.int32] = aligned((runs, rows, outputs + PANEL), np.int32)
        self.base: NDArray[np.int32] = aligned((outputs,), np.int32)
        self.base.fill(base)
        self.gradients: Float32 = aligned((outputs // PANEL, rows, PANEL), np.float32)
        self.by_output: NDArray[np.uint8] = aligned((outputs, 2 * rows + PANEL), np.uint8)
        self.by_row: NDArray[np.int8] = aligned((whole(rows, BLOCK), outputs + WORD), np.int8)
        self.column_sums: NDArray[np.int32] = aligned((outputs,), np.int32)
        self.row_sums: NDArray[np.int32] = aligned((rows,), np.int32)
        self.column_scales, self.row_scales = aligned((outputs,), np.float32), aligned((rows,), np.float32)
        self.largest: Float32 = aligned((workers, rows, OCTET), np.float32)
        self.flips: NDArray[np.int64] = aligned((workers, 8), np.int64)

    def total(self, images: slice) -> NDArray[np.int32]:
        """Both runs together, of outputs to whole panels: twice the sums."""
        runs = self.values[:, images, :-PANEL]
        total: NDArray[np.int32] = runs[0] + runs[-1]
        return total

    def put_gradients(self, gradients: Float32) -> None:
        """Begin at gradients [B, outputs] of what comes out."""
        images, width = gradients.shape
        whole_rows = np.zeros((images, len(self.gradients) * PANEL), np.float32)
        whole_rows[:, :width] = gradients
        self.gradients[:, :images] = whole_rows.reshape(images, -1, PANEL).transpose(1, 0, 2)
