"""From a packed network to the records of the native kernels: what is where, and in which order it is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bits import pack, words_for
from engine.inference.layerarrays import Kept, Pixels, Planes, Signs
from engine.inference.network import Affine, Conv, MaxPool, Shape, Shortcut, Source, Threshold
from engine.inference.rules import Stage
from engine.jit.kernels import address
from engine.jit.layout import aligned, padded, whole
from engine.jit.record import Record, record, slot
from engine.jit.steps import PLANES, RUN_FIELDS
from engine.jit.target import Target
from engine.jit.values import LANES, NUMBER

WORD_BYTES = 8
NEAR_CACHE = 1 << 18
"""Bytes of activations that share one pass over a convolution's weights."""

Array = NDArray[Any]


@dataclass(frozen=True)
class Buffer:
    """Values between two kernels, per image: `step` bytes an image, `line` a line, `place` a position.

    A map that is padded for its reader begins `first` bytes in; its border stays 0, which is -1 for signs.
    """

    step: int
    line: int = 0
    place: int = 0
    first: int = 0


class Constants:
    """The arrays that all contexts of a program share: weights, limits, scales."""

    def __init__(self) -> None:
        self._arrays: list[Array] = []

    def at(self, array: Array) -> int:
        """Keep an array; its address."""
        self._arrays.append(array)
        return int(array.ctypes.data)


@dataclass(frozen=True)
class Step:
    """One kernel call in the making: source and target are numbers of buffers; None is the network's end of it.

    value: number of the buffer of the network's value, where the kernel has to do with it.
    """

    fields: dict[str, int]
    counts: str
    source: int | None
    target: int | None
    source_first: int = 0
    target_first: int = 0
    value: int | None = None


class Lowering:
    """Turns the stages of a network, or some of one, into steps; `narrow` for single images, else for batches.

    What the last stage makes goes to the caller: scores, or signs packed as stages take them.
    """

    def __init__(
        self, chain: Sequence[Stage], source: Source, target: Target, constants: Constants, *, narrow: bool
    ) -> None:
        self._target, self._constants, self._narrow = target, constants, narrow
        self.steps: list[Step] = []
        self.kept: list[Kept] = []
        """The weights of each product, in order."""
        self.buffers: list[int] = []
        self._stages = chain
        self._at: int | None = None
        self._source = source
        self._value: int | None = None
        first = chain[0]
        if source == "u8":
            height, width, channels = first.takes
            self._given = Buffer(height * width * channels, width * channels, channels)
        elif isinstance(first.product, Conv):
            self._given = _map_buffer(first.takes)
        else:
            self._given = Buffer(words_for(first.product.inputs) * WORD_BYTES)
        self.input_step = self._given.step
        self._take_in()
        for index, stage in enumerate(self._stages):
            self._layer(index, stage)
        self.output_step = self._given.step

    # ------------------------------------------------------------ layers

    def _take_in(self) -> None:
        """Copy the images where the first layer cannot read them in place: a padded map, or groups beyond the end."""
        product, takes = self._stages[0].product, self._stages[0].takes
        if not isinstance(product, Conv):
            if self._source == "u8" and product.inputs % 4:
                self._copy(1, Buffer(-(-product.inputs // 4) * 4), product.inputs)
            return
        unit = 1 if self._source == "u8" else words_for(product.channels) * WORD_BYTES
        place = product.channels if self._source == "u8" else unit
        if product.padding or self._source == "u8":
            self._copy(takes[0], _padded_map(takes, product.padding, place), takes[1] * place)

    def _copy(self, lines: int, into: Buffer, units: int) -> None:
        given = self._given
        fields = {
            "kernel": address("copy"), "lines": lines, "image_step": given.step, "line_step": given.line,
            "target_image": into.step, "target_line": into.line, "units": units,
        }  # fmt: skip
        self._push(Step(fields, "images", self._at, self._room(into), given.first, into.first), into)

    def _layer(self, index: int, stage: Stage) -> None:
        on_pixels = index == 0 and self._source == "u8"
        if on_pixels and not isinstance(stage.product, Conv) and self._planes_pay(stage):
            self._dense_planes(stage, index)
        elif isinstance(stage.product, Conv):
            self._conv(stage, index, on_pixels)
        elif on_pixels:
            self._dense(stage, index, Pixels(self._target, stage))
        else:
            # bits from outside are packed without regard to positions; those between layers begin anew at each
            self._dense(stage, index, Signs(self._target, stage, self._narrow, plain=index == 0))

    def _planes_pay(self, stage: Stage) -> bool:
        """Where popcount is quick, single images wait for the weights: eight planes share one bit of each."""
        return self._narrow and self._target.planes and isinstance(stage.after, Threshold)

    def _dense(self, stage: Stage, index: int, depth: Signs | Pixels) -> None:
        into = Buffer(_value_bytes(stage.product.outputs)) if stage.valued else self._after(index, stage)
        fields = self._product(stage, depth) | {
            "images": 1, "lines": 1, "row_step": self._given.step, "segments": 1, "units": depth.units,
            "target_row": into.step, "group": 1,
        }  # fmt: skip
        self._push(Step(fields, "rows", self._at, self._room(into, index), self._given.first, into.first), into)
        if stage.valued:
            self._make_value(stage, index)

    def _dense_planes(self, stage: Stage, index: int) -> None:
        words = words_for(stage.product.inputs)
        pitch = words * WORD_BYTES
        planes = Buffer(PLANES * pitch)
        split = {
            "kernel": address("planes"), "row_step": self._given.step, "target_row": planes.step,
            "units": stage.product.inputs, "pitch": pitch,
        }  # fmt: skip
        self._push(Step(split, "rows", self._at, self._room(planes)), planes)
        into = self._after(index, stage)
        fields = self._product(stage, Planes(self._target, stage)) | {
            "images": 1, "lines": 1, "row_step": planes.step, "segments": PLANES, "units": words, "pitch": pitch,
            "target_row": into.step, "group": 1,
        }  # fmt: skip
        self._push(Step(fields, "rows", self._at, self._room(into, index), 0, into.first), into)

    def _conv(self, stage: Stage, index: int, on_pixels: bool) -> None:
        product = stage.product
        assert isinstance(product, Conv)
        depth = Pixels(self._target, stage) if on_pixels else Signs(self._target, stage, self._narrow, plain=False)
        given = self._given
        height, width, _ = sums = product.gives(stage.takes)
        between = _padded_map(sums, 0, _value_bytes(product.outputs)) if stage.valued else _map_buffer(sums)
        more = stage.valued or stage.pool is not None
        into = between if more else self._after(index, stage)
        fields = self._product(stage, depth) | {
            "lines": height, "rows": width, "image_step": given.step, "line_step": product.stride * given.line,
            "row_step": product.stride * given.place, "segments": product.kernel, "units": depth.units,
            "pitch": given.line, "group": max(1, NEAR_CACHE // max(1, given.step)),
            "target_image": into.step, "target_line": into.line, "target_row": into.place,
        }  # fmt: skip
        origin = given.first - product.padding * (given.line + given.place)
        room = self._room(into, None if more else index)
        self._push(Step(fields, "images", self._at, room, origin, into.first), into)
        if stage.valued:
            self._make_value(stage, index)
        elif stage.pool:
            self._pool(stage, stage.pool, index)

    def _pool(self, stage: Stage, pool: MaxPool, index: int) -> None:
        given, into = self._given, self._after(index, stage)
        height, width, channels = stage.gives
        fields = {
            "kernel": address("pool"), "base": self._constants.at(pack(stage.rising)), "lines": height, "rows": width,
            "image_step": given.step, "line_step": pool.stride * given.line, "row_step": pool.stride * given.place,
            "segments": pool.size, "blocks": pool.size, "pitch": given.line, "group": given.place,
            "units": words_for(channels), "target_image": into.step, "target_line": into.line, "target_row": into.place,
        }  # fmt: skip
        self._push(Step(fields, "images", self._at, self._room(into, index), given.first, into.first), into)

    def _make_value(self, stage: Stage, index: int) -> None:
        """The value of the sums that are there, pooled, and its signs."""
        after, given, into = stage.after, self._given, self._after(index, stage)
        assert isinstance(after, Affine)
        height, width, channels = stage.gives if len(stage.gives) == 3 else (1, 1, *stage.gives)
        shortcut = isinstance(after, Shortcut)
        if not shortcut:
            self._value = self._room(Buffer(height * width * _value_bytes(channels)))
        pool, keep = stage.pool or MaxPool(1, 1), self._constants.at
        fields = {
            "kernel": address(("shortcut" if shortcut else "value") + ("-pooled" if stage.pool else "")),
            "scale": keep(padded(after.scale, LANES)), "offset": keep(padded(after.shift, LANES, beyond=-1)),
            "lines": height, "rows": width, "units": _value_bytes(channels) // (LANES * NUMBER),
            "image_step": given.step, "line_step": pool.stride * given.line, "row_step": pool.stride * given.place,
            "segments": pool.size, "blocks": pool.size, "pitch": given.line, "group": given.place,
            "target_image": into.step, "target_line": into.line, "target_row": into.place,
        }  # fmt: skip
        step = Step(fields, "images", self._at, self._room(into, index), given.first, into.first, self._value)
        self._push(step, into)

    def _product(self, stage: Stage, depth: Signs | Pixels) -> dict[str, int]:
        """What every product's record holds: kernel, weights, limits or scores."""
        keep, after, kept = self._constants.at, stage.after, Kept(depth)
        self.kept.append(kept)
        fields = {
            "kernel": address(depth.kernel),
            "weights": keep(kept.rows),
            "base": keep(kept.base),
            "blocks": -(-stage.product.outputs // depth.block),
            "outputs": stage.product.outputs,
            "shift": depth.shift,
        }
        if isinstance(after, Affine) and stage.last:
            fields["scale"] = keep(padded(after.scale, depth.block))
            fields["offset"] = keep(padded(after.shift, depth.block))
        return fields

    # ------------------------------------------------------------ buffers

    def _after(self, index: int, stage: Stage) -> Buffer:
        """Where a stage's scores or signs go: as the next stage wants to read them, or the caller."""
        if stage.last:
            return Buffer(NUMBER * stage.product.outputs)
        if len(stage.gives) == 1:
            return Buffer(words_for(stage.gives[0]) * WORD_BYTES)
        following = self._stages[index + 1].product if index + 1 < len(self._stages) else None
        padding = following.padding if isinstance(following, Conv) else 0
        return _padded_map(stage.gives, padding, words_for(stage.gives[2]) * WORD_BYTES)

    def _room(self, buffer: Buffer, index: int | None = None) -> int | None:
        """Number of a new buffer; None for what the last stage makes."""
        if index == len(self._stages) - 1:
            return None
        self.buffers.append(buffer.step)
        return len(self.buffers) - 1

    def _push(self, step: Step, into: Buffer) -> None:
        self.steps.append(step)
        self._at, self._given = step.target, into


class Context:
    """What one call at a time needs: scratch memory and its own records."""

    def __init__(self, lowering: Lowering, block: int) -> None:
        self._scratch = [aligned((block * step + WORD_BYTES,), np.uint8) for step in lowering.buffers]
        self._records = np.stack([self._filled(step) for step in lowering.steps])
        self._slots = np.array([slot(step.counts) for step in lowering.steps], np.int64)
        self.run: Record = np.zeros(len(RUN_FIELDS), np.int64)
        self.run[:4] = self._records.ctypes.data, len(lowering.steps), 0, block
        self.run[5], self.run[7], self.run[8] = lowering.input_step, lowering.output_step, self._slots.ctypes.data
        self.argument = int(self.run.ctypes.data)

    def _filled(self, step: Step) -> Record:
        made = record(**step.fields)
        if step.source is not None:
            made[slot("source")] = self._scratch[step.source].ctypes.data + step.source_first
        if step.target is not None:
            made[slot("target")] = self._scratch[step.target].ctypes.data + step.target_first
        if step.value is not None:
            made[slot("value")] = self._scratch[step.value].ctypes.data
        return made


def _map_buffer(shape: Shape) -> Buffer:
    return _padded_map(shape, 0, words_for(shape[2]) * WORD_BYTES)


def _value_bytes(channels: int) -> int:
    """Bytes of the sums, or of the value, of one place."""
    return whole(channels, LANES) * NUMBER


def _padded_map(shape: Shape, padding: int, place: int) -> Buffer:
    height, width = shape[0] + 2 * padding, shape[1] + 2 * padding
    line = width * place
    return Buffer(height * line, line, place, padding * (line + place))
