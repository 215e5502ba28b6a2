"""Kernels of products called through their records on chosen memory, against slow numpy definitions of the same.

Every case has `check(memory)`: memory places its arrays (see tests.jit.memory), so that one case serves tests with
canaries, tests with guard pages and the fuzzer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.jit.kernels import kernel, variants
from engine.jit.layout import blocked, padded
from engine.jit.record import record
from engine.jit.steps import PLANES
from engine.jit.target import VARIANTS, host

FILLS = ("random", "zeros", "ones", "alternating")
LIMITS = ("ties", "low", "high", "random")
STEPS = ("planes", "pool", "copy", "run", "value", "value-pooled", "shortcut", "shortcut-pooled", "warp")
DOTS = tuple(name for name in variants(VARIANTS[0]) if name not in STEPS)
INT32 = np.iinfo(np.int32)


def filled(rng, size, how):
    """uint8 [size]."""
    if how == "random":
        return rng.integers(0, 256, size, dtype=np.uint8)
    return np.resize(np.array({"zeros": [0], "ones": [255], "alternating": [0xAA, 0x55]}[how], np.uint8), size)


def call(name, memory, **fields):
    """Run one kernel on a record whose arrays were placed; its record is as it was afterwards."""
    made = memory.place(record(**fields), align=8)
    before = made.copy()
    kernel(name)(made.ctypes.data)
    np.testing.assert_array_equal(made, before)


def starts(counts, steps):
    """Byte offsets of every place, in the order of the loops, flat."""
    offsets = np.zeros(1, np.int64)
    for count, step in zip(counts, steps, strict=True):
        offsets = (offsets[:, None] + np.arange(count) * step).reshape(-1)
    return offsets


def span(counts, steps, last):
    """Bytes from the first place up to the end of the last, which is `last` bytes long; 0 where there is none."""
    if 0 in counts:
        return 0
    return sum((count - 1) * step for count, step in zip(counts, steps, strict=True)) + last


@dataclass(frozen=True)
class Dot:
    """One call of a kernel of products. Steps are bytes; gaps are bytes between what is written.

    A kernel whose name ends in a number is made for so many units, and is given those.
    """

    name: str
    counts: tuple[int, int, int]
    steps: tuple[int, int, int]
    segments: int
    units: int
    outputs: int
    group: int = 1
    extra_pitch: int = 0
    gaps: tuple[int, int, int] = (0, 0, 0)
    shift: int = 1
    source: str = "random"
    weights: str = "random"
    limits: str = "ties"
    seed: int = 0

    def __post_init__(self):
        made_for = self.name.rpartition("-")[2]
        if made_for.isdigit():
            object.__setattr__(self, "units", int(made_for))

    def check(self, memory):
        rng = np.random.default_rng(self.seed)
        pixels, planes = self.name.startswith("pixel"), self.name == "plane-bits"
        block = (host().pixels if pixels else host().signs).block
        unit = 4 if pixels else 8
        segments = PLANES if planes else self.segments
        pitch = self.units * unit + self.extra_pitch
        source = filled(rng, span((*self.counts, segments), (*self.steps, pitch), self.units * unit), self.source)
        terms = self.units if planes else segments * self.units
        weights = self._weights(rng, terms, pixels)
        sums = self._sums(source, weights, segments, pitch, unit)
        base, scale, offset = self._limits(rng, sums), *rng.standard_normal((2, self.outputs)).astype(np.float32)
        values = self._values(sums, base, scale, offset, block)
        target_steps, size = self._target(values)
        target = memory.place(filled(rng, size, "random"), align=1 if "bits" in self.name else 4)
        expected = target.copy()
        for at, row in zip(starts(self.counts, target_steps), values, strict=True):
            expected[at : at + len(row)] = row
        placed = {
            "source": memory.place(source), "target": target,
            "weights": memory.place(blocked(weights, block), align=64),
            **{key: memory.place(padded(array, block), align=32)
               for key, array in (("base", base), ("scale", scale), ("offset", offset))},
        }  # fmt: skip
        kept = {key: array.copy() for key, array in placed.items() if key != "target"}
        call(
            self.name, memory,
            **{key: array.ctypes.data for key, array in placed.items()},
            **dict(zip(("images", "lines", "rows"), self.counts, strict=True)),
            **dict(zip(("image_step", "line_step", "row_step"), self.steps, strict=True)),
            **dict(zip(("target_image", "target_line", "target_row"), target_steps, strict=True)),
            segments=segments, units=self.units, pitch=pitch, blocks=-(-self.outputs // block),
            outputs=self.outputs, group=self.group, shift=self.shift,
        )  # fmt: skip
        np.testing.assert_array_equal(target, expected)
        for key, array in kept.items():
            np.testing.assert_array_equal(placed[key].view(np.uint8), array.view(np.uint8))
        memory.check()

    def _weights(self, rng, terms, pixels):
        """uint64 [outputs, terms], or four int8 of -1, 0 and 1 to an int32."""
        if not pixels:
            return filled(rng, self.outputs * terms * 8, self.weights).view(np.uint64).reshape(self.outputs, terms)
        drawn = {"random": (-1, 2), "zeros": (-1, 0), "ones": (1, 2), "alternating": (0, 1)}[self.weights]
        return rng.integers(*drawn, (self.outputs, 4 * terms), dtype=np.int8).view(np.int32)

    def _sums(self, source, weights, segments, pitch, unit):
        """Mismatches, or products with pixels: int64 [places, outputs]."""
        at = starts(self.counts, self.steps)[:, None, None]
        runs = source[at + np.arange(segments)[:, None] * pitch + np.arange(self.units * unit)]
        if unit == 4:
            return runs.reshape(len(runs), 4 * weights.shape[1]).astype(np.int64) @ weights.view(np.int8).T.astype(
                np.int64
            )
        words = runs.view(np.uint64)
        if self.name != "plane-bits":
            mixed = words.reshape(len(words), 1, weights.shape[1]) ^ weights
            return np.bitwise_count(mixed).sum(-1, dtype=np.int64)
        mixed = np.bitwise_count(words[:, None] ^ weights[:, None]).sum(-1, dtype=np.int64)
        return mixed @ (1 << np.arange(PLANES)[::-1])

    def _limits(self, rng, sums):
        """int32 [outputs]: at or about sums that occur, at the ends of int32, or anything."""
        if self.limits == "ties" and len(sums):
            rows = rng.integers(0, len(sums), self.outputs)
            return (sums[rows, np.arange(self.outputs)] + rng.integers(-1, 2, self.outputs)).astype(np.int32)
        low, high = {"low": (INT32.min, INT32.min + 2), "high": (INT32.max - 1, INT32.max)}.get(
            self.limits, (-100_000, 100_000)
        )
        return rng.integers(low, high, self.outputs, dtype=np.int32, endpoint=True)

    def _values(self, sums, base, scale, offset, block):
        """What is written at each place, uint8 [places, bytes]."""
        if "bits" in self.name:
            fires = np.zeros((len(sums), -(-self.outputs // block) * block), bool)
            fires[:, : self.outputs] = sums < base
            return np.packbits(fires, axis=1, bitorder="little")
        integers = (base - (sums << self.shift)).astype(np.int32)
        if "sums" in self.name:
            return integers.view(np.uint8)
        return (integers.astype(np.float32) * scale + offset).view(np.uint8)

    def _target(self, values):
        """Steps between what is written, of images, lines and rows, and the bytes of all."""
        unit = 1 if "bits" in self.name else 4
        image_gap, line_gap, row_gap = (unit * gap for gap in self.gaps)
        row = values.shape[1] + row_gap
        line = self.counts[2] * row + line_gap
        steps = (self.counts[1] * line + image_gap, line, row)
        return steps, span(self.counts, steps, values.shape[1])
