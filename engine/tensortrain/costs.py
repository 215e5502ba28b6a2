"""What a layer costs in each form: parameters, bytes, multiply-accumulates, and the values that are held meanwhile."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.tensortrain.modes import Factors, Modes

FLOAT_BITS = 32


@dataclass(frozen=True)
class Cost:
    """Of the weights of one layer for one image.

    parameters: numbers that are stored. macs: multiply-accumulates. working: most values of inputs and outputs, whole
    or half contracted, that are held at once.
    """

    parameters: int
    macs: int
    working: int

    @property
    def bytes(self) -> int:
        """Of the parameters as float32."""
        return self.parameters * FLOAT_BITS // 8


def dense(outputs: int, inputs: int) -> Cost:
    """An ordinary matrix."""
    return Cost(outputs * inputs, outputs * inputs, outputs + inputs)


def low_rank(outputs: int, inputs: int, rank: int) -> Cost:
    """The paper's baseline: W = U V, U [outputs, rank], V [rank, inputs]."""
    both = rank * (outputs + inputs)
    return Cost(both, both, max(inputs, outputs) + rank)


def train(modes: Modes, bonds: Factors) -> Cost:
    """A tensor train, contracted core by core from the first: sum of m_k n_k r_(k-1) r_k parameters.

    Before core k there are m_1 … m_(k-1) n_k … n_d r_(k-1) values, behind it m_1 … m_k n_(k+1) … n_d r_k.
    """
    parameters = macs = working = 0
    for k, (m, n) in enumerate(zip(modes.outputs, modes.inputs, strict=True)):
        around = math.prod(modes.outputs[:k]) * math.prod(modes.inputs[k + 1 :])
        core = m * n * bonds[k] * bonds[k + 1]
        parameters += core
        macs += core * around
        working = max(working, around * (n * bonds[k] + m * bonds[k + 1]))
    return Cost(parameters, macs, working)


def rank_of(parameters: int, outputs: int, inputs: int) -> int:
    """The rank at which the low-rank layer has about so many parameters, 1 at the least."""
    return max(1, min(round(parameters / (outputs + inputs)), outputs, inputs))
