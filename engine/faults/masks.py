"""Which cells of a memory fail: independent failures at an exact rate, found by skipping from one to the next."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bits import WORD, Words, words_for
from engine.errors import BadInput

Cells = NDArray[np.int64]
"""Numbers of cells, ascending."""
AnyWords = NDArray[np.unsignedinteger[Any]]


def check_rate(rate: float) -> None:
    """Raise BadInput for what is no probability."""
    if not 0 <= rate <= 1:
        raise BadInput(f"A rate of {rate:g} is no probability.", "Choose it between 0 and 1.")


def failing(rng: np.random.Generator, cells: int, rate: float) -> Cells:
    """Which of `cells` cells fail, each by itself with probability `rate`.

    From one failing cell to the next it is a geometric number of cells, so that the work grows with the failures and
    not with the memory. Raises BadInput.
    """
    check_rate(rate)
    if rate > 0.5:
        sound = failing(rng, cells, 1 - rate)
        return np.delete(np.arange(cells, dtype=np.int64), sound)
    if rate == 0 or cells == 0:
        return np.empty(0, np.int64)
    found, last = [], -1
    while last < cells:
        expected = (cells - last) * rate
        skips = rng.geometric(rate, int(expected + 4 * expected**0.5) + 4)
        # beyond the memory it does not matter how far: clipped, so that no sum overflows
        np.minimum(skips, cells + 1, out=skips)
        skips[0] += last
        np.cumsum(skips, out=skips)
        found.append(skips)
        last = int(skips[-1])
    reached = found[0] if len(found) == 1 else np.concatenate(found)
    return reached[: int(np.searchsorted(reached, cells))]


def nested(rng: np.random.Generator, cells: int, rate: float) -> Cells:
    """Which of `cells` cells fail, each by itself with probability `rate`; with the same stream, all of a lower rate.

    Every cell has a number of its own, up to which it holds: for what must not jitter while a rate is changed.
    """
    check_rate(rate)
    return np.flatnonzero(rng.random(cells, np.float32) < np.float32(rate))


def bits_at(words: AnyWords, cells: Cells) -> NDArray[np.bool_]:
    """Which of some bits are 1; cells: counted from the least significant bit of the first word on."""
    width = 8 * words.itemsize
    return (words.reshape(-1)[cells // width] >> (cells % width).astype(words.dtype) & 1).astype(np.bool_)


def flip_bits(words: AnyWords, cells: Cells) -> None:
    """Flip some bits of contiguous words in place, counted so, each named at most once."""
    width = 8 * words.itemsize
    np.bitwise_xor.at(words.reshape(-1), cells // width, words.dtype.type(1) << (cells % width).astype(words.dtype))


def in_rows(cells: Cells, bits: int) -> Cells:
    """Cells of rows of `bits` bits without padding, as bits of rows that are padded to whole words."""
    row, bit = np.divmod(cells, bits)
    return row * (words_for(bits) * WORD) + bit


def flipped(words: Words, bits: int, cells: Cells) -> Words:
    """A copy of words [..., ceil(bits/64)] with some of their bits flipped.

    cells: of the bits that are used, counted row by row without padding; each at most once.
    """
    made = words.copy()
    flip_bits(made, in_rows(cells, bits))
    return made
