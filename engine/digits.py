"""The preparations of digits: from ink on a surface of any size to the pixels or bits that a network sees."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MNIST, BITS = "mnist", "mnist-bits"
"""The preparations made here, by name (network.Metadata.preparation): see `prepare`, and `in_bits` after it."""
INK = "ink"
"""That of grey things on black which are no digits: what differs from the surface, bright, at the model's size."""
SIDE = 28
BOX = 20
"""The longest side of the digit, in pixels of the result."""
FAINTEST = 16
"""What is no brighter than this is surface, not ink."""
INKED = 64
"""A place of a picture in bits is set where its mean brightness is this or more, as where ink covers a quarter."""
SET = 128
"""A pixel from here up is a set bit to a network on bits."""


def prepare(grey: NDArray[Any]) -> NDArray[np.uint8] | None:
    """Bring ink to the centre of a small image, as the digits of MNIST were.

    Cropped to the ink, scaled by exact area averaging until its longest side is 20, brightest ink taken to 255, and
    placed so that its centre of mass is in the middle (LeCun, Cortes, Burges: the MNIST database).

    Args:
        grey: [h, w] of any size, integers or floats from 0 to 255, ink bright.

    Returns:
        u8 [28, 28], or None where there is no ink.
    """
    values: NDArray[np.float32] = np.nan_to_num(np.asarray(grey, np.float32))
    ink = values > FAINTEST
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not rows.size:
        return None
    digit = _fit(values[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    digit *= np.float32(255) / digit.max()
    top, left = (_start(digit.sum(axis=1 - axis)) for axis in (0, 1))
    image = np.zeros((SIDE, SIDE), np.uint8)
    image[top : top + digit.shape[0], left : left + digit.shape[1]] = np.rint(digit.clip(0, 255))
    return image


def is_prepared(preparation: str, shape: tuple[int, int, int]) -> bool:
    """Whether images of this preparation and shape [H, W, C] are made of ink here."""
    small = shape[2] == 1 and max(shape) <= SIDE
    return (preparation == MNIST and shape == (SIDE, SIDE, 1)) or (preparation == BITS and small)


def prepared(grey: NDArray[Any], preparation: str, shape: tuple[int, int, int]) -> NDArray[np.uint8] | None:
    """Ink as a model sees it, u8 [H, W, 1], by a preparation that is made here; None where there is no ink."""
    digit = prepare(grey)
    if digit is not None and preparation == BITS:
        digit = in_bits(digit, *shape[:2])
    return None if digit is None else digit[:, :, np.newaxis]


def in_bits(images: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Images u8 [..., h, w] as u8 [..., height, width] of 0 and 255 alone: 255 where the mean brightness is INKED."""
    averaged = area_average(images.astype(np.float32), height, width)
    return np.where(averaged >= INKED, np.uint8(255), np.uint8(0))


def area_average(values: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Resample [..., h, w] to [..., height, width], each result the mean of exactly the area it covers."""
    if values.shape[-2:] == (height, width):
        return values
    rows, columns = _shares(values.shape[-2], height), _shares(values.shape[-1], width)
    return np.asarray(rows @ values @ columns.T, np.float32)


def _fit(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale until the longest side is BOX."""
    scale = BOX / max(values.shape)
    height, width = (max(1, round(side * scale)) for side in values.shape)
    return area_average(values, height, width)


def _shares(before: int, after: int) -> NDArray[np.float32]:
    """Share of each of `before` cells in each of `after` cells along one axis, float32 [after, before]."""
    edges = np.arange(after + 1) * (before / after)
    cells = np.arange(before)
    overlap = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    return np.asarray(overlap.clip(0) * (after / before), np.float32)


def _start(mass: NDArray[np.float32]) -> int:
    """Where a digit must begin along one axis for its centre of mass to be in the middle, if the image's edge allows.

    The middle is pixel 14, as in MNIST itself, whose centres of mass lie there.
    """
    centre = float(mass @ np.arange(len(mass)) / mass.sum())
    return min(max(0, round(SIDE / 2 - centre)), SIDE - len(mass))
