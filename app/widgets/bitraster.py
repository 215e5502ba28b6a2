"""Packed bits as pixels: means and maxima of the bits under each pixel, decoded only where they are seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from app.theme import Tokens
from engine.bits import WORD, Words

Octets = NDArray[np.uint8]
Pixels = NDArray[np.uint32]

HEAT = 16
"""Steps of the fading from a bit's own colour (0) to the colour of a flip (HEAT)."""


@dataclass(frozen=True)
class Bins:
    """Which bits lie under each pixel of one axis: int64 [pixels], the first bit and how many, at least one."""

    first: NDArray[np.int64]
    count: NDArray[np.int64]

    @property
    def begin(self) -> int:
        """The first bit seen."""
        return int(self.first[0])

    @property
    def end(self) -> int:
        """One past the last bit seen."""
        return int(self.first[-1] + self.count[-1])

    @property
    def edges(self) -> NDArray[np.int64]:
        """The pixels at which another bit begins, but for the first."""
        return np.flatnonzero(np.diff(self.first)) + 1


def bins(pixels: int, scale: float, origin: float, size: int) -> Bins:
    """The bins of `pixels` at `scale` pixels a bit from bit `origin`; each bit is under exactly one pixel, or more.

    Where a bit is smaller than a pixel, pixel k holds the bits that begin in it; otherwise the bit at its middle.
    """
    if scale >= 1.0:
        first = np.floor(origin + (np.arange(pixels) + 0.5) / scale).astype(np.int64).clip(0, size - 1)
        return Bins(first, np.ones(pixels, np.int64))
    edges = np.floor(origin + np.arange(pixels + 1) / scale + 1e-9).astype(np.int64).clip(0, size)
    first = np.minimum(edges[:-1], size - 1)
    return Bins(first, np.maximum(np.diff(edges), 1).clip(None, size - first))


def means(words: Words, rows: Bins, columns: Bins) -> Octets:
    """The share of set bits under each pixel, 0..255, uint8 [rows, columns].

    words: uint64 [outputs, W], at least columns.end bits a row. Where four or more bits lie under every pixel, whole
    nibbles or bytes are counted at once and each counts for the pixel in which it begins.
    """
    fewest = int(columns.count.min())
    unit = 8 if fewest >= 8 else 4 if fewest >= 4 else 1
    octet = columns.begin // 8
    seen = _octets(words)[rows.begin : rows.end, octet : -(-columns.end // 8)]
    counts, cells = _counted(seen, unit), _in_units(columns, unit, octet * 8)
    most = unit * int(rows.count.max())
    over_rows = _summed(counts, rows.first - rows.begin, rows.count, 0, most)
    both = _summed(over_rows, cells.first, cells.count, 1, most * int(cells.count.max()))
    if unit == 1 and rows.count.max() == 1 and cells.count.max() == 1:
        black_or_white: Octets = both.astype(np.uint8) * np.uint8(255)
        return black_or_white
    bits = np.minimum((cells.first + cells.count) * unit, columns.end - octet * 8) - cells.first * unit
    share = both * (255 / bits).astype(np.float32)
    share *= (1 / rows.count).astype(np.float32)[:, np.newaxis]
    share += np.float32(0.5)
    grey: Octets = np.minimum(share, 255, out=share).astype(np.uint8)
    return grey


def any_set(words: Words, rows: Bins, columns: Bins) -> NDArray[np.bool_]:
    """Whether any bit under each pixel is set, bool [rows, columns]."""
    word = columns.begin // WORD
    seen = words[rows.begin : rows.end, word : -(-columns.end // WORD)]
    packed = seen[rows.first - rows.begin]
    for k in range(1, int(rows.count.max())):
        more = rows.count > k
        packed[more] |= seen[rows.first[more] - rows.begin + k]
    bits = np.unpackbits(_octets(packed), axis=1, bitorder="little")
    first = columns.first - word * WORD
    found = bits.take(first, axis=1)
    for k in range(1, int(columns.count.max())):
        wider = np.flatnonzero(columns.count > k)
        found[:, wider] |= bits.take(first[wider] + k, axis=1)
    return found.view(np.bool_)


@lru_cache(2)
def color_table(t: Tokens) -> Pixels:
    """RGB32 by (heat, grey): uint32 [(HEAT + 1) * 256]."""
    off, on, flip = (_rgb(color) for color in (t.bit_off, t.bit_on, t.flip))
    share = np.linspace(0, 1, 256)[None, :, None]
    heat = np.linspace(0, 1, HEAT + 1)[:, None, None]
    rgb = np.rint((off + (on - off) * share) * (1 - heat) + flip * heat).astype(np.uint32).reshape(-1, 3)
    places = np.array([1 << 16, 1 << 8, 1], np.uint32)
    table: Pixels = (rgb * places).sum(axis=1, dtype=np.uint32) + np.uint32(0xFF000000)
    table.setflags(write=False)
    return table


def _rgb(color: str) -> NDArray[np.float64]:
    c = QColor(color)
    return np.array([c.red(), c.green(), c.blue()], np.float64)


def colored(grey: Octets, heat: Octets | None, table: Pixels) -> Pixels:
    """The pixels of a picture: grey 0..255 and heat 0..HEAT through a colour table."""
    if heat is None:
        return table[:256].take(grey)
    return table.take(heat.astype(np.uint16) * np.uint16(256) + grey)


def _octets(words: Words) -> Octets:
    return np.ascontiguousarray(words).astype("<u8", copy=False).view(np.uint8)


def _counted(octets: Octets, unit: int) -> Octets:
    """Set bits of each unit of 1, 4 or 8 bits."""
    if unit == 8:
        return np.bitwise_count(octets)
    if unit == 1:
        return np.unpackbits(octets, axis=1, bitorder="little")
    counts = np.empty((octets.shape[0], octets.shape[1] * 2), np.uint8)
    np.bitwise_count(octets & 15, out=counts[:, 0::2])
    np.bitwise_count(octets >> 4, out=counts[:, 1::2])
    return counts


def _in_units(columns: Bins, unit: int, offset: int) -> Bins:
    if unit == 1:
        return Bins(columns.first - offset, columns.count)
    first = -(-(columns.first - offset) // unit)
    last = -(-(columns.first + columns.count - offset) // unit)
    limit = -(-(columns.end - offset) // unit)
    first = np.minimum(first, limit - 1)
    return Bins(first, np.maximum(last - first, 1))


def _summed(
    values: NDArray[Any], first: NDArray[np.int64], count: NDArray[np.int64], axis: int, most: int
) -> NDArray[Any]:
    """Sums of successive rows (axis 0) or columns (1), none above `most`; a gather for each of the few of a bin."""
    total = values.take(first, axis=axis).astype(np.min_scalar_type(most), copy=False)
    lines = total if axis == 0 else total.T
    for k in range(1, int(count.max())):
        more = np.flatnonzero(count > k)
        added = values.take(first[more] + k, axis=axis)
        if len(more) == len(first):
            total += added
        else:
            lines[more] += added if axis == 0 else added.T
    return total
