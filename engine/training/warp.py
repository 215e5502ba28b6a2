"""Strokes and warps of digits by a native kernel (engine.jit.warp)."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernels, warp
from engine.jit.compile import Native
from engine.jit.layout import aligned, whole
from engine.jit.record import filled

Images = NDArray[np.uint8]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


def changed(images: Images, strokes: Float32, maps: Float64) -> Images:
    """Copies of images u8 [B, H, W, C] with thinner or thicker strokes, warped; made without the interpreter's lock.

    strokes: float32 [B], -1..1, how far each goes towards its dilation, or its erosion. maps: [B, 2, 3], as
    augment.affine has them. Equal to augment's stroked and warped but for roundings: a fraction of a grey level.
    """
    count, height, width, channels = images.shape
    planes = images.transpose(0, 3, 1, 2).reshape(count * channels, height, width)
    numbers = np.repeat(_numbers(strokes, maps, height, width), channels, axis=0)
    made = _room(planes.shape)
    source = _room(planes.shape)
    source[...] = planes
    _run(source, made, numbers)
    return np.ascontiguousarray(made.reshape(count, channels, height, width).transpose(0, 2, 3, 1))


def _numbers(strokes: Float32, maps: Float64, height: int, width: int) -> Float32:
    """warp.NUMBERS of each image: maps from the first pixel on in place of the centre."""
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    first = maps[:, :, 2] + centre + 1 - maps[:, :, :2] @ centre
    axes = np.concatenate([first[:, :, np.newaxis], maps[:, :, :2]], axis=2)
    return np.column_stack([strokes, axes.reshape(len(maps), 6)]).astype(np.float32)


def _room(shape: tuple[int, ...]) -> Images:
    """Bytes with what the kernel may read and write behind them."""
    size = int(np.prod(shape))
    made: Images = aligned((size + warp.LANES,), np.uint8)[:size].reshape(shape)
    return made


def _run(source: Images, made: Images, numbers: Float32) -> None:
    count, height, width = source.shape
    pitch = whole(width, warp.LANES) + warp.LANES
    raw, blended = np.zeros((height + 2, pitch), np.uint8), np.zeros((height + 3, pitch), np.uint16)
    addresses = {
        name: int(array.ctypes.data)
        for name, array in (
            ("source", source), ("target", made), ("numbers", numbers), ("raw", raw), ("blended", blended),
        )
    }  # fmt: skip
    record = filled(warp.FIELDS, **addresses, images=count, height=height, width=width, pitch=pitch)
    _kernel()(record.ctypes.data)


@cache
def _kernel() -> Native:
    """For this processor, which is asked for its features once."""
    return kernels.kernel("warp")
