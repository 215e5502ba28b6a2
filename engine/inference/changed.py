"""Seven changes of a test set that a reader of digits should not mind, each the same every time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.morphology import dilated, eroded

Images = NDArray[np.uint8]

SHIFT = 3
"""Pixels."""
ANGLE = 15.0
"""Degrees."""


def shifted(images: Images) -> Images:
    """Moved by 3 pixels: right, left, down and up in turn; what moves in is 0."""
    result = np.zeros_like(images)
    for turn in range(4):
        axis, ahead = (2, 1)[turn // 2], turn % 2 == 0
        source = np.moveaxis(images[turn::4], axis, 1)
        target = np.moveaxis(result[turn::4], axis, 1)
        if ahead:
            target[:, SHIFT:] = source[:, :-SHIFT]
        else:
            target[:, :-SHIFT] = source[:, SHIFT:]
    return result


def rotated(images: Images) -> Images:
    """Turned by 15 degrees about the centre, one way and the other in turn; bilinear."""
    result = np.empty_like(images)
    for turn, angle in enumerate((ANGLE, -ANGLE)):
        cosine, sine = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
        result[turn::2] = resampled(images[turn::2], np.array([[cosine, sine], [-sine, cosine]]))
    return result


def scaled(images: Images, factor: float) -> Images:
    """Made larger by a factor about the centre; bilinear."""
    return resampled(images, np.eye(2) / factor)


def resampled(images: Images, matrix: NDArray[np.float64]) -> Images:
    """Images u8 [N, H, W, C] with each pixel taken from `matrix` @ its place (row, column) about the centre.

    Bilinear, rounded to the nearest; 0 outside.
    """
    count, height, width, channels = images.shape
    centre = np.array([[(height - 1) / 2], [(width - 1) / 2]])
    places = matrix @ (np.indices((height, width)).reshape(2, -1) - centre) + centre
    padded = np.pad(images, ((0, 0), (1, 2), (1, 2), (0, 0))).reshape(count, -1, channels)
    rows, columns = (p.clip(-1, side) for p, side in zip(places, (height, width), strict=True))
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    result = np.zeros((count, height * width, channels), np.float32)
    for down in (0, 1):
        for right in (0, 1):
            share = (1 - np.abs(rows - top - down)) * (1 - np.abs(columns - left - right))
            corner = (top + down + 1) * (width + 3) + left + right + 1
            result += share.astype(np.float32)[:, None] * padded[:, corner]
    return np.rint(result).astype(np.uint8).reshape(images.shape)


CHANGES: dict[str, Callable[[Images], Images]] = {
    "shift 3 px": shifted,
    "rotate ±15°": rotated,
    "scale 0.8": lambda images: scaled(images, 0.8),
    "scale 1.2": lambda images: scaled(images, 1.2),
    "dilate 3×3": lambda images: dilated(images, 3),
    "dilate 2×2": lambda images: dilated(images, 2),
    "erode 2×2": lambda images: eroded(images, 2),
}
