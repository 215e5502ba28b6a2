"""The simulation as a device: the same launches as on a GPU, memory between canaries, every fault an error."""

from __future__ import annotations

import ctypes
import math

import numpy as np

from gpu.device import Device
from gpu.memory import DeviceArray
from tests.hostsim.build import simulated

POISON = 0xA5
CANARY = 0xC5
MARGIN = 256
"""Bytes of canaries before and after every array."""
FORWARD, BACKWARD, RANDOM = 0, 1, 12345
ORDERS = (FORWARD, BACKWARD, RANDOM)


class SimulationFault(AssertionError):
    """What a kernel did that a GPU would not forgive."""


class Block:
    """Memory of one array, poisoned, between canaries."""

    def __init__(self, nbytes):
        whole = self.whole = np.full(nbytes + 2 * MARGIN + 256, CANARY, np.uint8)
        first = MARGIN + -(whole.ctypes.data + MARGIN) % 256  # as cudaMalloc aligns
        self.inside = whole[first : first + nbytes]
        self.inside[:] = POISON
        self._margins = whole[:first], whole[first + nbytes :]

    def check(self):
        for margin in self._margins:
            if (margin != CANARY).any():
                raise SimulationFault("written beyond the end of an array")


class SimulatedDevice(Device):
    """Runs launches in one order, and one module's text in the place of its own where it is given (`planted`)."""

    capability = (8, 6)
    processors = 4

    def __init__(self, order=FORWARD, planted=None, flags=()):
        self._order, self._planted, self._flags = order, planted, flags
        self.launches = []

    def allocate(self, shape, dtype):
        dtype = np.dtype(dtype)
        block = Block(math.prod(shape) * dtype.itemsize)
        return DeviceArray(block.inside.ctypes.data, dtype, tuple(shape), block)

    def upload(self, values, into=None):
        if into is None:
            into = self.allocate(values.shape, values.dtype)
        bytes_of(into)[:] = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
        return into

    def download(self, array, into=None):
        values = bytes_of(array).copy().view(array.dtype).reshape(array.shape)
        if into is None:
            return values
        into[...] = values
        return into

    def prepare(self, launch):
        self._native(launch)

    def run(self, launch):
        """Raises SimulationFault."""
        self.launches.append(launch)
        self.simulate(launch)
        for argument in launch.arguments:
            if isinstance(argument, DeviceArray):
                argument.owner.check()

    def simulate(self, launch):
        """Raises SimulationFault, for canaries not yet."""
        message = ctypes.create_string_buffer(300)
        failed = self._native(launch)(
            launch.kernel.encode(), (ctypes.c_uint * 3)(*launch.grid), (ctypes.c_uint * 3)(*launch.block),
            launch.shared_bytes, ctypes.c_void_p(launch.pointers), self._order, message, len(message),
        )  # fmt: skip
        if failed:
            raise SimulationFault(f"{launch.module}, {launch.kernel}, {message.value.decode()}")

    def _native(self, launch):
        """The native function for its module."""
        text = launch.module.text if self._planted is None else self._planted(launch.module.text)
        return simulated(text, tuple(launch.module.kernels), self._flags)

    def synchronise(self):
        """Every launch has run when `run` returns."""


def bytes_of(array):
    """The array's bytes, to read and write."""
    if not array.nbytes:
        return np.empty(0, np.uint8)
    return np.frombuffer((ctypes.c_uint8 * array.nbytes).from_address(array.address), np.uint8)
