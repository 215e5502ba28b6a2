"""The GPU as a Device, through CuPy: its memory pool, its bindings of the driver and of the runtime."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.errors import Unsupported
from gpu import compile as compiler
from gpu import driver, nvrtc
from gpu.device import Device
from gpu.failures import OPENED, explained
from gpu.launch import Launch
from gpu.memory import DeviceArray, Shape
from gpu.source import Module


class CudaDevice(Device):
    """The GPU that CUDA lists first. Everything is asked of one stream; any failure of it raises BackendLost."""

    def __init__(self, gpu: driver.Gpu) -> None:
        """Import CuPy and make the context. Raises Unsupported where CuPy cannot be imported, BackendLost."""
        self.gpu, self.capability = gpu, gpu.capability
        nvrtc.prefer(nvrtc.choose(gpu.cuda))
        self._cuda = _imported("cupy.cuda")
        self._runtime = _imported("cupy_backends.cuda.api.runtime")
        self._driver = _imported("cupy_backends.cuda.api.driver")
        self._modules: dict[Module, Any] = {}
        self._functions: dict[tuple[Module, str], Any] = {}
        with explained("being opened", OPENED):
            self._cuda.Device(0).use()
            self._stream = self._cuda.Stream(non_blocking=True)
            self.processors = int(self._cuda.Device(0).attributes["MultiProcessorCount"])

    def allocate(self, shape: Shape, dtype: DTypeLike) -> DeviceArray:
        """Memory of CuPy's pool; what was freed comes back without asking the driver."""
        wanted = np.dtype(dtype)
        with explained("taking memory"), self._stream:
            memory = self._cuda.alloc(max(1, math.prod(shape) * wanted.itemsize))
        return DeviceArray(int(memory.ptr), wanted, tuple(shape), memory)

    def upload(self, values: NDArray[Any], into: DeviceArray | None = None) -> DeviceArray:
        """Copy an array to the device; `values` may be changed as soon as this returns. Raises ValueError."""
        target = self.allocate(values.shape, values.dtype) if into is None else into
        source = np.ascontiguousarray(values)
        if source.nbytes != target.nbytes:
            raise ValueError(f"{source.nbytes} bytes into {target}")
        if source.nbytes:
            self._copy(target.address, source.ctypes.data, source.nbytes, self._runtime.memcpyHostToDevice)
        return target

    def download(self, array: DeviceArray, into: NDArray[Any] | None = None) -> NDArray[Any]:
        """A copy, once everything that was asked for before has run. Raises ValueError."""
        values = np.empty(array.shape, array.dtype) if into is None else into
        if values.nbytes != array.nbytes or not values.flags.c_contiguous:
            raise ValueError(f"{array} into {values.nbytes} bytes of {values.shape}")
        if values.nbytes:
            self._copy(values.ctypes.data, array.address, values.nbytes, self._runtime.memcpyDeviceToHost)
        self.synchronise()
        return values

    def prepare(self, launch: Launch) -> None:
        """Compile and load what a launch needs, so that the first does not wait. Raises CompileFailed, NoCompiler."""
        self._function(launch.module, launch.kernel)

    def run(self, launch: Launch) -> None:
        """Begin a launch. Raises CompileFailed where its kernel cannot be compiled here."""
        function = self._function(launch.module, launch.kernel)
        with explained(f"starting {launch.kernel}"):
            self._driver.launchKernel(
                function.ptr,
                *launch.grid,
                *launch.block,
                launch.shared_bytes,
                self._stream.ptr,
                launch.pointers,
                0,
            )

    def synchronise(self) -> None:
        """Wait for everything that was asked for."""
        with explained("computing"):
            self._stream.synchronize()

    def versions(self) -> dict[str, str]:
        """Of what stands between here and the card, for a report."""
        cupy = _imported("cupy").__version__
        return {"driver": self.gpu.driver, "cuda": _dotted(self.gpu.cuda), "nvrtc": compiler.version(), "cupy": cupy}

    # ------------------------------------------------------------ its clock

    def mark(self) -> Any:
        """A point in the order of what is asked for, of which the time is known once it has been reached."""
        with explained("timing"):
            event = self._cuda.Event()
            event.record(self._stream)
        return event

    def seconds(self, first: Any, last: Any) -> float:
        """Seconds on the device between two marks; waits for the second."""
        with explained("timing"):
            last.synchronize()
            return float(self._cuda.get_elapsed_time(first, last)) / 1e3

    def recorded(self, begin: Callable[[], object], times: int) -> Callable[[], object]:
        """Work that was begun before, as a graph of so many; while that is made, what is asked for does not run."""
        with explained("recording"):
            self._stream.begin_capture()
            for _ in range(times):
                begin()
            graph = self._stream.end_capture()

        def start() -> None:
            with explained("starting what was recorded"):
                graph.launch(self._stream)

        return start

    # ------------------------------------------------------------ kernels

    def _function(self, module: Module, kernel: str) -> Any:
        key = module, kernel
        if key not in self._functions:
            if module not in self._modules:
                made = self._cuda.function.Module()
                body = compiler.code(module, self.capability)
                with explained(f"loading {module}", OPENED):
                    made.load(body)
                self._modules[module] = made
            with explained(f"finding {kernel}"):
                self._functions[key] = self._modules[module].get_function(kernel)
        return self._functions[key]

    def _copy(self, target: int, source: int, count: int, kind: int) -> None:
        """A copy between pageable memory and the device has left, or reached, the host when this returns."""
        with explained("copying"):
            self._runtime.memcpyAsync(target, source, count, kind, self._stream.ptr)


def open_device() -> CudaDevice:
    """The GPU that CUDA lists first, opened. Raises NoGpu, Unsupported, BackendLost."""
    return CudaDevice(driver.find())


def _dotted(version: driver.Version) -> str:
    return ".".join(map(str, version))


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except Exception as error:  # whatever a broken installation raises must cost the GPU only
        raise Unsupported(
            f"CuPy cannot be imported: {str(error).strip().splitlines()[0] if str(error).strip() else error!r}.",
            "Install it again with: pip install --force-reinstall cupy-cuda12x.",
        ) from error
