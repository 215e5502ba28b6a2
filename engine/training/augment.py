"""Light changes of training images, so that a network also reads what a mouse draws: affine warps and stroke width.

Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural Networks", 2003, for handwritten digits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROTATION = np.deg2rad(12)
SCALE = 0.12
SHEAR = 0.12
SHIFT = 2.0
"""Each is drawn uniformly from - to + this: radians, share of the size, share, pixels."""

THINNER, THICKER = 0.5, 0.9
"""How far an image goes, at the most, towards its erosion and its dilation by a plus of five pixels."""

UNTIL = 0.9
"""Share of the budget after which images are left as they are, so that the end of training sees what tests show."""

Float32 = NDArray[np.float32]


def augment(images: NDArray[np.uint8], stream: np.random.Generator) -> NDArray[np.uint8]:
    """Changed copies of images u8 [B, H, W, C]; what moves in from outside is 0."""
    changed = _stroke(images.astype(np.float32), stream)
    return np.rint(_warp(changed, stream)).astype(np.uint8)


def _stroke(images: Float32, stream: np.random.Generator) -> Float32:
    """Strokes thinner or thicker."""
    amount = stream.uniform(-THINNER, THICKER, (len(images), 1, 1, 1)).astype(np.float32)
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    sides = (padded[:, :-2, 1:-1], padded[:, 2:, 1:-1], padded[:, 1:-1, :-2], padded[:, 1:-1, 2:])
    extreme = np.empty_like(images)
    for chosen, reduce in ((amount.ravel() >= 0, np.maximum), (amount.ravel() < 0, np.minimum)):
        result = images[chosen]
        for side in sides:
            result = reduce(result, side[chosen])
        extreme[chosen] = result
    blended: Float32 = images + np.abs(amount) * (extreme - images)
    return blended


def _warp(images: Float32, stream: np.random.Generator) -> Float32:
    """Rotated, scaled, sheared and shifted about the centre; bilinear."""
    count, height, width, channels = images.shape
    rows, columns = _sources(count, height, width, stream)
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0))).reshape(-1, channels)
    np.clip(rows, -1, height - 1e-3, out=rows)
    np.clip(columns, -1, width - 1e-3, out=columns)
    top, left = np.floor(rows), np.floor(columns)
    down, right = (rows - top)[..., np.newaxis], (columns - left)[..., np.newaxis]
    stride = width + 2
    first = np.arange(count, dtype=np.int32)[:, np.newaxis] * ((height + 2) * stride)
    corner = first + (top.astype(np.int32) + 1) * stride + left.astype(np.int32) + 1
    upper = padded[corner] * (1 - right) + padded[corner + 1] * right
    lower = padded[corner + stride] * (1 - right) + padded[corner + stride + 1] * right
    warped: Float32 = (upper * (1 - down) + lower * down).reshape(images.shape)
    return warped


def _sources(count: int, height: int, width: int, stream: np.random.Generator) -> tuple[Float32, Float32]:
    """Where each pixel of each image comes from: rows and columns float32 [count, height * width]."""
    angle, tall, wide, shear, down, across = stream.uniform(-1, 1, (6, count, 1)).astype(np.float32)
    cosine, sine = np.cos(angle * ROTATION), np.sin(angle * ROTATION)
    rows, columns = np.divmod(np.arange(height * width, dtype=np.int32), width)
    y = (rows - (height - 1) / 2).astype(np.float32)
    x = (columns - (width - 1) / 2).astype(np.float32)
    turned_y = (cosine * y + sine * x) * (1 + tall * SCALE)
    turned_x = (cosine * x - sine * y) * (1 + wide * SCALE) + shear * SHEAR * y
    shift = np.float32(SHIFT)
    return turned_y + (down * shift + (height - 1) / 2), turned_x + (across * shift + (width - 1) / 2)
