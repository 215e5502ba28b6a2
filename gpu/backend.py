"""XNOR on an NVIDIA GPU through CuPy: whether it can run here, found out without importing CuPy, and what it runs."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words
from engine.errors import FlipscopeError, Unsupported
from engine.inference.backend import (
    Backend,
    Convolver,
    Kind,
    Multiplier,
    Program,
    Ready,
    Resident,
    Unavailable,
)
from engine.inference.network import Conv, Network, Shape, Threshold
from engine.inference.rules import packed_only
from gpu import autotune, driver, nvrtc, selftest, timing, verdict
from gpu.choice import Chooser
from gpu.cuda import CudaDevice, open_device
from gpu.driver import Gpu
from gpu.failures import NAME
from gpu.products import DeviceConvolver, DeviceMultiplier
from gpu.program import PackedProgram
from gpu.selftest import Say, silent
from gpu.trial import Trial
from gpu.verdict import Verdict

DOCTOR = "Run 'python main.py doctor --gpu' to test it again, and report what it prints."


@dataclass(frozen=True)
class Place:
    """The GPU that is to be used, and the name under which its verdict is kept."""

    gpu: Gpu
    key: str


class CupyXnor(Backend):
    """Packed signs in CUDA kernels that passed the self-test on this very card."""

    name: ClassVar[str] = NAME
    kind: ClassVar[Kind] = "xnor"
    rank: ClassVar[int] = 100
    offloads: ClassVar[bool] = True

    def __init__(self) -> None:
        self._verdict: Verdict | None = None
        self._device: CudaDevice | None = None

    def probe(self) -> Ready | Unavailable:
        """Ready with a card, its driver, CuPy, and a verdict that leaves nothing undone."""
        try:
            place, found = self._examined()
        except FlipscopeError as error:
            return Unavailable(error.what, error.remedy)
        return Ready(place.gpu.name, found.note())

    def unsettled(self) -> Callable[[], None] | None:
        """The self-test of a card that has no verdict yet, and opening the card: where there is one."""
        place = _place()
        if isinstance(place, FlipscopeError) or self._device is not None:
            return None
        found = self._known(place)
        return None if found is not None and found.undone() else self._settle

    def examine(self, say: Say = silent) -> Verdict:
        """Test and tune the card anew and keep the verdict. Raises FlipscopeError where that is not possible now."""
        place = present()
        with Trial() as trial:
            found = selftest.examine(trial, verdict.runnable(place.gpu.capability), say)
            autotune.tune(trial, found, place.gpu.capability, say=say)
        verdict.store(place.key, found)
        self._verdict = found
        return found

    def load(self, network: Network) -> Program:
        """Upload a packed network. Raises Unsupported, BackendLost."""
        return PackedProgram(packed_only(network, self.name), *self._opened())

    def multiplier(self, w: Words, k: int) -> Multiplier:
        """Upload the weights w [N, W] of k bits. Raises BadInput, Unsupported, BackendLost."""
        device, choose = self._opened()
        return DeviceMultiplier(device, w, k, choose)

    def convolver(self, conv: Conv, after: Threshold, shape: Shape) -> Convolver:
        """Upload a convolution's weights. Raises BadInput, Unsupported, BackendLost."""
        device, choose = self._opened()
        return DeviceConvolver(device, conv, after, shape, choose)

    def residents(self, made: Program | Multiplier | Convolver, operands: NDArray[np.generic]) -> Sequence[Resident]:
        """Its kernels by themselves, with packing, and the paper's: see gpu.timing."""
        device, _ = self._opened()
        return tuple(timing.residents(device, made, operands))

    def _settle(self) -> None:
        if self._known(present()) is None:
            self.examine()
        self._opened()

    def _opened(self) -> tuple[CudaDevice, Chooser]:
        """The card, and what chooses its kernels."""
        _, found = self._examined()
        if self._device is None:
            self._device = open_device()
        return self._device, found.chooser(self._device)

    def _examined(self) -> tuple[Place, Verdict]:
        """Raises NoGpu, Unsupported where it cannot be used, or it is not known whether it can."""
        place = present()
        found = self._known(place)
        if found is None:
            raise Unsupported(
                f"Its kernels were not yet checked on this {place.gpu.name}.",
                "The window does so by itself; on the command line run 'python main.py doctor --gpu'.",
            )
        if fault := found.undone():
            raise Unsupported(fault, DOCTOR)
        return place, found

    def _known(self, place: Place) -> Verdict | None:
        self._verdict = self._verdict or verdict.load(place.key)
        return self._verdict


def present() -> Place:
    """Where the kernels would run. Raises NoGpu, Unsupported with what is missing."""
    place = _place()
    if isinstance(place, FlipscopeError):
        raise place
    return place


def _place() -> Place | FlipscopeError:
    if "torch" in sys.modules:
        return Unsupported(
            "This process has torch in it, which brings a CUDA of its own.", "The inference worker uses the GPU."
        )
    return _found()


@cache
def _found() -> Place | FlipscopeError:
    """Looked for once a process."""
    try:
        gpu = driver.find()
        if importlib.util.find_spec("cupy") is None:
            raise Unsupported("CuPy is not installed.", "Install it with: pip install cupy-cuda12x.")
        return Place(gpu, verdict.key(gpu, nvrtc.choose(gpu.cuda)))
    except FlipscopeError as error:
        return error


BACKEND = CupyXnor()
