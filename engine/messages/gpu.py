"""The protocol of the processes that try a GPU."""

from __future__ import annotations

from dataclasses import dataclass

from engine.messages.base import Command, Event


@dataclass(frozen=True)
class OpenDevice(Command):
    """In a process of its own: open the GPU; answered by DeviceOpened."""


@dataclass(frozen=True)
class CheckKernels(Command):
    """In a process of its own: hold the kernels of a module against the CPU; answered by KernelsChecked."""

    module: str


@dataclass(frozen=True)
class TimeKernels(Command):
    """In a process of its own: time a workload (see gpu.workloads) with a module; answered by KernelsTimed."""

    module: str
    workload: str


@dataclass(frozen=True)
class DeviceOpened(Event):
    """The GPU is open. versions: of the driver, of NVRTC and of CuPy, for a report."""

    versions: dict[str, str]


@dataclass(frozen=True)
class KernelsChecked(Event):
    """What a module's kernels did wrong, or "" where every result was right to the bit."""

    module: str
    fault: str


@dataclass(frozen=True)
class KernelsTimed(Event):
    """Seconds of a workload with a module, by the device's clock."""

    module: str
    seconds: float
