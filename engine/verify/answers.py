"""What an engine of verification finds out, and the limits within which it may look."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.awake import Clock, awake
from engine.verify.constraints import Bits

Status = Literal["proved", "refuted", "out of budget"]
"""Whether every input of the region has the class of its centre, not all have, or it was not found out."""


class OutOfBudget(Exception):
    """A limit was reached; `reason` says which, a sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Budget:
    """How far an engine may go: seconds, and nodes of a decision diagram at a time."""

    seconds: float = 60.0
    nodes: int = 10_000_000
    clock: Clock = awake
    began: float = field(default=-1.0)

    def begun(self) -> Budget:
        """The same from now on."""
        return Budget(self.seconds, self.nodes, self.clock, self.clock())

    @property
    def left(self) -> float:
        """Seconds; below 0 where they are spent."""
        return self.seconds - (self.clock() - self.began)

    @property
    def spent(self) -> str:
        """What is said where the time is over."""
        return f"{self.seconds:g} s were not enough."

    def check(self) -> None:
        """Raises OutOfBudget where the time is over."""
        if self.left < 0:
            raise OutOfBudget(self.spent)


@dataclass(frozen=True, eq=False)
class Answer:
    """What was found about one region.

    Attributes:
        engine: "enumerate", "bdd" or "sat".
        label: class of the centre.
        size: inputs in the region.
        counts: how many of them have each class, exact; None where that was not counted.
        by_distance: int64 [radius + 1, classes], the same by distance, where the engine tells.
        counterexample: an input bool [n] of another class, and `counterclass`, its class.
        nodes: of the decision diagrams that relate inputs and neurons; None where there are none.
        note: what cut it short, a sentence, or "".
    """

    engine: str
    status: Status
    label: int
    size: int
    counts: tuple[int, ...] | None = None
    by_distance: NDArray[np.int64] | None = None
    counterexample: Bits | None = None
    counterclass: int | None = None
    nodes: int | None = None
    note: str = ""

    @property
    def robust(self) -> int | None:
        """How many inputs keep the class of the centre, where it was counted or follows."""
        if self.counts is not None:
            return self.counts[self.label]
        return self.size if self.status == "proved" else None
