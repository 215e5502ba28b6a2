"""What kernels are tuned on: products as networks have them, run as a program runs them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.bits import words_for
from engine.inference.network import Conv, Dense, Shape, Threshold
from engine.inference.operands import random_words
from engine.inference.rules import Stage
from engine.turns import DeviceTurns
from gpu.choice import Work
from gpu.cuda import CudaDevice
from gpu.layers import Layer, kind_of, work_of
from gpu.lowering import Rooms, Walk
from gpu.source import Module


@dataclass(frozen=True)
class Workload:
    """One layer on so many images of a shape. kernel: side of its square kernel, 0 for a dense layer."""

    name: str
    images: int
    takes: Shape
    outputs: int
    kernel: int = 0
    on_pixels: bool = False

    @cached_property
    def stage(self) -> Stage:
        """The layer, with random signs and thresholds about 0."""
        rng = np.random.default_rng(0)
        inputs = int(np.prod(self.takes))
        if self.kernel:
            channels = self.takes[2]
            rows = random_words(rng, self.outputs * self.kernel**2, channels)
            weights = rows.reshape(self.outputs, self.kernel, self.kernel, -1)
            product: Conv | Dense = Conv(weights, channels, 1, self.kernel // 2)
        else:
            product = Dense(random_words(rng, self.outputs, inputs), inputs)
        after = Threshold(np.zeros(self.outputs, np.int32), rng.random(self.outputs) < 0.5)
        return Stage(product, None, after, self.takes, product.gives(self.takes))

    @property
    def work(self) -> Work:
        """As the choice of a kernel sees it."""
        return work_of(self.stage, kind_of(self.stage, self.on_pixels), self.images)


WORKLOADS = (
    Workload("1024 signs to 1024, 1024 images", 1024, (1024,), 1024),
    Workload("4096 signs to 4096, 4096 images", 4096, (4096,), 4096),
    Workload("1024 signs to 1024, 64 images", 64, (1024,), 1024),
    Workload("4096 signs to 4096, 16 images", 16, (4096,), 4096),
    Workload("4096 signs to 4096, 1 image", 1, (4096,), 4096),
    Workload("784 pixels to 1024, 1024 images", 1024, (784,), 1024, on_pixels=True),
    Workload("784 pixels to 1024, 16 images", 16, (784,), 1024, on_pixels=True),
    Workload("128 maps of 32 x 32 to 128, 16 images", 16, (32, 32, 128), 128, 3),
    Workload("256 maps of 16 x 16 to 256, 64 images", 64, (16, 16, 256), 256, 3),
    Workload("3 maps of 32 x 32 pixels to 128, 64 images", 64, (32, 32, 3), 128, 3, on_pixels=True),
)
"""The most important first: the time for tuning may not be enough for all."""


def seconds(device: CudaDevice, module: Module, workload: Workload) -> float:
    """How long a workload takes with a module, by the device's clock."""
    layer = Layer(workload.stage, device, on_pixels=workload.on_pixels, plain=True)
    walk = Walk(device, lambda _: module, Rooms(device), workload.images, keep=False)
    shape, dtype = _input(workload)
    walk.through([layer], device.upload(_random(shape, dtype)).view(np.uint8 if workload.on_pixels else np.uint32))

    def begin() -> None:
        for launch in walk.launches:
            device.run(launch)

    return DeviceTurns(begin, device)()


def _input(workload: Workload) -> tuple[Shape, type]:
    if workload.on_pixels:
        return (workload.images, *workload.takes), np.uint8
    *places, values = workload.takes
    return (workload.images, *places, words_for(values)), np.uint64


def _random(shape: Shape, dtype: type) -> np.ndarray:
    return np.random.default_rng(1).integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)
