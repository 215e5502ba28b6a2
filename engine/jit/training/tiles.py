"""Products of bytes by the tile registers of AMX: 16 x 16 sums of 64 products each by one instruction.

Eight registers hold 16 rows of 64 bytes. Of the left operand a row is one of int8, 64 terms of it; of the right one a
row is four terms of 16 columns, u8, as the panels in scratch memory have them (jit.training.panels).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from llvmlite import ir

from engine.jit.emit import I8, I32, VOID, Emitter, Value, const

SIDE, LINE = 16, 64
"""Rows of a tile, and columns of sums; bytes of its rows, and terms that it takes in at once."""
_LEFT, _RIGHT = 4, 8
"""Registers: sums are in those before _LEFT, left operands from there on, right ones counted back from _RIGHT."""


@contextmanager
def tiles(e: Emitter) -> Iterator[None]:
    """Every register as 16 rows of 64 bytes, until all are given up: an idle core is not to save them."""
    e.intrinsic("llvm.x86.ldtilecfg", VOID, _configuration(e.module))
    yield
    e.intrinsic("llvm.x86.tilerelease", VOID)


def _configuration(module: ir.Module) -> Value:
    """Palette 1; from byte 16 on bytes of a row, 16 bits each; from byte 48 on rows."""
    numbers = [1, *[0] * 15, *[LINE, 0] * _RIGHT, *[0] * 16, *[SIDE] * _RIGHT, *[0] * 8]
    kind = ir.ArrayType(I8, len(numbers))
    made = ir.GlobalVariable(module, kind, "tiles")
    made.initializer, made.global_constant, made.linkage = ir.Constant(kind, numbers), True, "internal"
    return made


@dataclass(frozen=True)
class Operand:
    """What one register is filled from: 16 rows of LINE bytes, `step` bytes apart; whether these are int8, else u8."""

    place: Value
    step: Value
    signed: bool


def cleared(e: Emitter, count: int) -> None:
    """So many sums begin anew."""
    for number in range(count):
        e.intrinsic("llvm.x86.tilezero", VOID, _register(number))


def taken_in(e: Emitter, lefts: Sequence[Operand], rights: Sequence[Operand]) -> None:
    """LINE terms of every left operand times every right one, into the sums [left][right]."""
    for row, left in enumerate(lefts):
        e.intrinsic("llvm.x86.tileloadd64", VOID, _register(_LEFT + row), left.place, left.step)
    for column, right in enumerate(rights):
        taken = _RIGHT - 1 - column % (_RIGHT - _LEFT - len(lefts))
        e.intrinsic("llvm.x86.tileloadd64", VOID, _register(taken), right.place, right.step)
        for row, left in enumerate(lefts):
            kinds = "".join("su"[not operand.signed] for operand in (left, right))
            numbers = (row * len(rights) + column, _LEFT + row, taken)
            e.intrinsic(f"llvm.x86.tdpb{kinds}d", VOID, *map(_register, numbers))


def given_back(e: Emitter, sides: tuple[int, int], place: Value, step: int) -> None:
    """Sums, int32, side by side in rows `step` bytes apart."""
    for row in range(sides[0]):
        for column in range(sides[1]):
            into = e.at(place, const(SIDE * row * step + LINE * column), I8)
            e.intrinsic("llvm.x86.tilestored64", VOID, _register(row * sides[1] + column), into, const(step))


def multiply(
    e: Emitter, sides: tuple[int, int], left: tuple[Value, Value], right: tuple[Value, Value], terms: Value,
    target: tuple[Value, int],
) -> None:  # fmt: skip
    """Sums of products, int32, as many tiles by as many as `sides` says: at most two by two, or one by four.

    Args:
        left: int8 rows and the bytes between two. What they have behind their end, up to a whole LINE, has to be 0.
        right: u8 [terms / 4][columns][4] and the bytes between two of the first.
        terms: LINE of them at once, so many times.
        target: where the sums go, and the bytes between their rows.
    """
    b, (down, across) = e.b, sides
    cleared(e, down * across)
    with e.loop(const(0), terms, const(1)) as line:
        along = e.at(left[0], b.mul(line.index, const(LINE)), I8)
        own = [e.at(along, b.mul(const(SIDE * row), left[1]), I8) for row in range(down)]
        below = e.at(right[0], b.mul(b.mul(line.index, const(SIDE)), right[1]), I8)
        lefts = [Operand(place, left[1], signed=True) for place in own]
        rights = [Operand(e.at(below, const(LINE * n), I8), right[1], signed=False) for n in range(across)]
        taken_in(e, lefts, rights)
    given_back(e, sides, *target)


def _register(number: int) -> Value:
    return ir.Constant(I8, number)


def room(e: Emitter, numbers: int) -> Value:
    """Memory for so many int32 as long as the function runs, from the start of a cache line on."""
    made = e.b.alloca(ir.ArrayType(I32, numbers))
    made.align = LINE
    return made
