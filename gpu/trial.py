"""Kernels tried in a child of their own: one that crashes or hangs costs that child, and the next one gets another."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import TypeVar

from engine import messages as m
from engine.child import Child, ChildLost
from engine.errors import BackendLost
from gpu.source import Module
from gpu.workloads import Workload

LIMIT = 60.0
"""Seconds for opening the device, and for a module with its compilation."""

E = TypeVar("E", bound=m.Event)


class Fault(Exception):
    """What is wrong with a module, in a sentence."""


class Trial:
    """A child in the GPU's world, started when it is needed and again after each death; a context manager.

    Every method raises FlipscopeError where nothing can be tried: no compiler, no memory, a device that does not open.
    """

    def __init__(self, start: Callable[[], Child] = lambda: Child("gpu", "trial")) -> None:
        self._start = start
        self._open = ExitStack()
        self._child: Child | None = None

    def versions(self) -> dict[str, str]:
        """What was found on the device's side: driver, NVRTC, CuPy."""
        return self._opened().ask(m.OpenDevice(), m.DeviceOpened, LIMIT).versions

    def check(self, module: Module) -> None:
        """Hold a module's kernels against the CPU. Raises Fault."""
        answer = self._try(m.CheckKernels(str(module)), m.KernelsChecked)
        if answer.fault:
            raise Fault(answer.fault)

    def seconds(self, module: Module, workload: Workload) -> float:
        """How long a workload takes with a module on the device. Raises Fault."""
        return self._try(m.TimeKernels(str(module), workload.name), m.KernelsTimed).seconds

    def _try(self, command: m.Command, answer: type[E]) -> E:
        child = self._opened()
        try:
            return child.ask(command, answer, LIMIT)
        except (ChildLost, BackendLost) as error:
            self._end()
            raise Fault(error.what) from error

    def _opened(self) -> Child:
        if self._child is None:
            child = self._open.enter_context(self._start())
            child.ask(m.OpenDevice(), m.DeviceOpened, LIMIT)
            self._child = child
        return self._child

    def _end(self) -> None:
        self._child = None
        self._open.close()

    def __enter__(self) -> Trial:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
