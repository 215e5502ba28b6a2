"""Gradients with respect to a layer's inputs: int8 gradients of its sums times the bits of its weights."""

from __future__ import annotations

from llvmlite import ir

from engine.jit.along import along
from engine.jit.emit import F32, I8, I32, PTR, Emitter, Value, const, vector
from engine.jit.training.panels import fill_signs, vectors_of
from engine.jit.training.shape import PANEL, Shape

FIELDS = (
    "kernel", "source", "source_step", "sums", "scales", "octets", "octet_step", "target", "target_step",
    "scratch", "groups", "rows", "first", "last",
)  # fmt: skip
"""source: int8 [rows][source_step], of `groups` x GROUP outputs. sums int32 and scales float32 [rows]: of each row's
int8, and what they are multiples of. octets: the weights' bits, u8 [inputs / 8][octet_step]. target: float32 panels of
inputs, target_step bytes apart, [rows][PANEL] each. first, last: of the panels.
"""

POINTERS = ("source", "sums", "scales", "octets", "target", "scratch")


def emit_inputs(module: ir.Module, name: str, shape: Shape) -> None:
    """`void name(int64 *record)`: target[b, i] = scales[b] (sum over o of source[b, o] 2 bit[o, i] - sums[b])."""
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(FIELDS, POINTERS)
    with e.loop(f["first"], f["last"], const(1)) as panel:
        bits = (f["octets"], f["octets"])
        fill_signs(e, shape, f["scratch"], bits, f["octet_step"], panel.index, f["groups"])
        target = e.at(f["target"], b.mul(panel.index, f["target_step"]), I8)
        with e.loop(const(0), f["rows"], const(shape.rows)) as row:
            indices = [b.add(row.index, const(r)) for r in range(shape.rows)]
            places = [e.at(f["source"], b.mul(index, f["source_step"]), I8) for index in indices]
            zero = [vector(I32, shape.lanes)] * (shape.rows * shape.vectors)
            panel_vectors = vectors_of(e, shape, f["scratch"])
            totals = along(e, shape.signs, zero, f["groups"], places, panel_vectors, swapped=True)
            for r, index in enumerate(indices):
                own = totals[r * shape.vectors : (r + 1) * shape.vectors]
                _store(e, shape, own, index, f, target)
    e.ret()


def _store(e: Emitter, shape: Shape, totals: list[Value], row: Value, f: dict[str, Value], target: Value) -> None:
    b = e.b
    start = e.splat(e.load(f["sums"], row, I32, align=4), shape.lanes)
    scale = e.splat(e.load(f["scales"], row, F32, align=4), shape.lanes)
    for part, total in enumerate(totals):
        values = b.fmul(b.sitofp(b.sub(total, start), shape.floats), scale)
        where = b.add(b.mul(row, const(PANEL)), const(part * shape.lanes))
        e.store(values, target, where, F32, align=4 * shape.lanes)
