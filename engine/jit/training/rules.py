"""Update rules, each on vectors of weights in registers, as engine.training.optim defines them on whole tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from llvmlite import ir

from engine.jit.emit import F32, Emitter, Value


class Rule(Protocol):
    """How a gradient moves a weight.

    moments: how many numbers it remembers of each weight. settings: float32, by name, in the order in which the kernel
    is given them.
    """

    moments: ClassVar[int]
    settings: ClassVar[tuple[str, ...]]

    def moved(
        self, e: Emitter, gradient: Value, weight: Value, moments: Sequence[Value], s: dict[str, Value]
    ) -> tuple[Value, list[Value]]:
        """The new weight, before it is clipped, and the new moments."""


@dataclass(frozen=True)
class Adam:
    """w <- w - rate m / (root sqrt(v) + epsilon). rate: over 1 - beta1^t; root: 1 / sqrt(1 - beta2^t)."""

    moments: ClassVar[int] = 2
    settings: ClassVar[tuple[str, ...]] = ("share", "kept", "added", "root", "epsilon", "rate")

    def moved(
        self, e: Emitter, gradient: Value, weight: Value, moments: Sequence[Value], s: dict[str, Value]
    ) -> tuple[Value, list[Value]]:
        b, (mean, square) = e.b, moments
        mean = e.fused(s["share"], b.fsub(gradient, mean), mean)
        square = e.fused(b.fmul(s["added"], gradient), gradient, b.fmul(s["kept"], square))
        root = e.intrinsic(f"llvm.sqrt.v{square.type.count}f32", square.type, square)
        length = b.fdiv(b.fmul(s["rate"], mean), e.fused(root, s["root"], s["epsilon"]))
        return b.fsub(weight, length), [mean, square]


@dataclass(frozen=True)
class Momentum:
    """m <- momentum m + g; w <- w - rate m."""

    moments: ClassVar[int] = 1
    settings: ClassVar[tuple[str, ...]] = ("momentum", "rate")

    def moved(
        self, e: Emitter, gradient: Value, weight: Value, moments: Sequence[Value], s: dict[str, Value]
    ) -> tuple[Value, list[Value]]:
        velocity = e.fused(s["momentum"], moments[0], gradient)
        return e.b.fsub(weight, e.b.fmul(s["rate"], velocity)), [velocity]


@dataclass(frozen=True)
class Bop:
    """m <- (1 - share) m + share g; a weight of +-1 turns where w m > threshold."""

    moments: ClassVar[int] = 1
    settings: ClassVar[tuple[str, ...]] = ("share", "threshold")

    def moved(
        self, e: Emitter, gradient: Value, weight: Value, moments: Sequence[Value], s: dict[str, Value]
    ) -> tuple[Value, list[Value]]:
        b = e.b
        mean = e.fused(s["share"], b.fsub(gradient, moments[0]), moments[0])
        turns = b.fcmp_ordered(">", b.fmul(weight, mean), s["threshold"])
        return b.select(turns, b.fneg(weight), weight), [mean]


RULES: dict[str, Rule] = {"adam": Adam(), "sgd": Momentum(), "bop": Bop()}
"""By the names of the optimizers in engine.config."""


def settings(e: Emitter, rule: Rule, base: Value, lanes: int) -> dict[str, Value]:
    """A rule's settings, each in every lane."""
    return {
        name: e.splat(e.load(base, ir.Constant(ir.IntType(64), place), F32, align=4), lanes)
        for place, name in enumerate(rule.settings)
    }
