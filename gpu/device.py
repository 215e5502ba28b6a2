"""What runs kernels, as everything above it sees it: a GPU through CuPy, or its simulation on the CPU."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import DTypeLike, NDArray

from gpu.launch import Launch
from gpu.memory import DeviceArray, Shape


class Device(Protocol):
    """Memory and kernels, in the order in which they are asked for.

    capability: major and minor version of its architecture, (8, 6) for sm_86. processors: its multiprocessors.
    """

    capability: tuple[int, int]
    processors: int

    def allocate(self, shape: Shape, dtype: DTypeLike) -> DeviceArray:
        """Memory whose content is undefined."""

    def upload(self, values: NDArray[Any], into: DeviceArray | None = None) -> DeviceArray:
        """A contiguous array on the device, in the memory given or in new memory."""

    def download(self, array: DeviceArray, into: NDArray[Any] | None = None) -> NDArray[Any]:
        """The values, in the array given or in a new one, once everything that was asked for before has run."""

    def prepare(self, launch: Launch) -> None:
        """Make ready to run this kernel: compiled and loaded."""

    def run(self, launch: Launch) -> None:
        """Begin a launch; it may still run when this returns."""

    def synchronise(self) -> None:
        """Wait for everything that was asked for. Raises what a launch met on the way."""
