"""Arrays in a device's memory, as launches name them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from engine.bits import WORD

Shape = tuple[int, ...]


@dataclass(frozen=True)
class DeviceArray:
    """A contiguous array in a device's memory. `owner` keeps the memory alive as long as any view of it."""

    address: int
    dtype: np.dtype[Any]
    shape: Shape
    owner: object = field(repr=False)

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def view(self, dtype: DTypeLike, shape: Shape | None = None) -> DeviceArray:
        """The same bytes as another type; without a shape the last side grows or shrinks. Raises ValueError."""
        wanted = np.dtype(dtype)
        if shape is None:
            shape = (*self.shape[:-1], self.shape[-1] * self.dtype.itemsize // wanted.itemsize)
        made = DeviceArray(self.address, wanted, shape, self.owner)
        if made.nbytes != self.nbytes:
            raise ValueError(f"{self.dtype} {self.shape} is not {wanted} {shape}")
        return made

    def rows(self, start: int, stop: int) -> DeviceArray:
        """Some entries of the first side. Raises ValueError."""
        if not 0 <= start <= stop <= self.shape[0]:
            raise ValueError(f"rows {start} to {stop} of {self.shape[0]}")
        step = math.prod(self.shape[1:]) * self.dtype.itemsize
        return DeviceArray(self.address + start * step, self.dtype, (stop - start, *self.shape[1:]), self.owner)


def parts(whole: int, part: int) -> int:
    """How many parts of this size hold a whole."""
    return -(-whole // part)


def words_of(bits: int) -> int:
    """32-bit words of packed rows, which end with whole 64-bit words."""
    return parts(bits, WORD) * (WORD // 32)
