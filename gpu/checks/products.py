"""Checks of every product: of signs, of few rows of them, of pixels, and of convolutions of both."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bits import pack
from engine.inference.network import Conv
from gpu import launches
from gpu.checks.guard import Guarded
from gpu.checks.results import Integers, Rng, expected
from gpu.checks.sizes import Convolution, Sizes
from gpu.source import Module


def signs(rng: Rng, *sides: int) -> NDArray[np.bool_]:
    """Random signs, True for +1."""
    return rng.integers(0, 2, sides).astype(np.bool_)


def values_of(positive: NDArray[np.bool_]) -> Integers:
    """+1 and -1."""
    return positive.astype(np.int32) * 2 - 1


def pixels_of(rng: Rng, *sides: int) -> NDArray[np.uint8]:
    """Random pixels."""
    return rng.integers(0, 256, sides, dtype=np.uint8)


def planes_of(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The bits of pixels [rows, columns], lowest first: [rows, 8, columns]."""
    return np.stack([pixels >> plane & 1 for plane in range(8)], axis=1).astype(np.bool_)


def gemm(kind: str, device: Guarded, module: Module, rng: Rng, sizes: Sizes) -> None:
    for rows, columns, terms in sizes.products:
        a, w = signs(rng, rows, terms), signs(rng, columns, terms)
        made = expected(kind, rng, device, (rows, columns))
        device.run(launches.gemm(module, device.words(a), device.words(w), terms, made.result))
        made.hold(device, values_of(a) @ values_of(w).T, (rows, columns, terms))


def few(kind: str, device: Guarded, module: Module, rng: Rng, sizes: Sizes) -> None:
    for rows, columns, terms in sizes.few:
        a, w = signs(rng, rows, terms), signs(rng, columns, terms)
        made = expected(kind, rng, device, (rows, columns))
        splits = 3 if kind == "sums" else 1
        device.run(launches.few(module, device.words(a), device.words(w), terms, made.result, splits))
        made.hold(device, values_of(a) @ values_of(w).T, (rows, columns, terms))


def planes(kind: str, device: Guarded, _: Module, rng: Rng, sizes: Sizes) -> None:
    for rows, columns, terms in sizes.few:
        a, w = pixels_of(rng, rows, terms), signs(rng, columns, terms)
        made = expected(kind, rng, device, (rows, columns))
        splits = 2 if kind == "sums" else 1
        device.run(launches.planes(device.words(planes_of(a)), device.words(w), made.result, splits))
        made.hold(device, a.astype(np.int32) @ values_of(w).T, (rows, columns, terms))


def pixels(kind: str, device: Guarded, module: Module, rng: Rng, sizes: Sizes) -> None:
    for rows, columns, terms in sizes.products:
        a, w = pixels_of(rng, rows, terms), signs(rng, columns, terms)
        made = expected(kind, rng, device, (rows, columns))
        device.run(launches.pixels(module, device.upload(a), device.words(w), made.result))
        made.hold(device, a.astype(np.int32) @ values_of(w).T, (rows, columns, terms))


def conv(kind: str, device: Guarded, module: Module, rng: Rng, sizes: Sizes) -> None:
    for size in sizes.convolutions:
        maps, layer, w = _convolution(rng, size, signs)
        sums = windows(values_of(maps), layer, -1) @ w
        made = expected(kind, rng, device, sums.shape)
        there = device.upload(layer.weights.reshape(layer.outputs, -1)).view(np.uint32)
        device.run(launches.conv(module, device.words(maps), there, layer, made.result))
        made.hold(device, sums, size)


def pixel_conv(kind: str, device: Guarded, module: Module, rng: Rng, sizes: Sizes) -> None:
    for size in sizes.convolutions:
        images, layer, w = _convolution(rng, size, pixels_of)
        sums = windows(images.astype(np.int32), layer, 0) @ w
        made = expected(kind, rng, device, sums.shape)
        rows = device.words(w.T > 0)
        device.run(launches.pixel_conv(module, device.upload(images), rows, layer, made.result))
        made.hold(device, sums, size)


def windows(values: Integers, layer: Conv, beyond: int) -> Integers:
    """What a convolution sees of maps: [images, down, across, kernel * kernel * channels]."""
    sides = (layer.padding, layer.padding)
    padded = np.pad(values, ((0, 0), sides, sides, (0, 0)), constant_values=beyond)
    seen = np.lib.stride_tricks.sliding_window_view(padded, (layer.kernel, layer.kernel), axis=(1, 2))
    seen = seen[:, :: layer.stride, :: layer.stride].transpose(0, 1, 2, 4, 5, 3)
    return seen.reshape(*seen.shape[:3], -1)


def _convolution(rng: Rng, size: Convolution, draw: Any) -> tuple[Any, Conv, Integers]:
    """Maps as `draw` makes them, a layer, and its weights as +1 and -1 [inputs, outputs]."""
    images, height, width, channels, outputs, kernel, stride, padding = size
    w = signs(rng, outputs, kernel, kernel, channels)
    layer = Conv(pack(w), channels, stride, padding)
    return draw(rng, images, height, width, channels), layer, values_of(w).reshape(outputs, -1).T


CHECKS = {"gemm": gemm, "few": few, "planes": planes, "pixels": pixels, "conv": conv, "pixel_conv": pixel_conv}
