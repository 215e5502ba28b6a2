"""CuPy as gpu.cuda uses it, on a GPU that is the host simulation: real addresses, and void** as the driver takes it."""

import ctypes
import sys
from types import ModuleType

import numpy as np

from gpu.driver import Gpu
from tests.hostsim.build import simulated

GPU = Gpu("Simulated GPU", (8, 6), (12, 4), "550.54")


class CUDARuntimeError(RuntimeError):
    """As CuPy's: a status, and its name with a description."""

    def __init__(self, status, said):
        super().__init__(said)
        self.status = status


ILLEGAL = CUDARuntimeError(700, "cudaErrorIllegalAddress: an illegal memory access was encountered")
GONE = CUDARuntimeError(100, "cudaErrorNoDevice: no CUDA-capable device is detected")


class Memory:
    def __init__(self, size):
        self.bytes = np.full(size + 256, 0xA5, np.uint8)
        self.ptr = self.bytes.ctypes.data + -self.bytes.ctypes.data % 256


class Stream:
    """While it records, launches are kept in the place of being run."""

    ptr = 7

    def __init__(self, driver, **_):
        self._driver = driver

    def begin_capture(self):
        self._driver.meet()
        self._driver.recorded = []

    def end_capture(self):
        self._driver.meet()
        graph, self._driver.recorded = Graph(self._driver, self._driver.recorded), None
        return graph

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return

    def synchronize(self):
        self._driver.meet()


class Graph:
    def __init__(self, driver, launches):
        self._driver, self._launches = driver, launches

    def launch(self, stream):
        assert stream.ptr == Stream.ptr
        for launch in self._launches:
            self._driver.launch(*launch)


class Event:
    """Its time is how many kernels were launched before it, in milliseconds."""

    def __init__(self, driver):
        self._driver = driver

    def record(self, stream):
        assert stream.ptr == Stream.ptr
        self.at = self._driver.launched

    def synchronize(self):
        self._driver.meet()


class Function:
    def __init__(self, text, kernels, name):
        self.text, self.kernels, self.name = text, kernels, name
        self.ptr = id(self)


class Driver:
    """Everything that is asked of the GPU. fails: what to raise from the n-th call on, a dict of n to an error."""

    def __init__(self, modules, fails=None):
        self._modules, self._fails = {module.text.encode(): module for module in modules}, fails or {}
        self.calls = self.launched = 0
        self.recorded = None
        self._functions = {}

    def meet(self):
        """Count a call; a failure is sticky."""
        self.calls += 1
        for at, error in self._fails.items():
            if self.calls >= at:
                raise error

    def load(self, body):
        self.meet()
        return self._modules[body]

    def function(self, module, name):
        made = Function(module.text, module.kernels, name)
        self._functions[made.ptr] = made
        return made

    def launch(self, ptr, *rest):
        self.meet()
        if self.recorded is not None:
            self.recorded.append((ptr, *rest))
            return
        grid, block, (shared, stream, pointers, extra) = rest[:3], rest[3:6], rest[6:]
        assert (stream, extra) == (Stream.ptr, 0)
        function, said = self._functions[ptr], ctypes.create_string_buffer(300)
        failed = simulated(function.text, tuple(function.kernels))(
            function.name.encode(), (ctypes.c_uint * 3)(*grid), (ctypes.c_uint * 3)(*block),
            shared, ctypes.c_void_p(pointers), 0, said, len(said),
        )  # fmt: skip
        assert not failed, said.value
        self.launched += 1


def installed(monkeypatch, modules, fails=None):
    """Put it in CuPy's place, with its compiler handing the source on; the driver that counts what is asked."""
    driver = Driver(modules, fails)
    made = {name: ModuleType(name) for name in ("cupy", "cupy.cuda", *(f"cupy_backends{rest}" for rest in _PARTS))}
    cuda, runtime = made["cupy.cuda"], made["cupy_backends.cuda.api.runtime"]

    class Device:
        attributes = {"MultiProcessorCount": 4}  # noqa: RUF012

        def __init__(self, index):
            assert index == 0

        def use(self):
            driver.meet()

    class Module:
        def load(self, body):
            self.module = driver.load(body)

        def get_function(self, name):
            return driver.function(self.module, name)

    def copy(target, source, size, kind, stream):
        driver.meet()
        assert (stream, kind in (1, 2)) == (Stream.ptr, True)
        ctypes.memmove(target, source, size)

    def take(size):
        driver.meet()
        return Memory(size)

    cuda.Device, cuda.alloc = Device, take
    cuda.Stream, cuda.Event = lambda **how: Stream(driver, **how), lambda: Event(driver)
    cuda.get_elapsed_time = lambda first, last: float(last.at - first.at)
    cuda.function = ModuleType("cupy.cuda.function")
    cuda.function.Module = Module
    runtime.memcpyAsync = copy
    runtime.memcpyHostToDevice, runtime.memcpyDeviceToHost = 1, 2
    made["cupy_backends.cuda.api.driver"].launchKernel = driver.launch
    for name, module in made.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr("gpu.nvrtc.installed", list)
    monkeypatch.setattr("gpu.compile.code", lambda module, capability: module.text.encode())  # noqa: ARG005
    return driver


_PARTS = ("", ".cuda", ".cuda.api", ".cuda.api.runtime", ".cuda.api.driver")
