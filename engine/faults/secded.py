"""The (72,64) code of protected memories: eight check bits for 64, which correct one wrong bit and detect two.

M. Y. Hsiao, "A Class of Optimal Minimum Odd-weight-column SEC-DED Codes", IBM Journal of Research and Development 14
(1970): every column of the check matrix is different and has an odd number of ones, so that one wrong bit leaves an
odd syndrome, which names it, and two leave an even one, which names nobody.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words

DATA, CHECKS = 64, 8
CODE = DATA + CHECKS
"""Bits of a code word: 64 of data, then 8 that check them."""

Checks = NDArray[np.uint8]


def columns() -> Checks:
    """Syndrome of each bit alone being wrong, uint8 [72]: all 56 of three ones, eight of five, then the units."""
    three = [sum(1 << row for row in rows) for rows in combinations(range(CHECKS), 3)]
    five = [_rotated(0b00011111, turn) for turn in range(CHECKS)]
    return np.array([*three, *five, *(1 << row for row in range(CHECKS))], np.uint8)


def encode(words: Words) -> Checks:
    """The check bits uint8 [n] of words [n]: bit j is the parity of the data bits that row j of the matrix holds."""
    checks = np.zeros(words.shape, np.uint8)
    for row, mask in enumerate(_MASKS):
        checks |= (np.bitwise_count(words & mask) & 1) << row
    return checks


def decode(words: Words, checks: Checks) -> tuple[Words, NDArray[np.bool_]]:
    """What a memory gives for code words as they read: corrected data [n], and where wrong bits were only detected.

    Detected words are given as they read. Three wrong bits or more may pass for one, and be made worse.
    """
    syndromes = encode(words) ^ checks
    wrong = _WRONG_BIT[syndromes]
    corrected = words.copy()
    data = (wrong >= 0) & (wrong < DATA)
    corrected[data] ^= np.uint64(1) << wrong[data].astype(np.uint64)
    return corrected, (syndromes != 0) & (wrong < 0)


def _rotated(pattern: int, turn: int) -> int:
    return ((pattern << turn) | (pattern >> (CHECKS - turn))) & 0xFF


def _masks() -> Words:
    """Which data bits each row of the check matrix holds, uint64 [8]."""
    rows = (columns()[:DATA, np.newaxis] >> np.arange(CHECKS)) & 1
    places = np.uint64(1) << np.arange(DATA, dtype=np.uint64)
    masks: Words = (rows.T.astype(np.uint64) * places).sum(1, dtype=np.uint64)
    return masks


def _wrong_bit() -> NDArray[np.int8]:
    """Which bit each syndrome names, int8 [256]; -1 for those that name none."""
    named = np.full(1 << CHECKS, -1, np.int8)
    named[columns()] = np.arange(CODE)
    return named


_MASKS, _WRONG_BIT = _masks(), _wrong_bit()
