"""The GPU's own world: kernels tried in a process that may die of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from engine import messages as m
from engine.errors import BadInput, UnknownName, Unsupported
from engine.worker import Run
from gpu import checks, workloads
from gpu import compile as compiler
from gpu.compile import CompileFailed
from gpu.cuda import CudaDevice, open_device
from gpu.failures import OutOfMemory
from gpu.source import MODULES, Module
from gpu.verdict import runnable
from gpu.workloads import WORKLOADS, Workload

Found = TypeVar("Found")


class GpuService:
    """See worker.Service. CuPy is imported, and the device opened, by the first command.

    From then on every module is compiled in the background, in the order in which they are checked.
    """

    def __init__(self) -> None:
        self._device: CudaDevice | None = None
        self._compiled: dict[Module, Future[bytes]] = {}

    def versions(self) -> dict[str, str]:
        return {}

    def carry_out(self, command: m.Command) -> Run:
        """Open the device, check or time a module. Raises BadInput for anything else, UnknownName."""
        match command:
            case m.OpenDevice():
                return self._open()
            case m.CheckKernels(name):
                return self._check(module_named(name))
            case m.TimeKernels(name, workload):
                return self._time(module_named(name), workload_named(workload))
        raise BadInput(f"No {type(command).__name__} is carried out here.", "Ask another process.")

    def at_rest(self, lane: str) -> Iterator[m.Event]:  # noqa: ARG002 - the contract
        return iter(())

    def close(self) -> None:
        for each in self._compiled.values():
            each.cancel()

    def _open(self) -> Run:
        yield m.DeviceOpened(self._opened().versions())

    def _check(self, module: Module) -> Run:
        device = self._opened()
        try:
            self._compiled[module].result()
            fault = checks.fault(device, module)
        except CompileFailed as error:
            fault = error.what
        except OutOfMemory as error:
            raise Unsupported(error.what, error.remedy) from error
        yield m.KernelsChecked(str(module), fault)

    def _time(self, module: Module, workload: Workload) -> Run:
        yield m.KernelsTimed(str(module), workloads.seconds(self._opened(), module, workload))

    def _opened(self) -> CudaDevice:
        if self._device is None:
            self._device = open_device()
            pool, capability = ThreadPoolExecutor(os.cpu_count()), self._device.capability
            self._compiled = {module: pool.submit(compiler.code, module, capability) for module in runnable(capability)}
        return self._device


def module_named(name: str) -> Module:
    """The module that calls itself so. Raises UnknownName."""
    return _named("module", name, {str(module): module for module in MODULES})


def workload_named(name: str) -> Workload:
    """The workload of that name. Raises UnknownName."""
    return _named("workload", name, {workload.name: workload for workload in WORKLOADS})


def _named(what: str, name: str, known: Mapping[str, Found]) -> Found:
    if name not in known:
        raise UnknownName(what, name, known)
    return known[name]


def open_service() -> GpuService:
    """What engine.worker runs in the GPU's world."""
    return GpuService()
