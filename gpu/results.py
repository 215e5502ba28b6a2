"""What becomes of a product's sums, which each product's kernels offer by these names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from gpu.memory import DeviceArray, parts, words_of

WARP = 32

Values = Mapping[str, DeviceArray | int]
"""Arguments by name."""


@dataclass(frozen=True)
class Sums:
    """A product's sums as they are: out int32 [..., columns]."""

    out: DeviceArray
    suffix: ClassVar[str] = "sums"

    def values(self) -> Values:
        """Its arguments by name."""
        return {"out": self.out}

    def columns(self) -> int:
        """How many columns the memory of it holds."""
        return self.out.shape[-1]

    def wanted(self, columns: int) -> int:
        """How many it has to hold of so many columns."""
        return columns


@dataclass(frozen=True)
class Bits:
    """Signs of sums: output o is +1 iff (sum > bounds[o]) differs from bit o of `falling`.

    out: uint32 [..., words], whole 64-bit words; bounds: int32 [32 * words], the highest number beyond the last
    output; falling: uint32 [words].
    """

    bounds: DeviceArray
    falling: DeviceArray
    out: DeviceArray
    suffix: ClassVar[str] = "bits"

    def values(self) -> Values:
        """Its arguments by name."""
        return {"bounds": self.bounds, "falling": self.falling, "out": self.out}

    def columns(self) -> int:
        """How many columns the memory of it holds, whole words."""
        return WARP * min(self.out.shape[-1], self.falling.shape[0], self.bounds.shape[0] // WARP)

    def wanted(self, columns: int) -> int:
        """How many it has to hold of so many columns."""
        return WARP * words_of(columns)


@dataclass(frozen=True)
class Scores:
    """Scores of sums: float32(sum) * scale[o] + shift[o]; out float32 [..., columns], scale, shift [columns]."""

    scale: DeviceArray
    shift: DeviceArray
    out: DeviceArray
    suffix: ClassVar[str] = "scores"

    def values(self) -> Values:
        """Its arguments by name."""
        return {"scale": self.scale, "shift": self.shift, "out": self.out}

    def columns(self) -> int:
        """How many columns the memory of it holds."""
        return min(self.out.shape[-1], self.scale.shape[0], self.shift.shape[0])

    def wanted(self, columns: int) -> int:
        """How many it has to hold of so many columns."""
        return columns


Result = Sums | Bits | Scores


def check_result(result: Result, rows: int, columns: int) -> None:
    """Raise ValueError unless a result has room for a product of this size, and no more."""
    if math.prod(result.out.shape[:-1]) != rows or result.columns() != result.wanted(columns):
        raise ValueError(f"{rows} x {columns} sums into {result}")


__all__ = ["WARP", "Bits", "Result", "Scores", "Sums", "Values", "check_result", "parts", "words_of"]
