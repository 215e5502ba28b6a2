"""The inputs that are asked about: those that differ from one in at most so many of the bits that are free."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words, pack
from engine.errors import BadInput
from engine.verify.constraints import Bits

CHUNK = 1 << 15
"""Inputs that are made at a time."""
MOST = 1 << 62
"""Inputs of one distance that can be numbered."""


@dataclass(frozen=True)
class Region:
    """A Hamming ball; where the radius is as large as the number of free bits, all their values.

    centre: bool [inputs]. free: int64 [n], the bits that may differ from it, ascending. radius: how many may at once.
    """

    centre: Bits
    free: NDArray[np.int64]
    radius: int

    def __post_init__(self) -> None:
        inside = self.free.size == 0 or (self.free[0] >= 0 and self.free[-1] < len(self.centre))
        if not inside or np.any(np.diff(self.free) <= 0):
            raise BadInput("The free bits are not places of the input, each once.", "Give them in ascending order.")
        if not 0 <= self.radius <= len(self.free):
            raise BadInput(f"The radius is {self.radius}.", f"Choose 0 to {len(self.free)}, the number of free bits.")

    @classmethod
    def ball(cls, centre: Bits, radius: int) -> Region:
        """Every bit is free."""
        return cls(centre, np.arange(len(centre)), radius)

    @classmethod
    def cube(cls, centre: Bits, free: NDArray[np.int64]) -> Region:
        """All values of the free bits."""
        return cls(centre, free, len(free))

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many inputs differ in exactly 0, 1, … radius bits."""
        return tuple(comb(len(self.free), distance) for distance in range(self.radius + 1))

    @property
    def size(self) -> int:
        """How many inputs there are; exact, however many."""
        return sum(self.sizes)

    def inputs(self) -> Iterator[tuple[int, Words]]:
        """All inputs in words [B, W], nearest first, with their distance. Raises BadInput where they are too many."""
        if max(self.sizes) > MOST:
            raise BadInput("There are too many inputs to go through.", "Choose a smaller radius, or SAT.")
        flips = np.zeros((len(self.free), len(self.centre)), np.bool_)
        flips[np.arange(len(self.free)), self.free] = True
        masks, centre = pack(flips), pack(self.centre[np.newaxis])
        for distance, count in enumerate(self.sizes):
            table = _binomials(len(self.free), distance)
            for first in range(0, count, CHUNK):
                words = np.repeat(centre, min(CHUNK, count - first), axis=0)
                for chosen in _combinations(table, first, len(words)):
                    words ^= masks[chosen]
                yield distance, words


def _binomials(n: int, most: int) -> list[NDArray[np.int64]]:
    """For j = 1 … most: C(c, j) of c = 0 … n - 1; C(n, most), which must fit in 62 bits, bounds those asked for."""
    return [np.array([min(comb(c, j), MOST) for c in range(n)], np.int64) for j in range(1, most + 1)]


def _combinations(table: list[NDArray[np.int64]], first: int, count: int) -> Iterator[NDArray[np.int64]]:
    """The combinations number first … first + count - 1 in colexicographic order, largest member first.

    The combinatorial number system (Knuth, "The Art of Computer Programming", 7.2.1.3): the largest c with
    C(c, j) <= rank is the member, and rank - C(c, j) numbers the rest.
    """
    rank = np.arange(first, first + count, dtype=np.int64)
    for binomials in reversed(table):
        member = np.searchsorted(binomials, rank, side="right") - 1
        rank = rank - binomials[member]
        yield member
