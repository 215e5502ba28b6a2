"""Kernels of a training step on maps: 16-bit gradients as two bytes each, and signs as bytes, for tile registers.

A number is 256 times its high byte, an int8, plus its low one, a u8: products of bytes (jit.training.tiles) with both
make those of 16 bits, exactly.
"""

from __future__ import annotations

from collections.abc import Iterator

from llvmlite import ir

from engine.jit.emit import F32, I1, I8, I16, I32, PTR, VOID, Emitter, Value, const, vector
from engine.jit.steps import offset
from engine.jit.training.maps import INTS, LANES, flat, lanes, nearest, put, turned_over
from engine.jit.training.shape import GROUP
from engine.jit.training.tiles import LINE

SIZES = (1, 2)
"""Sides of windows of pooling that there is a kernel for."""
OCTETS, MASK = ir.VectorType(I8, LANES), ir.VectorType(I1, LANES)


def in_halves(e: Emitter, integers: Value) -> tuple[Value, Value]:
    """High and low bytes of LANES int32 that fit 16 bits."""
    b = e.b
    return b.trunc(b.lshr(integers, vector(I32, LANES, 8)), OCTETS), b.trunc(integers, OCTETS)


def whole(e: Emitter, high: Value, low: Value) -> Value:
    """What sums of products with the high bytes and with the low ones come to."""
    return e.b.add(e.b.shl(high, vector(high.type.element, high.type.count, 8)), low)


CHANNELS_FIELDS = (
    "kernel", "source", "which", "factors", "target", "images", "lines", "rows", "units", "image_step", "line_step",
    "down", "channel_step", "low",
)  # fmt: skip
"""source: float32 and which: u8, [images][lines][rows][units][LANES]. factors: float32 [units][LANES]. target: high
bytes, channel_step apart, and the low ones so many bytes behind them; image_step and line_step between windows, down
between the lines of one. Behind the last image there has to be room for a LINE of zeros."""


def emit_channels(module: ir.Module, name: str, size: int) -> None:
    """source * factors to the nearest number of 16 bits, in halves, channel by channel; at the largest sum's place.

    All other places of a window of size x size get 0, and so does a LINE behind the last image.
    """
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(CHANNELS_FIELDS, ("source", "which", "factors", "target"))
    numbers = ir.Constant(INTS, list(range(LANES)))
    with e.loop(const(0), f["units"], const(1)) as unit:
        factor = lanes(e, f["factors"], unit.index, F32)
        channel = b.mul(b.mul(unit.index, const(LANES)), f["channel_step"])
        with (
            e.loop(const(0), f["images"], const(1)) as image,
            e.loop(const(0), f["lines"], const(1)) as line,
            e.loop(const(0), f["rows"], const(LANES)) as row,
        ):
            before = b.mul(flat(e, (image.index, line.index), (f["lines"],)), f["rows"])
            found = []
            for further in range(LANES):
                there = e.smaller(b.add(row.index, const(further)), b.sub(f["rows"], const(1)))
                at = b.add(b.mul(b.add(before, there), f["units"]), unit.index)
                number = nearest(e, b.fmul(lanes(e, f["source"], at, F32), factor))
                found.append(number if size == 1 else _with_place(e, number, lanes(e, f["which"], at, I8)))
            left = e.splat(b.trunc(b.sub(f["rows"], row.index), I32), LANES)
            inside = _side_by_side(e, [b.icmp_signed("<", numbers, left)] * size)
            first = offset(e, (image.index, line.index), [f["image_step"], f["line_step"]])
            first = b.add(b.add(channel, first), b.mul(row.index, const(size)))
            for of_channel, values in enumerate(turned_over(e, found)):
                into = e.at(f["target"], b.add(first, b.mul(const(of_channel), f["channel_step"])), I8)
                for there, octets in _lines(e, values, f, size):
                    place = e.at(into, there, I8)
                    kind, align = f"v{size * LANES}i8.p0", ir.Constant(I32, 1)
                    e.intrinsic(f"llvm.masked.store.{kind}", VOID, octets, place, align, inside)
        end = e.at(f["target"], b.add(channel, b.mul(f["images"], f["image_step"])), I8)
        with e.loop(const(0), const(LANES), const(1)) as one:
            for behind in (const(0), f["low"]):
                place = b.add(b.mul(one.index, f["channel_step"]), behind)
                e.store(vector(I8, LINE), end, place, I8, align=1)
    e.ret()


def _with_place(e: Emitter, number: Value, which: Value) -> Value:
    """A number of 16 bits, with a place above it."""
    number = e.b.and_(number, vector(I32, LANES, 0xFFFF))
    return e.b.or_(number, e.b.shl(e.b.zext(which, INTS), vector(I32, LANES, 16)))


def _lines(e: Emitter, values: Value, f: dict[str, Value], size: int) -> Iterator[tuple[Value, Value]]:
    """Of LANES windows of a channel, line by line: how far behind the first it goes, and its bytes; of both halves."""
    b = e.b
    halves = list(zip(in_halves(e, values), (const(0), f["low"]), strict=True))
    if size == 1:
        yield from ((behind, octets) for octets, behind in halves)
        return
    which = b.lshr(values, vector(I32, LANES, 16))
    for octets, behind in halves:
        for down in range(size):
            places = [vector(I32, LANES, size * down + across) for across in range(size)]
            here = [b.select(b.icmp_signed("==", which, place), octets, vector(I8, LANES)) for place in places]
            yield b.add(behind, b.mul(const(down), f["down"])), _side_by_side(e, here)


def _side_by_side(e: Emitter, vectors: list[Value]) -> Value:
    """The first lane of one vector or of both, then the second, and so on."""
    if len(vectors) == 1:
        return vectors[0]
    in_turn = [n // 2 + n % 2 * LANES for n in range(2 * LANES)]
    return e.b.shuffle_vector(*vectors, ir.Constant(ir.VectorType(I32, 2 * LANES), in_turn))


QUADS_FIELDS = (
    "kernel", "source", "target", "groups", "blocks", "phases", "quads", "group_step", "place_step", "block_step",
    "phase_step",
)  # fmt: skip
"""source: bits of places, or u8 pixels, place_step between them, group_step between groups of blocks. target: bytes
[groups * blocks][phases][quads][LANES][GROUP], block_step between blocks."""


def emit_quads(module: ir.Module, name: str, *, pixels: bool) -> None:
    """Signs of LANES channels as bytes, +-1, or pixels, GROUP places beside each other: right operands of tiles.

    Of each phase the first quad begins one place later, so that one of them has any shift at a whole quad. A whole
    number of quads of places is read, whatever lies in those beyond the last, and LANES channels.
    """
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(QUADS_FIELDS, ("source", "target"))
    block_bytes, kind = (LANES, OCTETS) if pixels else (LANES // 8, I16)
    with (
        e.loop(const(0), f["groups"], const(1)) as group,
        e.loop(const(0), f["blocks"], const(1)) as block,
        e.loop(const(0), f["phases"], const(1)) as phase,
        e.loop(const(0), f["quads"], const(1)) as quad,
    ):
        place = b.add(b.mul(quad.index, const(GROUP)), phase.index)
        first = offset(e, (group.index, block.index, place), [f["group_step"], const(block_bytes), f["place_step"]])
        places = [b.add(first, b.mul(const(place), f["place_step"])) for place in range(GROUP)]
        found = [e.load(f["source"], place, kind, align=1, of=I8) for place in places]
        number = flat(e, (group.index, block.index), (f["blocks"],))
        into = offset(e, (number, phase.index), [f["block_step"], f["phase_step"]])
        made = _beside(e, found) if pixels else signs(e, [b.bitcast(bits, MASK) for bits in found], 1)
        put(e, made, e.at(f["target"], into, I8), quad.index)
    e.ret()


def _beside(e: Emitter, octets: list[Value]) -> Value:
    """Bytes of GROUP vectors in every 32 bits."""
    total = vector(I32, LANES)
    for number, values in enumerate(octets):
        total = e.b.or_(total, e.b.shl(e.b.zext(values, INTS), vector(I32, LANES, 8 * number)))
    return total


def signs(e: Emitter, positive: list[Value], plus: int, known: list[Value] | None = None) -> Value:
    """LANES int32 of as many numbers as masks: `plus` where its is set, else the negative of that.

    Args:
        known: masks outside which a number is 0.
    """
    b, bits, total = e.b, 32 // len(positive), vector(I32, LANES)
    for number, mask in enumerate(positive):
        both = (vector(I32, LANES, (value & (1 << bits) - 1) << bits * number) for value in (plus, -plus))
        made = b.select(mask, *both)
        total = b.or_(total, made if known is None else b.select(known[number], made, vector(I32, LANES)))
    return total
