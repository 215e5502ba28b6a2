"""The pipes of a multiprocessor: which one an instruction takes, for how long, on each architecture.

How many lanes each takes in a cycle, and by which sources, is in gpu/rates.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from gpu.matrix.listing import Instruction

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
