"""Kernels of a training step on maps: what they have in common, and the forward ones.

Values of a map lie as [places][units][LANES], channels padded to a whole number of units. Every kernel is
`void name(int64 *record)`; its fields are in a tuple beside it, and steps count bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

from llvmlite import ir

from engine.jit.emit import F32, I8, I16, I32, PTR, Emitter, Value, const, vector
from engine.jit.steps import offset

LANES = 16
"""Channels that are taken together."""
PAIR = 2
"""Places whose 16-bit numbers share a 32-bit lane of a product."""
F64 = ir.DoubleType()
SHORTS, INTS, FLOATS, DOUBLES = (ir.VectorType(kind, LANES) for kind in (I16, I32, F32, F64))

POOL_FIELDS = (
    "kernel", "source", "target", "which", "images", "lines", "rows", "units", "image_step", "line_step", "row_step",
    "down", "across",
)  # fmt: skip
"""source: int32 sums, image_step, line_step and row_step between windows, down and across between the places of one.
target: int32, which: u8, of so many images, lines and rows of windows, one behind the other."""


def emit_pool(module: ir.Module, name: str, size: int) -> None:
    """The largest sum of every window of size x size, and which place it was at: the first of equals, row by row."""
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(POOL_FIELDS, ("source", "target", "which"))
    with (
        e.loop(const(0), f["images"], const(1)) as image,
        e.loop(const(0), f["lines"], const(1)) as line,
        e.loop(const(0), f["rows"], const(1)) as row,
        e.loop(const(0), f["units"], const(1)) as unit,
    ):
        loops = (image.index, line.index, row.index)
        first = offset(e, loops, [f["image_step"], f["line_step"], f["row_step"]])
        largest = which = vector(I32, LANES)
        for place in range(size * size):
            down, across = divmod(place, size)
            steps = b.add(b.mul(f["down"], const(down)), b.mul(f["across"], const(across)))
            found = lanes(e, e.at(f["source"], b.add(first, steps), I8), unit.index, I32)
            if place == 0:
                largest = found
                continue
            larger = b.icmp_signed(">", found, largest)
            largest = b.select(larger, found, largest)
            which = b.select(larger, vector(I32, LANES, place), which)
        at = b.add(b.mul(flat(e, loops, (f["lines"], f["rows"])), f["units"]), unit.index)
        put(e, largest, f["target"], at)
        put(e, b.trunc(which, ir.VectorType(I8, LANES)), f["which"], at)
    e.ret()


MOMENT_FIELDS = ("kernel", "source", "pivots", "target", "images", "places", "units")
"""source: int32 [images][places][units][LANES]. pivots: float32 [units][LANES]. target: float64 [2][units][LANES],
which is added to."""


def emit_moments(module: ir.Module, name: str) -> None:
    """Sums of every channel less its pivot over all places, and of the squares; float32 within an image.

    With a pivot near the mean no digits are lost where the spread is small against it.
    """
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(MOMENT_FIELDS, ("source", "pivots", "target"))
    with (
        e.loop(const(0), f["images"], const(1)) as image,
        e.loop(const(0), f["units"], const(1)) as unit,
    ):
        first, pivot = b.mul(image.index, f["places"]), lanes(e, f["pivots"], unit.index, F32)
        with e.loop(const(0), f["places"], const(1), [vector(F32, LANES, 0)] * 2) as place:
            at = b.add(b.mul(b.add(first, place.index), f["units"]), unit.index)
            value = b.fsub(b.sitofp(lanes(e, f["source"], at, I32), FLOATS), pivot)
            sums, squares = place.carried
            place.following = [b.fadd(sums, value), b.fadd(squares, b.fmul(value, value))]
        add_doubles(e, f["target"], unit.index, f["units"], place.carried)
    e.ret()


TURN_FIELDS = (
    "kernel", "source", "target", "images", "octets", "groups", "image_step", "place_step", "target_image",
    "channel_step",
)  # fmt: skip
"""source: bits of maps, place_step between places. target: int16 [images][8 octets][groups][PAIR], channel_step between
channels: +-1. Places beyond the map's are read, and are whatever lies there."""


def emit_turn(module: ir.Module, name: str) -> None:
    """Signs of every place, channel by channel, as numbers of every channel, place by place."""
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(TURN_FIELDS, ("source", "target"))
    shifts, low = ir.Constant(ir.VectorType(I32, 8), list(range(8))), vector(I32, 8, 0x00010001)
    with (
        e.loop(const(0), f["images"], const(1)) as image,
        e.loop(const(0), f["octets"], const(1)) as octet,
        e.loop(const(0), f["groups"], const(1)) as group,
    ):
        source = b.add(b.mul(image.index, f["image_step"]), octet.index)
        source = b.add(source, b.mul(group.index, b.mul(f["place_step"], const(PAIR))))
        both = [e.load(f["source"], at, I8, align=1) for at in (source, b.add(source, f["place_step"]))]
        pair = b.or_(b.zext(both[0], I32), b.shl(b.zext(both[1], I32), ir.Constant(I32, 16)))
        ones = b.bitcast(b.and_(b.lshr(e.splat(pair, 8), shifts), low), SHORTS)
        signs = b.bitcast(b.sub(b.add(ones, ones), vector(I16, LANES, 1)), shifts.type)
        target = b.add(b.mul(image.index, f["target_image"]), b.mul(group.index, const(4)))
        first = b.add(target, b.mul(b.mul(octet.index, const(8)), f["channel_step"]))
        for channel in range(8):
            at = b.add(first, b.mul(const(channel), f["channel_step"]))
            e.store(b.extract_element(signs, ir.Constant(I32, channel)), f["target"], at, I8, align=2)
    e.ret()


# ------------------------------------------------------------ what kernels on maps say often


def lanes(e: Emitter, base: Value, unit: Value, kind: ir.Type) -> Value:
    """LANES values of a kind, the `unit`-th of an array of them."""
    return e.load(base, e.b.mul(unit, const(LANES)), ir.VectorType(kind, LANES), align=kind_bytes(kind), of=kind)


def put(e: Emitter, values: Value, base: Value, unit: Value) -> None:
    """Store LANES values as the `unit`-th of an array of them."""
    kind = values.type.element
    e.store(values, base, e.b.mul(unit, const(LANES)), kind, align=kind_bytes(kind))


def kind_bytes(kind: ir.Type) -> int:
    return {F32: 4, F64: 8}.get(kind) or kind.width // 8


def nearest(e: Emitter, floats: Value) -> Value:
    """LANES float32 as the nearest int32, of two the even one."""
    return e.b.fptosi(e.intrinsic(f"llvm.rint.v{LANES}f32", FLOATS, floats), INTS)


def turned_over(e: Emitter, rows: list[Value]) -> list[Value]:
    """Rows of LANES x LANES numbers as columns: blocks of 1, 2, 4, 8 change places with those across."""
    step = 1
    while step < LANES:
        upper = [lane if not lane & step else LANES + lane - step for lane in range(LANES)]
        lower = [lane + step if not lane & step else LANES + lane for lane in range(LANES)]
        following = list(rows)
        for number in range(LANES):
            if not number & step:
                pair = rows[number], rows[number + step]
                for place, chosen in ((number, upper), (number + step, lower)):
                    following[place] = e.b.shuffle_vector(*pair, ir.Constant(INTS, chosen))
        rows, step = following, 2 * step
    return rows


def add_doubles(e: Emitter, target: Value, unit: Value, units: Value, values: Sequence[Value]) -> None:
    """Add float32 vectors to those of `unit` in float64 arrays [len(values)][units][LANES]."""
    for index, value in enumerate(values):
        at = e.b.add(unit, e.b.mul(units, const(index)))
        put(e, e.b.fadd(lanes(e, target, at, F64), e.b.fpext(value, DOUBLES)), target, at)


def flat(e: Emitter, loops: Sequence[Value], counts: Sequence[Value]) -> Value:
    """The number of a place of nested loops, the inner ones of so many rounds."""
    total = loops[0]
    for index, count in zip(loops[1:], counts, strict=True):
        total = e.b.add(e.b.mul(total, count), index)
    return total
