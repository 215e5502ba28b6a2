"""The gradient of a layer's sums as integers of 16 bits, which products are made with."""

from __future__ import annotations

import numpy as np

from engine.jit.record import Record, filled
from engine.jit.training import kernels, slopes
from engine.jit.training.maps import LANES
from engine.training.maps.layer import Array, Layer, of_image
from engine.training.native.programs import at

SHORT = 2
"""Bytes of 16 bits."""
MOST = 1 << 14
"""The largest gradient as an integer of 16 bits."""
REACH = (1 << 31) - 1
"""The largest of 32 bits, which sums of products have to stay within."""


def steps(largest: Array, most: int) -> Array:
    """What the integers are multiples of, so that the largest is so many times that."""
    return np.where(largest > 0, largest, np.float32(1)) / np.float32(most)


def most(terms: int) -> int:
    """The largest integer whose sums of so many still fit, MOST at the most."""
    return min(MOST, REACH // terms)


def rounded(
    layer: Layer, share: slice, gradients: Array, factors: Array, into: Array, line: int, row: int, *, low: int = 0
) -> Record:
    """The call that rounds gradients * factors [images, wide] of some images.

    Args:
        into: int16, from the first of these images on; or high bytes, with the low ones so many bytes behind. line,
            row: bytes of it between two sums.
    """
    g = layer.g
    return filled(
        slopes.ROUND_FIELDS, kernel=kernels.address(f"map-{'halves' if low else 'round'}-{g.pool}"), low=low,
        source=of_image(gradients, share.start, g.places * g.wide),
        which=at(layer.which, share.start) if g.pool > 1 else 0, factors=at(factors, share.start), target=at(into),
        images=share.stop - share.start, lines=g.gives[0], rows=g.gives[1], units=g.wide // LANES,
        image_step=into.strides[0], line_step=g.pool * line, row_step=g.pool * row, down=line, across=row,
    )  # fmt: skip
