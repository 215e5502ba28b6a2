"""Kernels of a training step on maps, by tile registers: gradients in halves (jit.training.halves) times signs, pixels.

High and low bytes of 16 rows are the left operands, 16 or 32 columns of the other side the right ones. Nothing is left
out for being 0: one instruction makes 16,384 products.
"""

from __future__ import annotations

from llvmlite import ir

from engine.jit.emit import F32, I8, PTR, Emitter, Value, const, vector
from engine.jit.steps import offset
from engine.jit.training.halves import whole
from engine.jit.training.maps import FLOATS, INTS, LANES
from engine.jit.training.shape import GROUP
from engine.jit.training.tiles import LINE, SIDE, Operand, cleared, given_back, room, taken_in, tiles

BLOCK = SIDE * LINE
"""Bytes of a right operand."""
COLUMNS = 2
"""Right operands at once."""
BEYOND = SIDE + LINE // LANES
"""Places behind the last that are read, whatever lies there."""

INPUTS_FIELDS = (
    "kernel", "source", "low", "weights", "target", "images", "places", "rows", "ringed_rows", "blocks", "down",
    "runs", "image_step", "place_step", "block_step", "target_image", "target_row",
)  # fmt: skip
"""source: high bytes of maps, low ones `low` bytes behind, ringed_rows places in a line, place_step bytes each. places:
from a map's first place to its last one, row by row, of which the first `rows` of ringed_rows in a line are wanted.
weights: int8 [blocks][down][runs][BLOCK], negated: of a line of the window runs of LINE terms, those beyond its end 0.
target: int32, target_row bytes from place to place of those that are wanted, which are blocks * SIDE results."""


def emit_inputs(module: ir.Module, name: str) -> None:
    """A plain convolution of the maps with the weights: `down` lines of a window from each place on."""
    e = Emitter(module, name, [PTR])
    f = e.fields(INPUTS_FIELDS, ("source", "weights", "target"))
    sums = room(e, 2 * SIDE * COLUMNS * SIDE)
    with tiles(e), e.loop(const(0), f["images"], const(1)) as image:
        for first, last, together in _in_turn(e, f["blocks"]):
            with e.loop(first, last, const(together)) as block:
                _of_image(e, f, image.index, block.index, together, sums)
    e.ret()


def _in_turn(e: Emitter, count: Value) -> list[tuple[Value, Value, int]]:
    """From which to which of so many columns, and how many at once."""
    pairs = e.b.and_(count, const(-COLUMNS))
    return [(const(0), pairs, COLUMNS), (pairs, count, 1)]


def _of_image(e: Emitter, f: dict[str, Value], image: Value, block: Value, together: int, sums: Value) -> None:
    b = e.b
    source = e.at(f["source"], b.mul(image, f["image_step"]), I8)
    weights = e.at(f["weights"], b.mul(block, f["block_step"]), I8)
    target = b.add(b.mul(image, f["target_image"]), b.mul(block, const(4 * SIDE)))
    line_step = b.mul(f["ringed_rows"], f["place_step"])
    with e.loop(const(0), f["places"], const(SIDE), [const(0), target]) as place:
        cleared(e, 2 * together)
        corner = b.mul(place.index, f["place_step"])
        with e.loop(const(0), f["down"], const(1)) as line, e.loop(const(0), f["runs"], const(1)) as run:
            at = b.add(b.add(corner, b.mul(line.index, line_step)), b.mul(run.index, const(LINE)))
            met = b.mul(b.add(b.mul(line.index, f["runs"]), run.index), const(BLOCK))
            rights = [b.add(met, b.mul(const(column), f["block_step"])) for column in range(together)]
            taken_in(
                e, _halves(e, f, e.at(source, at, I8), f["place_step"]),
                [Operand(e.at(weights, right, I8), const(LINE), signed=True) for right in rights],
            )  # fmt: skip
        given_back(e, (2, together), sums, LINE * together)
        count = e.smaller(b.sub(f["places"], place.index), const(SIDE))
        with e.loop(const(0), count, const(1), place.carried) as one:
            row, into = one.carried
            for column in range(together):
                total = b.neg(whole(e, *_of_halves(e, sums, one.index, column, together)))
                e.store(total, f["target"], b.add(into, const(4 * SIDE * column)), I8, align=4)
            # what is beyond the line is written over by the next one's
            wanted = b.icmp_signed("<", row, f["rows"])
            further = b.add(row, const(1))
            row = b.select(b.icmp_signed("==", further, f["ringed_rows"]), const(0), further)
            one.following = [row, b.select(wanted, b.add(into, f["target_row"]), into)]
        place.following = one.carried


def _halves(e: Emitter, f: dict[str, Value], high: Value, step: Value) -> list[Operand]:
    return [Operand(high, step, signed=True), Operand(e.at(high, f["low"], I8), step, signed=False)]


def _of_halves(e: Emitter, sums: Value, row: Value, column: int, together: int) -> list[Value]:
    """A row's sums with high bytes and with low ones, of what is given back."""
    places = [e.b.add(e.b.mul(e.b.add(row, const(SIDE * half)), const(together)), const(column)) for half in range(2)]
    return [e.load(sums, place, INTS, align=LINE) for place in places]


WEIGHTS_FIELDS = (
    "kernel", "source", "low", "channel_step", "seen", "seen_step", "phase_step", "columns", "lines", "down", "across",
    "pitch", "steps", "target", "before", "outputs", "target_row", "target_tap",
)  # fmt: skip
"""source: high bytes of gradients, channel_step bytes between channels, low ones `low` bytes behind; 0 up to a LINE's
end. seen: what came in, quads of places [columns][phases], LINE bytes each (halves.emit_quads); a tap's lie across +
`pitch` down places behind. steps: float32 [outputs * SIDE], what gradients are multiples of. target: float32 rows of
outputs, target_tap bytes between taps, which are added to where `before` is not 0."""


def emit_weights(module: ir.Module, name: str, *, pixels: bool) -> None:
    """The gradient of weights: that of an output times what every tap met at its place; sums of halves fit int32.

    Args:
        pixels: whether what came in is u8, else int8.
    """
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(WEIGHTS_FIELDS, ("source", "seen", "steps", "target"))
    sums = room(e, 2 * SIDE * COLUMNS * SIDE)
    with tiles(e), e.loop(const(0), f["outputs"], const(1)) as output:
        source = e.at(f["source"], b.mul(output.index, b.mul(f["channel_step"], const(SIDE))), I8)
        for first, last, together in _in_turn(e, f["columns"]):
            with (
                e.loop(first, last, const(together)) as column,
                e.loop(const(0), f["down"], const(1)) as down,
                e.loop(const(0), f["across"], const(1)) as across,
            ):
                cleared(e, 2 * together)
                place = b.add(b.mul(down.index, f["pitch"]), across.index)
                quad, phase = b.udiv(place, const(GROUP)), b.urem(place, const(GROUP))
                met = offset(e, (column.index, phase, quad), [f["seen_step"], f["phase_step"], const(LINE)])
                with e.loop(const(0), f["lines"], const(1)) as line:
                    along = b.mul(line.index, const(LINE))
                    at = b.add(met, b.mul(line.index, const(BLOCK)))
                    rights = [b.add(at, b.mul(const(number), f["seen_step"])) for number in range(together)]
                    taken_in(
                        e, _halves(e, f, e.at(source, along, I8), f["channel_step"]),
                        [Operand(e.at(f["seen"], right, I8), const(LINE), signed=not pixels) for right in rights],
                    )  # fmt: skip
                given_back(e, (2, together), sums, LINE * together)
                tap = b.add(b.mul(down.index, f["across"]), across.index)
                into = b.add(b.mul(tap, f["target_tap"]), b.mul(column.index, const(4 * SIDE)))
                _added(e, f, output.index, into, together, sums)
    e.ret()


def _added(e: Emitter, f: dict[str, Value], output: Value, into: Value, together: int, sums: Value) -> None:
    """Add what is given back to the rows of SIDE outputs, or put it there."""
    b, known = e.b, e.b.icmp_signed("!=", f["before"], const(0))
    with e.loop(const(0), const(SIDE), const(1)) as row:
        number = b.add(b.mul(output, const(SIDE)), row.index)
        step = e.splat(e.load(f["steps"], number, F32, align=4), LANES)
        for column in range(together):
            high, low = (b.sitofp(half, FLOATS) for half in _of_halves(e, sums, row.index, column, together))
            found = b.fadd(b.fmul(high, vector(F32, LANES, 256)), low)
            at = b.add(b.add(into, b.mul(number, f["target_row"])), const(4 * SIDE * column))
            before = b.select(known, e.load(f["target"], at, FLOATS, align=4, of=I8), vector(F32, LANES))
            e.store(b.fadd(before, b.fmul(found, step)), f["target"], at, I8, align=4)
