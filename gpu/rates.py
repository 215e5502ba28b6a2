"""How many results a multiprocessor gives in a cycle, by architecture, and the best that a count of signs makes of it.

Sources. The table "Throughput of Native Arithmetic Instructions", until CUDA 12 in NVIDIA's CUDA C++ Programming Guide
(12.6: compute capability 7.5 to 9.0), since CUDA 13 in its CUDA C++ Best Practices Guide (13.4: 12.0), rows of float32,
integer addition, logic, multiplication and population count. For 12.0 it gives 128 additions; they are taken for 64,
since they share a pipe with logic, which is 64. Its column of 10.0 was not at hand.

That integer multiply-adds take the pipe of floating point and not that of the other integer instructions: NVIDIA's
Nsight Compute documentation, "Pipelines" (ALU, FMA, FMAHeavy), and its engineers' answers on
forums.developer.nvidia.com (302018, 108729). Four schedulers, each one warp instruction a cycle, and 128 bytes of
shared memory a cycle: the tuning guides of each architecture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ISSUE = 128
"""Lanes that the four schedulers send on their way in a cycle."""

_TURING_TO_HOPPER = {"alu": 64, "fma": 64, "xu": 16, "lsu": 32, "uniform": 64}


@dataclass(frozen=True)
class Architecture:
    """lanes: how many lanes a pipe takes in a cycle, on one multiprocessor; memory counts 4-byte lanes.

    float32: multiply-adds of it in a cycle. documented: whether the rates are NVIDIA's; elsewhere they are Hopper's, to
    compare by and not to hold anything to.
    """

    number: int
    float32: int = 128
    documented: bool = True
    lanes: Mapping[str, int] = field(default_factory=lambda: {**_TURING_TO_HOPPER, "issue": ISSUE})

    def __str__(self) -> str:
        return f"sm_{self.number}"


ARCHITECTURES = {
    each.number: each
    for each in (
        *(Architecture(number, float32=64) for number in (75, 80)),
        *(Architecture(number) for number in (86, 89, 90)),
        Architecture(100, documented=False),
        Architecture(120),
    )
}


def nearest(capability: tuple[int, int]) -> Architecture | None:
    """The architecture whose rates are those of a GPU: its own, or an earlier one of the same generation."""
    number = 10 * capability[0] + capability[1]
    alike = [each for each in ARCHITECTURES if each // 10 == capability[0] and each <= number]
    return ARCHITECTURES[max(alike)] if alike else None


def cycles(used: Mapping[str, float], architecture: Architecture) -> tuple[float, str]:
    """Cycles of a multiprocessor for one thread, if nothing but the busiest pipe is waited for; and that pipe."""
    return max((used.get(pipe, 0) / lanes, pipe) for pipe, lanes in architecture.lanes.items())


def ideal_cycles(architecture: Architecture) -> float:
    """Cycles for a word of a carry-save count, at the best mixture of outputs with and without its second level."""
    ratio = architecture.lanes["alu"] / architecture.lanes["xu"]
    deep = min(1.0, max(0.0, (ratio / 2 - 1.5) / (ratio / 4 + 0.5)))  # (1.5 + deep / 2) = ratio * (1/2 - deep / 4)
    logic, popcounts = 1.5 + deep / 2, 0.5 - deep / 4
    word = {"alu": logic, "xu": popcounts, "fma": popcounts, "issue": logic + 2 * popcounts}
    return cycles(word, architecture)[0]
