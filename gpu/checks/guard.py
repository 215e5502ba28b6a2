"""A device whose every array lies between canaries, and the comparison that all checks end with."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.bits import pack
from gpu.device import Device
from gpu.launch import Launch
from gpu.memory import DeviceArray, Shape

MARGIN = 256
"""Bytes before and after an array, also what a device aligns memory to."""


def canaries(number: int, size: int) -> NDArray[np.uint8]:
    """Bytes about and in an array of `size` bytes, different for each: what is copied out of one shows in another."""
    return np.random.default_rng(number).integers(0, 256, size + 2 * MARGIN, dtype=np.uint8)


class Mismatch(Exception):
    """What a kernel did wrong."""


class Guarded(Device):
    """Passes everything on to a device; arrays begin with the canaries' bytes in them."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self.capability, self.processors = device.capability, device.processors
        self._all: list[tuple[DeviceArray, int]] = []

    def allocate(self, shape: Shape, dtype: DTypeLike) -> DeviceArray:
        size = math.prod(shape) * np.dtype(dtype).itemsize
        whole = self._device.upload(canaries(len(self._all), size))
        self._all.append((whole, size))
        return whole.rows(MARGIN, MARGIN + size).view(dtype, tuple(shape))

    def upload(self, values: NDArray[Any], into: DeviceArray | None = None) -> DeviceArray:
        target = self.allocate(values.shape, values.dtype) if into is None else into
        return self._device.upload(values, target)

    def download(self, array: DeviceArray, into: NDArray[Any] | None = None) -> NDArray[Any]:
        return self._device.download(array, into)

    def prepare(self, launch: Launch) -> None:
        self._device.prepare(launch)

    def run(self, launch: Launch) -> None:
        self._device.run(launch)

    def synchronise(self) -> None:
        self._device.synchronise()

    def expect(self, array: DeviceArray, wanted: NDArray[Any], of: object) -> None:
        """Every value equal, and no canary touched. `of`: the sizes, for the message. Raises Mismatch."""
        found = self.download(array)
        wrong = np.argwhere(~((found == wanted) | ((found != found) & (wanted != wanted))))
        if len(wrong):
            at = tuple(wrong[0].tolist())
            raise Mismatch(
                f"with {of}, {len(wrong):,} of {found.size:,} values are wrong, the first at {at}: "
                f"{found[at]} for {wanted[at]}"
            )
        for number, (whole, size) in enumerate(self._all):
            touched = self.download(whole) != canaries(number, size)
            if touched[:MARGIN].any() or touched[MARGIN + size :].any():
                raise Mismatch(f"with {of}, it writes beyond the end of an array of {size:,} bytes")

    def words(self, positive: NDArray[np.bool_]) -> DeviceArray:
        """Packed signs, rows of 32-bit words."""
        return self.upload(pack(positive)).view(np.uint32)
