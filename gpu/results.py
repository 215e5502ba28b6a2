"""What becomes of a product's sums, which each product's kernels offer by these names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from gpu.memory import DeviceArray, words_of

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


@dataclass(frozen=True)
class Value:
    """The network's value and its signs: value[o] = float32(sum) * scale[o] + shift[o], added to the one before.

    value, before: float32 [..., columns], which may be the same memory; without `before` a value begins. out: uint32
    [..., words], bit o 1 iff value[o] >= 0; scale, shift: float32 [columns].
    """

    scale: DeviceArray
    shift: DeviceArray
    before: DeviceArray | None
    value: DeviceArray
    out: DeviceArray
    suffix: ClassVar[str] = "value"

    def values(self) -> Values:
        """Its arguments by name."""
        floats = {"scale": self.scale, "shift": self.shift, "value": self.value, "before": self.before or self.value}
        return {**floats, "out": self.out, "added": int(self.before is not None)}

    def columns(self) -> int:
        """How many columns the memory of it holds, whole words; 0 where the parts do not fit together."""
        columns = self.value.shape[-1]
        sides = (self.value.shape, (*self.out.shape[:-1], columns), (self.before or self.value).shape)
        fits = self.scale.shape == self.shift.shape == (columns,) and len(set(sides)) == 1
        return WARP * self.out.shape[-1] if fits and words_of(columns) == self.out.shape[-1] else 0

    def wanted(self, columns: int) -> int:
        """How many it has to hold of so many columns."""
        return WARP * words_of(columns)


Result = Sums | Bits | Scores | Value


def check_result(result: Result, rows: int, columns: int) -> None:
    """Raise ValueError unless a result has room for a product of this size, and no more."""
    if math.prod(result.out.shape[:-1]) != rows or result.columns() != result.wanted(columns):
        raise ValueError(f"{rows} x {columns} sums into {result}")
