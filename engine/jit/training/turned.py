"""Kernels of a training step on maps: weights as the products on the way back want them."""

from __future__ import annotations

from llvmlite import ir

from engine.jit.emit import F32, I8, I32, PTR, VOID, Emitter, const, vector
from engine.jit.steps import offset
from engine.jit.training.halves import signs
from engine.jit.training.maps import FLOATS, INTS, LANES, lanes, put, turned_over

FIELDS = (
    "kernel", "source", "target", "outputs", "lines", "rows", "channels", "target_line", "target_row", "block_step",
)  # fmt: skip
"""source: float32 latents [outputs][lines][rows][channels]. target: [channels / LANES][outputs / group][LANES], with
block_step between the first of them, and target_line and target_row between taps."""


def emit_turned(module: ir.Module, name: str, group: int) -> None:
    """Negated signs of `group` outputs in every 32 bits, LANES channels beside each other; 0 where there are none."""
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(FIELDS, ("source", "target"))
    numbers = ir.Constant(INTS, list(range(LANES)))
    taps = b.mul(f["lines"], f["rows"])
    with (
        e.loop(const(0), f["outputs"], const(group)) as output,
        e.loop(const(0), f["lines"], const(1)) as line,
        e.loop(const(0), f["rows"], const(1)) as row,
        e.loop(const(0), f["channels"], const(LANES)) as channel,
    ):
        tap = b.add(b.mul(line.index, f["rows"]), row.index)
        left = b.sub(f["channels"], channel.index)
        positive, known = [], []
        for further in range(group):
            number = b.add(output.index, const(further))
            there = b.select(b.icmp_signed("<", number, f["outputs"]), left, const(0))
            known.append(b.icmp_signed("<", numbers, e.splat(b.trunc(there, I32), LANES)))
            at = b.add(b.mul(b.add(b.mul(number, taps), tap), f["channels"]), channel.index)
            place = e.at(f["source"], at, F32)
            latents = e.intrinsic(
                f"llvm.masked.load.v{LANES}f32.p0", FLOATS, place, ir.Constant(I32, 4), known[-1], vector(F32, LANES)
            )
            positive.append(b.fcmp_ordered(">=", latents, vector(F32, LANES)))
        block = b.sdiv(channel.index, const(LANES))
        into = offset(e, (block, line.index, row.index), [f["block_step"], f["target_line"], f["target_row"]])
        put(e, signs(e, positive, -1, known), e.at(f["target"], into, I8), b.sdiv(output.index, const(group)))
    e.ret()


FOUND_FIELDS = (
    "kernel", "source", "steps", "target", "outputs", "taps", "channels", "source_tap", "units",
)  # fmt: skip
"""source: float32 [taps][channels][units][LANES], source_tap bytes between taps. steps: float32 [units][LANES]. target:
float32 [outputs][taps][channels]."""


def emit_found(module: ir.Module, name: str) -> None:
    """Products of what came in, output beside output, times what these are multiples of, as rows of the outputs."""
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(FOUND_FIELDS, ("source", "steps", "target"))
    numbers, row = ir.Constant(INTS, list(range(LANES))), b.mul(f["taps"], f["channels"])
    with e.loop(const(0), f["units"], const(1)) as unit:
        step = lanes(e, f["steps"], unit.index, F32)
        first = b.mul(unit.index, const(LANES))
        count = e.smaller(b.sub(f["outputs"], first), const(LANES))
        with (
            e.loop(const(0), f["taps"], const(1)) as tap,
            e.loop(const(0), f["channels"], const(LANES)) as channel,
        ):
            source = e.at(f["source"], b.mul(tap.index, f["source_tap"]), I8)
            left = b.sub(f["channels"], channel.index)
            known = [e.smaller(const(number), b.sub(left, const(1))) for number in range(LANES)]
            places = [b.add(b.mul(b.add(channel.index, number), f["units"]), unit.index) for number in known]
            rows = turned_over(e, [b.fmul(lanes(e, source, place, F32), step) for place in places])
            inside = b.icmp_signed("<", numbers, e.splat(b.trunc(left, I32), LANES))
            into = b.add(b.mul(tap.index, f["channels"]), channel.index)
            for number, values in enumerate(rows):
                there = e.at(f["target"], b.add(b.mul(b.add(first, const(number)), row), into), F32)
                with b.if_then(b.icmp_signed("<", const(number), count)):
                    e.intrinsic(f"llvm.masked.store.v{LANES}f32.p0", VOID, values, there, ir.Constant(I32, 4), inside)
    e.ret()
