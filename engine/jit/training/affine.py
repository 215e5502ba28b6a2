"""One update of what is no binary weight: gamma and beta of all layers at once."""

from __future__ import annotations

from llvmlite import ir

from engine.jit.emit import PTR, Emitter, const
from engine.jit.training.rules import Rule, settings
from engine.jit.training.shape import PANEL, Shape

FIELDS = ("kernel", "values", "gradients", "first_moment", "second_moment", "settings", "panels")
"""All float32 [panels][PANEL], but for the rule's settings."""


def emit_affine(module: ir.Module, name: str, shape: Shape, rule: Rule) -> None:
    """Moves values by their gradients; moments are all kept in float32."""
    e = Emitter(module, name, [PTR])
    moments = ("first_moment", "second_moment")[: len(rule.moments)]
    f = e.fields(FIELDS, ("values", "gradients", *moments, "settings"))
    told = settings(e, rule, f["settings"], shape.lanes)
    kind, align, names = shape.floats, 4 * shape.lanes, ("values", *moments)
    vectors = e.b.mul(f["panels"], const(PANEL // shape.lanes))
    with e.loop(const(0), vectors, const(1)) as each:
        gradient, value, *before = (e.load(f[key], each.index, kind, align=align) for key in ("gradients", *names))
        value, after = rule.moved(e, gradient, value, before, told)
        for key, moved in zip(names, (value, *after), strict=True):
            e.store(moved, f[key], each.index, kind, align=align)
    e.ret()
