"""How near the compiled product can come to the best that its algorithm allows on an architecture.

A word (32 signs of one output) costs, where a fraction `deep` of the outputs has the second level of carry_save.cuh,
1.5 + deep / 2 instructions of logic, 1/2 - deep / 4 popcounts and as many multiply-adds. The best `deep` is where the
two tightest pipes are equally busy: 1/3, 1.67 instructions of logic and 0.42 popcounts, where logic is done four times
as fast. The compiled loop has a `deep` of its own, and the instructions around: loads, copies, counting. Their share
of the busiest pipe is all that can be seen without a card; waiting, conflicts of banks and the memory are not.
"""

from __future__ import annotations

from dataclasses import dataclass

from gpu.matrix.listing import Instruction
from gpu.matrix.loops import usage_of_step
from gpu.rates import Architecture, cycles, ideal_cycles
from gpu.source import Module

WARP, WORDS_OF_TURN = 32, 4
DEEP_EVERY = 4
"""Every fourth row of a warp has the second level."""
TEXTBOOK = {"alu": 2.0, "xu": 0.5, "fma": 0.5, "issue": 3.0}
"""A word by a full adder of two exclusive ors, a sum and a majority."""


@dataclass(frozen=True)
class Bound:
    """Words of 32 signs that a multiprocessor can do in a cycle.

    reached: by the compiled loop at best, limited by `pipe`. ideal: by the algorithm alone. textbook: by the plain
    form of a carry-save count.
    """

    reached: float
    pipe: str
    ideal: float
    textbook: float

    @property
    def fraction(self) -> float:
        """Of the ideal, that the compiled loop can reach."""
        return self.reached / self.ideal


def of_product(function: list[Instruction], module: Module, architecture: Architecture) -> Bound:
    """The bound of a carry-save product in tiles. Raises NoSuchLoop."""
    warps = module["THREADS"] // WARP
    rows, columns = module["BM"] // warps, module["BN"] // WARP
    turn = columns * (2 * rows - rows // DEEP_EVERY)  # popcounts of four words of every output of a thread
    step = turn * module["DEPTH"] // WORDS_OF_TURN
    used = usage_of_step(function, "POPC", turn, step)
    busy, pipe = cycles(used, architecture)
    words = rows * columns * module["DEPTH"]
    return Bound(words / busy, pipe, 1 / ideal_cycles(architecture), 1 / cycles(TEXTBOOK, architecture)[0])
