"""The kernels around the products called through their records, against numpy; and a case of any kind, drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.jit.kernels import address, kernel
from engine.jit.layout import padded
from engine.jit.record import SLOTS, record, slot
from engine.jit.steps import PLANES, RUN_FIELDS
from engine.jit.values import LANES
from tests.conformance.oracle import assert_same_value
from tests.inference.builders import ODD
from tests.jit.cases import DOTS, FILLS, LIMITS, Dot, call, filled, span, starts


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


def _normal(rng, *sides):
    return rng.standard_normal(sides).astype(np.float32)


@dataclass(frozen=True)
class NetworkValue:
    """Sums of `side` places each way into a value and its signs; pooled with a window of more than 1."""

    images: int
    side: tuple[int, int]
    outputs: int
    window: int = 1
    stride: int = 1
    shortcut: bool = False
    gaps: tuple[int, int, int] = (0, 0, 0)
    odd: bool = False
    seed: int = 0

    def check(self, memory):
        rng = np.random.default_rng(self.seed)
        channels = padded(np.zeros(self.outputs), LANES).size
        height, width = (max(count - 1, 0) * self.stride + self.window for count in self.side)
        sums = rng.integers(-(2**26), 2**26, (self.images, height, width, channels)).astype(np.int32)
        scale, shift = rng.choice(ODD, (2, self.outputs)) if self.odd else _normal(rng, 2, self.outputs)
        before = _normal(rng, self.images * self.side[0] * self.side[1], channels)
        before[:, self.outputs :] = -1
        value = memory.place(before, 4)
        target_row = channels // 8 + self.gaps[0]
        target_line = self.side[1] * target_row + self.gaps[1]
        target_image = self.side[0] * target_line + self.gaps[2]
        steps = (target_image, target_line, target_row)
        target = memory.place(filled(rng, span((self.images, *self.side), steps, channels // 8), "random"))
        expected, signs = self._expected(sums, padded(scale, LANES), padded(shift, LANES, beyond=-1), before)
        bits = target.copy()
        for at, row in zip(starts((self.images, *self.side), steps), signs, strict=True):
            bits[at : at + len(row)] = row
        place = 4 * channels
        call(
            ("shortcut" if self.shortcut else "value") + ("-pooled" if self.window > 1 else ""), memory,
            source=memory.place(sums, 4).ctypes.data, value=value.ctypes.data, target=target.ctypes.data,
            scale=memory.place(padded(scale, LANES), 4).ctypes.data,
            offset=memory.place(padded(shift, LANES, beyond=-1), 4).ctypes.data,
            images=self.images, lines=self.side[0], rows=self.side[1], units=channels // LANES,
            image_step=height * width * place, line_step=self.stride * width * place, row_step=self.stride * place,
            segments=self.window, blocks=self.window, pitch=width * place, group=place,
            target_image=target_image, target_line=target_line, target_row=target_row,
        )  # fmt: skip
        assert_same_value(value, expected)
        np.testing.assert_array_equal(target, bits)
        memory.check()

    def _expected(self, sums, scale, shift, before):
        """The value float32 [places, channels], and its bits in octets."""
        seen = np.lib.stride_tricks.sliding_window_view(sums, (self.window, self.window), (1, 2))
        seen = seen[:, :: self.stride, :: self.stride][:, : self.side[0], : self.side[1]].max((-1, -2))
        with np.errstate(all="ignore"):
            value = seen.reshape(-1, sums.shape[-1]).astype(np.float32) * scale + shift
            value = before + value if self.shortcut else value
        return value, np.packbits(value >= 0, axis=1, bitorder="little")


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

    match rng.integers(11):
        case 0:
            return Planes(some(0, 5), some(1, 300), some(0, 9), some(0, 2), fill, seed)
        case 1:
            window = some(2, 5)
            return Pool(some(0, 3), some(1, 4, 2), window, some(1, window), some(1, 4), fill, seed)
        case 2:
            return Copy(some(0, 4, 2), some(0, 150), some(0, 9, 4), seed)
        case 3:
            return Driver(some(0, 20), some(1, 7), some(1, 40), some(1, 4), seed)
        case 4:
            window, outputs = some(1, 3), some(1, 100)
            return NetworkValue(
                some(0, 3), some(0, 4, 2), outputs, window, some(1, window), bool(rng.integers(2)), some(0, 9, 3),
                bool(rng.integers(2)), seed,
            )  # fmt: skip
        case _:
            return Dot(
                str(rng.choice(DOTS)), counts=(some(0, 3), some(0, 3), some(0, 13)), steps=some(0, 200, 3),
                segments=some(1, 5), units=some(1, 12) if rng.integers(4) else some(30, 65),
                outputs=some(1, 150), group=some(1, 3), extra_pitch=some(0, 20), gaps=some(0, 9, 3),
                shift=some(0, 2), source=fill, weights=str(rng.choice(FILLS)), limits=str(rng.choice(LIMITS)),
                seed=seed,
            )  # fmt: skip
