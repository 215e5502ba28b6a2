"""Weights of the first layer as the products with pixels want them: negated, a byte each, from their bits."""

from __future__ import annotations

from llvmlite import ir

from engine.jit.emit import I8, I32, PTR, Emitter, const, vector
from engine.jit.training.panels import OCTET

BLOCK, UNIT = 16, 4
"""Outputs of a block, inputs of a unit (jit.depth)."""

FIELDS = ("kernel", "octets", "octet_step", "first", "last", "rows", "target")
"""octets: u8 [rows][octet_step], eight inputs of every output. first, last: of the blocks of outputs. target: int8
[blocks][2 rows][BLOCK][UNIT].
"""


def emit_expand(module: ir.Module, name: str) -> None:
    """`void name(int64 *record)`: -1 where a bit is set, else +1."""
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(FIELDS, ("octets", "target"))
    size = BLOCK * UNIT
    repeat = ir.Constant(ir.VectorType(I32, size), [place // UNIT for place in range(size)])
    whole = ir.VectorType(I8, size)
    with e.loop(f["first"], f["last"], const(1)) as block, e.loop(const(0), f["rows"], const(1)) as row:
        source = e.at(f["octets"], b.mul(row.index, f["octet_step"]), I8)
        octets = e.load(source, block.index, ir.VectorType(I8, BLOCK), align=1)
        spread = b.shuffle_vector(octets, octets, repeat)
        for part in range(OCTET // UNIT):
            masks = ir.Constant(whole, [1 << (UNIT * part + place % UNIT) for place in range(size)])
            set_here = b.sext(b.icmp_signed("==", b.and_(spread, masks), masks), whole)
            unit = b.add(b.mul(b.add(b.mul(block.index, f["rows"]), row.index), const(OCTET // UNIT)), const(part))
            e.store(b.or_(set_here, vector(I8, size, 1)), f["target"], unit, whole, align=32)
    e.ret()
