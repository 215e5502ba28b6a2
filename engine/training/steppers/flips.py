"""Which weight bits flipped: packed signs kept current, and flips counted in every word."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from numpy.typing import NDArray
from torch import Tensor

from engine.bits import WORD, Words, words_for
from engine.training import devices


class Tracker(Protocol):
    """The packed signs of one layer's latents and how often they flipped."""

    @property
    def words(self) -> Words:
        """Current signs, uint64 [outputs, words]."""

    @property
    def counts(self) -> NDArray[np.uint32]:
        """Flips in each word since `reset`, uint32 [outputs, words]."""

    def update(self, latents: Tensor) -> int:
        """Take the signs anew; the number of bits that changed."""

    def reset(self) -> None:
        """Count anew."""


def tracker(latents: Tensor) -> Tracker:
    """What follows the signs of these latents, where they are."""
    return SignTracker(latents) if latents.is_cpu else DeviceSignTracker(latents)


class SignTracker:
    """See Tracker: of latents in the processor's memory. Arrays are the same ones from step to step."""

    def __init__(self, latents: Tensor) -> None:
        outputs, inputs = latents.shape
        self.words = np.zeros((outputs, words_for(inputs)), "<u8")
        self.counts = np.zeros(self.words.shape, np.uint32)
        self._positive = np.empty(latents.shape, np.bool_)
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
        np.greater_equal(latents.detach().numpy(), 0, out=self._positive)
        octets = np.packbits(self._positive, axis=-1, bitorder="little")
        self.words.view(np.uint8)[:, : octets.shape[1]] = octets


class DeviceSignTracker:
    """See Tracker: of latents on a card, where flips are counted too. Only what is asked for is copied."""

    def __init__(self, latents: Tensor) -> None:
        self._positive = latents.detach().ge(0)
        outputs, inputs = latents.shape
        self._counts = torch.zeros((outputs, words_for(inputs)), dtype=torch.int32, device=latents.device)

    @property
    def words(self) -> Words:
        return devices.pack(self._positive)

    @property
    def counts(self) -> NDArray[np.uint32]:
        counts: NDArray[np.uint32] = self._counts.numpy(force=True).view(np.uint32)
        return counts

    def update(self, latents: Tensor) -> int:
        before, self._positive = self._positive, latents.detach().ge(0)
        outputs, words = self._counts.shape
        changed = F.pad(before ^ self._positive, (0, -before.shape[1] % WORD)).view(outputs, words, WORD)
        flipped = changed.sum(-1, dtype=torch.int32)
        self._counts += flipped
        return int(flipped.sum())

    def reset(self) -> None:
        self._counts.zero_()
