"""What is timed on the device itself: kernels by themselves, with packing before them, and the paper's beside them.

The whole call, with copies from the host and back, is the backend's own row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words, unpack
from engine.inference.backend import Convolver, Multiplier, Program, Resident
from engine.turns import DeviceClock, DeviceTurns
from gpu import launches
from gpu.device import Device
from gpu.launch import Launch
from gpu.memory import DeviceArray
from gpu.products import DeviceConvolver, DeviceMultiplier
from gpu.program import PackedProgram

KERNEL, PACKED, PAPER_FLOAT, PAPER_XNOR = "cupy-kernel", "cupy-packed", "paper-float", "paper-xnor"
"""Operands as they are used; float32 to pack first; and the two kernels that Hubara et al. (2016) compared."""


class ClockedDevice(Device, DeviceClock, Protocol):
    """A device that has a clock."""


def residents(
    device: ClockedDevice, made: Program | Multiplier | Convolver, operands: NDArray[np.generic]
) -> Iterator[Resident]:
    """What is to be timed of a program, a multiplier or a convolver on these images, rows or maps."""
    match made:
        case DeviceMultiplier():
            yield from _of_product(device, made, operands.view(np.uint64))
        case PackedProgram():
            yield from _of_network(device, made, operands)
        case DeviceConvolver():
            signs, steps = made.launches(device.upload(operands))
            yield _resident(device, KERNEL, "xnor", steps, signs)


def _of_product(device: ClockedDevice, made: DeviceMultiplier, a: Words) -> Iterator[Resident]:
    there, sums = made.rooms(len(a))
    device.upload(a, there)
    steps = made.launches(there, sums)
    yield _resident(device, KERNEL, "xnor", steps, sums)
    floats = device.upload(_signs(a, made.terms))
    yield _resident(device, PACKED, "xnor", [launches.pack_floats(floats, there.view(np.uint32)), *steps], sums)
    w = device.download(made.w).view(np.uint64)
    turned = device.upload(np.ascontiguousarray(_signs(w, made.terms).T))
    product = device.allocate(sums.shape, np.float32)
    yield _resident(device, PAPER_FLOAT, "peer", [launches.paper_floats(floats, turned, product)], product)
    words = device.upload(np.ascontiguousarray(w.view(np.uint32).T))
    step = launches.paper_signs(there.view(np.uint32), words, made.terms, sums)
    yield _resident(device, PAPER_XNOR, "xnor", [step], sums)


def _of_network(device: ClockedDevice, made: PackedProgram, images: NDArray[np.generic]) -> Iterator[Resident]:
    """A batch; of dense networks, where it is taken through at once, the same by the paper's float kernel, unsigned."""
    steps, scores = made.resident(device.upload(images))
    yield _resident(device, KERNEL, "xnor", steps, scores)
    if made.widths and len(images) <= made.together:
        yield Resident(PAPER_FLOAT, "peer", DeviceTurns(_run(device, _float_layers(device, made, len(images))), device))


def _float_layers(device: Device, made: PackedProgram, count: int) -> list[Launch]:
    rng, sides = np.random.default_rng(0), [(count, made.widths[0]), *pairwise(made.widths)]
    given, *weights = (device.upload(rng.choice(np.array([-1, 1], np.float32), side)) for side in sides)
    steps = []
    for w in weights:
        made_of = device.allocate((count, w.shape[1]), np.float32)
        steps.append(launches.paper_floats(given, w, made_of))
        given = made_of
    return steps


def _resident(device: ClockedDevice, name: str, kind: str, steps: Sequence[Launch], into: DeviceArray) -> Resident:
    run = _run(device, steps)

    def result() -> NDArray[np.generic]:
        run()
        return device.download(into)

    return Resident(name, kind, DeviceTurns(run, device), result)


def _run(device: Device, steps: Sequence[Launch]) -> Callable[[], None]:
    def run() -> None:
        for step in steps:
            device.run(step)

    return run


def _signs(words: Words, bits: int) -> NDArray[np.float32]:
    """float32 [rows, bits] of +1 and -1."""
    return unpack(words, bits).astype(np.float32) * 2 - 1
