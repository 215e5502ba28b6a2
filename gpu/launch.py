"""Launches: a kernel, its geometry and its arguments, held against the kernel's signature. CuPy checks none of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpu.memory import DeviceArray
from gpu.signature import Parameter, Signature
from gpu.source import Module

Extent = tuple[int, int, int]
Argument = DeviceArray | np.generic

MOST_BLOCKS: Extent = (2**31 - 1, 65_535, 65_535)
MOST_THREADS = 1024
MOST_SHARED = 48 << 10
"""Bytes of shared memory that every architecture gives without being asked."""


@dataclass(frozen=True)
class Launch:
    """One kernel, ready to run. Raises ValueError where it would not fit its signature or a device.

    grid: blocks along x, y, z. block: threads. shared_bytes: dynamic shared memory. arguments: in order, arrays of
    the pointers' dtypes and numpy scalars of the values' dtypes.
    """

    module: Module
    kernel: str
    grid: Extent
    block: Extent
    shared_bytes: int
    arguments: tuple[Argument, ...]

    def __post_init__(self) -> None:
        self._check_geometry()
        parameters = self.signature.parameters
        if len(parameters) != len(self.arguments):
            raise ValueError(f"{self.kernel} takes {len(parameters)} arguments, not {len(self.arguments)}")
        for parameter, argument in zip(parameters, self.arguments, strict=True):
            _check_argument(self.kernel, parameter, argument)

    @property
    def signature(self) -> Signature:
        """What the source says of the kernel. Raises KeyError."""
        return self.module.kernels[self.kernel]

    @cached_property
    def pointers(self) -> int:
        """Where the addresses of the arguments' values lie, which is what cuLaunchKernel takes."""
        return int(self._packed[0].ctypes.data)

    @cached_property
    def _packed(self) -> tuple[NDArray[np.uintp], list[NDArray[Any]]]:
        """The addresses of the values, and those values."""
        values = [
            np.array([argument.address], np.uint64)
            if isinstance(argument, DeviceArray)
            else np.array([argument], argument.dtype)
            for argument in self.arguments
        ]
        return np.array([value.ctypes.data for value in values], np.uintp), values

    def _check_geometry(self) -> None:
        blocks, threads = self.grid, self.block
        if not all(1 <= size <= most for size, most in zip(blocks, MOST_BLOCKS, strict=True)):
            raise ValueError(f"{self.kernel}: a grid of {blocks} blocks")
        if min(threads) < 1 or not 1 <= threads[0] * threads[1] * threads[2] <= MOST_THREADS:
            raise ValueError(f"{self.kernel}: blocks of {threads} threads")
        if not 0 <= self.shared_bytes <= MOST_SHARED:
            raise ValueError(f"{self.kernel}: {self.shared_bytes} bytes of shared memory")


def _check_argument(kernel: str, parameter: Parameter, argument: Argument) -> None:
    if isinstance(argument, DeviceArray) != parameter.pointer or argument.dtype != parameter.dtype:
        raise ValueError(f"{kernel}: '{parameter.name}' is given {argument!r}")


def launch(module: Module, kernel: str, grid: Extent, block: Extent, values: Mapping[str, DeviceArray | int]) -> Launch:
    """A launch whose arguments are given by name; numbers become what the signature says. Raises ValueError.

    A number that does not fit its type raises OverflowError.
    """
    parameters = module.kernels[kernel].parameters
    if {parameter.name for parameter in parameters} != set(values):
        raise ValueError(f"{kernel} takes {[parameter.name for parameter in parameters]}, not {sorted(values)}")
    arguments = tuple(_typed(parameter, values[parameter.name]) for parameter in parameters)
    shared = dict(module.defines).get("SHARED_BYTES", 0)
    return Launch(module, kernel, grid, block, shared, arguments)


def _typed(parameter: Parameter, value: DeviceArray | int) -> Argument:
    if isinstance(value, DeviceArray):
        return value
    typed: np.generic = parameter.dtype.type(value)
    return typed
