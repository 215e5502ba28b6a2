"""What can be asked of a network about one input: by the engine that suits the question, chosen with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.bits import pack
from engine.inference.backend import best
from engine.inference.network import PackedNetwork
from engine.verify import bdd, sat
from engine.verify.answers import Answer, Budget
from engine.verify.apart import Apart
from engine.verify.constraints import Bits, Constraints, constraints
from engine.verify.enumerate import NAME as ENUMERATE
from engine.verify.enumerate import enumerate_region
from engine.verify.forcing import deleted, failing, none_left, tried_first
from engine.verify.region import Region
from engine.verify.service import Question

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
    """One network and what is asked of it. A context manager: diagrams are built in a process of their own."""

    def __init__(
        self, network: PackedNetwork, budget: Budget | None = None, options: bdd.Options = bdd.DEFAULT
    ) -> None:
        """Raises Unsupported where it is not made of dense layers on bits."""
        self.network = network
        self.constraints: Constraints = constraints(network)
        self._budget, self._options = budget or Budget(), options
        self._program = best("xnor").load(network)
        self._apart = Apart()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._apart.close()

    def label(self, centre: Bits) -> int:
        """The class of one input bool [inputs]."""
        return int(self.labels(centre[np.newaxis])[0])

    def labels(self, inputs: Bits) -> NDArray[np.int64]:
        """The class of each of some inputs bool [B, inputs]."""
        classes: NDArray[np.int64] = self._program.scores(pack(inputs)).argmax(axis=1)
        return classes

    def choose(self, region: Region) -> Choice:
        """The engine for a region, where none is asked for."""
        if region.size <= FEW_INPUTS:
            return Choice(ENUMERATE, f"{region.size:,} inputs are few enough to try them all.")
        if not self.constraints.affine.bias_only:
            return Choice(ENUMERATE, "Its classes have scales of their own, which only enumeration takes.")
        if len(region.free) <= FEW_BITS and min(region.radius, len(region.free) - region.radius) <= SMALL_BALL:
            return Choice(bdd.NAME, "Too many inputs to try, but diagrams of so few bits stay small: they count them.")
        return Choice(sat.NAME, "Too many inputs to try or to count: SAT finds one of another class, or proves none.")

    def warm(self, engine: str) -> None:
        """Have an engine ready, so that what a question takes is its own time."""
        if engine == bdd.NAME:
            self._apart.started()
        else:
            self._program.warm()

    def ask(self, region: Region, engine: str = "auto") -> Iterator[float | Answer]:
        """What the region's inputs are taken for; yields shares done, and at last the Answer. Raises Unsupported."""
        engine = self.choose(region).engine if engine == "auto" else engine
        self.warm(engine)
        if engine == ENUMERATE:
            yield from enumerate_region(self._program, region, self.network.classes, self._budget)
        elif engine == bdd.NAME:
            yield self._apart.count(self._question(region))
        else:
            yield sat.solve(self.constraints, region, self.label(region.centre), self._budget)

    def _question(self, region: Region, free: NDArray[np.int64] | None = None) -> Question:
        label = self.label(region.centre)
        return Question(self.constraints, region, label, self._budget, self._options, free)

    def answer(self, region: Region, engine: str = "auto") -> Answer:
        """The same, without a pause."""
        *_, last = self.ask(region, engine)
        assert isinstance(last, Answer)
        return last

    def forcing(self, region: Region, engine: str = "auto") -> Iterator[float | Bits]:
        """Bits that, kept as they are, force the class of the centre throughout a region; none of them needless.

        Yields shares done, and ever smaller sets bool [inputs] that force it, of which the last is the answer: the
        same by every engine but SAT, which may find another. Raises Unsupported, and OutOfBudget where the time ends
        first.
        """
        engine = self.choose(region).engine if engine == "auto" else engine
        free = tried_first(self._program, region)
        self.warm(engine)
        if engine == ENUMERATE:
            wrong = np.empty((0, 0), np.uint64)
            for found in failing(self._program, region, self._budget):
                if isinstance(found, float):
                    yield found
                else:
                    wrong = found
            yield from deleted(none_left(wrong), free, len(region.centre))
        elif engine == bdd.NAME:
            yield from self._apart.forcing(self._question(region, free))
        else:
            yield from sat.forcing(self.constraints, region, self.label(region.centre), free, self._budget)

    def essential(self, region: Region) -> NDArray[np.int64]:
        """The bits that every forcing set contains: those that change the class when they alone do, ascending."""
        if not region.radius:
            return region.free[:0]
        flipped = np.repeat(region.centre[np.newaxis], len(region.free), axis=0)
        flipped[np.arange(len(region.free)), region.free] ^= True
        changed: NDArray[np.int64] = region.free[self.labels(flipped) != self.label(region.centre)]
        return changed

    def largest_radius(self, centre: Bits, most: int, tolerance: float = 0.0, engine: str = "auto") -> Iterator[Answer]:
        """The answers at radius 1, 2, … until more than this share fails, `most`, or the end of the budget.

        Where failures are to be counted and the engine is left open, what SAT refutes is enumerated: it counts none.
        """
        for radius in range(1, most + 1):
            region = Region.ball(centre, radius)
            answer = self.answer(region, engine)
            if tolerance and engine == "auto" and not _counted(answer):
                answer = self.answer(region, ENUMERATE)
            yield answer
            if not holds(answer, tolerance):
                return


def _counted(answer: Answer) -> bool:
    """Whether it says how many fail."""
    return answer.status == "proved" or answer.robust is not None


def holds(answer: Answer, tolerance: float) -> bool:
    """Whether at most this share of the region's inputs is known to fail."""
    if answer.status == "proved":
        return True
    robust = answer.robust
    return robust is not None and robust >= (1 - tolerance) * answer.size
