"""Which weight bits flipped: packed signs kept current, and flips counted in every word."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.bits import words_for


class SignTracker:
    """The packed signs of one layer's latents and how often they flipped.

    Attributes:
        words: uint64 [outputs, words], current signs.
        counts: uint32 [outputs, words], flips in each word since `reset`.
    """

    def __init__(self, latents: NDArray[np.float32]) -> None:
        outputs, inputs = latents.shape
        self.words = np.zeros((outputs, words_for(inputs)), "<u8")
        self.counts = np.zeros(self.words.shape, np.uint32)
        self._positive = np.empty(latents.shape, np.bool_)
        self._before = np.empty_like(self.words)
        self.update(latents)
        self.reset()

    def update(self, latents: NDArray[np.float32]) -> int:
        """Take the signs anew; the number of bits that changed."""
        np.copyto(self._before, self.words)
        np.greater_equal(latents, 0, out=self._positive)
        octets = np.packbits(self._positive, axis=-1, bitorder="little")
        self.words.view(np.uint8)[:, : octets.shape[1]] = octets
        flipped = np.bitwise_count(np.bitwise_xor(self._before, self.words, out=self._before))
        np.add(self.counts, flipped, out=self.counts)
        return int(flipped.sum(dtype=np.int64))

    def reset(self) -> None:
        """Count anew."""
        self.counts.fill(0)
