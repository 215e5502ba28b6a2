"""What one core of this machine can do at most: loops that touch registers only, the ceilings of every kernel."""

from __future__ import annotations

import ctypes
import platform
import time
from functools import cache
from pathlib import Path

from engine.jit.compile import Library, Native, host_name

CHAINS = 16
"""Independent accumulators in a loop, enough to hide every latency."""
ROUNDS = 1 << 14
POPCOUNT_LANES = (8, 4, 2, 1)
FLOAT_LANES = (16, 8, 4)
SAMPLE = 0.002
"""Seconds of one sample, about."""


class Loop:
    """One register-only loop; `sample` measures it."""

    def __init__(self, native: Native, macs_per_round: int) -> None:
        self._native = native
        self._macs = macs_per_round
        self._rounds = ROUNDS
        self._rounds = max(ROUNDS, int(self.sample() * 1e9 * SAMPLE / macs_per_round))

    def sample(self) -> float:
        """Multiply-accumulates a second of this moment, in units of 1e9."""
        began = time.perf_counter()
        self._native(self._rounds)
        return self._rounds * self._macs / (time.perf_counter() - began) / 1e9


@cache
def popcount() -> Loop:
    """xor, popcount, add on the vectors that are fastest here: 64 binary multiply-accumulates a lane."""
    return _fastest([(_popcount_ir(lanes), CHAINS * lanes * 64) for lanes in POPCOUNT_LANES])


@cache
def fma() -> Loop:
    """Fused multiply-add of float32 on the vectors that are fastest here: one multiply-accumulate a lane."""
    return _fastest([(_fma_ir(lanes), CHAINS * lanes) for lanes in FLOAT_LANES])


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


def _constant(kind: str, values: list[int] | list[str]) -> str:
    return "<" + ", ".join(f"{kind} {value}" for value in values) + ">"


def _loop(vector: str, starts: list[str], step: str, combine: str, last: str) -> str:
    """`double peak(i64 rounds)`: `step` on every chain in every round, then all chains combined into the result."""
    chains = range(len(starts))
    phis = "".join(f"  %a{i} = phi {vector} [ {start}, %entry ], [ %n{i}, %loop ]\n" for i, start in enumerate(starts))
    steps = "".join(step.format(i=i) for i in chains)
    folds = [f"  %s{i} = {combine} {vector} {'%n0' if i == 1 else f'%s{i - 1}'}, %n{i}\n" for i in chains[1:]]
    total = f"  %total = {combine} {vector} %s{chains[-1]}, %n0\n"
    return (
        "define double @peak(i64 %rounds) {\n"
        "entry:\n  br label %loop\n"
        "loop:\n  %left = phi i64 [ %rounds, %entry ], [ %fewer, %loop ]\n"
        f"{phis}{steps}"
        "  %fewer = sub i64 %left, 1\n  %more = icmp sgt i64 %fewer, 0\n"
        "  br i1 %more, label %loop, label %exit\n"
        f"exit:\n{''.join(folds)}{total}{last}  ret double %result\n}}\n"
    )
