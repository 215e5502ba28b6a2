"""What can be asked of a network about one input: by the engine that suits the question, chosen with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.bits import pack
from engine.inference.backend import best
from engine.inference.network import PackedNetwork
from engine.verify import bdd, sat
from engine.verify.answers import Answer, Budget
from engine.verify.constraints import Bits, Constraints, constraints
from engine.verify.enumerate import NAME as ENUMERATE
from engine.verify.enumerate import enumerate_region
from engine.verify.region import Region

ENGINES = ("auto", ENUMERATE, bdd.NAME, sat.NAME)
"""As they are chosen."""
FEW_INPUTS = 2_000_000
"""Inputs that a backend goes through in seconds."""
SMALL_BALL, FEW_BITS = 3, 128
"""Radius and number of free bits up to which a ball's diagrams were seen to stay small."""


@dataclass(frozen=True)
class Choice:
    """An engine, and why that one, a sentence."""

    engine: str
    why: str


class Verifier:
    """One network and what is asked of it."""

    def __init__(
        self, network: PackedNetwork, budget: Budget | None = None, options: bdd.Options = bdd.DEFAULT
    ) -> None:
        """Raises Unsupported where it is not made of dense layers on bits."""
        self.network = network
        self.constraints: Constraints = constraints(network)
        self._budget, self._options = budget or Budget(), options
        self._program = best("xnor").load(network)

    def label(self, centre: Bits) -> int:
        """The class of one input bool [inputs]."""
        return int(self._program.scores(pack(centre[np.newaxis])).argmax())

    def choose(self, region: Region) -> Choice:
        """The engine for a region, where none is asked for."""
        if region.size <= FEW_INPUTS:
            return Choice(ENUMERATE, f"{region.size:,} inputs are few enough to try them all.")
        if not self.constraints.affine.bias_only:
            return Choice(ENUMERATE, "Its classes have scales of their own, which only enumeration takes.")
        if len(region.free) <= FEW_BITS and min(region.radius, len(region.free) - region.radius) <= SMALL_BALL:
            return Choice(bdd.NAME, "Too many inputs to try, but diagrams of so few bits stay small: they count them.")
        return Choice(sat.NAME, "Too many inputs to try or to count: SAT finds one of another class, or proves none.")

    def ask(self, region: Region, engine: str = "auto") -> Iterator[float | Answer]:
        """What the region's inputs are taken for; yields shares done, and at last the Answer. Raises Unsupported."""
        engine = self.choose(region).engine if engine == "auto" else engine
        if engine == ENUMERATE:
            self._program.warm()
            yield from enumerate_region(self._program, region, self.network.classes, self._budget)
        elif engine == bdd.NAME:
            yield bdd.count(self.constraints, region, self.label(region.centre), self._budget, self._options)
        else:
            yield sat.solve(self.constraints, region, self.label(region.centre), self._budget)

    def answer(self, region: Region, engine: str = "auto") -> Answer:
        """The same, without a pause."""
        *_, last = self.ask(region, engine)
        assert isinstance(last, Answer)
        return last

    def forcing(self, centre: Bits) -> Iterator[float | NDArray[np.int64]]:
        """A prime implicant: bits that alone force the class of the centre, none of them needless.

        Yields shares done, and at last int64 [n], ascending. By deletion: a bit is left out where no value of it and
        of those left out before leads to another class (Zhang et al. 2021, section 6.4). Raises Unsupported, and
        OutOfBudget where the time ends first.
        """
        encoding, budget = sat.Encoding(self.constraints, self.label(centre)), self._budget.begun()
        try:
            literals = [number if bit else -number for number, bit in zip(encoding.inputs, centre, strict=True)]
            kept: list[int] = []
            left = list(literals)
            while left:
                literal = left.pop()
                if encoding.ask(kept + left, budget) is None:
                    core = encoding.core()
                    left = [other for other in left if other in core]
                else:
                    kept.append(literal)
                yield 1 - len(left) / len(literals)
        finally:
            encoding.close()
        yield np.sort(np.abs(np.array(kept, np.int64)) - 1)

    def essential(self, centre: Bits) -> NDArray[np.int64]:
        """The bits that every forcing set contains: those that change the class when they alone do, ascending."""
        flipped = np.repeat(centre[np.newaxis], len(centre), axis=0) ^ np.eye(len(centre), dtype=np.bool_)
        return np.flatnonzero(self._program.scores(pack(flipped)).argmax(axis=1) != self.label(centre))

    def largest_radius(self, centre: Bits, most: int, tolerance: float = 0.0, engine: str = "auto") -> Iterator[Answer]:
        """The answers at radius 1, 2, … until more than this share fails, `most`, or the end of the budget."""
        for radius in range(1, most + 1):
            answer = self.answer(Region.ball(centre, radius), engine)
            yield answer
            if not holds(answer, tolerance):
                return


def holds(answer: Answer, tolerance: float) -> bool:
    """Whether at most this share of the region's inputs is known to fail."""
    if answer.status == "proved":
        return True
    robust = answer.robust
    return robust is not None and robust >= (1 - tolerance) * answer.size
