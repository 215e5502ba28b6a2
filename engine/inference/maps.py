"""Windows over maps for the backends that are made of numpy: patches of a convolution, and pooling."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.inference.network import Conv, FloatConv, MaxPool
from engine.inference.operations import windows

Maps = NDArray[Any]
"""[B, H, W, C] of any dtype."""

PATCHES = 1 << 18
"""Values of patches multiplied at once: about a megabyte of floats, which stays in a core's cache."""


def patches(maps: Maps, kernel: int, stride: int, padding: int, beyond: float) -> NDArray[Any]:
    """What each window of a convolution sees: maps [B, H, W, C] -> [B, H', W', kernel * kernel * C], a copy.

    The order inside a patch is (row, column, channel). beyond: the value of the padding.
    """
    if padding:
        maps = _padded(maps, padding, beyond)
    maps = np.ascontiguousarray(maps)
    batch, height, width, channels = maps.shape
    down, across = windows(height, kernel, stride), windows(width, kernel, stride)
    image, row, column, value = maps.strides
    # a row of a window is contiguous in memory, its columns and channels one run
    seen = np.lib.stride_tricks.as_strided(
        maps,
        (batch, down, across, kernel, kernel * channels),
        (image, stride * row, stride * column, row, value),
        writeable=False,
    )
    return seen.reshape(batch, down, across, kernel * kernel * channels)


def convolve(maps: Maps, weights: NDArray[Any], layer: Conv | FloatConv, beyond: float) -> Maps:
    """Float sums [B, H', W', outputs] of float maps [B, H, W, C] and weights [outputs, inputs] of their dtype."""
    count, height, width, _ = maps.shape
    down, across = (windows(side, layer.kernel, layer.stride, layer.padding) for side in (height, width))
    sums = np.empty((count, down * across, layer.outputs), maps.dtype)
    size = max(1, PATCHES // (down * across * layer.inputs))
    for start in range(0, count, size):
        seen = patches(maps[start : start + size], layer.kernel, layer.stride, layer.padding, beyond)
        block = sums[start : start + size]
        np.matmul(seen.reshape(-1, layer.inputs), weights.T, out=block.reshape(-1, layer.outputs))
    return sums.reshape(count, down, across, layer.outputs)


def _padded(maps: Maps, padding: int, beyond: float) -> Maps:
    batch, height, width, channels = maps.shape
    padded = np.full((batch, height + 2 * padding, width + 2 * padding, channels), beyond, maps.dtype)
    padded[:, padding : padding + height, padding : padding + width] = maps
    return padded


def max_pool(maps: Maps, pool: MaxPool) -> Maps:
    """The largest value in every window, [B, H', W', C]."""
    return _over_windows(maps, pool, np.maximum)


def pool_signs(fires: NDArray[np.bool_], pool: MaxPool, rising: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Signs [B, H', W', C] after max-pooling, from those of every sum before it, [B, H, W, C].

    The largest sum reaches a threshold where one of the window does (rising channels); it stays at or below one
    where all do.
    """
    # turned over, "all" is "not any"
    pooled = _over_windows(fires ^ ~rising, pool, np.logical_or)
    pooled ^= ~rising
    return pooled


def _over_windows(maps: Maps, pool: MaxPool, combine: np.ufunc) -> Maps:
    down, across = (windows(side, pool.size, pool.stride) for side in maps.shape[1:3])
    ends = (down - 1) * pool.stride + 1, (across - 1) * pool.stride + 1
    places = [
        maps[:, y : y + ends[0] : pool.stride, x : x + ends[1] : pool.stride]
        for y in range(pool.size)
        for x in range(pool.size)
    ]
    pooled: Maps = reduce(combine, places)
    return pooled
