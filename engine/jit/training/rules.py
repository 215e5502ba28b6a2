"""Update rules, each on vectors of weights in registers, as engine.training.optim defines them on whole tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from llvmlite import ir

from engine.jit.emit import F32, I16, Emitter, Value, const, vector

TINY = 1e-36
"""What a square is taken for at least before its root is estimated."""
ESTIMATED = 1.5 * 2**-12
"""Of a root or a quotient, how far the processor's estimate of it may be off: 12 bits, with AVX-512 14.

Exact ones would take longer than all else that is done to a weight; gradients in int8 are known to less.
"""


Stored = Literal["float32", "bfloat16"]
"""How a number is kept between steps."""


class Rule(Protocol):
    """How a gradient moves a weight.

    moments: how the numbers are kept that it remembers of each weight. settings: float32, by name, in the order in
    which the kernel is given them.
    """

    moments: ClassVar[tuple[Stored, ...]]
    settings: ClassVar[tuple[str, ...]]

    def moved(
        self, e: Emitter, gradient: Value, weight: Value, moments: Sequence[Value], s: dict[str, Value]
    ) -> tuple[Value, list[Value]]:
        """The new weight, before it is clipped, and the new moments."""


@dataclass(frozen=True)
class Adam:
    """w <- w - rate m / (root sqrt(v) + epsilon). rate: over 1 - beta1^t; root: 1 / sqrt(1 - beta2^t).

    Of m, a tenth of which is new at every step, the 8 bits of bfloat16 are enough, which is a sixth less to move; of v,
    a thousandth of which is, they would stand still.
    """

    moments: ClassVar[tuple[Stored, ...]] = ("bfloat16", "float32")
    settings: ClassVar[tuple[str, ...]] = ("share", "kept", "added", "root", "epsilon", "rate")

    def moved(
        self, e: Emitter, gradient: Value, weight: Value, moments: Sequence[Value], s: dict[str, Value]
    ) -> tuple[Value, list[Value]]:
        b, (mean, square) = e.b, moments
        mean = e.fused(s["share"], b.fsub(gradient, mean), mean)
        square = e.fused(b.fmul(s["added"], gradient), gradient, b.fmul(s["kept"], square))
        divisor = e.fused(_root(e, square), s["root"], s["epsilon"])
        length = b.fmul(mean, _estimate(e, "rcp", divisor))
        return e.fused(b.fneg(s["rate"]), length, weight), [mean, square]


@dataclass(frozen=True)
class Momentum:
    """m <- momentum m + g; w <- w - rate m."""

    moments: ClassVar[tuple[Stored, ...]] = ("float32",)
    settings: ClassVar[tuple[str, ...]] = ("momentum", "rate")

    def moved(
        self, e: Emitter, gradient: Value, weight: Value, moments: Sequence[Value], s: dict[str, Value]
    ) -> tuple[Value, list[Value]]:
        velocity = e.fused(s["momentum"], moments[0], gradient)
        return e.b.fsub(weight, e.b.fmul(s["rate"], velocity)), [velocity]


@dataclass(frozen=True)
class Bop:
    """m <- (1 - share) m + share g; a weight of +-1 turns where w m > threshold."""

    moments: ClassVar[tuple[Stored, ...]] = ("float32",)
    settings: ClassVar[tuple[str, ...]] = ("share", "threshold")

    def moved(
        self, e: Emitter, gradient: Value, weight: Value, moments: Sequence[Value], s: dict[str, Value]
    ) -> tuple[Value, list[Value]]:
        b = e.b
        mean = e.fused(s["share"], b.fsub(gradient, moments[0]), moments[0])
        turns = b.fcmp_ordered(">", b.fmul(weight, mean), s["threshold"])
        return b.select(turns, b.fneg(weight), weight), [mean]


def _root(e: Emitter, x: Value) -> Value:
    """The square root of float32 that are not below 0, to ESTIMATED of it."""
    b, floats = e.b, x.type
    x = b.select(b.fcmp_unordered(">", x, _all(floats, TINY)), x, _all(floats, TINY))
    return b.fmul(x, _estimate(e, "rsqrt", x))


def _estimate(e: Emitter, what: str, x: Value) -> Value:
    """1 / sqrt(x) or 1 / x, to ESTIMATED of it."""
    if x.type.count == 8:
        return e.intrinsic(f"llvm.x86.avx.{what}.ps.256", x.type, x)
    return e.intrinsic(f"llvm.x86.avx512.{what}14.ps.512", x.type, x, x, ir.Constant(I16, -1))


def _all(kind: ir.VectorType, value: float) -> Value:
    return vector(kind.element, kind.count, value)


RULES: dict[str, Rule] = {"adam": Adam(), "sgd": Momentum(), "bop": Bop()}
"""By the names of the optimizers in engine.config."""


def settings(e: Emitter, rule: Rule, base: Value, lanes: int) -> dict[str, Value]:
    """A rule's settings, each in every lane."""
    return {name: e.splat(e.load(base, const(place), F32, align=4), lanes) for place, name in enumerate(rule.settings)}
