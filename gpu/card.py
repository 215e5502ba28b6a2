"""The card in use: what its self-test said, the open device, and what runs on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words
from engine.errors import Unsupported
from engine.inference.backend import Convolver, Multiplier, Program, Ready, Resident
from engine.inference.network import Conv, PackedNetwork, Shape, Threshold
from engine.inference.settling import Say, silent
from gpu import autotune, selftest, timing, verdict
from gpu.choice import Chooser
from gpu.cuda import CudaDevice, open_device
from gpu.driver import Gpu
from gpu.nvrtc import Nvrtc
from gpu.products import DeviceConvolver, DeviceMultiplier
from gpu.program import PackedProgram
from gpu.trial import Trial
from gpu.verdict import Verdict

DOCTOR = "Run 'flipscope doctor --gpu' to test it again, and report what it prints."


class Card:
    """One GPU. Its verdict is read once, or made; the device is opened when something is to run on it.

    What runs something raises Unsupported where the verdict does not allow it, BackendLost where the card fails.
    """

    def __init__(self, gpu: Gpu, nvrtc: Nvrtc | None) -> None:
        self.gpu = gpu
        self._key = verdict.key(gpu, nvrtc)
        self._verdict = verdict.load(self._key)
        self._device: CudaDevice | None = None

    def state(self) -> Ready:
        """Ready with a verdict that leaves nothing undone. Raises Unsupported elsewhere."""
        return Ready(self.gpu.name, self._sound().note())

    def unsettled(self) -> Callable[[], None] | None:
        """The self-test where there is no verdict, and opening the device; None where that is done, or of no use."""
        useless = self._verdict is not None and self._verdict.undone()
        return None if useless or self._device is not None else self._settle

    def examine(self, say: Say) -> Verdict:
        """Test and tune anew and keep the verdict. Raises FlipscopeError where that is not possible now."""
        with Trial() as trial:
            found = selftest.examine(trial, verdict.runnable(self.gpu.capability), say)
            autotune.tune(trial, found, self.gpu.capability, say=say)
        verdict.store(self._key, found)
        self._verdict = found
        return found

    def program(self, network: PackedNetwork) -> Program:
        """A network, uploaded."""
        return PackedProgram(network, *self._opened())

    def multiplier(self, w: Words, k: int) -> Multiplier:
        """Weights [N, W] of k bits, uploaded. Raises BadInput."""
        device, choose = self._opened()
        return DeviceMultiplier(device, w, k, choose)

    def convolver(self, conv: Conv, after: Threshold, shape: Shape) -> Convolver:
        """A convolution's weights, uploaded. Raises BadInput."""
        device, choose = self._opened()
        return DeviceConvolver(device, conv, after, shape, choose)

    def residents(self, made: Program | Multiplier | Convolver, operands: NDArray[np.generic]) -> Sequence[Resident]:
        """Its kernels by themselves, with packing, and the paper's: see gpu.timing."""
        return tuple(timing.residents(self._opened()[0], made, operands))

    def _settle(self) -> None:
        if self._verdict is None:
            self.examine(silent)
        self._opened()

    def _opened(self) -> tuple[CudaDevice, Chooser]:
        """The device, and what chooses its kernels."""
        found = self._sound()
        if self._device is None:
            self._device = open_device()
        return self._device, found.chooser(self._device)

    def _sound(self) -> Verdict:
        if self._verdict is None:
            raise Unsupported(
                f"Its kernels were not yet checked on this {self.gpu.name}.",
                "The window does so by itself; on the command line run 'flipscope doctor --gpu'.",
            )
        if fault := self._verdict.undone():
            raise Unsupported(fault, DOCTOR)
        return self._verdict
