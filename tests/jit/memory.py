"""Where test cases put their arrays: between canaries, or against pages that may not be touched."""

from __future__ import annotations

import ctypes
import mmap
import sys

import numpy as np

CANARY = 0xC5
MARGIN = 192

GUARDED = sys.platform.startswith("linux")
"""Whether guard pages can be made here."""


class Canaries:
    """Arrays amid known bytes, which `check` finds as they were.

    skew: bytes by which arrays that need no alignment begin beyond an aligned address.
    """

    def __init__(self, skew=0):
        self._skew, self._blocks = skew, []

    def place(self, array, align=1):
        """A copy of an array, its first byte aligned so."""
        block = np.full(array.nbytes + 2 * MARGIN + 64, CANARY, np.uint8)
        first = MARGIN + -(block.ctypes.data + MARGIN) % 64 + self._skew // align * align
        inside = slice(first, first + array.nbytes)
        block[inside] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        self._blocks.append((block, inside))
        return block[inside].view(array.dtype).reshape(array.shape)

    def check(self):
        for block, inside in self._blocks:
            assert (block[: inside.start] == CANARY).all()
            assert (block[inside.stop :] == CANARY).all()


class Guards:
    """Arrays that end, or begin, at a page that can be neither read nor written: the process dies of a touch.

    at_end: whether they end there (up to their alignment) or begin there.
    """

    def __init__(self, *, at_end):
        self._at_end, self._maps = at_end, []

    def place(self, array, align=1):
        """A copy of an array, its first byte aligned so."""
        whole = -(-max(array.nbytes, 1) // mmap.PAGESIZE) * mmap.PAGESIZE
        pages = mmap.mmap(-1, whole + 2 * mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        begin = ctypes.addressof(ctypes.c_char.from_buffer(pages))
        protect(begin, mmap.PAGESIZE)
        protect(begin + mmap.PAGESIZE + whole, mmap.PAGESIZE)
        first = mmap.PAGESIZE + ((whole - array.nbytes) // align * align if self._at_end else 0)
        placed = np.frombuffer(pages, np.uint8, array.nbytes, first)
        placed[:] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        self._maps.append(pages)
        return placed.view(array.dtype).reshape(array.shape)

    def check(self):
        """Nothing to look at: whatever went beyond has ended the process."""


def protect(address, size):
    """Let nobody read or write these bytes from now on."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(size), 0):
        raise OSError(ctypes.get_errno(), "mprotect")
