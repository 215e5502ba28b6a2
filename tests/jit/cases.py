"""Kernels called through their records on chosen memory, against slow numpy definitions of the same records.

Every case has `check(memory)`: memory places its arrays (see tests.jit.memory), so that one case serves tests with
canaries, tests with guard pages and the fuzzer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.jit.kernels import address, kernel, variants
from engine.jit.layout import blocked, padded
from engine.jit.record import SLOTS, record, slot
from engine.jit.steps import PLANES, RUN_FIELDS
from engine.jit.target import VARIANTS, host

FILLS = ("random", "zeros", "ones", "alternating")
LIMITS = ("ties", "low", "high", "random")
STEPS = ("planes", "pool", "copy", "run")
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


@dataclass(frozen=True)
class Planes:
    """Rows of pixels into bit planes."""

    rows: int
    pixels: int
    row_gap: int = 0
    pitch_gap: int = 0
    fill: str = "random"
    seed: int = 0

    def check(self, memory):
        rng = np.random.default_rng(self.seed)
        row_step = self.pixels + self.row_gap
        words = -(-self.pixels // 64)
        pitch = 8 * (words + self.pitch_gap)
        source = filled(rng, span((self.rows,), (row_step,), self.pixels), self.fill)
        target = memory.place(filled(rng, span((self.rows, PLANES), (PLANES * pitch, pitch), 8 * words), "random"), 8)
        expected = target.copy()
        for row in range(self.rows):
            values = np.zeros(64 * words, np.uint8)
            values[: self.pixels] = source[row * row_step :][: self.pixels]
            for plane in range(PLANES):
                bits = np.packbits(values >> (7 - plane) & 1, bitorder="little")
                at = (row * PLANES + plane) * pitch
                expected[at : at + len(bits)] = bits
        call(
            "planes", memory, source=memory.place(source).ctypes.data, target=target.ctypes.data, rows=self.rows,
            row_step=row_step, target_row=PLANES * pitch, units=self.pixels, pitch=pitch,
        )  # fmt: skip
        np.testing.assert_array_equal(target, expected)
        memory.check()


@dataclass(frozen=True)
class Pool:
    """Max-pooling of signs: `side` output places each way, `window` by `window`, every `stride`."""

    images: int
    side: tuple[int, int]
    window: int
    stride: int
    units: int
    fill: str = "random"
    seed: int = 0

    def check(self, memory):
        rng = np.random.default_rng(self.seed)
        height, width = (max(count - 1, 0) * self.stride + self.window for count in self.side)
        maps = filled(rng, self.images * height * width * self.units * 8, self.fill).view(np.uint64)
        maps = maps.reshape(self.images, height, width, self.units)
        up = filled(rng, self.units * 8, "random").view(np.uint64)
        seen = np.lib.stride_tricks.sliding_window_view(maps, (self.window, self.window), (1, 2))
        seen = seen[:, :: self.stride, :: self.stride][:, : self.side[0], : self.side[1]]
        seen = seen.reshape(self.images, *self.side, self.units, self.window**2)
        expected = np.bitwise_or.reduce(seen, -1) & up | np.bitwise_and.reduce(seen, -1) & ~up
        target = memory.place(np.full(expected.shape, 77, np.uint64), 8)
        place = 8 * self.units
        line = width * place
        call(
            "pool", memory, source=memory.place(maps, 8).ctypes.data, target=target.ctypes.data,
            base=memory.place(up, 8).ctypes.data, images=self.images, lines=self.side[0], rows=self.side[1],
            image_step=height * line, line_step=self.stride * line, row_step=self.stride * place,
            segments=self.window, blocks=self.window, pitch=line, group=place, units=self.units,
            target_image=place * self.side[0] * self.side[1], target_line=place * self.side[1], target_row=place,
        )  # fmt: skip
        np.testing.assert_array_equal(target, expected)
        memory.check()


@dataclass(frozen=True)
class Copy:
    """Lines of bytes from one pitch to another."""

    counts: tuple[int, int]
    units: int
    gaps: tuple[int, int, int, int] = (0, 0, 0, 0)
    seed: int = 0

    def check(self, memory):
        rng = np.random.default_rng(self.seed)
        (line_gap, image_gap), (line_room, image_room) = self.gaps[:2], self.gaps[2:]
        line, into = self.units + line_gap, self.units + line_room
        steps = (self.counts[1] * line + image_gap, line)
        puts = (self.counts[1] * into + image_room, into)
        source = filled(rng, span(self.counts, steps, self.units), "random")
        target = memory.place(filled(rng, span(self.counts, puts, self.units), "random"))
        expected = target.copy()
        for take, put in zip(starts(self.counts, steps), starts(self.counts, puts), strict=True):
            expected[put : put + self.units] = source[take : take + self.units]
        call(
            "copy", memory, source=memory.place(source).ctypes.data, target=target.ctypes.data,
            images=self.counts[0], lines=self.counts[1], image_step=steps[0], line_step=steps[1],
            target_image=puts[0], target_line=puts[1], units=self.units,
        )  # fmt: skip
        np.testing.assert_array_equal(target, expected)
        memory.check()


@dataclass(frozen=True)
class Driver:
    """Images through a chain of copies, a block at a time; scratch holds no more than a block."""

    images: int
    block: int
    bytes: int
    records: int = 2
    seed: int = 0

    def check(self, memory):
        rng = np.random.default_rng(self.seed)
        source = memory.place(filled(rng, self.images * self.bytes, "random"))
        target = memory.place(np.zeros_like(source))
        scratch = [memory.place(np.zeros(self.block * self.bytes, np.uint8)) for _ in range(self.records - 1)]
        records = memory.place(np.zeros((self.records, SLOTS), np.int64), 8)
        for index, made in enumerate(records):
            made[:] = record(
                kernel=address("copy"), lines=1, image_step=self.bytes, target_image=self.bytes, units=self.bytes
            )
            made[slot("source")] = scratch[index - 1].ctypes.data if index else 0
            made[slot("target")] = scratch[index].ctypes.data if index < len(scratch) else 0
        slots = memory.place(np.full(self.records, slot("images"), np.int64), 8)
        told = {
            "records": records.ctypes.data, "count": self.records, "images": self.images, "block": self.block,
            "input": source.ctypes.data, "input_step": self.bytes, "output": target.ctypes.data,
            "output_step": self.bytes, "slots": slots.ctypes.data,
        }  # fmt: skip
        run = memory.place(np.array([told[name] for name in RUN_FIELDS], np.int64), 8)
        kernel("run")(run.ctypes.data)
        np.testing.assert_array_equal(target, source)
        memory.check()


def random_case(rng):
    """Any case: mostly products, small, with overlapping and unaligned rows."""
    fill, seed = str(rng.choice(FILLS)), int(rng.integers(2**32))

    def some(low, high, count=None):
        drawn = rng.integers(low, high, count, endpoint=True)
        return int(drawn) if count is None else tuple(map(int, drawn))

    match rng.integers(10):
        case 0:
            return Planes(some(0, 5), some(1, 300), some(0, 9), some(0, 2), fill, seed)
        case 1:
            window = some(2, 5)
            return Pool(some(0, 3), some(1, 4, 2), window, some(1, window), some(1, 4), fill, seed)
        case 2:
            return Copy(some(0, 4, 2), some(0, 150), some(0, 9, 4), seed)
        case 3:
            return Driver(some(0, 20), some(1, 7), some(1, 40), some(1, 4), seed)
        case _:
            return Dot(
                str(rng.choice(DOTS)), counts=(some(0, 3), some(0, 3), some(0, 13)), steps=some(0, 200, 3),
                segments=some(1, 5), units=some(1, 12) if rng.integers(4) else some(30, 65),
                outputs=some(1, 150), group=some(1, 3), extra_pitch=some(0, 20), gaps=some(0, 9, 3),
                shift=some(0, 2), source=fill, weights=str(rng.choice(FILLS)), limits=str(rng.choice(LIMITS)), seed=seed,
            )  # fmt: skip
