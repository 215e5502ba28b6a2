"""The NVIDIA driver and its first GPU, asked without CuPy: quick, silent, and without a context on the device."""

from __future__ import annotations

import ctypes
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from engine.errors import FlipscopeError

Version = tuple[int, int]

_LIBRARIES = ("nvcuda.dll",) if sys.platform == "win32" else ("libcuda.so.1",)
_MANAGEMENT = ("nvml.dll",) if sys.platform == "win32" else ("libnvidia-ml.so.1",)
_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR
_CLOCK, _PROCESSORS = 13, 16  # …_CLOCK_RATE, in kHz, and …_MULTIPROCESSOR_COUNT
_MEMORY_CLOCK, _BUS = 36, 37  # …_MEMORY_CLOCK_RATE, in kHz, and …_GLOBAL_MEMORY_BUS_WIDTH, in bits
_ROOM = 96

OLDEST_CUDA: Version = (12, 0)
"""What a driver must support: code of any NVRTC 12 runs on it."""
OLDEST_GPU: Version = (7, 5)
"""Turing: what NVRTC 13 still compiles for, and the first with all instructions that the kernels need."""


class NoGpu(FlipscopeError):
    """There is no GPU here that the kernels can run on."""


@dataclass(frozen=True)
class Gpu:
    """The GPU that CUDA lists first.

    capability: version of its architecture, (8, 6) for sm_86. cuda: the newest CUDA that its driver supports.
    driver: the driver's own version, e.g. "550.54.14", or "" where that cannot be found out.
    processors, hertz: multiprocessors, and their highest clock. bandwidth: bytes a second of its memory. 0 where the
    driver does not tell.
    """

    name: str
    capability: Version
    cuda: Version
    driver: str = ""
    processors: int = 0
    hertz: float = 0.0
    bandwidth: float = 0.0

    @property
    def architecture(self) -> str:
        """As compilers call it."""
        return f"sm_{self.capability[0]}{self.capability[1]}"


def find(asking: AbstractContextManager[object] | None = None) -> Gpu:
    """The GPU to use. asking: entered while a driver is asked, if there is one. Raises NoGpu with what is missing."""
    library = _library(_LIBRARIES)
    if library is None:
        raise NoGpu(
            "No NVIDIA driver was found.", "On a machine with an NVIDIA GPU, install its driver; elsewhere use the CPU."
        )
    with asking or nullcontext():
        if library.cuInit(0) != 0 or _number(library.cuDeviceGetCount) < 1:
            raise NoGpu(
                "The NVIDIA driver sees no GPU.", "Check with nvidia-smi that the card is there and free to use."
            )
        return _fitting(_first(library))


def _first(library: ctypes.CDLL) -> Gpu:
    device, name = _number(library.cuDeviceGet, 0), ctypes.create_string_buffer(_ROOM)
    library.cuDeviceGetName(name, _ROOM, device)

    def attribute(number: int) -> int:
        return _number(library.cuDeviceGetAttribute, number, device)

    cuda = _number(library.cuDriverGetVersion)
    return Gpu(
        name=name.value.decode(errors="replace"),
        capability=(attribute(_MAJOR), attribute(_MINOR)),
        cuda=(cuda // 1000, cuda % 1000 // 10),
        driver=_driver_version(),
        processors=attribute(_PROCESSORS),
        hertz=1e3 * attribute(_CLOCK),
        bandwidth=2e3 * attribute(_MEMORY_CLOCK) * attribute(_BUS) / 8,  # twice in a cycle
    )


def _fitting(gpu: Gpu) -> Gpu:
    if gpu.capability < OLDEST_GPU:
        raise NoGpu(
            f"{gpu.name} ({gpu.architecture}) is older than the kernels support.",
            "A GPU of the Turing generation (2018) or later is needed; use the CPU.",
        )
    if gpu.cuda < OLDEST_CUDA:
        found, needed = (".".join(map(str, version)) for version in (gpu.cuda, OLDEST_CUDA))
        raise NoGpu(
            f"The NVIDIA driver is too old: it supports CUDA {found}, and {needed} is needed.", "Update the driver."
        )
    return gpu


def _number(function: Any, *arguments: int) -> int:
    """What a function writes through its first argument; 0 where it fails."""
    value = ctypes.c_int(0)
    return value.value if function(ctypes.byref(value), *arguments) == 0 else 0


def _driver_version() -> str:
    """As nvidia-smi shows it. CUDA's own version does not change with every driver."""
    library, version = _library(_MANAGEMENT), ctypes.create_string_buffer(_ROOM)
    if library is None or library.nvmlInit_v2() != 0:
        return ""
    library.nvmlSystemGetDriverVersion(version, _ROOM)
    library.nvmlShutdown()
    return version.value.decode(errors="replace")


def _library(names: tuple[str, ...]) -> ctypes.CDLL | None:
    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None
