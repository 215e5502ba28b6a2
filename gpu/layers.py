"""A layer of a network on the device: weights and limits as the kernels read them, and the launch of its product."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words, pack, regroup, unpack
from engine.inference.network import Conv, Shape, Threshold
from engine.inference.rules import Stage
from gpu import launches
from gpu.choice import Kind, Work
from gpu.device import Device
from gpu.launch import Launch
from gpu.memory import DeviceArray, words_of
from gpu.results import WARP, Bits, Result, Scores, Value
from gpu.source import FEW, PLANES, Module

LOWEST, HIGHEST = np.iinfo(np.int32).min, np.iinfo(np.int32).max


class Layer:
    """Weights, laid out and uploaded. on_pixels: it takes pixels. plain: it takes rows packed without positions."""

    def __init__(self, stage: Stage, device: Device, *, on_pixels: bool, plain: bool) -> None:
        self.stage = stage
        self.kind: Kind = kind_of(stage, on_pixels)
        self.sums: Shape = stage.product.gives(stage.takes)
        self.w = device.upload(_weights(stage, self.kind, plain)).view(np.uint32)
        after = stage.after
        if isinstance(after, Threshold):
            bounds, falling = _limits(after)
            self.limits = device.upload(bounds), device.upload(falling).view(np.uint32)
        else:
            self.limits = device.upload(after.scale), device.upload(after.shift)

    def work(self, images: int) -> Work:
        """Its product for so many images."""
        return work_of(self.stage, self.kind, images)

    def bits(self, out: DeviceArray) -> Bits:
        """The signs that its threshold makes, into `out`."""
        return Bits(*self.limits, out)

    def scores(self, out: DeviceArray) -> Scores:
        """Its scores, into `out`."""
        return Scores(*self.limits, out)

    def value(self, before: DeviceArray | None, value: DeviceArray, out: DeviceArray) -> Value:
        """Its value, and the signs of it into `out`."""
        return Value(*self.limits, before, value, out)

    def product(self, module: Module, given: DeviceArray, result: Result, splits: int = 1) -> Launch:
        """The launch of its product. given: what it takes, or the bit planes of it for the module of planes."""
        product = self.stage.product
        if isinstance(product, Conv) and self.kind == "conv":
            return launches.conv(module, given, self.w, product, result)
        if isinstance(product, Conv) and self.kind == "pixel_conv":
            return launches.pixel_conv(module, given, self.w, product, result)
        if module is PLANES:
            return launches.planes(given, self.w, result, splits)
        rows = math.prod(result.out.shape[:-1])
        matrix = given.view(given.dtype, (rows, math.prod(given.shape) // rows))
        if self.kind == "pixels":
            return launches.pixels(module, matrix, self.w, result)
        if module in FEW:
            return launches.few(module, matrix, self.w, product.inputs, result, splits)
        return launches.gemm(module, matrix, self.w, product.inputs, result)


def work_of(stage: Stage, kind: Kind, images: int) -> Work:
    """A layer's product for so many images."""
    positions = math.prod(stage.product.gives(stage.takes)[:-1])
    return Work(kind, images * positions, stage.product.outputs, words_of(stage.product.inputs))


def kind_of(stage: Stage, on_pixels: bool) -> Kind:
    """A convolution that looks at one position at a time is a product of matrices."""
    product = stage.product
    if not isinstance(product, Conv):
        return "pixels" if on_pixels else "gemm"
    if on_pixels:
        return "pixel_conv"
    return "gemm" if product.kernel == product.stride == 1 else "conv"


def _weights(stage: Stage, kind: Kind, plain: bool) -> Words:
    """uint64 [outputs, words], the bits of a row in the order of what it is multiplied by."""
    product = stage.product
    if isinstance(product, Conv):
        if kind == "pixel_conv":  # a window is one run of pixels
            return pack(unpack(product.weights, product.channels).reshape(product.outputs, -1))
        return product.weights.reshape(product.outputs, -1)
    if len(stage.takes) == 3 and not plain:  # a map flattened: every position begins with a word of its own
        return regroup(product.weights, product.inputs, stage.takes[2])
    return product.weights


def _limits(after: Threshold) -> tuple[NDArray[np.int32], Words]:
    """Bounds and falling, as in Bits: "at least t" is "above t - 1", which every sum is for the lowest t."""
    wide = after.threshold.astype(np.int64)
    bounds = np.full(WARP * words_of(len(wide)), HIGHEST, np.int32)
    bounds[: len(wide)] = np.where(after.at_least, np.maximum(wide, LOWEST + 1) - 1, wide)
    return bounds, pack(~after.at_least)
