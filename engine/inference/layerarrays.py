"""One layer's arrays as the native kernels want them: weights, and what their sums are compared with or taken from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bits import WORD, Words, pack, regroup, unpack, words_for
from engine.inference.network import Affine, Conv, Threshold
from engine.inference.rules import Stage
from engine.jit.kernels import SHORT, wide
from engine.jit.layout import blocked, padded
from engine.jit.target import Target

PIXEL = 255
NEGATED = 0xFE
"""What an int8 of +1 or -1 is negated by."""

Array = NDArray[Any]
Places = tuple[NDArray[np.int64], NDArray[np.int64], Array]
"""Where some weights are: outputs [n], units of their rows [n], and what an XOR with the unit flips them by [n]."""


class Signs:
    """A layer on signs. Rows with gamma < 0 are held complemented, so that "fires" is always "few mismatches"."""

    shift = 1

    def __init__(self, target: Target, stage: Stage, narrow: bool, *, plain: bool) -> None:
        self._stage = stage
        self.block = target.signs.block
        product, takes = stage.product, stage.takes
        if isinstance(product, Conv):
            self._channels, self._places = product.channels, product.kernel**2
            self.units = product.kernel * words_for(product.channels)
        elif len(takes) == 3 and not plain:
            self._channels, self._places = takes[2], takes[0] * takes[1]
            self.units = self._places * words_for(takes[2])
        else:
            self._channels, self._places = product.inputs, 1
            self.units = words_for(product.inputs)
        self.kernel = self._kernel(narrow)

    def _kernel(self, narrow: bool) -> str:
        """The kernel that fits: by what follows, by how many rows there are and how long they are."""
        kind = "sums" if self._stage.valued else "bits"
        if isinstance(self._stage.product, Conv):
            words = self._stage.product.kernel * self.units
            return f"{kind}-{self.units}" if self.units in SHORT else wide(kind, words)
        if self._stage.last:
            return "scores-narrow" if narrow else "scores"
        return f"{kind}-narrow" if narrow else wide(kind, self.units)

    def weights(self) -> Words:
        """uint64 [outputs, words of a row]."""
        product = self._stage.product
        ones = np.tile(pack(np.ones(self._channels, np.bool_)), self._places)
        if self._places == 1 or isinstance(product, Conv):
            rows = product.weights.reshape(product.outputs, -1)
        else:  # a map flattened: every position begins with a word of its own
            rows = regroup(product.weights, product.inputs, self._channels)
        turned: Words = np.where(self._stage.rising[:, np.newaxis], rows, rows ^ ones)
        return turned

    def places(self, cells: NDArray[np.int64]) -> Places:
        """Where weights are, by their number row by row [n]."""
        output, at = np.divmod(cells, self._stage.product.inputs)
        place, channel = np.divmod(at, self._channels)
        word, bit = np.divmod(channel, WORD)
        return output, place * words_for(self._channels) + word, np.uint64(1) << bit.astype(np.uint64)

    def base(self) -> Array:
        """Threshold: fires below this many mismatches. Else the sum without any."""
        k, after = self._stage.product.inputs, self._stage.after
        if isinstance(after, Affine):
            return np.full(len(after.scale), k)
        wanted = k - after.threshold.astype(np.int64)
        reached = np.where(after.at_least, wanted // 2, k - -(-wanted // 2))
        below: Array = np.clip(reached, -1, k) + 1
        return below


class Planes(Signs):
    """A dense layer on the bit planes of pixels: sum = 255 popc(w) - S, with S the mismatches weighted by plane."""

    shift = 0

    def __init__(self, target: Target, stage: Stage) -> None:
        super().__init__(target, stage, narrow=True, plain=True)
        self.kernel = "plane-bits"

    def base(self) -> Array:
        """Fires below this sum over the planes."""
        ones = np.bitwise_count(self.weights()).sum(1, dtype=np.int64)
        below: Array = PIXEL * ones - _raised(self._stage) + 1
        return below


class Pixels:
    """A layer on pixels: int8 weights, negated, four to a unit; S = -sum, so that it fires below a limit as well."""

    shift = 0

    def __init__(self, target: Target, stage: Stage) -> None:
        self._stage = stage
        self.block = target.pixels.block
        self.kernel = "pixel-scores" if stage.last else "pixel-sums" if stage.valued else "pixel-bits"
        product = stage.product
        self._run = product.kernel * product.channels if isinstance(product, Conv) else product.inputs
        self.units = -(-self._run // 4)

    def weights(self) -> Array:
        """int32 [outputs, units of a row]: four int8 each, 0 beyond the end of a run."""
        product = self._stage.product
        bits = product.channels if isinstance(product, Conv) else product.inputs
        positive = unpack(product.weights, bits) == self._rising(product.weights.ndim)
        rows = np.where(positive, -1, 1).astype(np.int8).reshape(product.outputs, -1, self._run)
        filled = np.zeros((*rows.shape[:2], 4 * self.units), np.int8)
        filled[..., : self._run] = rows
        units: Array = filled.view(np.int32).reshape(product.outputs, -1)
        return units

    def places(self, cells: NDArray[np.int64]) -> Places:
        """Where weights are, by their number row by row [n]."""
        output, at = np.divmod(cells, self._stage.product.inputs)
        line, at = np.divmod(at, self._run)
        unit, lane = np.divmod(at, 4)
        return output, line * self.units + unit, np.uint32(NEGATED) << (8 * lane).astype(np.uint32)

    def base(self) -> Array:
        """Threshold: fires below this S. Else 0, of which S is taken."""
        if isinstance(self._stage.after, Affine):
            return np.zeros(self._stage.product.outputs, np.int64)
        below: Array = 1 - _raised(self._stage)
        return below

    def _rising(self, dimensions: int) -> NDArray[np.bool_]:
        return self._stage.rising.reshape(-1, *([1] * (dimensions - 1)))


class Kept:
    """A layer's weights and limits where its kernel reads them; weights can be flipped there.

    rows: [blocks, units of a row, block]. base: int32 [outputs], padded.
    """

    def __init__(self, depth: Signs | Pixels) -> None:
        self._depth = depth
        self.rows = blocked(depth.weights(), depth.block)
        self.base = padded(depth.base().astype(np.int32), depth.block)

    def flip(self, cells: NDArray[np.int64]) -> None:
        """Flip weights, by their number row by row, each at most once."""
        output, unit, mask = self._depth.places(cells)
        block, lane = np.divmod(output, self._depth.block)
        at = (block * self.rows.shape[1] + unit) * self._depth.block + lane
        np.bitwise_xor.at(self.rows.reshape(-1).view(mask.dtype), at, mask)


def _raised(stage: Stage) -> Array:
    """Thresholds T of the rows after turning those with gamma < 0: they fire where the turned sum is at least T.

    Clipped to just beyond the reach of any sum, so that limits fit 32 bits.
    """
    assert isinstance(stage.after, Threshold)
    turned = np.where(stage.rising, 1, -1) * stage.after.threshold.astype(np.int64)
    reach = PIXEL * stage.product.inputs
    clipped: Array = np.clip(turned, -reach - 1, reach + 1)
    return clipped
