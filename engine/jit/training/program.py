"""A step's kernels one after the other in one call, on each of several threads, which wait for each other."""

from __future__ import annotations

from llvmlite import ir

from engine.jit.emit import I64, PTR, VOID, Emitter, const
from engine.jit.record import SLOTS

BARRIER = ("kernel", "arrived", "count", "give_way")
"""arrived: an int64 that all threads share, 0 at first. count: of the threads. give_way: the address of a function
without arguments that lets other threads run on this core.
"""

PATIENCE = 1 << 10
"""Looks at the count, a few microseconds, before a thread that waits gives way."""


def emit_program(module: ir.Module, name: str) -> None:
    """`void name(int64 *records, int64 count)`: call the kernel of each record with it, in order."""
    e = Emitter(module, name, [PTR, I64])
    b, (records, count) = e.b, e.args
    kernel_type = ir.FunctionType(VOID, [PTR]).as_pointer()
    with e.loop(const(0), count, const(1)) as step:
        record = e.at(records, b.mul(step.index, const(SLOTS)), I64)
        address = e.load(record, const(0), I64, align=8)
        b.call(b.inttoptr(address, kernel_type), [record])
    e.ret()


def emit_barrier(module: ir.Module, name: str) -> None:
    """`void name(int64 *record)`: come back when all threads have come here.

    Arrivals are counted on and on: a round is over when they are a whole number of rounds. Where others want the core
    of one that waits, or the threads are more than cores, they have it soon.
    """
    e = Emitter(module, name, [PTR])
    b, f = e.b, e.fields(BARRIER, ("arrived",))
    mine = b.atomic_rmw("add", f["arrived"], const(1), "acq_rel")
    count = f["count"]
    over = b.mul(b.add(b.udiv(mine, count), const(1)), count)
    give_way = b.inttoptr(f["give_way"], ir.FunctionType(VOID, []).as_pointer())
    turning, waiting, done = (e.function.append_basic_block(name) for name in ("turning", "waiting", "done"))
    b.branch(turning)
    b.position_at_end(turning)
    with e.loop(const(0), const(PATIENCE), const(1)) as look:
        now = b.load_atomic(f["arrived"], "acquire", 8, typ=I64)
        b.cbranch(b.icmp_signed("<", now, over), waiting, done)
        b.position_at_end(waiting)
        e.intrinsic("llvm.x86.sse2.pause", VOID)
        look.following = []
    b.call(give_way, [])
    b.branch(turning)
    b.position_at_end(done)
    e.ret()
