"""Weight gradients that never reach memory: each tile of a product moves its weights, takes signs and counts flips.

The product is that of int8 (or int16) gradients of the sums, by output, with what came in: bits, or pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from llvmlite import ir

from engine.jit.along import along
from engine.jit.emit import F32, I8, I16, I32, I64, PTR, Emitter, Value, const, vector
from engine.jit.training.panels import OCTET, fill_pixels, fill_signs, vectors_of
from engine.jit.training.rules import Rule, settings
from engine.jit.training.shape import PANEL, Shape

FIELDS = (
    "kernel", "first_bits", "second_bits", "bits_step", "pixels", "pixels_step", "scratch", "groups", "panels",
    "source", "source_step", "sums", "scales", "first", "last", "outputs",
    "latents", "first_moment", "second_moment", "settings", "words", "word_count", "octets", "counts", "valid", "flips",
)  # fmt: skip
"""What came in: two runs of bits u8 [inputs / 8][bits_step], or pixels u8 [rows][pixels_step]; `groups` of its rows.
source: the gradients [outputs][source_step bytes]; sums int32 and scales float32 [outputs]: of each output's, what is
subtracted from its products (those of bits count twice) and what they are multiples of. first, last: of the outputs.
latents and moments: float32 [panels][outputs][PANEL]. words: uint64 [outputs / 8][word_count][8]; octets: u8
[inputs / 8][outputs], the same bits; counts: uint32 [outputs][word_count], flips of each word, added to. valid: uint16
[panels], which columns there are. flips: int64, of all these outputs, written.
"""

POINTERS = (
    "first_bits", "second_bits", "pixels", "scratch", "source", "sums", "scales", "latents", "first_moment",
    "second_moment", "settings", "words", "octets", "counts", "valid", "flips",
)  # fmt: skip

Kind = Literal["signs", "pixels"]
KINDS: tuple[Kind, ...] = ("signs", "pixels")
"""What comes in."""

BLOCK, WORD = 8, 64
"""Outputs whose words lie together; columns of a word."""


@dataclass(frozen=True)
class Update:
    """What one kernel is made for."""

    shape: Shape
    rule: Rule
    inputs: Kind


def emit_update(module: ir.Module, name: str, update: Update) -> None:
    """Write `void name(int64 *record)` into a module."""
    _Writer(module, name, update).write()


class _Writer:
    """Writes one kernel: panels of inputs, tiles of outputs, the product of a tile, what becomes of it."""

    def __init__(self, module: ir.Module, name: str, update: Update) -> None:
        self.update, self.shape = update, update.shape
        self.depth = self.shape.signs if update.inputs == "signs" else self.shape.pixels
        self.e = Emitter(module, name, [PTR])
        self.b = self.e.b
        self.f = self.e.fields(FIELDS, POINTERS)
        self.settings = settings(self.e, update.rule, self.f["settings"], self.shape.lanes)
        self.moments = [self.f[name] for name in ("first_moment", "second_moment")[: update.rule.moments]]

    def write(self) -> None:
        e, f, b = self.e, self.f, self.b
        with e.loop(const(0), f["panels"], const(1), [const(0)]) as panel:
            self._fill(panel.index)
            valid = e.load(f["valid"], panel.index, I16, align=2)
            with e.loop(f["first"], f["last"], const(self.shape.rows), panel.carried) as tile:
                gradients = self._product(tile.index)
                flipped = tile.carried[0]
                for row, own in enumerate(gradients):
                    output = b.add(tile.index, const(row))
                    flipped = b.add(flipped, self._row(panel.index, output, own, valid))
                tile.following = [flipped]
            panel.following = tile.carried
        e.store(panel.carried[0], f["flips"], const(0), I64, align=8)
        e.ret()

    def _fill(self, panel: Value) -> None:
        e, f, shape = self.e, self.f, self.shape
        if self.update.inputs == "pixels":
            fill_pixels(e, shape, f["scratch"], f["pixels"], f["pixels_step"], panel, f["groups"])
            return
        bits = (f["first_bits"], f["second_bits"])
        fill_signs(e, shape, f["scratch"], bits, f["bits_step"], panel, f["groups"])

    def _product(self, first: Value) -> list[list[Value]]:
        """The gradient of each row of a tile, float32 vectors."""
        e, f, b, shape = self.e, self.f, self.b, self.shape
        outputs = [b.add(first, const(row)) for row in range(shape.rows)]
        places = [e.at(f["source"], b.mul(output, f["source_step"]), I8) for output in outputs]
        zero = [vector(I32, shape.lanes)] * (shape.rows * shape.vectors)
        totals = along(e, self.depth, zero, f["groups"], places, vectors_of(e, shape, f["scratch"]), swapped=True)
        gradients = []
        for row, output in enumerate(outputs):
            start = e.splat(e.load(f["sums"], output, I32, align=4), shape.lanes)
            scale = e.splat(e.load(f["scales"], output, F32, align=4), shape.lanes)
            own = totals[row * shape.vectors : (row + 1) * shape.vectors]
            gradients.append([b.fmul(b.sitofp(b.sub(total, start), shape.floats), scale) for total in own])
        return gradients

    def _row(self, panel: Value, output: Value, gradients: list[Value], valid: Value) -> Value:
        """Move the weights of an output's panel; how many of their signs changed."""
        f, b, lanes = self.f, self.b, self.shape.lanes
        first = b.mul(b.add(b.mul(panel, f["outputs"]), output), const(PANEL))
        bits: Value = ir.Constant(I16, 0)
        for part, gradient in enumerate(gradients):
            place = b.add(first, const(part * lanes))
            positive = self._moved(place, gradient)
            mask = b.bitcast(positive, ir.IntType(lanes))
            wide = mask if lanes == PANEL else b.zext(mask, I16)
            bits = b.or_(bits, b.shl(wide, ir.Constant(I16, part * lanes)))
        return self._signs(panel, output, b.and_(bits, valid))

    def _moved(self, place: Value, gradient: Value) -> Value:
        """Move a vector of weights, keep them within +-1; which of them are +1."""
        e, b, lanes, floats = self.e, self.b, self.shape.lanes, self.shape.floats
        weight, *moments = (self._load(base, place) for base in (self.f["latents"], *self.moments))
        weight, moments = self.update.rule.moved(e, gradient, weight, moments, self.settings)
        one, minus_one = vector(F32, lanes, 1), vector(F32, lanes, -1)
        weight = b.select(b.fcmp_unordered("<", weight, one), weight, one)  # what is no number stays none
        weight = b.select(b.fcmp_unordered(">", weight, minus_one), weight, minus_one)
        for base, values in zip((self.f["latents"], *self.moments), (weight, *moments), strict=True):
            e.store(values, base, place, F32, align=4 * lanes)
        return b.fcmp_ordered(">=", weight, ir.Constant(floats, [0] * lanes))

    def _load(self, base: Value, place: Value) -> Value:
        return self.e.load(base, place, self.shape.floats, align=4 * self.shape.lanes, of=F32)

    def _signs(self, panel: Value, output: Value, bits: Value) -> Value:
        """Store the signs of an output's panel in both layouts; how many changed."""
        e, f, b = self.e, self.f, self.b
        count = f["word_count"]
        word = b.udiv(panel, const(WORD // PANEL))
        block = b.add(b.mul(b.udiv(output, const(BLOCK)), count), word)
        place = b.add(b.mul(block, const(BLOCK)), b.urem(output, const(BLOCK)))
        parts = e.at(f["words"], place, I64)
        part = b.urem(panel, const(WORD // PANEL))
        before = e.load(parts, part, I16, align=2)
        changed = b.zext(e.intrinsic("llvm.ctpop.i16", I16, b.xor(before, bits)), I32)
        e.store(bits, parts, part, I16, align=2)
        for half in range(PANEL // OCTET):
            row = b.add(b.mul(panel, const(PANEL // OCTET)), const(half))
            octet = b.trunc(b.lshr(bits, ir.Constant(I16, OCTET * half)), I8)
            e.store(octet, e.at(f["octets"], b.mul(row, f["outputs"]), I8), output, I8, align=1)
        where = b.add(b.mul(output, count), word)
        total = b.add(e.load(f["counts"], where, I32, align=4), changed)
        e.store(total, f["counts"], where, I32, align=4)
        return b.zext(changed, I64)
