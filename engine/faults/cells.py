"""How the cells of a memory fail: when, in which direction, and which of them at one rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadInput, UnknownName
from engine.faults.masks import Cells, failing

Kind = Literal["write", "read", "image", "stuck"]

KINDS: dict[str, str] = {
    "write": "a bit is stored wrong, once for a whole programming of the memory",
    "read": "a bit is read wrong, other bits in every batch of images",
    "image": "a bit is read wrong, other bits for every single image",
    "stuck": "a cell holds 0 or 1 for good, whatever is stored in it",
}
"""What each kind of failure is, in one line."""

Stored = Callable[[Cells], NDArray[np.bool_]]
"""Which of some cells hold a 1."""


@dataclass(frozen=True)
class Failures:
    """How cells fail, at a rate that is named when they are drawn.

    up, down: how many times the rate a stored 0 is read as 1, and a stored 1 as 0; of a stuck cell, how often it holds
    1 against how often 0. Raises UnknownName, BadInput.
    """

    kind: Kind = "write"
    up: float = 1.0
    down: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UnknownName("kind of fault", self.kind, KINDS)
        if not (self.up >= 0 and self.down >= 0 and 0 < self.up + self.down < np.inf):
            raise BadInput("The two directions of failure have no shares.", "Give two numbers from 0 up, not both 0.")

    @property
    def steepest(self) -> float:
        """How many times the rate a cell fails at most."""
        return 1.0 if self.kind == "stuck" else max(self.up, self.down)

    @property
    def wrong(self) -> float:
        """How many times the rate bits read wrong, half of the stored ones being 1."""
        return 0.5 if self.kind == "stuck" else (self.up + self.down) / 2

    def draw(self, rng: np.random.Generator, cells: int, rate: float, stored: Stored) -> Cells:
        """Which of so many cells read wrong, ascending; stored: what is in some of them. Raises BadInput."""
        found = failing(rng, cells, rate * self.steepest)
        if self.kind == "stuck":
            wrong = (rng.random(found.size) * (self.up + self.down) < self.up) != stored(found)
        elif self.up == self.down:
            return found
        else:
            wrong = rng.random(found.size) * self.steepest < np.where(stored(found), self.down, self.up)
        cells_wrong: Cells = found[wrong]
        return cells_wrong
