"""The kernels around the products: pixels into bit planes, pooling of bits, copies, the driver of a whole network."""

from __future__ import annotations

from llvmlite import ir

from engine.jit.emit import I1, I8, I64, PTR, VOID, Emitter, Value, const, vector
from engine.jit.record import FIELDS, SLOTS, slot

PLANES = 8
CHUNK = 64
"""Pixels that make one word of each plane."""


def emit_planes(module: ir.Module, name: str) -> None:
    """`void name(int64 *record)`: rows of pixels into PLANES runs of words each, most significant plane first.

    Of the record: source, target, rows, row_step, target_row (bytes), units (pixels of a row), pitch (bytes between
    two planes of the target).
    """
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(FIELDS)
    source, target = b.inttoptr(f["source"], PTR), b.inttoptr(f["target"], PTR)
    whole = b.udiv(f["units"], const(CHUNK))
    tail = b.urem(f["units"], const(CHUNK))
    with e.loop(const(0), f["rows"], const(1)) as row:
        pixels = e.at(source, b.mul(row.index, f["row_step"]), I8)
        words = e.at(target, b.mul(row.index, f["target_row"]), I8)
        with e.loop(const(0), whole, const(1)) as word:
            kind = ir.VectorType(I8, CHUNK)
            values = e.load(pixels, b.mul(word.index, const(CHUNK)), kind, align=1, of=I8)
            for plane in range(PLANES):
                bit = b.and_(values, vector(I8, CHUNK, 0x80 >> plane))
                bits = b.bitcast(b.icmp_unsigned("!=", bit, vector(I8, CHUNK)), I64)
                run = e.at(words, b.mul(const(plane), f["pitch"]), I8)
                e.store(bits, run, word.index, I64, align=8)
        with b.if_then(b.icmp_unsigned("!=", tail, const(0))):
            _tail(e, pixels, words, whole, tail, f["pitch"])
    e.ret()


def _tail(e: Emitter, pixels: Value, words: Value, word: Value, count: Value, pitch: Value) -> None:
    """The last word of each plane, pixel by pixel: nothing beyond the row is read."""
    b = e.b
    first = b.mul(word, const(CHUNK))
    with e.loop(const(0), count, const(1), [const(0)] * PLANES) as pixel:
        value = b.zext(e.load(pixels, b.add(first, pixel.index), I8, align=1), I64)
        for plane in range(PLANES):
            bit = b.and_(b.lshr(value, const(PLANES - 1 - plane)), const(1))
            pixel.following.append(b.or_(pixel.carried[plane], b.shl(bit, pixel.index)))
    for plane in range(PLANES):
        e.store(pixel.carried[plane], e.at(words, b.mul(const(plane), pitch), I8), word, I64, align=8)


def emit_pool(module: ir.Module, name: str) -> None:
    """`void name(int64 *record)`: max-pooling of signs, word by word.

    After a threshold "at least" the maximum fires if any does (or), after "at most" only if all do (and): the words
    at `base` have a bit for each channel of the first kind. Of the record: segments x blocks is the window (lines x
    columns), pitch the bytes between its lines, group those between its columns, units the words of a position.
    """
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(FIELDS)
    source, target, up = (b.inttoptr(f[key], PTR) for key in ("source", "target", "base"))
    with (
        e.loop(const(0), f["images"], const(1)) as image,
        e.loop(const(0), f["lines"], const(1)) as line,
        e.loop(const(0), f["rows"], const(1)) as row,
        e.loop(const(0), f["units"], const(1)) as unit,
    ):
        loops = (image.index, line.index, row.index)
        at = offset(e, loops, [f["image_step"], f["line_step"], f["row_step"]])
        out = offset(e, loops, [f["target_image"], f["target_line"], f["target_row"]])
        anything = e.load(up, unit.index, I64, align=8)
        nothing = b.not_(anything)
        with e.loop(const(0), f["segments"], const(1), [const(0), const(-1)]) as down:
            line_at = b.add(at, b.mul(down.index, f["pitch"]))
            with e.loop(const(0), f["blocks"], const(1), down.carried) as across:
                place = b.add(line_at, b.mul(across.index, f["group"]))
                word = e.load(e.at(source, place, I8), unit.index, I64, align=8)
                across.following = [b.or_(across.carried[0], word), b.and_(across.carried[1], word)]
            down.following = across.carried
        pooled = b.or_(b.and_(down.carried[0], anything), b.and_(down.carried[1], nothing))
        e.store(pooled, e.at(target, out, I8), unit.index, I64, align=8)
    e.ret()


def emit_copy(module: ir.Module, name: str) -> None:
    """`void name(int64 *record)`: lines of `units` bytes of each image, from one pitch to another.

    Of the record: source, target, images, lines, image_step, line_step, target_image, target_line, units.
    """
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(FIELDS)
    source, target = b.inttoptr(f["source"], PTR), b.inttoptr(f["target"], PTR)
    with e.loop(const(0), f["images"], const(1)) as image, e.loop(const(0), f["lines"], const(1)) as line:
        loops = (image.index, line.index)
        take = e.at(source, offset(e, loops, [f["image_step"], f["line_step"]]), I8)
        put = e.at(target, offset(e, loops, [f["target_image"], f["target_line"]]), I8)
        e.intrinsic("llvm.memcpy.p0.p0.i64", VOID, put, take, f["units"], ir.Constant(I1, 0))
    e.ret()


def offset(e: Emitter, indices: tuple[Value, ...], steps: list[Value]) -> Value:
    """Bytes from the beginning to a place of nested loops."""
    total = const(0)
    for index, step in zip(indices, steps, strict=True):
        total = e.b.add(total, e.b.mul(index, step))
    return total


RUN_FIELDS = ("records", "count", "images", "block", "input", "input_step", "output", "output_step", "slots")
"""The driver's argument: `count` records, run for every `block` of `images`.

`slots` is an array of int64: where in each record the number of images of the block belongs. The first record reads
the input and the last one writes the output, both advanced by their step (bytes an image) from block to block.
"""


def emit_driver(module: ir.Module, name: str) -> None:
    """`void name(int64 *run)`: a whole network over a whole batch in one call."""
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(RUN_FIELDS)
    records, where = b.inttoptr(f["records"], PTR), b.inttoptr(f["slots"], PTR)
    kernel_type = ir.FunctionType(VOID, [PTR]).as_pointer()
    last = e.at(records, b.mul(b.sub(f["count"], const(1)), const(SLOTS)), I64)
    with e.loop(const(0), f["images"], f["block"]) as block:
        count = e.smaller(b.sub(f["images"], block.index), f["block"])
        source = b.add(f["input"], b.mul(block.index, f["input_step"]))
        target = b.add(f["output"], b.mul(block.index, f["output_step"]))
        e.store(source, records, const(slot("source")), I64, align=8)
        e.store(target, last, const(slot("target")), I64, align=8)
        with e.loop(const(0), f["count"], const(1)) as step:
            record = e.at(records, b.mul(step.index, const(SLOTS)), I64)
            e.store(count, record, e.load(where, step.index, I64, align=8), I64, align=8)
            address = e.load(record, const(slot("kernel")), I64, align=8)
            b.call(b.inttoptr(address, kernel_type), [record])
    e.ret()
