"""One layer of a step: its buffers, and its calls on the way forward."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernels as products
from engine.jit.layout import aligned
from engine.jit.record import Record, filled, record
from engine.jit.training import kernels, maps
from engine.jit.training.maps import LANES
from engine.jit.training.shape import GROUP
from engine.training.maps.geometry import Geometry
from engine.training.maps.weights import BLOCK, WORDS_BLOCK, Weights
from engine.training.native.programs import at
from engine.training.native.together import Together

Array = NDArray[Any]

SLACK = 64
"""Bytes beyond a buffer that kernels may read, whatever lies there."""
SPARE = GROUP - 1
"""Images beyond a batch's of which the same is true."""
NEAR_CACHE = 1 << 18
"""Bytes of maps that share one pass over a convolution's weights."""
NUMBER = 4
"""Bytes of a sum, and of a value."""


def roomy(shape: tuple[int, ...], dtype: Any) -> Array:
    """Zeros of that shape with SLACK behind them."""
    size = int(np.prod(shape))
    return aligned((size + SLACK // np.dtype(dtype).itemsize,), dtype)[:size].reshape(shape)


def parts(share: slice, size: int) -> Iterator[slice]:
    """So many images of a share, or lines of a map, at a time."""
    for first in range(share.start, share.stop, size):
        yield slice(first, min(first + size, share.stop))


def of_image(numbers: Array, image: int, size: int) -> int:
    """Address of what one image has of a flat array, `size` numbers each."""
    return at(numbers, image * size)


class Layer:
    """For batches of so many images, which threads share.

    Attributes:
        source: the maps that come in, ringed: u8 [images, height, width, place_bytes], 0 in the padding.
        sums: int32 [images, places, wide], pooled. which: u8, where in its window each was.
        values: float32, what the signs are taken of. scale, shift: float32 [wide], what makes them of the sums.
        pivots: float32 [wide], and moments: float64 [shares, 2, wide], the sums' and squares' of what is above them.
    """

    def __init__(self, g: Geometry, images: int, shares: list[slice], unpooled: Array) -> None:
        self.g, self.images, self.shares = g, images, shares
        self.weights = Weights(g)
        self._unpooled = unpooled
        self.source = roomy((images + SPARE, *g.ringed, g.place_bytes), np.uint8)[:images]
        self.sums: Array = aligned((images, g.places, g.wide), np.int32)
        self.which: Array = aligned((images if g.pool > 1 else 0, g.places, g.wide), np.uint8)
        self.values: Array = aligned(self.sums.shape, np.float32)
        self.pivots, self.scale, self.shift = (aligned((g.wide,), np.float32) for _ in range(3))
        self.shift[g.outputs :] = -1  # so that their signs are bits that are 0
        self.moments: Array = aligned((len(shares), 2, g.wide), np.float64)

    def put(self, images: NDArray[np.uint8]) -> None:
        """Take pixels in."""
        g = self.g
        self.source[:, g.padding : g.padding + g.height, g.padding : g.padding + g.width] = images

    def summing(self) -> Together:
        """Sums, pooled, and their moments."""
        return Together(self._summed(share, worker) for worker, share in enumerate(self.shares))

    def _summed(self, share: slice, worker: int) -> Iterator[Record]:
        g, w = self.g, self.weights
        yield record(
            kernel=self._product(), weights=at(w.forward), base=at(w.base), source=at(self.source, share.start),
            segments=g.down, units=w.units, pitch=self.source.strides[1], outputs=g.wide,
            blocks=g.wide // (BLOCK if g.on_pixels else WORDS_BLOCK), shift=0 if g.on_pixels else 1,
            **self._windows(share),
        )  # fmt: skip
        if g.pool > 1:
            yield self._pooled(share)
        yield filled(
            maps.MOMENT_FIELDS, kernel=kernels.address("map-moments"), source=at(self.sums, share.start),
            pivots=at(self.pivots), target=at(self.moments, worker), images=share.stop - share.start, places=g.places,
            units=g.wide // LANES,
        )  # fmt: skip

    def _product(self) -> int:
        if self.g.on_pixels:
            return products.address("pixel-sums")
        units = self.weights.units
        known = units in products.SHORT
        return products.address(f"sums-{units}" if known else products.wide("sums", self.g.down * units))

    def _windows(self, share: slice) -> dict[str, int]:
        """Where the windows of some images lie, and where their sums go."""
        g, count, steps = self.g, share.stop - share.start, self.source.strides
        place = NUMBER * g.wide
        if g.dense:
            return {
                "images": 1, "lines": 1, "rows": count, "group": 1, "row_step": steps[0],
                "target": at(self.sums, share.start), "target_row": place,
            }  # fmt: skip
        height, width = g.sums
        into = self._unpooled if g.pool > 1 else self.sums
        return {
            "images": count, "lines": height, "rows": width, "group": max(1, NEAR_CACHE // steps[0]),
            "image_step": steps[0], "line_step": g.stride * steps[1], "row_step": g.stride * steps[2],
            "target": at(into) + share.start * height * width * place, "target_image": height * width * place,
            "target_line": width * place, "target_row": place,
        }  # fmt: skip

    def _pooled(self, share: slice) -> Record:
        g, place = self.g, NUMBER * self.g.wide
        (height, width), (lines, rows) = g.sums, g.gives
        return filled(
            maps.POOL_FIELDS, kernel=kernels.address(f"map-pool-{g.pool}"),
            source=at(self._unpooled) + share.start * height * width * place, target=at(self.sums, share.start),
            which=at(self.which, share.start), images=share.stop - share.start, lines=lines, rows=rows,
            units=g.wide // LANES, image_step=height * width * place, line_step=g.pool * width * place,
            row_step=g.pool * place, down=width * place, across=place,
        )  # fmt: skip

    def signing(self, following: Layer) -> Together:
        """Values, and their signs as the following layer takes them."""
        return Together([self._signed(share, following)] for share in self.shares)

    def _signed(self, share: slice, following: Layer) -> Record:
        g, into, padding, place = self.g, following.source, following.g.padding, NUMBER * self.g.wide
        lines, rows = g.gives
        return record(
            kernel=products.address("shortcut" if g.shortcut else "value"), source=at(self.sums, share.start),
            value=at(self.values, share.start), scale=at(self.scale), offset=at(self.shift),
            target=at(into, share.start, padding, padding), images=share.stop - share.start, lines=lines, rows=rows,
            units=g.wide // LANES, image_step=g.places * place, line_step=rows * place, row_step=place,
            target_image=into.strides[0], target_line=into.strides[1], target_row=into.strides[2],
        )  # fmt: skip
