"""The kernel behind every layer: tiles of accumulators, a loop along the depth, then an epilogue.

One generator serves dense layers, convolutions and 8-bit pixels. A *row* is one output position; its units (64-bit
words of signs, or groups of four pixels) lie in `segments` runs of `units`, `pitch` bytes apart: one run for a dense
layer, a run a kernel row for a convolution on packed NHWC, a run a bit plane (most significant first, the sum doubled
between them). Weights lie in blocks of outputs, [blocks][segments * units][block], so that one vector holds a unit of
each output.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from llvmlite import ir

from engine.jit.along import Vectors, along
from engine.jit.depth import Depth
from engine.jit.emit import F32, I8, I32, I64, PTR, VOID, Emitter, Loop, Value, const, vector
from engine.jit.record import FIELDS
from engine.jit.target import Tile, Tiles

Epilogue = Literal["sums", "bits", "scores", "added"]

SPAN = 16
"""Outputs that an epilogue takes together: one vector of 32-bit lanes."""


@dataclass(frozen=True)
class Dot:
    """What one kernel is made for.

    planes: double the sum between segments.
    units: those of a segment where the kernel is made for so many, written out instead of looped over; 0 for any.
    epilogue: what becomes of a sum S of mismatches (signs) or of products with the negated weights (pixels): "sums"
    base[o] - (S << shift) as int32; "bits" S < base[o]; "scores" those sums as float32 times scale[o], rounded, plus
    offset[o], rounded; "added" adds S itself, as float32, to what is there.
    """

    depth: Depth
    tiles: Tiles
    epilogue: Epilogue
    planes: bool = False
    units: int = 0


def emit(module: ir.Module, name: str, dot: Dot) -> None:
    """Write the kernel `void name(int64 *record)` into a module."""
    _Writer(module, name, dot).write()


class _Writer:
    """Writes one kernel, loop by loop from the outside in."""

    def __init__(self, module: ir.Module, name: str, dot: Dot) -> None:
        self.dot = dot
        self.e = Emitter(module, name, [PTR])
        self.b = self.e.b
        self.block, self.lanes, self.unit = dot.depth.block, dot.depth.lanes, dot.depth.unit
        self.vectors = self.block // self.lanes
        self.kind = ir.VectorType(self.unit, self.lanes)
        self.f = self.e.fields(FIELDS, ("source", "weights", "target", "base", "scale", "offset"))
        self.per_block = self.f["units"] if dot.planes else self.b.mul(self.f["segments"], self.f["units"])

    def write(self) -> None:
        """Groups of images, panels of outputs, images, lines, rows: the weights of a panel are used by a group."""
        e, f = self.e, self.f
        with e.loop(const(0), f["images"], f["group"]) as group:
            last = e.smaller(self.b.add(group.index, f["group"]), f["images"])
            start, whole = const(0), self.b.udiv(f["outputs"], const(self.block))
            for tile in self.dot.tiles[:-1]:
                stop = self._whole(whole, tile.blocks)
                self._panels(start, stop, tile, group, last)
                start = stop
            self._panels(start, f["blocks"], self.dot.tiles[-1], group, last)
        e.ret()

    def _whole(self, count: Value, part: int) -> Value:
        return self.b.sub(count, self.b.urem(count, const(part))) if part > 1 else count

    def _panels(self, start: Value, stop: Value, tile: Tile, group: Loop, last: Value) -> None:
        e, f, b = self.e, self.f, self.b
        with e.loop(start, stop, const(tile.blocks)) as panel, e.loop(group.index, last, const(1)) as image:
            image_in = b.mul(image.index, f["image_step"])
            image_out = b.mul(image.index, f["target_image"])
            with e.loop(const(0), f["lines"], const(1)) as line:
                source = b.add(image_in, b.mul(line.index, f["line_step"]))
                target = b.add(image_out, b.mul(line.index, f["target_line"]))
                tall = self._whole(f["rows"], tile.rows)
                self._rows(const(0), tall, tile, panel, source, target)
                if tile.rows > 1:
                    self._rows(tall, f["rows"], Tile(1, tile.blocks), panel, source, target)

    def _rows(self, start: Value, stop: Value, tile: Tile, panel: Loop, source: Value, target: Value) -> None:
        e, f, b = self.e, self.f, self.b
        with e.loop(start, stop, const(tile.rows)) as row:
            first = b.add(source, b.mul(row.index, f["row_step"]))
            starts = [b.add(first, b.mul(const(r), f["row_step"])) for r in range(tile.rows)]
            sums = self._accumulate(tile, panel.index, starts)
            out = b.add(target, b.mul(row.index, f["target_row"]))
            span = max(1, SPAN // self.block) if tile.blocks > 1 else 1
            for r in range(tile.rows):
                place = b.add(out, b.mul(const(r), f["target_row"]))
                for j in range(0, tile.blocks, span):
                    at = (r * tile.blocks + j) * self.vectors
                    own = sums[at : at + span * self.vectors]
                    self._finish(own, b.add(panel.index, const(j)), place)

    def _accumulate(self, tile: Tile, panel: Value, starts: list[Value]) -> list[Value]:
        """Mismatches of each row with each block: tile.rows * tile.blocks * vectors accumulators."""
        e, f, b = self.e, self.f, self.b
        zero = [vector(self.unit, self.lanes)] * (tile.rows * tile.blocks * self.vectors)
        with e.loop(const(0), f["segments"], const(1), zero) as segment:
            carried = segment.carried
            if self.dot.planes:
                carried = [b.add(value, value) for value in carried]
            run = b.mul(segment.index, f["pitch"])
            places = [e.at(f["source"], b.add(start, run), I8) for start in starts]
            before = const(0) if self.dot.planes else b.mul(segment.index, f["units"])
            columns = [b.add(b.mul(b.add(panel, const(j)), self.per_block), before) for j in range(tile.blocks)]
            segment.following = self._along(carried, places, columns)
        return segment.carried

    def _along(self, totals: list[Value], places: list[Value], columns: list[Value]) -> list[Value]:
        """The totals with a whole segment taken in."""
        return along(self.e, self.dot.depth, totals, self.dot.units or self.f["units"], places, self._loaded(columns))

    def _loaded(self, columns: list[Value]) -> Vectors:
        """The weights of a unit, in each of the blocks whose columns begin there."""
        e, b, lanes = self.e, self.b, self.lanes

        def weights(unit: Value) -> list[Value]:
            loaded = []
            for column in columns:
                at = b.mul(b.add(column, unit), const(self.block))
                for part in range(self.vectors):
                    where = b.add(at, const(part * lanes))
                    width = lanes * self.unit.width // 8
                    loaded.append(e.load(self.f["weights"], where, self.kind, align=width, of=self.unit))
            return loaded

        return weights

    # ------------------------------------------------------------ epilogues

    def _finish(self, sums: list[Value], block: Value, place: Value) -> None:
        getattr(self, f"_finish_{self.dot.epilogue}")(sums, block, place)

    def _finish_bits(self, sums: list[Value], block: Value, place: Value) -> None:
        e, b = self.e, self.b
        total = self._narrow(sums)
        fires = b.icmp_signed("<", total, self._load(self.f["base"], block, I32, total.type.count))
        where = b.add(place, b.mul(block, const(self.block // 8)))
        e.store(b.bitcast(fires, ir.IntType(total.type.count)), self.f["target"], where, I8, align=1)

    def _finish_sums(self, sums: list[Value], block: Value, place: Value) -> None:
        self._store(self._integer(sums, block), block, place)

    def _finish_scores(self, sums: list[Value], block: Value, place: Value) -> None:
        b, integers = self.b, self._integer(sums, block)
        count = integers.type.count
        scaled = b.fmul(b.sitofp(integers, ir.VectorType(F32, count)), self._load(self.f["scale"], block, F32, count))
        self._store(b.fadd(scaled, self._load(self.f["offset"], block, F32, count)), block, place)

    def _finish_added(self, sums: list[Value], block: Value, place: Value) -> None:
        b, total = self.b, self._narrow(sums)
        kind = ir.VectorType(F32, total.type.count)
        where, first = self.e.at(self.f["target"], place, I8), b.mul(block, const(self.block))
        before = self.e.load(where, first, kind, align=4, of=F32)
        self.e.store(b.fadd(before, b.sitofp(total, kind)), where, first, F32, align=4)

    def _integer(self, sums: list[Value], block: Value) -> Value:
        b, total = self.b, self._narrow(sums)
        shift = self.e.splat(b.trunc(self.f["shift"], I32), total.type.count)
        return b.sub(self._load(self.f["base"], block, I32, total.type.count), b.shl(total, shift))

    def _narrow(self, sums: list[Value]) -> Value:
        """Accumulators of neighbouring outputs as one vector of i32."""
        b, parts = self.b, sums
        if self.unit == I64 and len(sums) == 1:
            return b.trunc(sums[0], ir.VectorType(I32, self.lanes))
        if self.unit == I64:  # the lower halves of two vectors, picked by one instruction
            halves = [b.bitcast(value, ir.VectorType(I32, 2 * self.lanes)) for value in sums]
            parts = [self._picked(x, y, 2) for x, y in zip(halves[::2], halves[1::2], strict=True)]
        while len(parts) > 1:
            parts = [self._picked(x, y, 1) for x, y in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    def _picked(self, x: Value, y: Value, every: int) -> Value:
        """Every so many-th lane of x and then of y."""
        lanes = range(0, 2 * x.type.count, every)
        return self.b.shuffle_vector(x, y, ir.Constant(ir.VectorType(I32, len(lanes)), list(lanes)))

    def _load(self, base: Value, block: Value, kind: ir.Type, count: int) -> Value:
        first = self.b.mul(block, const(self.block))
        return self.e.load(base, first, ir.VectorType(kind, count), align=32, of=kind)

    def _store(self, values: Value, block: Value, place: Value) -> None:
        """Store values of four bytes each; of a single block only those that exist."""
        e, b, count = self.e, self.b, values.type.count
        first = b.mul(block, const(self.block))
        where = e.at(self.f["target"], b.add(place, b.mul(first, const(4))), I8)
        if count > self.block:
            b.store(values, where, align=4)
            return
        left = e.splat(b.sub(self.f["outputs"], first), count)
        mask = b.icmp_signed("<", ir.Constant(ir.VectorType(I64, count), list(range(count))), left)
        name = f"llvm.masked.store.v{count}{'i32' if values.type.element == I32 else 'f32'}.p0"
        e.intrinsic(name, VOID, values, where, ir.Constant(I32, 4), mask)
