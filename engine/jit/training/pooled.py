"""Kernels of a training step on maps: the gradient of weights under max-pooling of 2 x 2.

A window hands its gradient to one of its four places, in every channel to another, so that three in four products with
what came in would be with 0. None of these is made here: of the four numbers that a weight meets in a window each lane
looks its own up (`vpshufb`), for two windows side by side at once.
"""

from __future__ import annotations

from llvmlite import ir

from engine.jit.depth import paired
from engine.jit.emit import F32, I8, I16, I32, I64, PTR, Emitter, Value, const, vector
from engine.jit.training.maps import INTS, LANES, PAIR, flat, lanes, nearest, put

SIDE = 2
"""Of the windows of pooling."""
ACROSS = (3, 5)
"""Taps of a line of the windows of a convolution that there is a kernel for."""
SHORT = 2
"""Bytes of 16 bits."""

ROUND_FIELDS = (
    "kernel", "source", "which", "factors", "target", "choices", "images", "lines", "pairs", "units", "rows",
)  # fmt: skip
"""source: float32 and which: u8, [images][lines][rows][units][LANES]. factors: float32 [units][LANES]. target: int32
[units][images][lines][pairs][LANES], two int16 in each; choices: the same shape, which bytes of a table these meet."""


def emit_round_pairs(module: ir.Module, name: str) -> None:
    """source * factors to the nearest int16, for two windows side by side; a second one that is missing has 0.

    A table is of both windows' places, two bytes each: [down][window][across].
    """
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(ROUND_FIELDS, ("source", "which", "factors", "target", "choices"))
    with e.loop(const(0), f["units"], const(1)) as unit:
        factor = lanes(e, f["factors"], unit.index, F32)
        with (
            e.loop(const(0), f["images"], const(1)) as image,
            e.loop(const(0), f["lines"], const(1)) as line,
            e.loop(const(0), f["pairs"], const(1)) as pair,
        ):
            before = b.mul(flat(e, (image.index, line.index), (f["lines"],)), f["rows"])
            numbers = choices = vector(I32, LANES)
            for window in range(PAIR):
                row = b.add(b.mul(pair.index, const(PAIR)), const(window))
                there = b.icmp_signed("<", row, f["rows"])
                at = b.add(b.mul(b.add(before, b.select(there, row, const(0))), f["units"]), unit.index)
                number = nearest(e, b.fmul(lanes(e, f["source"], at, F32), factor))
                number = b.and_(b.select(there, number, vector(I32, LANES)), vector(I32, LANES, 0xFFFF))
                half = vector(I32, LANES, 16 * window)
                numbers = b.or_(numbers, b.shl(number, half))
                choices = b.or_(choices, b.shl(_bytes(e, lanes(e, f["which"], at, I8), window), half))
            counts = (f["images"], f["lines"], f["pairs"])
            into = flat(e, (unit.index, image.index, line.index, pair.index), counts)
            put(e, numbers, f["target"], into)
            put(e, choices, f["choices"], into)
    e.ret()


def _bytes(e: Emitter, which: Value, window: int) -> Value:
    """Both bytes that a window's place 0..3 has in the table."""
    b, place = e.b, e.b.zext(which, INTS)
    down, across = (b.lshr(b.and_(place, vector(I32, LANES, bit)), vector(I32, LANES, bit - 1)) for bit in (2, 1))
    first = b.add(b.mul(down, vector(I32, LANES, SIDE * PAIR * SHORT)), b.mul(across, vector(I32, LANES, SHORT)))
    first = b.add(first, vector(I32, LANES, SIDE * SHORT * window))
    return b.or_(first, b.shl(b.add(first, vector(I32, LANES, 1)), vector(I32, LANES, 8)))


PRODUCT_FIELDS = (
    "kernel", "numbers", "choices", "source", "target", "images", "lines", "pairs", "units", "channels", "taps",
    "image_step", "channel_step", "line_step",
)  # fmt: skip
"""numbers, choices: what emit_round_pairs makes. source: int16 [images][channels][lines][places], steps in bytes; some
places behind its end are read, whatever lies there. target: float32 [taps][across][channels][units][LANES], which is
added to."""
UNITS = {8: 1, 16: 2}
"""Units of outputs at once, by lanes of a vector: they look their numbers up in the same tables."""


def emit_product(module: ir.Module, name: str, width: int, across: int) -> None:
    """The gradient of weights: every window's number times what each tap met at its place; sums have to fit int32.

    Args:
        width: lanes of a vector. across: taps of a line, whose sums are held at once.
    """
    e = Emitter(module, name, [PTR])
    f = e.fields(PRODUCT_FIELDS, ("numbers", "choices", "source", "target"))
    together = UNITS[width]
    left = e.b.urem(f["units"], const(together)) if together > 1 else const(0)
    whole = e.b.sub(f["units"], left)
    _units(e, f, const(0), whole, together, width, across)
    if together > 1:
        _units(e, f, whole, f["units"], 1, width, across)
    e.ret()


def _units(e: Emitter, f: dict[str, Value], start: Value, stop: Value, together: int, width: int, across: int) -> None:
    """Units from start below stop, so many together."""
    b, parts = e.b, LANES // width
    windows = b.mul(b.mul(f["images"], f["lines"]), f["pairs"])  # of a unit
    zeros = [vector(I32, width)] * (together * across * parts)
    with e.loop(start, stop, const(together)) as unit:
        first = b.mul(unit.index, windows)
        with e.loop(const(0), f["channels"], const(1)) as channel, e.loop(const(0), f["taps"], const(1)) as tap:
            corner = b.add(b.mul(channel.index, f["channel_step"]), b.mul(tap.index, f["line_step"]))
            with e.loop(const(0), f["images"], const(1), [first, *zeros]) as image:
                begin = b.add(corner, b.mul(image.index, f["image_step"]))
                with e.loop(const(0), f["lines"], const(1), image.carried) as line:
                    at = b.add(begin, b.mul(line.index, b.mul(f["line_step"], const(SIDE))))
                    with e.loop(const(0), f["pairs"], const(1), line.carried) as pair:
                        place = b.add(at, b.mul(pair.index, const(PAIR * SIDE * SHORT)))
                        window, *totals = pair.carried
                        met = [_met(e, f["source"], place, f["line_step"], number, width) for number in range(across)]
                        own = [b.add(window, b.mul(const(one), windows)) for one in range(together)]
                        pair.following = [b.add(window, const(1)), *_added(e, f, own, totals, met, width)]
                    line.following = pair.carried
                image.following = line.carried
            for index, total in enumerate(image.carried[1:]):
                one, number, part = _which(index, across, parts)
                entry = flat(e, (tap.index, const(number), channel.index), (const(across), f["channels"]))
                entry = b.add(b.mul(entry, f["units"]), b.add(unit.index, const(one)))
                into = b.add(b.mul(entry, const(LANES)), const(part * width))
                kind = ir.VectorType(F32, width)
                sums = b.fadd(e.load(f["target"], into, kind, align=4 * width, of=F32), b.sitofp(total, kind))
                e.store(sums, f["target"], into, F32, align=4 * width)


def _which(index: int, across: int, parts: int) -> tuple[int, int, int]:
    """Unit, tap and part of a total."""
    rest, part = divmod(index, parts)
    return (*divmod(rest, across), part)


def _met(e: Emitter, source: Value, at: Value, line_step: Value, number: int, width: int) -> Value:
    """The table of what a tap meets in two windows, in every 128 bits of a vector."""
    words, first = width // 2, e.b.add(at, const(SHORT * number))
    lines = [
        e.splat(e.load(source, line, I64, align=SHORT, of=I8), words) for line in (first, e.b.add(first, line_step))
    ]
    in_turn = ir.Constant(ir.VectorType(I32, words), [word + word % 2 * words for word in range(words)])
    return e.b.bitcast(e.b.shuffle_vector(*lines, in_turn), ir.VectorType(I8, 4 * width))


def _added(
    e: Emitter, f: dict[str, Value], windows: list[Value], totals: list[Value], met: list[Value], width: int
) -> list[Value]:
    """The totals [unit][tap][part] with one pair of windows taken in, whose place differs by unit."""
    b, parts, words = e.b, LANES // width, ir.VectorType(I32, width)
    octets, shorts = ir.VectorType(I8, 4 * width), ir.VectorType(I16, 2 * width)

    def found(key: str, unit: int, part: int) -> Value:
        place = b.add(b.mul(windows[unit], const(LANES)), const(part * width))
        return e.load(f[key], place, words, align=4 * width, of=I32)

    each = [(unit, part) for unit in range(len(windows)) for part in range(parts)]
    choices = {place: b.bitcast(found("choices", *place), octets) for place in each}
    numbers = {place: b.bitcast(found("numbers", *place), shorts) for place in each}
    following = []
    for index, total in enumerate(totals):
        unit, number, part = _which(index, len(met), parts)
        places = e.intrinsic(_LOOK_UP[width], octets, met[number], choices[unit, part])
        following.append(b.add(total, paired(e, b.bitcast(places, shorts), numbers[unit, part], words)))
    return following


_LOOK_UP = {8: "llvm.x86.avx2.pshuf.b", 16: "llvm.x86.avx512.pshuf.b.512"}
"""The instruction for that, by lanes."""
