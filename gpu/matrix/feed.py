"""Whether the loop around the tensor cores keeps them fed.

Where they are fastest (sm_80: 4,992 Tops of one bit, NVIDIA's A100 architecture whitepaper), one of their instructions
takes a scheduler's quarter of the multiprocessor as long as it takes to send eight instructions on their way, or as a
single popcount, which passes 4 lanes a cycle there. With AND, the ones of the operands are counted beside the product;
warps that share operands take turns, and who has no turn jumps over the counting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gpu.matrix.listing import Instruction
from gpu.matrix.loops import hottest
from gpu.source import Module

TENSOR, COUNT = "BMMA", "POPC"
MOST_INSTRUCTIONS, MOST_POPCOUNTS = 8.0, 1.0
"""For each of the tensor cores'."""
MOST_OF_WINDOWS = 12.0
"""Instructions where a step is gathered out of maps: addresses are more, and in small tiles they are what counts."""


@dataclass(frozen=True)
class Feed:
    """What a warp issues at most for each of the tensor cores' instructions, as a mean over the steps of the product.

    instructions: of all kinds, itself among them. popcounts: of these.
    """

    instructions: float
    popcounts: float

    def faults(self, most: float = MOST_INSTRUCTIONS) -> Iterator[str]:
        """What must not be, a sentence each. most: instructions."""
        if self.instructions > most:
            yield f"{self.instructions:.1f} instructions for each of the tensor cores' leave these idle."
        if self.popcounts > MOST_POPCOUNTS:
            yield f"{self.popcounts:.2f} popcounts for each of the tensor cores' instructions leave these idle."


def of_tensor_cores(function: list[Instruction], module: Module) -> Feed:
    """The feed of a product on tensor cores. Raises NoSuchLoop."""
    loop = hottest(function, TENSOR)
    turns = loop.passed_over(COUNT)
    often = 1 / min(module["BM"] // module["WM"], module["BN"] // module["WN"])  # of the operand with fewer turns
    tensor = loop.count(TENSOR)
    issued = len(loop.body) - len(turns.body) * (1 - often)
    counted = loop.count(COUNT) - turns.count(COUNT) * (1 - often)
    return Feed(issued / tensor, counted / tensor)
