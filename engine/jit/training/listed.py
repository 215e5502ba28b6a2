"""Kernels of a training step on maps: the gradient of what came in, where that of the sums is mostly 0.

Under pooling of 2 x 2 three in four gradients are 0, and so are more than half of all pairs of channels that one
instruction multiplies. What is left of a map is listed place by place; a line of a convolution's window is then one run
of the list, whose entries say which weights they meet.
"""

from __future__ import annotations

from llvmlite import ir

from engine.jit.depth import paired
from engine.jit.emit import I8, I16, I32, I64, PTR, Emitter, const, vector
from engine.jit.training.maps import LANES, flat

ENTRY = 8
"""Bytes of an entry: two numbers of 16 bits, and how many bytes into a line of the window its weights are."""
WEIGHTS = 4 * LANES
"""Bytes of what a pair of channels meets: int16 pairs for LANES results."""
BLOCKS = (1, 2, 3, 4)
"""LANES results each, how many of which are made at once."""

LIST_FIELDS = (
    "kernel", "source", "target", "starts", "images", "lines", "rows", "pairs", "image_step", "target_image",
)  # fmt: skip
"""source: int16 [images][lines][rows][pairs][2], image_step in bytes. target: room for all entries but zeros and one,
target_image bytes for each image. starts: int32 [images][lines * rows + 1], in bytes of an image's entries."""


def emit_list(module: ir.Module, name: str) -> None:
    """The pairs that are not 0, place by place, and where every place's begin."""
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(LIST_FIELDS, ("source", "target", "starts"))
    places = b.mul(f["lines"], f["rows"])
    with e.loop(const(0), f["images"], const(1)) as image:
        source = e.at(f["source"], b.mul(image.index, f["image_step"]), I8)
        entries = e.at(f["target"], b.mul(image.index, f["target_image"]), I8)
        starts = e.at(f["starts"], b.mul(image.index, b.add(places, const(1))), I32)
        with e.loop(const(0), f["lines"], const(1), [const(0)]) as line:
            with e.loop(const(0), f["rows"], const(1), line.carried) as row:
                place = flat(e, (line.index, row.index), (f["rows"],))
                e.store(b.trunc(row.carried[0], I32), starts, place, I32, align=4)
                with e.loop(const(0), f["pairs"], const(1), row.carried) as pair:
                    number = e.load(source, b.add(b.mul(place, f["pairs"]), pair.index), I32, align=4)
                    code = b.mul(b.add(b.mul(row.index, f["pairs"]), pair.index), const(WEIGHTS))
                    entry = b.or_(b.zext(number, I64), b.shl(code, const(32)))
                    e.store(entry, entries, pair.carried[0], I8, align=ENTRY)
                    more = b.select(b.icmp_signed("!=", number, ir.Constant(I32, 0)), const(ENTRY), const(0))
                    pair.following = [b.add(pair.carried[0], more)]
                row.following = pair.carried
            line.following = row.carried
        e.store(b.trunc(line.carried[0], I32), starts, places, I32, align=4)
    e.ret()


PRODUCT_FIELDS = (
    "kernel", "source", "starts", "weights", "target", "images", "lines", "rows", "units", "pairs", "down", "across",
    "source_image", "places", "ringed_rows", "unit_step", "tap_step", "target_image", "outputs",
)  # fmt: skip
"""source, starts: what emit_list makes, of maps of so many places and ringed_rows in a line. weights: int16 pairs
[units * blocks][down][across][pairs][LANES], negated; unit_step and tap_step are bytes between blocks and between lines
of the window. target: int32 [images][lines][rows][outputs], target_image in bytes."""


def emit_product(module: ir.Module, name: str, width: int, blocks: int) -> None:
    """A plain convolution of the maps with the weights, `blocks` times LANES results of a place at once.

    Args:
        width: lanes of a vector.
    """
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(PRODUCT_FIELDS, ("source", "starts", "weights", "target"))
    words = ir.VectorType(I32, width)
    steps = [(block, part) for block in range(blocks) for part in range(LANES // width)]
    with (
        e.loop(const(0), f["units"], const(1)) as unit,
        e.loop(const(0), f["down"], const(1)) as tap,
        e.loop(const(0), f["images"], const(1)) as image,
        e.loop(const(0), f["lines"], const(1)) as line,
        e.loop(const(0), f["rows"], const(1)) as row,
    ):
        entries = e.at(f["source"], b.mul(image.index, f["source_image"]), I8)
        first = b.mul(image.index, b.add(f["places"], const(1)))
        first = b.add(first, b.add(b.mul(b.add(line.index, tap.index), f["ringed_rows"]), row.index))
        begin, end = (b.zext(e.load(f["starts"], at, I32, align=4), I64) for at in (first, b.add(first, f["across"])))
        weights = b.add(b.mul(b.mul(unit.index, const(blocks)), f["unit_step"]), b.mul(tap.index, f["tap_step"]))
        weights = b.sub(weights, b.mul(b.mul(row.index, f["pairs"]), const(WEIGHTS)))
        base = e.at(f["weights"], weights, I8)
        results = e.at(f["target"], b.mul(image.index, f["target_image"]), I8)
        into = b.mul(flat(e, (line.index, row.index), (f["rows"],)), f["outputs"])
        into = b.add(into, b.mul(unit.index, const(LANES * blocks)))
        places = [b.add(into, const(LANES * block + part * width)) for block, part in steps]
        later = e.splat(b.icmp_signed("!=", tap.index, const(0)), width)
        before = [
            b.select(later, b.neg(e.load(results, place, words, align=4 * width, of=I32)), vector(I32, width))
            for place in places
        ]
        with e.loop(begin, end, const(ENTRY), before) as entry:
            number = e.splat(e.load(entries, entry.index, I32, align=4, of=I8), width)
            code = b.zext(e.load(entries, b.add(entry.index, const(4)), I32, align=4, of=I8), I64)
            for total, (block, part) in zip(entry.carried, steps, strict=True):
                at = b.add(b.add(code, b.mul(f["unit_step"], const(block))), const(4 * width * part))
                met = e.load(base, at, words, align=4 * width, of=I8)
                shorts = ir.VectorType(I16, 2 * width)
                product = paired(e, b.bitcast(number, shorts), b.bitcast(met, shorts), words)
                entry.following.append(b.add(total, product))
        for total, place in zip(entry.carried, places, strict=True):
            e.store(b.neg(total), results, place, I32, align=4 * width)
    e.ret()
