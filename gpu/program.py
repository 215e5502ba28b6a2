"""A packed network on any Device, bit for bit what the other backends make of it."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.bits import words_for
from engine.errors import Unsupported
from engine.inference.backend import Activation, Program
from engine.inference.network import Conv, PackedNetwork, Shape, Threshold
from engine.inference.rules import check_images, stages
from gpu.choice import Chooser, usual
from gpu.device import Device
from gpu.launch import Launch
from gpu.launches import MOST_PIXELS
from gpu.layers import Layer
from gpu.lowering import Made, Rooms, Walk
from gpu.memory import DeviceArray
from gpu.results import Value

MOST_IMAGES = 4096
NUMBER_BYTES = 4
SCRATCH = 1 << 28
"""Bytes between all layers, of all images that are taken through a network together."""
PLANS = 16
"""Batch sizes whose launches are kept."""


@dataclass(frozen=True)
class Plan:
    """All launches for a batch of one size, where its images go, and what the layers leave."""

    images: DeviceArray
    launches: tuple[Launch, ...]
    made: tuple[Made, ...]


class PackedProgram(Program):
    """A packed network on a device, `together` images at a time. Calls from several threads take turns."""

    def __init__(
        self, network: PackedNetwork, device: Device, choose: Chooser | None = None, most_images: int = MOST_IMAGES
    ) -> None:
        """Upload the weights. Raises Unsupported.

        choose: which kernel makes a product, by rule of thumb if None. most_images: that are taken through all layers
        together.
        """
        _check_pixels(network)
        self._network, self._device = network, device
        self._choose = choose or partial(usual, device=device)
        self._layers = [
            Layer(stage, device, on_pixels=index == 0 and network.source == "u8", plain=index == 0)
            for index, stage in enumerate(stages(network))
        ]
        self._rooms, self._room_for = Rooms(device), 0
        self._plans: dict[tuple[int, bool], Plan] = {}
        self._turn = threading.Lock()
        self.together = min(most_images, _together(self._layers))
        self._dtype = np.uint8 if network.source == "u8" else np.uint64

    def warm(self) -> None:
        """Choose and compile the kernels for single images and for large batches, and take memory for both."""
        with self._turn:
            for count in (1, self.together):
                for launch in self.plan(count).launches:
                    self._device.prepare(launch)
        self.scores(np.zeros((1, *self._takes()), self._dtype))

    def scores(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Scores float32 [B, classes] of u8 [B, H, W, C] or words. Raises BadInput."""
        check_images(self._network, images)
        scores = np.empty((len(images), self._network.classes), np.float32)
        for start in range(0, len(images), self.together):
            block = images[start : start + self.together]
            with self._turn:
                plan = self._run(block, keep=False)
                self._device.download(plan.made[-1].result.out, scores[start : start + self.together])
        return scores

    def activations(self, images: NDArray[np.generic]) -> list[Activation]:
        """One Activation for each hidden layer, in order. Raises BadInput."""
        check_images(self._network, images)
        starts = range(0, max(1, len(images)), self.together)
        blocks = [self._activations(images[start : start + self.together]) for start in starts]
        return [_joined(layers) for layers in zip(*blocks, strict=True)]

    def plan(self, count: int, *, keep: bool = False) -> Plan:
        """The launches for a batch of this size, at most a block; keep: with every layer's sums and values."""
        key = count, keep
        if count > self._room_for:  # what there was is given back
            self._plans, self._rooms, self._room_for = {}, Rooms(self._device), count
        if key not in self._plans:
            while len(self._plans) >= PLANS:
                self._plans.pop(next(iter(self._plans)))
            self._plans[key] = self._made(count, keep)
        return self._plans[key]

    def resident(self, images: DeviceArray) -> tuple[list[Launch], DeviceArray]:
        """What takes images that are on the device through all layers, however many, and where their scores go."""
        count, rooms, steps = images.shape[0], Rooms(self._device), list[Launch]()
        scores = self._device.allocate((count, self._network.classes), np.float32)
        for start in range(0, count, self.together):
            stop = min(count, start + self.together)
            walk = Walk(self._device, self._choose, rooms, stop - start, keep=False, scores=scores.rows(start, stop))
            walk.through(self._layers, self._given(images.rows(start, stop)))
            steps += walk.launches
        return steps, scores

    @property
    def widths(self) -> tuple[int, ...]:
        """Values that go in and out of each layer of a network of dense layers; () elsewhere."""
        products = list(self._network.layers())
        if any(isinstance(product, Conv) for product in products):
            return ()
        return (products[0].inputs, *(product.outputs for product in products))

    def _made(self, count: int, keep: bool) -> Plan:
        images = self._rooms.room("images", (count, *self._takes()), self._dtype)
        walk = Walk(self._device, self._choose, self._rooms, count, keep)
        walk.through(self._layers, self._given(images))
        return Plan(images, tuple(walk.launches), tuple(walk.made))

    def _given(self, images: DeviceArray) -> DeviceArray:
        """Images as the first layer takes them."""
        return images if self._network.source == "u8" else images.view(np.uint32)

    def _run(self, images: NDArray[np.generic], *, keep: bool) -> Plan:
        plan = self.plan(len(images), keep=keep)
        self._device.upload(images, plan.images)
        for launch in plan.launches:
            self._device.run(launch)
        return plan

    def _activations(self, images: NDArray[np.generic]) -> list[Activation]:
        hidden = self._layers[:-1]
        if not len(images):
            return [_nothing(layer) for layer in hidden]
        with self._turn:
            made = self._run(images, keep=True).made
            return [self._activation(each) for each in made[: len(hidden)]]

    def _activation(self, made: Made) -> Activation:
        assert made.sums is not None
        value = self._device.download(made.result.value) if isinstance(made.result, Value) else None
        bits = self._device.download(made.result.out.view(np.uint64))
        return Activation(self._device.download(made.sums), bits, value)

    def _takes(self) -> Shape:
        """Shape of one image as it is uploaded."""
        height, width, channels = self._network.metadata.input_shape
        if self._network.source == "u8":
            return (height, width, channels)
        if isinstance(self._network.operations[0], Conv):
            return (height, width, words_for(channels))
        return (words_for(self._network.metadata.inputs),)


def _nothing(layer: Layer) -> Activation:
    """What a layer does to no images."""
    sums = np.empty((0, *layer.stage.gives), np.int32)
    bits = np.empty((*sums.shape[:-1], words_for(sums.shape[-1])), np.uint64)
    return Activation(sums, bits, None if isinstance(layer.stage.after, Threshold) else sums.astype(np.float32))


def _joined(blocks: Sequence[Activation]) -> Activation:
    """One layer's activations of all blocks."""
    values = [block.value for block in blocks if block.value is not None]
    return Activation(
        np.concatenate([block.sums for block in blocks]),
        np.concatenate([block.bits for block in blocks]),
        np.concatenate(values) if values else None,
    )


def _together(layers: Sequence[Layer]) -> int:
    """Images that are taken through all layers together."""
    values = sum(math.prod(layer.sums) for layer in layers)
    return max(1, min(MOST_IMAGES, SCRATCH // (NUMBER_BYTES * values)))


def _check_pixels(network: PackedNetwork) -> None:
    first = next(network.layers())
    if network.source == "u8" and first.inputs > MOST_PIXELS:
        raise Unsupported(f"A layer of {first.inputs:,} pixels does not fit in 32-bit sums.", "Use smaller images.")
