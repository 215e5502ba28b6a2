"""XNOR on an NVIDIA GPU through CuPy: whether it can run here, found out without importing CuPy."""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from functools import cache
from typing import ClassVar

from engine.bits import Words
from engine.errors import Unsupported
from engine.inference.backend import Backend, Kind, Multiplier, Program, Unavailable
from engine.inference.network import Network

_DRIVERS = ("nvcuda.dll",) if sys.platform == "win32" else ("libcuda.so.1",)


class CupyXnor(Backend):
    """The GPU's place among the backends: it says what stands between this machine and the CUDA kernels."""

    name: ClassVar[str] = "cupy-xnor"
    kind: ClassVar[Kind] = "xnor"
    rank: ClassVar[int] = 100

    def probe(self) -> Unavailable:
        """Why it cannot run here: no driver, no device, no CuPy, or no kernels in this version."""
        return _verdict()

    def load(self, network: Network) -> Program:  # noqa: ARG002 - the contract
        """Raises Unsupported, with the reason that `probe` gives."""
        raise self._refusal()

    def multiplier(self, w: Words, k: int) -> Multiplier:  # noqa: ARG002 - the contract
        """Raises Unsupported, with the reason that `probe` gives."""
        raise self._refusal()

    def _refusal(self) -> Unsupported:
        verdict = self.probe()
        return Unsupported(f"'{self.name}' cannot run here: {verdict.reason}", verdict.remedy)


@cache
def _verdict() -> Unavailable:
    driver = _driver()
    if driver is None:
        return Unavailable(
            "No NVIDIA driver was found.", "On a machine with an NVIDIA GPU, install its driver; elsewhere use the CPU."
        )
    if _devices(driver) < 1:
        return Unavailable(
            "The NVIDIA driver sees no GPU.", "Check with nvidia-smi that the card is there and free to use."
        )
    if importlib.util.find_spec("cupy") is None:
        return Unavailable("CuPy is not installed.", "Install it with: pip install cupy-cuda12x.")
    return Unavailable(
        "The CUDA kernels are not part of this version.", "Use 'numpy-xnor', or update Flipscope when they are."
    )


def _driver() -> ctypes.CDLL | None:
    """The CUDA driver's library, or None where there is none."""
    for name in _DRIVERS:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def _devices(driver: ctypes.CDLL) -> int:
    """How many GPUs the driver sees; 0 where it cannot start."""
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value


BACKEND = CupyXnor()
