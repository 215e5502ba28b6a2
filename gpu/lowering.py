"""From the layers of a network to launches, for a batch of a certain size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import DTypeLike

from engine.inference.network import Shape, Shortcut, Threshold
from gpu import launches
from gpu.choice import Chooser, in_tiles, prefix
from gpu.device import Device
from gpu.launch import Launch
from gpu.layers import Layer
from gpu.memory import DeviceArray, parts, words_of
from gpu.results import Bits, Result, Scores, Sums, Value
from gpu.source import PLANES, Module

SPLIT_WORDS = 512
"""Words of a row that one block takes at least, where several share a row."""


class Rooms:
    """Memory between launches, kept from batch to batch; a batch that is smaller uses the beginning of it."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._held: dict[object, DeviceArray] = {}

    def room(self, name: object, shape: Shape, dtype: DTypeLike) -> DeviceArray:
        """An array of this shape, whose first side is the batch."""
        held = self._held.get(name)
        if held is None or held.shape[0] < shape[0]:
            held = self._held[name] = self._device.allocate(shape, dtype)
        return held.rows(0, shape[0])


@dataclass(frozen=True)
class Made:
    """What a layer leaves on the device: its scores, or its bits with the sums and the value where they are kept."""

    result: Bits | Scores | Value
    sums: DeviceArray | None


@dataclass(frozen=True)
class Product:
    """A layer's product: the module that makes it, of what, and the blocks that share the words of a row."""

    layer: Layer
    module: Module
    given: DeviceArray
    splits: int

    def makes(self, result: Result) -> bool:
        """Whether one kernel makes this of the sums at once."""
        return self.splits == 1 and f"{prefix(self.module, self.layer.kind)}_{result.suffix}" in self.module.kernels

    def into(self, result: Result) -> Launch:
        """The launch of it."""
        return self.layer.product(self.module, self.given, result, self.splits)


@dataclass
class Walk:
    """Launches for a batch, layer after layer. keep: whether every layer's sums and values stay there to be read.

    scores: where the last layer's go, in one of the rooms if None.
    """

    device: Device
    choose: Chooser
    rooms: Rooms
    images: int
    keep: bool
    scores: DeviceArray | None = None
    launches: list[Launch] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)

    def through(self, layers: Sequence[Layer], given: DeviceArray) -> None:
        """Everything that the layers do to what the first is given."""
        for index, layer in enumerate(layers):
            self.made.append(self._layer(index, layer, given))
            given = self.made[-1].result.out

    def _layer(self, index: int, layer: Layer, given: DeviceArray) -> Made:
        module = self.choose(layer.work(self.images))
        if module is PLANES:
            given = self._planes(given)
        result, pool = self._result(index, layer), layer.stage.pool
        product = Product(layer, module, given, self._splits(module, layer))
        if self.keep or not product.makes(result) or (pool is not None and not isinstance(result, Bits)):
            return Made(result, self._by_sums(index, product, result))
        if pool is not None and isinstance(result, Bits):
            # signs of all sums first: there are 32 times fewer bytes of them to pool
            signs = layer.bits(self._room(index, "unpooled", _packed(layer.sums), np.uint32))
            self.launches.append(product.into(signs))
            self.launches.append(launches.pool_bits(signs.out, signs.falling, pool, result.out))
        else:
            self.launches.append(product.into(result))
        return Made(result, None)

    def _by_sums(self, index: int, product: Product, result: Bits | Scores | Value) -> DeviceArray:
        """The sums, pooled, then the rest of them."""
        stage = product.layer.stage
        sums = self._room(index, "sums", product.layer.sums, np.int32)
        if not in_tiles(product.module):
            self.launches.append(launches.clear(sums))
        self.launches.append(product.into(Sums(sums)))
        if stage.pool is not None:
            pooled = self._room(index, "pooled sums", stage.gives, np.int32)
            self.launches.append(launches.pool_sums(sums, stage.pool, pooled))
            sums = pooled
        self.launches.append(launches.finish(sums, result))
        return sums

    def _planes(self, pixels: DeviceArray) -> DeviceArray:
        count = int(np.prod(pixels.shape[1:]))
        planes = self._room(0, "planes", (launches.PLANE_COUNT, words_of(count)), np.uint32)
        self.launches.append(launches.pack_planes(pixels.view(np.uint8, (self.images, count)), planes))
        return planes

    def _result(self, index: int, layer: Layer) -> Bits | Scores | Value:
        """What the layer is to make, and where."""
        stage = layer.stage
        if stage.last:
            kept = self.scores
            return layer.scores(self._room(index, "scores", stage.gives, np.float32) if kept is None else kept)
        bits = self._room(index, "bits", _packed(stage.gives), np.uint32)
        if isinstance(stage.after, Threshold):
            return layer.bits(bits)
        before = self._value() if isinstance(stage.after, Shortcut) else None
        own = self._room(index, "value", stage.gives, np.float32) if before is None or self.keep else before
        return layer.value(before, own, bits)

    def _value(self) -> DeviceArray:
        """The value as it is now."""
        return next(made.result.value for made in reversed(self.made) if isinstance(made.result, Value))

    def _splits(self, module: Module, layer: Layer) -> int:
        """Blocks that share a row's words: none to spare where there are as many blocks as processors."""
        if in_tiles(module):
            return 1
        work = layer.work(self.images)
        blocks = work.rows * parts(work.columns, 32)
        return max(1, min(self.device.processors // blocks, work.words // SPLIT_WORDS))

    def _room(self, index: int, what: str, shape: Shape, dtype: DTypeLike) -> DeviceArray:
        return self.rooms.room((index, what, self.keep), (self.images, *shape), dtype)


def _packed(shape: Shape) -> Shape:
    return (*shape[:-1], words_of(shape[-1]))
