"""Which weight bits flipped: packed signs kept current, and flips counted in every word."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from engine.bits import words_for
from engine.training import devices


class SignTracker:
    """The packed signs of one layer's latents and how often they flipped.

    Attributes:
        words: uint64 [outputs, words], current signs.
        counts: uint32 [outputs, words], flips in each word since `reset`.
    """

    def __init__(self, latents: Tensor) -> None:
        outputs, inputs = latents.shape
        self.words = np.zeros((outputs, words_for(inputs)), "<u8")
        self.counts = np.zeros(self.words.shape, np.uint32)
        self._positive = np.empty(latents.shape if latents.is_cpu else 0, np.bool_)
        self._before = np.empty_like(self.words)
        self.update(latents)
        self.reset()

    def update(self, latents: Tensor) -> int:
        """Take the signs anew; the number of bits that changed."""
        np.copyto(self._before, self.words)
        self._pack(latents)
        flipped = np.bitwise_count(np.bitwise_xor(self._before, self.words, out=self._before))
        np.add(self.counts, flipped, out=self.counts)
        return int(flipped.sum(dtype=np.int64))

    def reset(self) -> None:
        """Count anew."""
        self.counts.fill(0)

    def _pack(self, latents: Tensor) -> None:
        """On a card the signs are packed there, and a 32nd of the latents' bytes is copied."""
        if not latents.is_cpu:
            self.words[:] = devices.pack(latents)
            return
        np.greater_equal(latents.detach().numpy(), 0, out=self._positive)
        octets = np.packbits(self._positive, axis=-1, bitorder="little")
        self.words.view(np.uint8)[:, : octets.shape[1]] = octets
