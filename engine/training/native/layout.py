"""Layouts of a layer's weights: canonical rows on one side, panels and blocked words on the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words, pack, words_for
from engine.jit.layout import aligned, blocked, whole
from engine.jit.training.panels import OCTET
from engine.jit.training.rules import Stored
from engine.jit.training.shape import PANEL, WORD

Float32 = NDArray[np.float32]
Octets = NDArray[np.uint8]
Numbers = NDArray[np.float32] | NDArray[np.uint16]
"""Float32, or bfloat16, which is the upper half of one."""

BLOCK = 8
"""Outputs whose words lie together (jit.depth.Signs)."""


def kept(values: Float32, stored: Stored) -> Numbers:
    """Numbers as a rule keeps them, rounded as kernels do it: halves away from 0."""
    if stored == "float32":
        return values
    return ((values.view(np.uint32) + np.uint32(1 << 15)) >> 16).astype(np.uint16)


def in_full(numbers: Numbers) -> Float32:
    """The same as float32, exactly."""
    if numbers.dtype == np.uint16:
        return (numbers.astype(np.uint32) << 16).view(np.float32)
    return numbers.view(np.float32)


def panelled(rows: NDArray[Any], beyond: float = 0.0) -> NDArray[Any]:
    """Rows [O, I] as panels [I / WORD, O, WORD], I to whole words, O to whole panels of outputs.

    beyond: what is in outputs that are none.
    """
    outputs, inputs = rows.shape
    made = aligned((words_for(inputs), whole(outputs, PANEL), WORD), rows.dtype)
    made[:, outputs:] = beyond
    full = inputs // WORD
    made[:full, :outputs] = rows[:, : full * WORD].reshape(outputs, full, WORD).transpose(1, 0, 2)
    if inputs % WORD:
        made[full, :outputs, : inputs % WORD] = rows[:, full * WORD :]
    return made


def rows_of(panels: NDArray[Any], outputs: slice, inputs: int) -> NDArray[Any]:
    """Chosen rows [n, I] of panels, copied."""
    chosen = panels[:, outputs].transpose(1, 0, 2)
    return chosen.reshape(len(chosen), -1)[:, :inputs].copy()


def blocked_words(positive: NDArray[np.bool_]) -> Words:
    """Signs [O, I] as uint64 [O / BLOCK, words, BLOCK], padded with outputs of no bit to whole panels."""
    words = pack(positive)
    padded = np.zeros((whole(len(words), PANEL), words.shape[1]), np.uint64)
    padded[: len(words)] = words
    return blocked(padded, BLOCK)


def words_of(blocks: Words, outputs: int) -> Words:
    """The same as uint64 [O, words], copied."""
    return blocks.transpose(0, 2, 1).reshape(-1, blocks.shape[1])[:outputs].copy()


def octets_of(words: Words, columns: int, rows: int) -> Octets:
    """Words [N, W] as bytes [columns / 8, rows]: eight columns of one row each, 0 in the place of missing rows."""
    made = aligned((columns // OCTET, rows), np.uint8)
    made[:, : len(words)] = np.ascontiguousarray(words).astype("<u8", copy=False).view(np.uint8)[:, : len(made)].T
    return made


def valid_columns(inputs: int) -> Words:
    """Which columns of every word there are, a bit each."""
    words: Words = pack(np.ones((1, inputs), bool))[0]
    return words
