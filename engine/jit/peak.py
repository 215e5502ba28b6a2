"""What one core of this machine can do at most: register-only loops, and reading from each level of its memory."""

from __future__ import annotations

import ctypes
import platform
from functools import cache
from pathlib import Path

import numpy as np

from engine.jit.compile import Library, Native, host_name
from engine.jit.target import host_features
from engine.turns import clock

CHAINS = 12
"""Independent accumulators in a loop, enough to hide every latency, few enough to leave registers for constants."""
STREAMS = 16
"""Lines that a read takes at a time: a divisor of those of every working set."""
ROUNDS = 1 << 14
POPCOUNT_LANES = (8, 4, 2, 1)
FLOAT_LANES = (16, 8, 4)
SAMPLE = 0.002
"""Seconds of one sample, about."""
LEVELS = (("16 KiB", 1 << 14), ("256 KiB", 1 << 18), ("4 MiB", 1 << 22), ("memory", 1 << 28))
"""Working sets that most processors hold in their first, second and third cache, and one that none holds."""
LINE = 64
"""Bytes of one vector that is read."""
TRIES = 8
"""Samples of a read, of which the best counts."""

_now = clock(threads=1)


class Loop:
    """One register-only loop; `sample` measures it."""

    def __init__(self, native: Native, macs_per_round: int) -> None:
        self._native = native
        self._macs = macs_per_round
        self._rounds = ROUNDS
        self._rounds = max(ROUNDS, int(self.sample() * 1e9 * SAMPLE / macs_per_round))

    def sample(self) -> float:
        """Multiply-accumulates a second of this moment, in units of 1e9."""
        began = _now()
        self._native(self._rounds)
        return self._rounds * self._macs / (_now() - began) / 1e9


@cache
def popcount() -> Loop:
    """xor, popcount, add on the vectors that are fastest here: 64 binary multiply-accumulates a lane."""
    return _fastest([(_popcount_ir(lanes), CHAINS * lanes * 64) for lanes in POPCOUNT_LANES])


@cache
def fma() -> Loop:
    """Fused multiply-add of float32 on the vectors that are fastest here: one multiply-accumulate a lane."""
    return _fastest([(_fma_ir(lanes), CHAINS * lanes) for lanes in FLOAT_LANES])


@cache
def byte_products() -> Loop:
    """u8 times int8 added up by the instructions that AVX2 has for it, or VNNI: for processors that have either."""
    vnni = host_features().get("avx512vnni", False)
    lanes = 16 if vnni else 8
    return _fastest([(_bytes_ir(lanes, vnni=vnni), CHAINS * 4 * lanes)])


@cache
def move_rate() -> float:
    """1e9 bytes a second of float32 in memory that one core reads, changes and writes again; both ways count."""
    move = Library(_move_ir()).function("move", None, ctypes.c_void_p, ctypes.c_int64)
    data = np.ones(LEVELS[-1][1] // 4 + LINE, np.float32)
    first, lines = data.ctypes.data + -data.ctypes.data % LINE, LEVELS[-1][1] // LINE
    best = 0.0
    for _ in range(TRIES):
        began = _now()
        move(first, lines)
        best = max(best, 2 * lines * LINE / (_now() - began) / 1e9)
    return best


@cache
def read_rates() -> tuple[tuple[str, float], ...]:
    """1e9 bytes a second that one core reads from each level of its memory, nearest first: (name, rate)."""
    read = Library(_read_ir()).function("read", ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
    data = np.ones(LEVELS[-1][1] + LINE, np.uint8)  # written to once: untouched pages would all be one page of zeros
    first = data.ctypes.data + -data.ctypes.data % LINE
    return tuple((name, max(_read_rate(read, first, size) for _ in range(TRIES))) for name, size in LEVELS)


def _read_rate(read: Native, first: int, size: int) -> float:
    """1e9 bytes a second, over a working set of `size` bytes, of a read as long as SAMPLE."""
    rounds = 1
    while True:
        began = _now()
        read(first, size // LINE, rounds)
        seconds = _now() - began
        if seconds >= SAMPLE:
            return size * rounds / seconds / 1e9
        rounds *= 2


def machine() -> str:
    """This machine's processor for people, with LLVM's name of it."""
    return f"{_processor()} ({host_name()})"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _fastest(candidates: list[tuple[str, int]]) -> Loop:
    """Wider vectors are not always faster, and not every CPU has them: measure."""
    loops = [Loop(Library(ir).function("peak", ctypes.c_double, ctypes.c_int64), macs) for ir, macs in candidates]
    return max(loops, key=lambda loop: max(loop.sample() for _ in range(3)))


def _popcount_ir(lanes: int) -> str:
    """Each accumulator takes `a += popcount(a ^ mask)`: no step can be folded into another."""
    vector = f"<{lanes} x i64>"
    ctpop = f"@llvm.ctpop.v{lanes}i64"
    mask = _constant("i64", [0x5555_AAAA_0F0F_3C3C + lane for lane in range(lanes)])
    step = (
        f"  %x{{i}} = xor {vector} %a{{i}}, {mask}\n"
        f"  %p{{i}} = call {vector} {ctpop}({vector} %x{{i}})\n"
        f"  %n{{i}} = add {vector} %a{{i}}, %p{{i}}\n"
    )
    starts = [_constant("i64", [97 * chain + lane for lane in range(lanes)]) for chain in range(CHAINS)]
    last = f"  %lane = extractelement {vector} %total, i32 0\n  %result = sitofp i64 %lane to double\n"
    return f"declare {vector} {ctpop}({vector})\n" + _loop(vector, starts, step, "xor", last)


def _fma_ir(lanes: int) -> str:
    """Each accumulator takes `a = a * 0.5 + 1`: bounded, and a chain."""
    vector = f"<{lanes} x float>"
    fused = f"@llvm.fmuladd.v{lanes}f32"
    half, one = _constant("float", ["5.0e-01"] * lanes), _constant("float", ["1.0"] * lanes)
    step = f"  %n{{i}} = call {vector} {fused}({vector} %a{{i}}, {vector} {half}, {vector} {one})\n"
    starts = [_constant("float", [f"{chain}.0"] * lanes) for chain in range(CHAINS)]
    last = f"  %lane = extractelement {vector} %total, i32 0\n  %result = fpext float %lane to double\n"
    declared = ", ".join([vector] * 3)
    return f"declare {vector} {fused}({declared})\n" + _loop(vector, starts, step, "fadd", last)


def _bytes_ir(lanes: int, *, vnni: bool) -> str:
    """Each accumulator takes the products of itself, as bytes, with constants: no step can be folded into another."""
    if vnni:
        vector, name = f"<{lanes} x i32>", f"@llvm.x86.avx512.vpdpbusd.{32 * lanes}"
        factors = _constant("i32", [0x01FF01FF] * lanes)
        step = f"  %n{{i}} = call {vector} {name}({vector} %a{{i}}, {vector} %a{{i}}, {vector} {factors})\n"
        declared = f"declare {vector} {name}({vector}, {vector}, {vector})\n"
    else:
        vector, octets, name = f"<{2 * lanes} x i16>", f"<{4 * lanes} x i8>", "@llvm.x86.avx2.pmadd.ub.sw"
        factors = _constant("i8", [1, -1] * 2 * lanes)
        step = (
            f"  %b{{i}} = bitcast {vector} %a{{i}} to {octets}\n"
            f"  %p{{i}} = call {vector} {name}({octets} %b{{i}}, {octets} {factors})\n"
            f"  %n{{i}} = add {vector} %a{{i}}, %p{{i}}\n"
        )
        declared = f"declare {vector} {name}({octets}, {octets})\n"
    kind, count = ("i32", lanes) if vnni else ("i16", 2 * lanes)
    starts = [_constant(kind, [97 * chain + lane for lane in range(count)]) for chain in range(CHAINS)]
    last = f"  %lane = extractelement {vector} %total, i32 0\n  %result = sitofp {kind} %lane to double\n"
    return declared + _loop(vector, starts, step, "xor", last)


def _move_ir() -> str:
    """`void move(ptr base, i64 lines)`: a line after the other read, changed, written."""
    vector = f"<{LINE // 4} x float>"
    return (
        "define void @move(ptr %base, i64 %lines) {\nentry:\n  br label %loop\n"
        "loop:\n  %line = phi i64 [ 0, %entry ], [ %next, %loop ]\n"
        f"  %p = getelementptr {vector}, ptr %base, i64 %line\n  %v = load {vector}, ptr %p, align {LINE}\n"
        f"  %n = fneg {vector} %v\n  store {vector} %n, ptr %p, align {LINE}\n"
        "  %next = add i64 %line, 1\n  %more = icmp slt i64 %next, %lines\n"
        "  br i1 %more, label %loop, label %exit\nexit:\n  ret void\n}\n"
    )


def _read_ir() -> str:
    """`i64 read(ptr base, i64 vectors, i64 rounds)`: adds up lines from base on, STREAMS at a time, again and again."""
    vector, chains = f"<{LINE // 8} x i64>", range(STREAMS)
    phis = "".join(f"  %a{i} = phi {vector} [ zeroinitializer, %entry ], [ %n{i}, %next ]\n" for i in chains)
    inner = "".join(f"  %b{i} = phi {vector} [ %a{i}, %round ], [ %n{i}, %loop ]\n" for i in chains)
    loads = "".join(
        f"  %at{i} = add i64 %line, {i}\n  %p{i} = getelementptr {vector}, ptr %base, i64 %at{i}\n"
        f"  %v{i} = load {vector}, ptr %p{i}, align {LINE}\n  %n{i} = add {vector} %b{i}, %v{i}\n"
        for i in chains
    )
    return (
        "define i64 @read(ptr %base, i64 %lines, i64 %rounds) {\n"
        "entry:\n  br label %round\n"
        f"round:\n  %left = phi i64 [ %rounds, %entry ], [ %fewer, %next ]\n{phis}  br label %loop\n"
        f"loop:\n  %line = phi i64 [ 0, %round ], [ %after, %loop ]\n{inner}{loads}"
        f"  %after = add i64 %line, {STREAMS}\n  %more = icmp slt i64 %after, %lines\n"
        "  br i1 %more, label %loop, label %next\n"
        "next:\n  %fewer = sub i64 %left, 1\n  %again = icmp sgt i64 %fewer, 0\n"
        "  br i1 %again, label %round, label %exit\n"
        f"exit:\n{_total(vector, 'add', STREAMS)}"
        f"  %result = extractelement {vector} %total, i32 0\n  ret i64 %result\n}}\n"
    )


def _total(vector: str, combine: str, chains: int) -> str:
    """All chains combined into %total; the first one twice, which ends every fold alike."""
    folds = [f"  %s{i} = {combine} {vector} {'%n0' if i == 1 else f'%s{i - 1}'}, %n{i}\n" for i in range(1, chains)]
    return f"{''.join(folds)}  %total = {combine} {vector} %s{chains - 1}, %n0\n"


def _constant(kind: str, values: list[int] | list[str]) -> str:
    return "<" + ", ".join(f"{kind} {value}" for value in values) + ">"


def _loop(vector: str, starts: list[str], step: str, combine: str, last: str) -> str:
    """`double peak(i64 rounds)`: `step` on every chain in every round, then all chains combined into the result."""
    chains = range(len(starts))
    phis = "".join(f"  %a{i} = phi {vector} [ {start}, %entry ], [ %n{i}, %loop ]\n" for i, start in enumerate(starts))
    steps = "".join(step.format(i=i) for i in chains)
    return (
        "define double @peak(i64 %rounds) {\n"
        "entry:\n  br label %loop\n"
        "loop:\n  %left = phi i64 [ %rounds, %entry ], [ %fewer, %loop ]\n"
        f"{phis}{steps}"
        "  %fewer = sub i64 %left, 1\n  %more = icmp sgt i64 %fewer, 0\n"
        "  br i1 %more, label %loop, label %exit\n"
        f"exit:\n{_total(vector, combine, len(starts))}{last}  ret double %result\n}}\n"
    )
