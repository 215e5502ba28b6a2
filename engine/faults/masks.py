"""Which cells of a memory fail: independent failures at an exact rate, found by skipping from one to the next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.bits import WORD, Words, words_for
from engine.errors import BadInput

Cells = NDArray[np.int64]
"""Numbers of cells, ascending."""


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
        reached = last + np.cumsum(np.minimum(skips, cells + 1))
        found.append(reached)
        last = int(reached[-1])
    reached = np.concatenate(found)
    return reached[: int(np.searchsorted(reached, cells))]


def flipped(words: Words, bits: int, cells: Cells) -> Words:
    """A copy of words [..., ceil(bits/64)] with some of their bits flipped.

    cells: of the bits that are used, counted row by row without padding; each at most once.
    """
    made = words.copy()
    row, bit = np.divmod(cells, bits)
    at = row * words_for(bits) + bit // WORD
    np.bitwise_xor.at(made.reshape(-1), at, np.uint64(1) << (bit % WORD).astype(np.uint64))
    return made
