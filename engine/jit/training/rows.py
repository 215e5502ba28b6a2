"""Gradients of a layer's sums by row, in int8: what is multiplied with the weights on the way back."""

from __future__ import annotations

from llvmlite import ir

from engine.jit.emit import F32, I8, I32, PTR, Emitter, Value, const, vector
from engine.jit.training.norm import quantizer, rounded
from engine.jit.training.panels import OCTET
from engine.jit.training.shape import PANEL

FIELDS = (
    "kernel", "gradients", "gradient_step", "panels", "first", "last", "largest", "largest_step", "workers",
    "target", "target_step", "sums", "scales", "scale",
)  # fmt: skip
"""gradients: float32 panels, gradient_step bytes apart, [rows][PANEL]. first, last: of the rows. largest: `workers`
runs, largest_step bytes apart, float32 [rows][8], read and set to 0. target: int8 [rows][target_step]. sums int32 and
scales float32 [rows]: of each row's int8, and what they are multiples of, times the float32 at `scale`.
"""


def emit_rows(module: ir.Module, name: str) -> None:
    """`void name(int64 *record)`."""
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(FIELDS, ("gradients", "largest", "target", "sums", "scales", "scale"))
    scale = e.load(f["scale"], const(0), F32, align=4)
    floats = ir.VectorType(F32, OCTET)
    with e.loop(f["first"], f["last"], const(1)) as row:
        largest = _largest(e, f, row.index)
        unit, by = quantizer(e, e.splat(largest, OCTET))
        target = e.at(f["target"], b.mul(row.index, f["target_step"]), I8)
        with e.loop(const(0), f["panels"], const(1), [vector(I32, OCTET)]) as panel:
            base = e.at(f["gradients"], b.mul(panel.index, f["gradient_step"]), I8)
            total = panel.carried[0]
            for half in range(PANEL // OCTET):
                place = b.add(b.mul(row.index, const(PANEL)), const(half * OCTET))
                value = rounded(e, b.fmul(e.load(base, place, floats, align=32, of=F32), by))
                total = b.add(total, value)
                where = b.add(b.mul(panel.index, const(PANEL)), const(half * OCTET))
                e.store(b.trunc(value, ir.VectorType(I8, OCTET)), target, where, I8, align=8)
            panel.following = [total]
        total = e.intrinsic(f"llvm.vector.reduce.add.v{OCTET}i32", I32, panel.carried[0])
        e.store(total, f["sums"], row.index, I32, align=4)
        first = b.extract_element(unit, ir.Constant(I32, 0))
        e.store(b.fmul(first, scale), f["scales"], row.index, F32, align=4)
    e.ret()


def _largest(e: Emitter, f: dict[str, Value], row: Value) -> Value:
    """The largest of a row over all that looked for it, which is forgotten then."""
    b, floats = e.b, ir.VectorType(F32, OCTET)
    place = b.mul(row, const(OCTET))
    with e.loop(const(0), f["workers"], const(1), [vector(F32, OCTET)]) as worker:
        own = e.at(f["largest"], b.mul(worker.index, f["largest_step"]), I8)
        found = e.load(own, place, floats, align=32, of=F32)
        e.store(vector(F32, OCTET), own, place, F32, align=32)
        before = worker.carried[0]
        worker.following = [b.select(b.fcmp_ordered(">", found, before), found, before)]
    return e.intrinsic(f"llvm.vector.reduce.fmax.v{OCTET}f32", F32, worker.carried[0])
