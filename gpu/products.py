"""One product, and one convolution with its threshold, on any Device: what benchmarks time by itself."""

from __future__ import annotations

import math
import threading
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words, words_for
from engine.inference.backend import Convolver, Multiplier
from engine.inference.network import Conv, Shape, Threshold
from engine.inference.rules import check_maps, check_operand, convolution, given
from gpu import launches
from gpu.choice import Chooser, Work, in_tiles, usual
from gpu.device import Device
from gpu.launch import Launch
from gpu.layers import Layer
from gpu.lowering import Rooms, Walk
from gpu.memory import DeviceArray
from gpu.results import Sums

MOST_BYTES = 1 << 29
"""Of what is made on the device before it is read."""
NUMBER_BYTES, WORD_BYTES = 4, 8


class DeviceMultiplier(Multiplier):
    """Weights w on the device, of `terms` signs each. Calls from several threads take turns."""

    def __init__(self, device: Device, w: Words, k: int, choose: Chooser | None = None) -> None:
        """Upload w [N, W] of k bits. choose: which kernel makes a product. Raises BadInput."""
        check_operand(w, k)
        self._device, self._choose = device, choose or partial(usual, device=device)
        self.terms, self._columns, self._words = k, len(w), words_for(k)
        self.w = device.upload(w).view(np.uint32)
        self._rooms, self._turn = Rooms(device), threading.Lock()
        self._together = max(1, MOST_BYTES // max(1, NUMBER_BYTES * self._columns))

    def __call__(self, a: Words, out: NDArray[np.int32] | None = None) -> NDArray[np.int32]:
        """Sums int32 [M, N] of a [M, W]. Raises BadInput."""
        check_operand(a, self.terms)
        sums = _room(out, (len(a), self._columns), np.dtype(np.int32))
        for start in range(0, len(a) if self._columns else 0, self._together):
            rows = a[start : start + self._together]
            with self._turn:
                there, made = self.rooms(len(rows))
                self._device.upload(rows, there)
                for launch in self.launches(there, made):
                    self._device.run(launch)
                self._device.download(made, sums[start : start + len(rows)])
        return sums if sums is out else given(sums, out)

    def rooms(self, rows: int) -> tuple[DeviceArray, DeviceArray]:
        """Where so many rows of words uint64 go, and their sums int32."""
        return (
            self._rooms.room("a", (rows, self._words), np.uint64),
            self._rooms.room("sums", (rows, self._columns), np.int32),
        )

    def launches(self, a: DeviceArray, sums: DeviceArray) -> list[Launch]:
        """The product of rows that are on the device."""
        words = a.view(np.uint32)
        module = self._choose(Work("gemm", a.shape[0], self._columns, words.shape[1]))
        if in_tiles(module):
            return [launches.gemm(module, words, self.w, self.terms, Sums(sums))]
        return [launches.clear(sums), launches.few(module, words, self.w, self.terms, Sums(sums))]


class DeviceConvolver(Convolver):
    """A convolution's weights on the device. Calls from several threads take turns."""

    def __init__(
        self, device: Device, conv: Conv, after: Threshold, shape: Shape, choose: Chooser | None = None
    ) -> None:
        """Upload a convolution of maps of this shape [H, W, C], with its threshold. Raises BadInput."""
        self._device, self._choose, self._shape = device, choose or partial(usual, device=device), shape
        stage = convolution(conv, after, shape)
        self._layer = Layer(stage, device, on_pixels=False, plain=False)
        self._takes = (*shape[:2], words_for(shape[2]))
        self._gives = (*stage.gives[:2], words_for(stage.gives[2]))
        self._rooms, self._turn = Rooms(device), threading.Lock()
        self._together = max(1, MOST_BYTES // (WORD_BYTES * math.prod(self._gives)))

    def __call__(self, maps: Words, out: Words | None = None) -> Words:
        """Signs uint64 [B, H', W', words] of maps [B, H, W, words]. Raises BadInput."""
        check_maps(maps, self._shape)
        signs = _room(out, (len(maps), *self._gives), np.dtype(np.uint64))
        for start in range(0, len(maps), self._together):
            block = maps[start : start + self._together]
            with self._turn:
                there = self._device.upload(block, self._rooms.room("maps", block.shape, np.uint64))
                made, steps = self.launches(there)
                for launch in steps:
                    self._device.run(launch)
                self._device.download(made, signs[start : start + len(block)])
        return signs if signs is out else given(signs, out)

    def launches(self, maps: DeviceArray) -> tuple[DeviceArray, list[Launch]]:
        """Where the signs uint64 of maps go that are on the device, and how."""
        walk = Walk(self._device, self._choose, self._rooms, maps.shape[0], keep=False)
        walk.through([self._layer], maps.view(np.uint32))
        return walk.made[0].result.out.view(np.uint64), walk.launches


def _room(out: NDArray[Any] | None, shape: Shape, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Where a result is copied to: `out` itself where that can be, since memory that is new costs more than a copy."""
    fits = out is not None and out.flags.c_contiguous and (out.shape, out.dtype) == (shape, dtype)
    return out if out is not None and fits else np.empty(shape, dtype)
