"""How one step along the depth of a product is made: 64 signs a lane by xor and popcount, or four pixels a lane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from llvmlite import ir

from engine.jit.emit import I8, I16, I32, I64, Emitter, Value, vector


class Depth(Protocol):
    """One kind of step.

    block: outputs of a block of weights. unit: what is loaded of a row and broadcast, one lane of a weight vector.
    lanes: of a vector. burst: after how many steps the running totals are to be gathered, because they are narrow; 0
    where they are as wide as the unit.
    """

    block: ClassVar[int]
    unit: ClassVar[ir.Type]
    burst: ClassVar[int]

    @property
    def lanes(self) -> int: ...

    def step(self, e: Emitter, total: Value, row: Value, weights: Value) -> Value:
        """`total` with one step's products of the broadcast `row` and `weights` taken in."""


class Bursting(Depth, Protocol):
    """A kind of step with narrow running totals."""

    def start(self) -> Value:
        """A running total of nothing."""

    def gathered(self, e: Emitter, total: Value) -> Value:
        """A running total as one sum for each lane."""


@dataclass(frozen=True)
class Signs:
    """Mismatching bits: popcount(row xor weights), 64 signs in a lane."""

    lanes: int
    block: ClassVar[int] = 8
    unit: ClassVar[ir.Type] = I64
    burst: ClassVar[int] = 0

    def step(self, e: Emitter, total: Value, row: Value, weights: Value) -> Value:
        return e.b.add(total, e.popcount(e.b.xor(row, weights)))


@dataclass(frozen=True)
class SignsByTable(Signs):
    """The same on AVX2, which has no popcount of vectors: both nibbles of each byte looked up, the counts kept in
    bytes (at most 8 a step, so 31 steps fit) and added up by vpsadbw. Mula, Kurz and Lemire, 2018 (arXiv 1611.07612).
    """

    burst: ClassVar[int] = 31

    def start(self) -> Value:
        return vector(I8, 8 * self.lanes)

    def step(self, e: Emitter, total: Value, row: Value, weights: Value) -> Value:
        b, octets = e.b, 8 * self.lanes
        kind = ir.VectorType(I8, octets)
        low = vector(I8, octets, 15)
        table = ir.Constant(kind, [index.bit_count() for index in range(16)] * (octets // 16))
        mixed = b.xor(row, weights)
        halves = ir.VectorType(I16, octets // 2)
        shifted = b.lshr(b.bitcast(mixed, halves), vector(I16, octets // 2, 4))
        for nibbles in (b.bitcast(mixed, kind), b.bitcast(shifted, kind)):
            total = b.add(total, e.intrinsic("llvm.x86.avx2.pshuf.b", kind, table, b.and_(nibbles, low)))
        return total

    def gathered(self, e: Emitter, total: Value) -> Value:
        return e.intrinsic("llvm.x86.avx2.psad.bw", ir.VectorType(I64, self.lanes), total, self.start())


@dataclass(frozen=True)
class PixelsVnni:
    """Four pixels times four int8 weights into each 32-bit lane, by one instruction."""

    lanes: int = 16
    block: ClassVar[int] = 16
    unit: ClassVar[ir.Type] = I32
    burst: ClassVar[int] = 0

    def step(self, e: Emitter, total: Value, row: Value, weights: Value) -> Value:
        return e.intrinsic(f"llvm.x86.avx512.vpdpbusd.{32 * self.lanes}", total.type, total, row, weights)


@dataclass(frozen=True)
class PixelsMadd:
    """The same of AVX2, or with four lanes of SSSE3: products are added up in pairs of 16 bits for a while.

    A pair's sum is at most 2 * 255 where either side is no larger than 2 in size (pixels and signs; bits counted twice
    and int8 gradients), so that 64 steps fit into 16 bits.
    """

    lanes: int = 8
    block: ClassVar[int] = 16
    unit: ClassVar[ir.Type] = I32
    burst: ClassVar[int] = 64

    def start(self) -> Value:
        return vector(I16, 2 * self.lanes)

    def step(self, e: Emitter, total: Value, row: Value, weights: Value) -> Value:
        octets = ir.VectorType(I8, 4 * self.lanes)
        name = "llvm.x86.avx2.pmadd.ub.sw" if self.lanes == 8 else "llvm.x86.ssse3.pmadd.ub.sw.128"
        return e.b.add(total, e.intrinsic(name, total.type, e.b.bitcast(row, octets), e.b.bitcast(weights, octets)))

    def gathered(self, e: Emitter, total: Value) -> Value:
        return paired(e, total, vector(I16, 2 * self.lanes, 1), ir.VectorType(I32, self.lanes))


@dataclass(frozen=True)
class WordsMadd:
    """Two 16-bit products into each 32-bit lane, and an addition: where bytes times bytes would not fit their pairs."""

    lanes: int = 8
    block: ClassVar[int] = 16
    unit: ClassVar[ir.Type] = I32
    burst: ClassVar[int] = 0

    def step(self, e: Emitter, total: Value, row: Value, weights: Value) -> Value:
        words = ir.VectorType(I16, 2 * self.lanes)
        return e.b.add(total, paired(e, e.b.bitcast(row, words), e.b.bitcast(weights, words), total.type))


@dataclass(frozen=True)
class PixelsSse2:
    """The same with what every x86-64 has: even bytes and odd ones, widened to 16 bits, multiplied in pairs."""

    lanes: int = 4
    block: ClassVar[int] = 16
    unit: ClassVar[ir.Type] = I32
    burst: ClassVar[int] = 0

    def step(self, e: Emitter, total: Value, row: Value, weights: Value) -> Value:
        b, words = e.b, ir.VectorType(I16, 2 * self.lanes)
        eight, byte = (vector(I16, 2 * self.lanes, value) for value in (8, 255))
        pixels, signs = b.bitcast(row, words), b.bitcast(weights, words)
        even = paired(e, b.and_(pixels, byte), b.ashr(b.shl(signs, eight), eight), total.type)
        odd = paired(e, b.lshr(pixels, eight), b.ashr(signs, eight), total.type)
        return b.add(b.add(total, even), odd)


def paired(e: Emitter, x: Value, y: Value, kind: ir.Type) -> Value:
    """Products of 16-bit lanes, neighbours added up in 32 bits."""
    return e.intrinsic(f"llvm.x86.{_PAIRED[kind.count]}", kind, x, y)


_PAIRED = {4: "sse2.pmadd.wd", 8: "avx2.pmadd.wd", 16: "avx512.pmaddw.d.512"}
"""The instruction for that, by lanes."""


@dataclass(frozen=True)
class PixelsPlain:
    """The same in ordinary vector arithmetic, for every other processor."""

    lanes: int = 4
    block: ClassVar[int] = 16
    unit: ClassVar[ir.Type] = I32
    burst: ClassVar[int] = 0

    def step(self, e: Emitter, total: Value, row: Value, weights: Value) -> Value:
        b, byte = e.b, vector(I32, self.lanes, 255)
        for part in range(4):
            pixel = b.and_(b.lshr(row, vector(I32, self.lanes, 8 * part)), byte)
            sign = b.ashr(b.shl(weights, vector(I32, self.lanes, 24 - 8 * part)), vector(I32, self.lanes, 24))
            total = b.add(total, b.mul(pixel, sign))
        return total
