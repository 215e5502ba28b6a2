"""Columns of one operand of a product, filled into scratch memory as the product's step wants them.

One vector after the other, [depth / group][columns / lanes][lanes][group]: a 32-bit lane has `group` rows of a column.
"""

from __future__ import annotations

from llvmlite import ir

from engine.jit.along import Vectors
from engine.jit.emit import I8, I16, I32, Emitter, Value, const, vector
from engine.jit.training.shape import GROUP, PANEL, Shape

OCTET = 8
"""Columns whose bits share a byte."""


def fill_signs(
    e: Emitter, shape: Shape, span: int, scratch: Value, octets: tuple[Value, Value], step: Value, groups: Value
) -> None:
    """Bits of rows, counted twice: u8 that are how many of two bits are set, 0, 1 or 2.

    Args:
        span: how many columns, a whole number of panels.
        octets: the two bits, each u8 [span / 8][step]: a byte is eight columns of one row. The same one twice gives
            0 and 2.
        groups: of GROUP rows.
    """
    b, bytes_, vectors = e.b, GROUP * shape.lanes, span // shape.lanes
    masks = ir.Constant(shape.octets, [1 << (place // GROUP % OCTET) for place in range(bytes_)])
    runs = octets if octets[0] is not octets[1] else octets[:1]
    with e.loop(const(0), groups, const(1)) as group:
        for part in range(vectors):
            total = None
            for source in runs:
                spread = _spread(e, shape, source, step, part, group.index)
                here = b.sext(b.icmp_signed("==", b.and_(spread, masks), masks), shape.octets)
                total = here if total is None else b.add(total, here)
            total = total if len(runs) > 1 else b.add(total, total)
            where = b.add(b.mul(group.index, const(vectors)), const(part))
            e.store(b.sub(vector(I8, bytes_), total), scratch, where, shape.octets, align=bytes_)


def _spread(e: Emitter, shape: Shape, source: Value, step: Value, part: int, group: Value) -> Value:
    """GROUP rows' bytes in every lane, of the octet that the lane's column is of."""
    b = e.b
    total = ir.Constant(shape.words, ir.Undefined)
    per_vector = shape.lanes // OCTET
    for half in range(per_vector):
        row = const(part * per_vector + half)
        word = e.load(e.at(source, b.mul(row, step), I8), group, I32, align=1)
        splat = e.splat(word, shape.lanes)
        chosen = [lane if lane // OCTET < half else shape.lanes + lane for lane in range(shape.lanes)]
        lanes = ir.Constant(ir.VectorType(I32, shape.lanes), chosen)
        total = splat if half == 0 else b.shuffle_vector(total, splat, lanes)
    return b.bitcast(total, shape.octets)


def fill_pixels(e: Emitter, shape: Shape, scratch: Value, pixels: Value, step: Value, groups: Value) -> None:
    """Pixels u8 [rows][step], `shape.span` columns, of `group` rows in a lane: as they are, or two as 16 bits each."""
    b, group, panels = e.b, shape.group, shape.span // PANEL
    kind = I8 if group == GROUP else I16
    row_kind, whole = ir.VectorType(kind, PANEL), ir.VectorType(kind, PANEL * group)
    with e.loop(const(0), groups, const(1)) as taken:
        for panel in range(panels):
            rows = []
            for part in range(group):
                row = b.add(b.mul(taken.index, const(group)), const(part))
                place = e.at(pixels, b.mul(row, step), I8)
                values = e.load(place, const(panel), ir.VectorType(I8, PANEL), align=1)
                rows.append(values if kind == I8 else b.zext(values, row_kind))
            where = b.add(b.mul(taken.index, const(panels)), const(panel))
            e.store(_interleaved(e, rows), scratch, where, whole, align=32)


def _interleaved(e: Emitter, rows: list[Value]) -> Value:
    """The first lane of every row, then the second of every row, and so on."""
    if len(rows) == 1:
        return rows[0]
    half = len(rows) // 2
    even, odd = _interleaved(e, rows[::2] if half > 1 else rows[:1]), _interleaved(e, rows[1::2])
    count = even.type.count
    order = [lane + which * count for lane in range(count) for which in (0, 1)]
    return e.b.shuffle_vector(even, odd, ir.Constant(ir.VectorType(I32, 2 * count), order))


def vectors_of(e: Emitter, shape: Shape, span: int, scratch: Value) -> Vectors:
    """The vectors of filled columns, for `along`."""
    align, vectors = GROUP * shape.lanes, span // shape.lanes

    def loaded(unit: Value) -> list[Value]:
        first = e.b.mul(unit, const(vectors))
        places = [e.b.add(first, const(part)) for part in range(vectors)]
        return [e.load(scratch, place, shape.words, align=align) for place in places]

    return loaded
