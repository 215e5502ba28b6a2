"""The innermost loop of every product: tiles of running totals along the depth, rows broadcast against vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from engine.jit.depth import Bursting, Depth
from engine.jit.emit import Emitter, Loop, Value, const

Vectors = Callable[[Value], list[Value]]
"""The vectors of one unit of the depth, whose index is given."""


def along(
    e: Emitter, depth: Depth, totals: list[Value], units: Value | int, rows: list[Value], vectors: Vectors,
    *, swapped: bool = False,
) -> list[Value]:  # fmt: skip
    """`totals` (rows x vectors, rows outermost) with so many units of a product taken in.

    Args:
        units: an i64 of the IR, or a number of them that are written out one behind the other.
        rows: where the units of each row lie, one behind the other.
        swapped: the vectors are the step's first operand and the broadcast rows its second: of bytes the unsigned
            ones are first.
    """
    step = _Step(e, depth, rows, vectors, swapped)
    if isinstance(units, int) and not depth.burst:
        for index in range(units):
            totals = step(Loop(const(index), totals))
        return totals
    if not depth.burst:
        with e.loop(const(0), units, const(1), totals) as unit:
            unit.following = step(unit)
        return unit.carried
    return _in_bursts(e, cast(Bursting, depth), totals, const(units) if isinstance(units, int) else units, step)


def _in_bursts(e: Emitter, depth: Bursting, totals: list[Value], units: Value, step: _Step) -> list[Value]:
    with e.loop(const(0), units, const(depth.burst), totals) as burst:
        end = e.smaller(e.b.add(burst.index, const(depth.burst)), units)
        with e.loop(burst.index, end, const(1), [depth.start()] * len(totals)) as unit:
            unit.following = step(unit)
        gathered = [depth.gathered(e, value) for value in unit.carried]
        burst.following = [e.b.add(total, value) for total, value in zip(burst.carried, gathered, strict=True)]
    return burst.carried


class _Step:
    """Takes one unit into the totals that a loop carries."""

    def __init__(self, e: Emitter, depth: Depth, rows: list[Value], vectors: Vectors, swapped: bool) -> None:
        self._e, self._depth, self._rows, self._vectors, self._swapped = e, depth, rows, vectors, swapped

    def __call__(self, unit: Loop) -> list[Value]:
        e, depth = self._e, self._depth
        vectors = self._vectors(unit.index)
        following = []
        for r, place in enumerate(self._rows):
            row = e.splat(e.load(place, unit.index, depth.unit, align=1), depth.lanes)
            for i, one in enumerate(vectors):
                operands = (one, row) if self._swapped else (row, one)
                following.append(depth.step(e, unit.carried[r * len(vectors) + i], *operands))
        return following
