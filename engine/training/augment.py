"""Changed copies of training images, so that a network learns what a class is and not where it lay.

Digits are warped and their strokes thinned or thickened (Simard, Steinkraus and Platt, "Best Practices for
Convolutional Neural Networks", 2003); photographs are cropped and mirrored (He et al. 2015, arXiv 1512.03385,
section 4.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import torch
from torch.nn.functional import grid_sample

from engine.errors import UnknownName
from engine.jit.target import host
from engine.morphology import dilated, eroded
from engine.training.warp import Float32, Float64, Images, changed

MARGIN = 4
"""Pixels that a photograph is shifted by at most."""


@dataclass(frozen=True)
class Range:
    """How far an image may be changed; each is drawn uniformly from - to + this.

    Attributes:
        rotation: degrees. scale, shear: share of the size, both axes apart. shift: pixels.
        thinner, thicker: how far it goes, at the most, towards its erosion and its dilation by 3 x 3.
    """

    rotation: float
    scale: float
    shear: float
    shift: float
    thinner: float
    thicker: float


LIGHT = Range(rotation=10, scale=0.12, shear=0.1, shift=2, thinner=0.4, thicker=0.6)
STRONG = Range(rotation=12, scale=0.16, shear=0.1, shift=2.5, thinner=0.5, thicker=0.8)


def augment(kind: str, images: Images, stream: np.random.Generator) -> Images:
    """Changed copies of images u8 [B, H, W, C], drawn from `stream`; what moves in from outside is 0.

    kind: one of engine.config.CHOICES["augmentation"].
    """
    return _KINDS[kind](images, stream)


def written(images: Images, stream: np.random.Generator, limits: Range) -> Images:
    """For handwriting: stroke width, then an affine warp; by a kernel where there are any for this processor."""
    strokes = stream.uniform(-limits.thinner, limits.thicker, len(images)).astype(np.float32)
    return _written()(images, strokes, affine(images.shape, stream, limits))


@cache
def _written() -> Callable[[Images, Float32, Float64], Images]:
    try:
        host()
    except UnknownName:
        return lambda images, strokes, maps: warped(stroked(images, strokes), maps)
    return changed


def affine(shape: tuple[int, ...], stream: np.random.Generator, limits: Range) -> Float64:
    """Affine maps [B, 2, 3]: x, and y, that a pixel is taken from, of its own x, y and 1; pixels about the centre."""
    angle, tall, wide, shear, down, across = stream.uniform(-1, 1, (6, shape[0]))
    cosine, sine = (turn(angle * np.deg2rad(limits.rotation)) for turn in (np.cos, np.sin))
    tall, wide = 1 + tall * limits.scale, 1 + wide * limits.scale
    of_x = [cosine * wide, -sine * wide + shear * limits.shear, across * limits.shift]
    of_y = [sine * tall, cosine * tall, down * limits.shift]
    maps: Float64 = np.array([of_x, of_y]).transpose(2, 0, 1)
    return maps


def stroked(images: Images, strokes: Float32) -> Float32:
    """Each image blended with its dilation, or with its erosion where its stroke is below 0, as float32."""
    extreme = np.empty_like(images)
    for chosen, change in ((strokes >= 0, dilated), (strokes < 0, eroded)):
        extreme[chosen] = change(images[chosen], 3)
    blended = images.astype(np.float32)
    blended += np.abs(strokes)[:, None, None, None] * (extreme - blended)
    return blended


def warped(images: Float32, maps: Float64) -> Images:
    """Images [B, H, W, C] with each pixel taken from where `affine` says, bilinear, rounded."""
    count, height, width, _ = images.shape
    coefficients = (maps * np.array([[2 / width], [2 / height]])).reshape(count, 6).astype(np.float32)
    taken_from = (coefficients @ _basis(height, width)).reshape(count, height, width, 2)
    planes = torch.from_numpy(images).permute(0, 3, 1, 2)
    result = grid_sample(planes, torch.from_numpy(taken_from), align_corners=False).permute(0, 2, 3, 1).numpy()
    return np.ascontiguousarray(np.rint(result, out=result).astype(np.uint8))


@lru_cache(4)
def _basis(height: int, width: int) -> Float32:
    """What the coefficients of x and of y are times at each pixel, [6, H * W * 2]: -1 and 1 are the image's edges."""
    rows, columns = np.divmod(np.arange(height * width), width)
    basis = np.zeros((6, height * width, 2), np.float32)
    basis[:3, :, 0] = basis[3:, :, 1] = columns - (width - 1) / 2, rows - (height - 1) / 2, np.ones(height * width)
    return basis.reshape(6, -1)


def cropped(images: Images, stream: np.random.Generator) -> Images:
    """Each shifted by up to MARGIN pixels along both axes; what comes in from beyond repeats the edge."""
    count, height, width, _ = images.shape
    padded = np.pad(images, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), mode="edge")
    result = np.empty_like(images)
    for image, (top, left) in enumerate(stream.integers(0, 2 * MARGIN + 1, (count, 2)).tolist()):
        result[image] = padded[image, top : top + height, left : left + width]
    return result


def mirrored(images: Images, stream: np.random.Generator) -> Images:
    """Left and right exchanged, every other time."""
    result = images.copy()
    chosen = stream.random(len(images)) < 0.5
    result[chosen] = result[chosen, :, ::-1]
    return result


_KINDS: dict[str, Callable[[Images, np.random.Generator], Images]] = {
    "light": lambda images, stream: written(images, stream, LIGHT),
    "strong": lambda images, stream: written(images, stream, STRONG),
    "crop": cropped,
    "mirror": mirrored,
    "crop-mirror": lambda images, stream: mirrored(cropped(images, stream), stream),
}
