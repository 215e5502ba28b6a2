"""Arrays as the kernels want them: aligned, in blocks of outputs, padded with what changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

ALIGNMENT = 64


def aligned(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Zeros that begin at a multiple of 64 bytes."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + ALIGNMENT, np.uint8)
    first = -raw.ctypes.data % ALIGNMENT
    return raw[first : first + size].view(dtype).reshape(shape)


def blocked(rows: NDArray[Any], block: int) -> NDArray[Any]:
    """Rows [N, D] as [ceil(N/block), D, block], zeros in the place of missing rows: one vector load a unit."""
    count, depth = rows.shape
    blocks = -(-count // block)
    made = aligned((blocks, depth, block), rows.dtype)
    for first in range(blocks):
        part = rows[first * block : (first + 1) * block]
        made[first, :, : len(part)] = part.T
    return made


def padded(values: NDArray[Any], block: int, beyond: float = 0) -> NDArray[Any]:
    """Values [N] with what is `beyond` them up to a whole number of blocks."""
    made = aligned((whole(len(values), block),), values.dtype)
    made[: len(values)] = values
    made[len(values) :] = beyond
    return made


def whole(count: int, block: int) -> int:
    """The least whole number of blocks that holds so many."""
    return -(-count // block) * block
