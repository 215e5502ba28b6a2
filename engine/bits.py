"""Packed sign bits: uint64 words, least significant bit first, bit 1 for +1 and bit 0 for -1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]

WORD = 64


def words_for(bits: int) -> int:
    """Number of 64-bit words that hold `bits` bits."""
    return -(-bits // WORD)


def pack(positive: NDArray[np.bool_]) -> Words:
    """Pack booleans [..., K] (True for +1) into words [..., ceil(K/64)]; padding bits are 0."""
    octets = np.packbits(positive, axis=-1, bitorder="little")
    missing = words_for(positive.shape[-1]) * 8 - octets.shape[-1]
    if missing:
        octets = np.concatenate([octets, np.zeros((*octets.shape[:-1], missing), np.uint8)], axis=-1)
    return np.ascontiguousarray(octets).view("<u8").astype(np.uint64, copy=False)


def unpack(words: Words, bits: int) -> NDArray[np.bool_]:
    """Unpack words [..., W] into booleans [..., bits], True for +1."""
    octets = np.ascontiguousarray(words).astype("<u8", copy=False).view(np.uint8)
    return np.unpackbits(octets, axis=-1, count=bits, bitorder="little").view(np.bool_)


def regroup(words: Words, bits: int, into: int) -> Words:
    """Rows [N, W] of `bits` bits with every `into` of them in words of their own, padding bits 0 at the end of each."""
    return pack(unpack(words, bits).reshape(len(words), -1, into)).reshape(len(words), -1)


def popcount(words: Words) -> int:
    """Number of set bits in all of `words`."""
    return int(np.bitwise_count(words).sum(dtype=np.int64))
