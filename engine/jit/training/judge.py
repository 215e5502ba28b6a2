"""The loss of a batch's scores: its gradients, and what its mean is made of.

Scores are rows of floats, LANES at a time; those beyond the classes are anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from llvmlite import ir

from engine.jit.emit import F32, I8, I32, I64, PTR, Emitter, Loop, Value, const, vector
from engine.jit.training.maps import FLOATS, INTS, LANES

FIELDS = (
    "kernel", "scores", "score_step", "labels", "target", "target_step", "told", "right", "rows", "classes", "share",
)  # fmt: skip
"""scores: float32 rows, score_step bytes apart, to whole LANES. labels: int64 [rows]. target: the same as scores, the
gradients, 0 beyond the classes. told: float32 [rows][2]: of cross-entropy the total of all exponentials and how far the
label's score is from the largest, of the squared hinge the sum of the squares and nothing. right: int64, rows whose
first largest score is the label's. share: of a row in the mean, float32, as its bits.
"""


class _Row:
    """One row of scores, in runs of LANES."""

    def __init__(self, e: Emitter, f: dict[str, Value], row: Value) -> None:
        self.e, self.b, self._f = e, e.b, f
        self.label = e.load(f["labels"], row, I64, align=8)
        self.scores = e.at(f["scores"], e.b.mul(row, f["score_step"]), I8)
        self.target = e.at(f["target"], e.b.mul(row, f["target_step"]), I8)
        self.share = e.splat(e.b.bitcast(e.b.trunc(f["share"], I32), F32), LANES)

    def runs(self, carried: list[Value]) -> AbstractContextManager[Loop]:
        """Over the first class of each run."""
        return self.e.loop(const(0), self._f["classes"], const(LANES), carried)

    def load(self, base: Value, first: Value) -> Value:
        return self.e.load(base, first, FLOATS, align=4, of=F32)

    def store(self, values: Value, first: Value) -> None:
        """Gradients, 0 beyond the classes."""
        self.e.store(self.b.select(self._within(first), values, _all(0)), self.target, first, F32, align=4)

    def known(self, first: Value, beyond: float) -> Value:
        """Scores, with what stands for those beyond the classes."""
        return self.b.select(self._within(first), self.load(self.scores, first), _all(beyond))

    def own(self, first: Value) -> Value:
        """Which lane is the label's."""
        return self.b.icmp_signed("==", _numbers(), self._lanes(self.b.sub(self.label, first)))

    def largest(self) -> tuple[Value, Value]:
        """The largest score, in every lane, and 1 where the label's is the first of these, else 0, an i64."""
        b = self.b
        with self.runs([_all(-math.inf)]) as run:
            score = self.known(run.index, -math.inf)
            # what is no number is never larger, but stays one in all that is made of the scores
            run.following = [b.select(b.fcmp_ordered(">", score, run.carried[0]), score, run.carried[0])]
        most = _everywhere(self.e, run.carried[0], lambda x, y: b.select(b.fcmp_ordered(">", x, y), x, y))
        own = self.e.load(self.scores, self.label, F32, align=4)
        first = b.fcmp_ordered("==", own, b.extract_element(most, ir.Constant(I32, 0)))
        with self.runs([vector(I32, LANES)]) as run:
            here = b.fcmp_ordered("==", self.known(run.index, -math.inf), most)
            before = b.icmp_signed("<", _numbers(), self._lanes(b.sub(self.label, run.index)))
            run.following = [b.or_(run.carried[0], b.zext(b.and_(here, before), INTS))]
        earlier = self.e.intrinsic(f"llvm.vector.reduce.or.v{LANES}i32", I32, run.carried[0])
        first = b.and_(first, b.icmp_signed("==", earlier, ir.Constant(I32, 0)))
        return most, b.zext(first, I64)

    def _within(self, first: Value) -> Value:
        return self.b.icmp_signed("<", _numbers(), self._lanes(self.b.sub(self._f["classes"], first)))

    def _lanes(self, number: Value) -> Value:
        return self.e.splat(self.b.trunc(number, I32), LANES)


def emit_cross_entropy(module: ir.Module, name: str) -> None:
    """Gradients (softmax - own) * share of -log softmax at the label, the largest score taken from all before."""
    with _rows(module, name) as (e, row, told):
        b = e.b
        most, right = row.largest()
        with row.runs([_all(0)]) as run:
            power = exponential(e, b.fsub(row.known(run.index, -math.inf), most))
            row.store(power, run.index)
            run.following = [b.fadd(run.carried[0], power)]
        total = _everywhere(e, run.carried[0], b.fadd)
        with row.runs([]) as run:
            softmax = b.fdiv(row.load(row.target, run.index), total)
            left = b.fsub(softmax, b.select(row.own(run.index), _all(1), _all(0)))
            row.store(b.fmul(left, row.share), run.index)
        own = e.load(row.scores, row.label, F32, align=4)
        first = ir.Constant(I32, 0)
        told(b.extract_element(total, first), b.fsub(own, b.extract_element(most, first)), right)


def emit_squared_hinge(module: ir.Module, name: str) -> None:
    """Gradients -2 t max(1 - t score, 0) * share, t = 1 at the label and -1 elsewhere; share: of a single score."""
    with _rows(module, name) as (e, row, told):
        b = e.b
        _, right = row.largest()
        with row.runs([_all(0)]) as run:
            target = b.select(row.own(run.index), _all(1), _all(-1))
            # beyond the classes a score of -1 lacks nothing
            lacking = b.fsub(_all(1), b.fmul(target, row.known(run.index, -1)))
            lacking = b.select(b.fcmp_ordered("<", lacking, _all(0)), _all(0), lacking)
            row.store(b.fmul(b.fmul(b.fmul(_all(-2), target), lacking), row.share), run.index)
            run.following = [b.fadd(run.carried[0], b.fmul(lacking, lacking))]
        total = _everywhere(e, run.carried[0], b.fadd)
        told(b.extract_element(total, ir.Constant(I32, 0)), ir.Constant(F32, 0), right)


LOSSES = {"cross-entropy": emit_cross_entropy, "squared-hinge": emit_squared_hinge}
"""By engine.config.CHOICES["loss"]."""


@contextmanager
def _rows(module: ir.Module, name: str) -> Iterator[tuple[Emitter, _Row, Callable[[Value, Value, Value], None]]]:
    """Every row in turn, and what takes down what is told of it."""
    e = Emitter(module, name, [PTR])
    f = e.fields(FIELDS, ("scores", "labels", "target", "told", "right"))
    with e.loop(const(0), f["rows"], const(1), [const(0)]) as row:

        def told(first: Value, second: Value, right: Value) -> None:
            for place, number in enumerate((first, second)):
                e.store(number, f["told"], e.b.add(e.b.mul(row.index, const(2)), const(place)), F32, align=4)
            row.following = [e.b.add(row.carried[0], right)]

        yield e, _Row(e, f, row.index), told
    e.store(row.carried[0], f["right"], const(0), I64, align=8)
    e.ret()


LEAST = -87.0
"""Below it exponentials are taken for 0, as next to 1 they are; what has no logarithm in float32 lies beyond."""
_LOG2E, _LN2_HIGH, _LN2_LOW = 1.44269504, 0.693359375, -2.12194440e-4
_SERIES = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
"""Coefficients for |x| <= ln 2 / 2 by S. Moshier (Cephes, expf): e^x = 1 + x + x^2 (...)."""


def exponential(e: Emitter, x: Value) -> Value:
    """e^x of float32 that are not above 0, to 2e-7 of it; of what is no number none."""
    b = e.b
    within = b.select(b.fcmp_ordered("<", x, _all(LEAST)), _all(LEAST), x)
    whole = e.intrinsic(f"llvm.rint.v{LANES}f32", FLOATS, b.fmul(within, _all(_LOG2E)))
    rest = b.fsub(b.fsub(within, b.fmul(whole, _all(_LN2_HIGH))), b.fmul(whole, _all(_LN2_LOW)))
    series = _all(_SERIES[0])
    for coefficient in _SERIES[1:]:
        series = e.fused(series, rest, _all(coefficient))
    near = b.fadd(e.fused(b.fmul(series, rest), rest, rest), _all(1))
    exponent = b.select(b.fcmp_ordered("ord", whole, whole), whole, _all(0))
    shifted = b.shl(b.add(b.fptosi(exponent, INTS), vector(I32, LANES, 127)), vector(I32, LANES, 23))
    power = b.fmul(near, b.bitcast(shifted, FLOATS))
    return b.select(b.fcmp_ordered("<", x, _all(LEAST)), _all(0), power)


def _everywhere(e: Emitter, values: Value, both: Callable[[Value, Value], Value]) -> Value:
    """All lanes taken together, in every lane, halves at a time."""
    step = LANES // 2
    while step:
        across = ir.Constant(INTS, [lane ^ step for lane in range(LANES)])
        values = both(values, e.b.shuffle_vector(values, values, across))
        step //= 2
    return values


def _numbers() -> Value:
    return ir.Constant(INTS, list(range(LANES)))


def _all(value: float) -> Value:
    return vector(F32, LANES, value)
