"""What the assembler says that a kernel takes, and whether a launch can have it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gpu import launches
from gpu.launch import MOST_SHARED
from gpu.source import Module

REGISTERS_OF_BLOCK, GRANULE = 65_536, 8
"""What a block has at most, and how many a thread is given at once."""

_KERNEL = re.compile(
    r"Compiling entry function '(?P<name>\w+)'"
    r".*?(?P<stack>\d+) bytes stack frame, (?P<spilled>\d+) bytes spill stores"
    r".*?Used (?P<registers>\d+) registers(?P<more>[^\n]*)",
    re.DOTALL,
)
_SHARED = re.compile(r"(\d+) bytes smem")


@dataclass(frozen=True)
class Resources:
    """Registers of a thread; bytes of shared memory of a block; bytes of stack and of spilled registers."""

    registers: int
    shared: int
    stack: int
    spilled: int

    def faults(self, module: Module) -> Iterator[str]:
        """What must not be, a sentence each."""
        if self.spilled or self.stack:
            yield f"{self.spilled} bytes of registers are spilled, {self.stack} lie on a stack."
        threads = dict(module.defines).get("THREADS", launches.THREADS)
        taken = -(-self.registers // GRANULE) * GRANULE * threads
        if taken > REGISTERS_OF_BLOCK:
            yield f"{threads} threads of {self.registers} registers do not fit on a multiprocessor."
        if self.shared > MOST_SHARED:
            yield f"{self.shared} bytes of shared memory are more than a block is given."


def resources(report: str) -> dict[str, Resources]:
    """By kernel, out of what NVRTC reports with `--ptxas-options=-v`."""
    return {match["name"]: _resources(match) for match in _KERNEL.finditer(report)}


def _resources(match: re.Match[str]) -> Resources:
    shared = _SHARED.search(match["more"])
    return Resources(
        int(match["registers"]), int(shared[1]) if shared else 0, int(match["stack"]), int(match["spilled"])
    )
