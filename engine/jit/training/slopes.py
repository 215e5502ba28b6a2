"""Kernels of a training step on maps, backward: from the gradient of a layer's signs to the one of its sums."""

from __future__ import annotations

from llvmlite import ir

from engine.jit.emit import F32, I8, I16, I32, PTR, Emitter, Value, const, vector
from engine.jit.steps import offset
from engine.jit.training.halves import in_halves
from engine.jit.training.maps import FLOATS, INTS, LANES, PAIR, SHORTS, add_doubles, flat, lanes, nearest, put

THROUGH_FIELDS = (
    "kernel", "source", "scales", "values", "carry", "sums", "means", "target", "along", "images", "places", "units",
)  # fmt: skip
"""source: int32 [images][places][units][LANES], multiples of scales float32 [images]: the gradient of the signs.
values: float32, what the signs were taken of; carry: float32, the gradient that reaches these by a shortcut; sums:
int32, what was normalised, and their means float32 [units][LANES]. target: float32, the gradient of the values. along:
float64 [2][units][LANES], which is added to."""


def emit_through(module: ir.Module, name: str, *, estimator: str, carried: bool) -> None:
    """The gradient of the signs let through, and its sums over all places, plain and times the centred sums.

    Straight through where |value| <= 1, or times the slope 2 - 2 |value| there; carried: with that of a shortcut.
    """
    e = Emitter(module, name, [PTR])
    b = e.b
    f = e.fields(THROUGH_FIELDS, ("source", "scales", "values", "carry", "sums", "means", "target", "along"))
    with e.loop(const(0), f["images"], const(1)) as image:  # an image stays in a near cache, unit after unit
        scale = e.splat(e.load(f["scales"], image.index, F32, align=4), LANES)
        first = b.mul(image.index, f["places"])
        with e.loop(const(0), f["units"], const(1)) as unit:
            mean = lanes(e, f["means"], unit.index, F32)
            with e.loop(const(0), f["places"], const(1), [vector(F32, LANES, 0)] * 2) as place:
                at = b.add(b.mul(b.add(first, place.index), f["units"]), unit.index)
                slope = b.fmul(b.sitofp(lanes(e, f["source"], at, I32), FLOATS), scale)
                slope = _let_through(e, slope, lanes(e, f["values"], at, F32), estimator)
                if carried:
                    slope = b.fadd(slope, lanes(e, f["carry"], at, F32))
                put(e, slope, f["target"], at)
                centred = b.fsub(b.sitofp(lanes(e, f["sums"], at, I32), FLOATS), mean)
                total, along = place.carried
                place.following = [b.fadd(total, slope), b.fadd(along, b.fmul(slope, centred))]
            add_doubles(e, f["along"], unit.index, f["units"], place.carried)
    e.ret()


def _let_through(e: Emitter, slope: Value, value: Value, estimator: str) -> Value:
    b, zero, one = e.b, vector(F32, LANES, 0), vector(F32, LANES, 1)
    size = e.intrinsic(f"llvm.fabs.v{LANES}f32", FLOATS, value)
    if estimator == "approx-sign":
        left = b.fsub(one, size)
        slope = b.fmul(slope, b.fadd(left, left))
    return b.select(b.fcmp_ordered("<=", size, one), slope, zero)


BACK_FIELDS = ("kernel", "source", "sums", "means", "factors", "target", "largest", "images", "places", "units")
"""source, target: float32 [images][places][units][LANES]; sums: int32 of the same shape. means: float32 [units][LANES];
factors: float32 [3][units][LANES]. largest: float32 [images][units][LANES], the largest size of each channel of each
image."""


def emit_back(module: ir.Module, name: str) -> None:
    """Batch-norm's way back: factors[0] times source, plus factors[1], plus factors[2] times the sums less their means.

    Less their means, since of few sums next to nothing is left of the whole, and what is large would hide it.
    """
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(BACK_FIELDS, ("source", "sums", "means", "factors", "target", "largest"))
    with e.loop(const(0), f["images"], const(1)) as image:
        first = b.mul(image.index, f["places"])
        with e.loop(const(0), f["units"], const(1)) as unit:
            rows = [b.add(unit.index, b.mul(f["units"], const(row))) for row in range(3)]
            of_slope, alone, of_sum = (lanes(e, f["factors"], row, F32) for row in rows)
            mean = lanes(e, f["means"], unit.index, F32)
            with e.loop(const(0), f["places"], const(1), [vector(F32, LANES, 0)]) as place:
                at = b.add(b.mul(b.add(first, place.index), f["units"]), unit.index)
                slope = b.fadd(b.fmul(lanes(e, f["source"], at, F32), of_slope), alone)
                centred = b.fsub(b.sitofp(lanes(e, f["sums"], at, I32), FLOATS), mean)
                slope = b.fadd(slope, b.fmul(centred, of_sum))
                put(e, slope, f["target"], at)
                size = e.intrinsic(f"llvm.fabs.v{LANES}f32", FLOATS, slope)
                (largest,) = place.carried
                place.following = [b.select(b.fcmp_ordered(">", size, largest), size, largest)]
            put(e, place.carried[0], f["largest"], b.add(b.mul(image.index, f["units"]), unit.index))
    e.ret()


ROUND_FIELDS = (
    "kernel", "source", "which", "factors", "target", "images", "lines", "rows", "units", "image_step", "line_step",
    "row_step", "down", "across", "low",
)  # fmt: skip
"""source: float32 and which: u8, [images][lines][rows][units][LANES]. factors: float32 [images][units][LANES].
target: int16 with the given steps between windows, down and across between the places of one; or their high bytes, with
the low ones so many bytes behind them."""


def emit_round(module: ir.Module, name: str, size: int, *, halves: bool) -> None:
    """source * factors to the nearest int16, at the place of its window that the largest sum was at.

    All other places of a window of size x size get 0.

    Args:
        halves: whether high and low bytes go to maps of their own, for tile registers (jit.training.halves).
    """
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(ROUND_FIELDS, ("source", "which", "factors", "target"))
    with e.loop(const(0), f["images"], const(1)) as image, e.loop(const(0), f["units"], const(1)) as unit:
        factor = lanes(e, f["factors"], b.add(b.mul(image.index, f["units"]), unit.index), F32)
        with e.loop(const(0), f["lines"], const(1)) as line, e.loop(const(0), f["rows"], const(1)) as row:
            loops = (image.index, line.index, row.index)
            at = b.add(b.mul(flat(e, loops, (f["lines"], f["rows"])), f["units"]), unit.index)
            product = b.fmul(lanes(e, f["source"], at, F32), factor)
            integers = nearest(e, product)
            parts = in_halves(e, integers) if halves else (b.trunc(integers, SHORTS),)
            target = offset(e, loops, [f["image_step"], f["line_step"], f["row_step"]])
            which = lanes(e, f["which"], at, I8) if size > 1 else None
            for place in range(size * size):
                down, across = divmod(place, size)
                steps = b.add(b.mul(f["down"], const(down)), b.mul(f["across"], const(across)))
                into = e.at(f["target"], b.add(target, steps), I8)
                for values, behind in zip(parts, (const(0), f["low"]), strict=False):
                    here = values if which is None else _only_at(e, place, which, values)
                    put(e, here, e.at(into, behind, I8), unit.index)
    e.ret()


def _only_at(e: Emitter, place: int, which: Value, values: Value) -> Value:
    here = e.b.icmp_signed("==", which, vector(I8, LANES, place))
    return e.b.select(here, values, vector(values.type.element, LANES))


GATHER_FIELDS = ("kernel", "source", "target", "images", "units", "groups", "image_step")
"""source: int16 [images][groups][PAIR][units][LANES], image_step between images. target: [units][images][groups]
[LANES][PAIR]."""


def emit_gather(module: ir.Module, name: str) -> None:
    """Integers of two places side by side for every channel: weights of a product along the places."""
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(GATHER_FIELDS, ("source", "target"))
    with (
        e.loop(const(0), f["units"], const(1)) as unit,
        e.loop(const(0), f["images"], const(1)) as image,
        e.loop(const(0), f["groups"], const(1)) as group,
    ):
        source = e.at(f["source"], b.mul(image.index, f["image_step"]), I8)
        first = b.add(b.mul(b.mul(group.index, const(PAIR)), f["units"]), unit.index)
        low, high = (b.zext(lanes(e, source, at, I16), INTS) for at in (first, b.add(first, f["units"])))
        pairs = b.or_(low, b.shl(high, vector(I32, LANES, 16)))
        put(e, pairs, f["target"], flat(e, (unit.index, image.index, group.index), (f["images"], f["groups"])))
    e.ret()
