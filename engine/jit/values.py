"""The kernels between a product and a network's value: sums pooled, scaled, added to it, and the signs of it."""

from __future__ import annotations

from llvmlite import ir

from engine.jit.emit import F32, I8, I16, I32, PTR, Emitter, Value, const, vector
from engine.jit.record import FIELDS
from engine.jit.steps import offset

LANES = 16
"""Channels that are taken together. Sums and values of a place are padded to a whole number of them."""
NUMBER = 4
"""Bytes of a sum, and of a value."""

_LEAST = -(1 << 31)


def emit_value(module: ir.Module, name: str, *, shortcut: bool, pooled: bool) -> None:
    """`void name(int64 *record)`: int32 sums of every place into the value and its signs.

    x = float32(sum) * scale[o], rounded, + offset[o], rounded; with a shortcut the value that was there plus this,
    rounded. Its bit is 1 where x >= 0. Of a padded channel the offset must be below 0, so that its bit stays 0.
    Of the record: source, image_step, line_step, row_step; value, which is contiguous; target, target_image,
    target_line, target_row; units, the LANES of a place; and where sums are pooled the window as in steps.emit_pool:
    segments x blocks, pitch bytes between its lines, group between its columns.
    """
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(FIELDS)
    for pointer in ("source", "scale", "offset", "value", "target"):
        f[pointer] = b.inttoptr(f[pointer], PTR)
    with (
        e.loop(const(0), f["images"], const(1)) as image,
        e.loop(const(0), f["lines"], const(1)) as line,
        e.loop(const(0), f["rows"], const(1)) as row,
        e.loop(const(0), f["units"], const(1)) as unit,
    ):
        loops = (image.index, line.index, row.index)
        at = offset(e, loops, [f["image_step"], f["line_step"], f["row_step"]])
        out = offset(e, loops, [f["target_image"], f["target_line"], f["target_row"]])
        place = b.add(b.mul(b.add(b.mul(image.index, f["lines"]), line.index), f["rows"]), row.index)
        sums = _largest(e, f, at, unit.index) if pooled else _sums(e, f, at, unit.index)
        own = b.fmul(b.sitofp(sums, ir.VectorType(F32, LANES)), _floats(e, f["scale"], unit.index))
        value = b.fadd(own, _floats(e, f["offset"], unit.index))
        where = b.add(b.mul(place, f["units"]), unit.index)
        if shortcut:
            value = b.fadd(_floats(e, f["value"], where), value)
        e.store(value, f["value"], b.mul(where, const(LANES)), F32, align=NUMBER)
        fires = b.fcmp_ordered(">=", value, vector(F32, LANES, 0))
        e.store(b.bitcast(fires, I16), e.at(f["target"], out, I8), unit.index, I16, align=1)
    e.ret()


def _floats(e: Emitter, base: Value, unit: Value) -> Value:
    kind = ir.VectorType(F32, LANES)
    return e.load(base, e.b.mul(unit, const(LANES)), kind, align=NUMBER, of=F32)


def _sums(e: Emitter, f: dict[str, Value], at: Value, unit: Value) -> Value:
    where = e.at(f["source"], at, I8)
    return e.load(where, e.b.mul(unit, const(LANES)), ir.VectorType(I32, LANES), align=NUMBER, of=I32)


def _largest(e: Emitter, f: dict[str, Value], at: Value, unit: Value) -> Value:
    """The largest sums of a window."""
    b = e.b
    with e.loop(const(0), f["segments"], const(1), [vector(I32, LANES, _LEAST)]) as down:
        line = b.add(at, b.mul(down.index, f["pitch"]))
        with e.loop(const(0), f["blocks"], const(1), down.carried) as across:
            found = _sums(e, f, b.add(line, b.mul(across.index, f["group"])), unit)
            (largest,) = across.carried
            across.following = [b.select(b.icmp_signed(">", found, largest), found, largest)]
        down.following = across.carried
    return down.carried[0]
