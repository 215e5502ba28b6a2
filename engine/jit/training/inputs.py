"""Gradients with respect to a layer's inputs: int8 gradients of its sums times the bits of its weights."""

from __future__ import annotations

from llvmlite import ir

from engine.jit.along import along
from engine.jit.emit import F32, I8, I32, PTR, Emitter, Value, const, vector
from engine.jit.training import tiles
from engine.jit.training.panels import OCTET, fill_signs, vectors_of
from engine.jit.training.shape import GROUP, PANEL, Shape

FIELDS = (
    "kernel", "source", "source_step", "sums", "scales", "octets", "octet_step", "target", "target_step",
    "scratch", "groups", "rows", "first", "last",
)  # fmt: skip
"""source: int8 [rows][source_step], of `groups` x GROUP outputs. sums int32 and scales float32 [rows]: of each row's
int8, and what they are multiples of. octets: the weights' bits, u8 [inputs / 8][octet_step]. target: float32 panels of
inputs, target_step bytes apart, [rows][PANEL] each. first, last: of the panels. Tile registers read more: behind its
groups source has zeros up to a whole line and scratch anything; below its rows source has others up to a whole block.
"""

POINTERS = ("source", "sums", "scales", "octets", "target", "scratch")


def emit_inputs(module: ir.Module, name: str, shape: Shape) -> None:
    """`void name(int64 *record)`: target[b, i] = scales[b] (sum over o of source[b, o] 2 bit[o, i] - sums[b])."""
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(FIELDS, POINTERS)
    if shape.tiled:
        _in_tiles(e, shape, f)
        e.ret()
        return
    together = shape.span // PANEL
    left = b.urem(b.sub(f["last"], f["first"]), const(together)) if together > 1 else const(0)
    whole = b.sub(f["last"], left)
    _panels(e, shape, f, f["first"], whole, together)
    if together > 1:
        _panels(e, shape, f, whole, f["last"], 1)
    e.ret()


def _panels(e: Emitter, shape: Shape, f: dict[str, Value], first: Value, last: Value, together: int) -> None:
    """Panels from first below last, so many together."""
    b, span = e.b, together * PANEL
    with e.loop(first, last, const(together)) as panel:
        octets = e.at(f["octets"], b.mul(b.mul(panel.index, const(PANEL // OCTET)), f["octet_step"]), I8)
        fill_signs(e, shape, span, f["scratch"], (octets, octets), f["octet_step"], f["groups"])
        target = e.at(f["target"], b.mul(panel.index, f["target_step"]), I8)
        targets = [e.at(target, b.mul(const(part), f["target_step"]), I8) for part in range(together)]
        with e.loop(const(0), f["rows"], const(shape.rows)) as row:
            indices = [b.add(row.index, const(r)) for r in range(shape.rows)]
            places = [e.at(f["source"], b.mul(index, f["source_step"]), I8) for index in indices]
            vectors = span // shape.lanes
            zero = [vector(I32, shape.lanes)] * (shape.rows * vectors)
            loaded = vectors_of(e, shape, span, f["scratch"])
            totals = along(e, shape.signs, zero, f["groups"], places, loaded, swapped=True)
            for r, index in enumerate(indices):
                _store(e, shape, totals[r * vectors : (r + 1) * vectors], index, f, targets)


def _store(
    e: Emitter, shape: Shape, totals: list[Value], row: Value, f: dict[str, Value], targets: list[Value]
) -> None:
    b, per_panel = e.b, PANEL // shape.lanes
    start = e.splat(e.load(f["sums"], row, I32, align=4), shape.lanes)
    scale = e.splat(e.load(f["scales"], row, F32, align=4), shape.lanes)
    for part, total in enumerate(totals):
        values = b.fmul(b.sitofp(b.sub(total, start), shape.floats), scale)
        where = b.add(b.mul(row, const(PANEL)), const(part % per_panel * shape.lanes))
        e.store(values, targets[part // per_panel], where, F32, align=4 * shape.lanes)


PAIR = 2
"""Tiles a side of what tile registers sum up at once."""


def _in_tiles(e: Emitter, shape: Shape, f: dict[str, Value]) -> None:
    """The same by tile registers, panels in pairs; of an odd number of them the last one is stored alone."""
    b, span, down = e.b, PAIR * PANEL, PAIR * tiles.SIDE
    sums = tiles.room(e, down * span)
    lines = b.udiv(b.add(f["groups"], const(tiles.SIDE - 1)), const(tiles.SIDE))
    with tiles.tiles(e), e.loop(f["first"], f["last"], const(PAIR)) as pair:
        octets = e.at(f["octets"], b.mul(b.mul(pair.index, const(PANEL // OCTET)), f["octet_step"]), I8)
        fill_signs(e, shape, span, f["scratch"], (octets, octets), f["octet_step"], f["groups"])
        with e.loop(const(0), f["rows"], const(down)) as block:
            left = (e.at(f["source"], b.mul(block.index, f["source_step"]), I8), f["source_step"])
            right = (f["scratch"], const(GROUP * span))
            tiles.multiply(e, (PAIR, PAIR), left, right, lines, (sums, 4 * span))
            count = e.smaller(b.sub(f["rows"], block.index), const(down))
            panels = e.smaller(b.sub(f["last"], pair.index), const(PAIR))
            with e.loop(const(0), panels, const(1)) as part, e.loop(const(0), count, const(1)) as row:
                target = e.at(f["target"], b.mul(b.add(pair.index, part.index), f["target_step"]), I8)
                place = b.add(b.mul(row.index, const(PAIR)), part.index)
                total = e.load(sums, place, shape.words, align=tiles.LINE)
                _store(e, shape, [total], b.add(block.index, row.index), f, [target])
