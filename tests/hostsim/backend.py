"""The simulation as a backend, so that the conformance suite holds whole programs against the oracle."""

from __future__ import annotations

from itertools import cycle

from engine.inference.backend import Backend, Ready
from engine.inference.rules import packed_only
from gpu.products import DeviceConvolver, DeviceMultiplier
from gpu.program import PackedProgram
from tests.hostsim.device import ORDERS, SimulatedDevice

TOGETHER = 16
"""Images: fewer than on a GPU, so that batches are taken in parts here too."""

_orders = cycle(ORDERS)


class Simulated(Backend):
    """What the GPU's backend is, on simulated devices: each program runs in the next order of threads and blocks."""

    name = "simulated"
    kind = "xnor"
    rank = -1

    def probe(self):
        return Ready("simulation")

    def load(self, network):
        return PackedProgram(packed_only(network, self.name), self._device(), most_images=TOGETHER)

    def multiplier(self, w, k):
        return DeviceMultiplier(self._device(), w, k)

    def convolver(self, conv, after, shape):
        return DeviceConvolver(self._device(), conv, after, shape)

    def _device(self):
        return SimulatedDevice(next(_orders))
