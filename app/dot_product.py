"""One dot product of signs, as XNOR and a count. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class DotProduct:
    """a . w of two vectors of signs [k], True for +1: 2 * matches - k, where matches = popcount(xnor(a, w))."""

    a: Bits
    w: Bits

    @property
    def k(self) -> int:
        return int(self.a.size)

    @property
    def xnor(self) -> Bits:
        """Bit i is 1 where a and w agree, which is where their product is +1."""
        return ~(self.a ^ self.w)

    @property
    def matches(self) -> int:
        """popcount(xnor)."""
        return int(self.xnor.sum())

    @property
    def value(self) -> int:
        """The dot product."""
        return 2 * self.matches - self.k

    def flipped(self, which: str, index: int) -> DotProduct:
        """With bit `index` of "a" or "w" flipped; the value changes by 2."""
        bits = getattr(self, which).copy()
        bits[index] ^= True
        return replace(self, **{which: bits})
