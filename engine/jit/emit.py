"""Writing LLVM IR: counted loops with carried values, vectors, the few intrinsics that kernels need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from llvmlite import ir

I1, I8, I16, I32, I64 = (ir.IntType(width) for width in (1, 8, 16, 32, 64))
F32, F64 = ir.FloatType(), ir.DoubleType()
PTR = ir.PointerType()
VOID = ir.VoidType()

Value = Any
"""A value of the IR; llvmlite is untyped."""


def const(value: int) -> Value:
    """An i64 constant."""
    return ir.Constant(I64, value)


def vector(kind: Any, lanes: int, value: float = 0) -> Value:
    """A constant vector with the same value in every lane."""
    return ir.Constant(ir.VectorType(kind, lanes), [value] * lanes)


@dataclass
class Loop:
    """A loop being written. `index` runs from start below stop; set `following` to the carried values' next ones.

    After the loop `carried` are the values after its last round.
    """

    index: Value
    carried: list[Value]
    following: list[Value] = field(default_factory=list)


class Emitter:
    """An IR builder for one function, with what kernels say often."""

    def __init__(self, module: ir.Module, name: str, arguments: Sequence[Any]) -> None:
        self.module = module
        self.function = ir.Function(module, ir.FunctionType(VOID, list(arguments)), name)
        self.b = ir.IRBuilder(self.function.append_basic_block("entry"))
        self.args: tuple[Value, ...] = self.function.args

    def fields(self, names: Sequence[str], pointers: Sequence[str] = ()) -> dict[str, Value]:
        """The int64 fields, by name, of the record that the first argument points to; `pointers` as such."""
        loaded = {name: self.load(self.args[0], const(slot), I64, align=8) for slot, name in enumerate(names)}
        return loaded | {name: self.b.inttoptr(loaded[name], PTR) for name in pointers}

    @contextmanager
    def loop(self, start: Value, stop: Value, step: Value, carried: Sequence[Value] = ()) -> Iterator[Loop]:
        """`for index in range(start, stop, step)`; zero rounds are possible. Leaves the builder behind the loop."""
        b = self.b
        before = b.block
        head, body, after = (self.function.append_basic_block(name) for name in ("head", "body", "after"))
        b.branch(head)
        b.position_at_end(head)
        index = b.phi(I64)
        index.add_incoming(start, before)
        phis = [b.phi(value.type) for value in carried]
        for phi, value in zip(phis, carried, strict=True):
            phi.add_incoming(value, before)
        b.cbranch(b.icmp_signed("<", index, stop), body, after)
        b.position_at_end(body)
        made = Loop(index, phis)
        yield made
        index.add_incoming(b.add(index, step, flags=["nsw"]), b.block)
        for phi, value in zip(phis, made.following, strict=True):
            phi.add_incoming(value, b.block)
        b.branch(head)
        b.position_at_end(after)

    def at(self, base: Value, offset: Value, kind: Any) -> Value:
        """Address of element `offset` (i64) of an array of `kind` at `base`."""
        return self.b.gep(base, [offset], source_etype=kind)

    def load(self, base: Value, offset: Value, kind: Any, *, align: int, of: Any = None) -> Value:
        """Load a `kind` from element `offset` of an array of `of` (default: of `kind`)."""
        return self.b.load(self.at(base, offset, of or kind), align=align, typ=kind)

    def store(self, value: Value, base: Value, offset: Value, of: Any, *, align: int) -> None:
        """Store at element `offset` of an array of `of`."""
        self.b.store(value, self.at(base, offset, of), align=align)

    def ask(self, base: Value, offset: Value, of: Any) -> None:
        """Have the line of an element fetched, to be written to; nothing happens where there is no such memory."""
        numbers = [ir.Constant(I32, number) for number in (1, 3, 1)]  # to write; keep it near; data
        self.intrinsic("llvm.prefetch.p0", VOID, self.at(base, offset, of), *numbers)

    def splat(self, value: Value, lanes: int) -> Value:
        """A vector with `value` in every lane."""
        kind = ir.VectorType(value.type, lanes)
        undefined = ir.Constant(kind, ir.Undefined)
        first = self.b.insert_element(undefined, value, ir.Constant(I32, 0))
        return self.b.shuffle_vector(first, undefined, vector(I32, lanes))

    def intrinsic(self, name: str, result: Any, *arguments: Value) -> Value:
        """Call an intrinsic, declared at first use."""
        known = self.module.globals.get(name)
        if known is None:
            known = ir.Function(self.module, ir.FunctionType(result, [a.type for a in arguments]), name)
        return self.b.call(known, list(arguments))

    def popcount(self, value: Value) -> Value:
        """Set bits in each lane of a vector of i64."""
        lanes = value.type.count
        return self.intrinsic(f"llvm.ctpop.v{lanes}i64", value.type, value)

    def fused(self, x: Value, y: Value, z: Value) -> Value:
        """x y + z of float vectors, rounded once."""
        kind = "f64" if x.type.element == F64 else "f32"
        return self.intrinsic(f"llvm.fma.v{x.type.count}{kind}", x.type, x, y, z)

    def widened(self, halves: Value) -> Value:
        """A vector of bfloat16, as i16, in float32."""
        words = ir.VectorType(I32, halves.type.count)
        wide = self.b.shl(self.b.zext(halves, words), vector(I32, words.count, 16))
        return self.b.bitcast(wide, ir.VectorType(F32, words.count))

    def halved(self, floats: Value) -> Value:
        """A vector of float32 rounded to bfloat16, as i16; halves away from 0."""
        lanes = floats.type.count
        bits = self.b.add(self.b.bitcast(floats, ir.VectorType(I32, lanes)), vector(I32, lanes, 1 << 15))
        return self.b.trunc(self.b.lshr(bits, vector(I32, lanes, 16)), ir.VectorType(I16, lanes))

    def smaller(self, a: Value, b: Value) -> Value:
        """The lesser of two i64."""
        return self.b.select(self.b.icmp_signed("<", a, b), a, b)

    def ret(self) -> None:
        """End the function."""
        self.b.ret_void()
