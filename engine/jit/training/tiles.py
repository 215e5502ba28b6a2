"""Products of bytes by the tile registers of AMX: 16 x 16 sums of 64 products each by one instruction.

Eight registers hold 16 rows of 64 bytes. Of the left operand a row is one of int8, 64 terms of it; of the right one a
row is four terms of 16 columns, u8, as the panels in scratch memory have them (jit.training.panels).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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
    own = [[row * across + column for column in range(across)] for row in range(down)]
    for number in range(down * across):
        e.intrinsic("llvm.x86.tilezero", VOID, _register(number))
    with e.loop(const(0), terms, const(1)) as line:
        lefts, rights = b.mul(line.index, const(LINE)), b.mul(b.mul(line.index, const(SIDE)), right[1])
        for row in range(down):
            place = e.at(left[0], b.add(lefts, b.mul(const(SIDE * row), left[1])), I8)
            e.intrinsic("llvm.x86.tileloadd64", VOID, _register(_LEFT + row), place, left[1])
        for column in range(across):
            taken = _RIGHT - 1 - column % (_RIGHT - _LEFT - down)
            place = e.at(right[0], b.add(rights, const(LINE * column)), I8)
            e.intrinsic("llvm.x86.tileloadd64", VOID, _register(taken), place, right[1])
            for row in range(down):
                numbers = (own[row][column], _LEFT + row, taken)
                e.intrinsic("llvm.x86.tdpbsud", VOID, *map(_register, numbers))
    place, step = target
    for row in range(down):
        for column in range(across):
            into = e.at(place, const(SIDE * row * step + LINE * column), I8)
            e.intrinsic("llvm.x86.tilestored64", VOID, _register(own[row][column]), into, const(step))


def _register(number: int) -> Value:
    return ir.Constant(I8, number)


def room(e: Emitter, numbers: int) -> Value:
    """Memory for so many int32 as long as the function runs, from the start of a cache line on."""
    made = e.b.alloca(ir.ArrayType(I32, numbers))
    made.align = LINE
    return made
