"""The pipes of a multiprocessor: which one an instruction takes, for how long, on each architecture.

Sources. Lanes a cycle: the table "Throughput of Native Arithmetic Instructions", until CUDA 12 in NVIDIA's CUDA C++
Programming Guide (12.6: compute capability 7.5 to 9.0), since CUDA 13 in its CUDA C++ Best Practices Guide (13.4:
12.0), rows of integer addition, logic, multiplication and population count. For 12.0 it gives 128 additions; they are
taken for 64, since they share a pipe with logic, which is 64. Its column of 10.0 was not at hand.

That integer multiply-adds take the pipe of floating point and not that of the other integer instructions: NVIDIA's
Nsight Compute documentation, "Pipelines" (ALU, FMA, FMAHeavy), and its engineers' answers on
forums.developer.nvidia.com (302018, 108729). Four schedulers, each one warp instruction a cycle, and 128 bytes of
shared memory a cycle: the tuning guides of each architecture.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gpu.matrix.listing import Instruction

ISSUE = 128
"""Lanes that the four schedulers send on their way in a cycle."""

_TURING_TO_HOPPER = {"alu": 64, "fma": 64, "xu": 16, "lsu": 32, "uniform": 64}


@dataclass(frozen=True)
class Architecture:
    """lanes: how many lanes a pipe takes in a cycle, on one multiprocessor; memory counts 4-byte lanes.

    documented: whether the rates are NVIDIA's; elsewhere they are Hopper's, to compare by and not to hold anything to.
    """

    number: int
    documented: bool = True
    lanes: Mapping[str, int] = field(default_factory=lambda: {**_TURING_TO_HOPPER, "issue": ISSUE})

    def __str__(self) -> str:
        return f"sm_{self.number}"


ARCHITECTURES = {number: Architecture(number, documented=number != 100) for number in (75, 80, 86, 89, 90, 100, 120)}

_PIPES = {
    "alu": "LOP3 LOP IADD3 IADD VIADD VIADDMNMX LEA SHF SHL SHR ISETP PLOP3 SEL MOV PRMT IMNMX VIMNMX IABS SGXT"
    " BMSK CS2R P2R R2P VOTE FSETP FSEL FMNMX",
    "fma": "IMAD IMUL IDP FFMA FADD FMUL HFMA2 HADD2 HMUL2",
    "xu": "POPC MUFU FLO BREV I2F I2FP F2I F2F I2I",
    "lsu": "LDS STS LDG STG LDL STL LDSM LDGSTS ATOM ATOMS ATOMG RED SHFL LD ST REDG",
    "tensor": "BMMA IMMA HMMA",
    # what has pipes of its own that no kernel here fills: jumps, barriers, waits, constants, special registers
    "control": "BRA BAR BSSY BSYNC EXIT CALL RET NOP WARPSYNC YIELD DEPBAR LDGDEPBAR S2R LDC MEMBAR ERRBAR CCTL VOTEU"
    " BREAK BMOV BRX S2UR R2UR ULDC LDCU CGAERRBAR NANOSLEEP REDUX",
}
PIPES = {name: pipe for pipe, names in _PIPES.items() for name in names.split()}


class UnknownInstruction(ValueError):
    """An instruction that no pipe is known for: to be looked up and added, not to be guessed."""


def pipe_of(instruction: Instruction) -> str:
    """The pipe that an instruction takes. Raises UnknownInstruction."""
    name = instruction.name
    if name in PIPES:
        return PIPES[name]
    if name.startswith("U"):
        return "uniform"
    raise UnknownInstruction(f"'{instruction.text}': which pipe is it for?")


def slots(instruction: Instruction) -> int:
    """How often it passes its pipe: memory 4 bytes a lane at a time, 64-bit integers in halves."""
    modifiers = instruction.opcode.split(".")[1:]
    pipe = pipe_of(instruction)
    if pipe == "lsu":
        # a matrix load is of 4 words a lane; whether all lanes want the same word is not to be seen here
        return 4 if {"128", "4"} & set(modifiers) else 2 if "64" in modifiers else 1
    return 2 if {"WIDE", "64"} & set(modifiers) and pipe in ("alu", "fma") else 1


def usage(instructions: Iterable[Instruction]) -> Counter[str]:
    """How often each pipe, and the schedulers ("issue"), are passed by one thread that runs all of these once."""
    counted: Counter[str] = Counter()
    for instruction in instructions:
        if not instruction.never:
            counted[pipe_of(instruction)] += slots(instruction)
            counted["issue"] += 1
    return counted


def cycles(used: Mapping[str, float], architecture: Architecture) -> tuple[float, str]:
    """Cycles of a multiprocessor for one thread, if nothing but the busiest pipe is waited for; and that pipe."""
    return max((used.get(pipe, 0) / lanes, pipe) for pipe, lanes in architecture.lanes.items())
