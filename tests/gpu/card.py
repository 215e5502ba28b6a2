"""The simulation in a card's place: its clock counts launches, and its kernels fail as cards make them fail."""

import os
import signal
import time

from gpu.cuda import CudaDevice
from gpu.driver import Gpu
from gpu.failures import explained, lost
from gpu.trial import Fault
from tests.hostsim.device import SimulatedDevice

GPU = Gpu("Simulated GPU", (8, 6), (12, 4), "550.54")
LAUNCH = 1e-3
"""Seconds of a launch."""


class Card(SimulatedDevice, CudaDevice):
    """What CudaDevice is. fails: by the name of a module, or "*", what happens when one of its kernels is run.

    after: launches that go well before anything happens.
    """

    gpu = GPU

    def __init__(self, fails=None, after=0, **how):
        SimulatedDevice.__init__(self, **how)
        self._fails, self._after = fails or {}, after

    def versions(self):
        return {"driver": "550.54", "cuda": "12.4", "nvrtc": "12.9", "cupy": "14.2.0"}

    def run(self, launch):
        if len(self.launches) >= self._after:
            with explained("computing"):
                happen(self._fails.get(str(launch.module)) or self._fails.get("*", ""))
        super().run(launch)

    def mark(self):
        return len(self.launches) * LAUNCH

    def seconds(self, first, last):
        return last - first

    def recorded(self, begin, times):
        return lambda: [begin() for _ in range(times)]


def happen(what):
    """Fail in the way that is named; "" is no failure."""
    match what:
        case "illegal address":
            raise lost("computing", 700, "cudaErrorIllegalAddress: an illegal memory access was encountered")
        case "no memory":
            raise lost("taking memory", 2, "its memory is full")
        case "gone":
            raise lost("computing", 100, "cudaErrorNoDevice: no CUDA-capable device is detected")
        case "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(3600)


def plant(modules, old, new):
    """A bug in the text of those modules whose text begins as one of them does."""
    texts = {module.text for module in modules}

    def planted(text):
        if text not in texts:
            return text
        assert old in text
        return text.replace(old, new)

    return planted


class TrialHere:
    """Stands where Trial stands: checks and times in this process, on a card."""

    def __init__(self, card, fault, seconds=None):
        self._card, self._fault, self._seconds = card, fault, seconds

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return

    def versions(self):
        return self._card.versions()

    def check(self, module):
        fault = self._fault(self._card, module)
        if fault:
            raise Fault(fault)

    def seconds(self, module, workload):
        return self._seconds(module, workload)
