"""The arrays of one dense layer between steps, in the layouts of the kernels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words, words_for
from engine.jit.layout import aligned, whole
from engine.jit.training.panels import OCTET
from engine.jit.training.shape import PANEL, WORD
from engine.training.native import layout
from engine.training.native.layout import Float32, Numbers

BEYOND = -1.0
"""Latents of outputs that are none: their bits are 0, and no gradient moves them."""


class Weights:
    """Latents, moments and signs of one layer, [O, I] in their layouts (native.layout).

    Attributes:
        latents, moments: panels, the one float32, the others as their rule keeps them. words, octets: the signs, twice.
        counts: uint32 [words, O to a panel], flips.
        outputs, inputs: how many there are. room, depth: the same up to whole panels and whole words.
    """

    def __init__(self, latents: Float32, moments: dict[str, Numbers]) -> None:
        self.outputs, self.inputs = latents.shape
        self.room, self.depth = whole(self.outputs, PANEL), whole(self.inputs, WORD)
        self.latents: Float32 = layout.panelled(latents, BEYOND)
        self.moments: dict[str, Numbers] = {name: layout.panelled(values) for name, values in moments.items()}
        positive = latents >= 0
        self.words = layout.blocked_words(positive)
        self.octets = layout.octets_of(self.signs(), self.depth, self.room)
        self.counts: NDArray[np.uint32] = aligned((words_for(self.inputs), self.room), np.uint32)
        self.valid = layout.valid_columns(self.inputs)

    def flips(self) -> NDArray[np.uint32]:
        """Of each word since they were counted from 0, [O, words], copied."""
        return self.counts.T[: self.outputs].copy()

    def signs(self) -> Words:
        return layout.words_of(self.words, self.outputs)

    @property
    def shape(self) -> tuple[int, int]:
        return self.outputs, self.inputs

    def rows(self, panels: Numbers, rows: slice = slice(None)) -> Float32:
        """Chosen rows of latents or moments, copied."""
        return layout.in_full(layout.rows_of(panels, slice(*rows.indices(self.outputs)), self.inputs))

    def latent(self, row: int, column: int) -> float:
        return float(self.latents[column // WORD, row, column % WORD])


class Statistics:
    """Batch-norm of one layer in a step, and its running statistics; float32 [O to a panel] each."""

    def __init__(self, mean: Float32 | None, variance: Float32 | None, outputs: int) -> None:
        room = whole(outputs, PANEL)
        self.mean, self.inverse, self.factor, self.shift = (aligned((room,), np.float32) for _ in range(4))
        self.running_mean, self.running_variance = aligned((room,), np.float32), aligned((room,), np.float32)
        if mean is not None and variance is not None:
            self.running_mean[:outputs], self.running_variance[:outputs] = mean, variance


def octets(columns: int) -> int:
    """Octets of columns in whole words."""
    return whole(columns, WORD) // OCTET
