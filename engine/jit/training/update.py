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
from engine.jit.training.rules import Rule, Stored, settings
from engine.jit.training.shape import WORD, Shape

FIELDS = (
    "kernel", "first_bits", "second_bits", "bits_step", "pixels", "pixels_step", "scratch", "groups",
    "source", "source_step", "sums", "scales", "first", "last", "outputs",
    "latents", "first_moment", "second_moment", "settings", "words", "word_count", "octets", "counts", "valid", "flips",
)  # fmt: skip
"""What came in: two runs of bits u8 [inputs / 8][bits_step], or pixels u8 [rows][pixels_step]; `groups` of its rows.
source: the gradients [outputs][source_step bytes]; sums int32 and scales float32 [outputs]: of each output's, what is
subtracted from its products (those of bits count twice) and what they are multiples of. first, last: of the outputs.
scratch: [inputs of a word][groups] x 32 bits. latents and moments: [word_count][outputs][WORD], float32, moments as the
rule keeps them. words: uint64 [outputs / 8][word_count][8]; octets: u8 [inputs / 8][outputs], the same bits; counts:
uint32 [word_count][outputs], flips of each word, added to. valid: uint64 [word_count], which columns there are. flips:
int64, of all these outputs, written.
"""

POINTERS = (
    "first_bits", "second_bits", "pixels", "scratch", "source", "sums", "scales", "latents", "first_moment",
    "second_moment", "settings", "words", "octets", "counts", "valid", "flips",
)  # fmt: skip

Kind = Literal["signs", "pixels"]
KINDS: tuple[Kind, ...] = ("signs", "pixels")
"""What comes in."""

BLOCK = 8
"""Outputs whose words lie together."""
LINE = 64
"""Bytes of a cache line."""
AHEAD = 16
"""Rows between what is moved and what is asked for: two tiles."""


@dataclass(frozen=True)
class Update:
    """What one kernel is made for."""

    shape: Shape
    rule: Rule
    inputs: Kind


@dataclass(frozen=True)
class _Kept:
    """Numbers of all weights as they lie in memory, widened to float32 on the way in and rounded on the way out."""

    base: Value
    stored: Stored

    @property
    def kind(self) -> ir.Type:
        """Of an element."""
        return F32 if self.stored == "float32" else I16

    @property
    def size(self) -> int:
        """Bytes of an element."""
        return 4 if self.stored == "float32" else 2

    def past(self, e: Emitter, count: Value) -> _Kept:
        """The same, so many elements further."""
        return _Kept(e.at(self.base, count, self.kind), self.stored)

    def load(self, e: Emitter, place: int, lanes: int) -> Value:
        kind = ir.VectorType(self.kind, lanes)
        found = e.load(self.base, const(place), kind, align=self.size * lanes, of=self.kind)
        return found if self.stored == "float32" else e.widened(found)

    def store(self, e: Emitter, values: Value, place: int) -> None:
        kept = values if self.stored == "float32" else e.halved(values)
        e.store(kept, self.base, const(place), self.kind, align=self.size * values.type.count)

    def ask(self, e: Emitter, place: int) -> None:
        """Have what is moved AHEAD of this place fetched, once for every line."""
        if place * self.size % LINE == 0:
            e.ask(self.base, const(place + AHEAD * WORD), self.kind)


def emit_update(module: ir.Module, name: str, update: Update) -> None:
    """Write `void name(int64 *record)` into a module."""
    _Writer(module, name, update).write()


class _Writer:
    """Writes one kernel: words of inputs, tiles of outputs, the products of a tile, what becomes of them."""

    def __init__(self, module: ir.Module, name: str, update: Update) -> None:
        self.update, self.shape = update, update.shape
        self.depth = self.shape.signs if update.inputs == "signs" else self.shape.pixels
        self.e = Emitter(module, name, [PTR])
        self.b = self.e.b
        self.f = self.e.fields(FIELDS, POINTERS)
        self.settings = settings(self.e, update.rule, self.f["settings"], self.shape.lanes)
        moments = zip(("first_moment", "second_moment"), update.rule.moments, strict=False)
        self.states = [_Kept(self.f["latents"], "float32"), *(_Kept(self.f[name], stored) for name, stored in moments)]

    def write(self) -> None:
        e, f, b, shape = self.e, self.f, self.b, self.shape
        none = ir.Constant(ir.VectorType(I64, shape.rows), [0] * shape.rows)
        with e.loop(const(0), f["word_count"], const(1), [none]) as word:
            self._fill(word.index)
            first = b.mul(b.mul(word.index, f["outputs"]), const(WORD))
            states = [state.past(e, first) for state in self.states]
            valid = e.splat(e.load(f["valid"], word.index, I64, align=8), shape.rows)
            with e.loop(f["first"], f["last"], const(shape.rows), word.carried) as tile:
                own = [state.past(e, b.mul(tile.index, const(WORD))) for state in states]
                bits = self._moved(tile.index, own)
                flipped = self._signs(word.index, tile.index, b.and_(bits, valid))
                tile.following = [b.add(tile.carried[0], flipped)]
            word.following = tile.carried
        flips = e.intrinsic(f"llvm.vector.reduce.add.v{shape.rows}i64", I64, word.carried[0])
        e.store(flips, f["flips"], const(0), I64, align=8)
        e.ret()

    # ------------------------------------------------------------ what came in

    def _fill(self, word: Value) -> None:
        e, f, b, shape = self.e, self.f, self.b, self.shape
        with e.loop(const(0), const(WORD // shape.span), const(1)) as part:
            scratch = self._scratch(part.index)
            column = b.add(b.mul(word, const(WORD)), b.mul(part.index, const(shape.span)))
            if self.update.inputs == "pixels":
                fill_pixels(e, shape, scratch, e.at(f["pixels"], column, I8), f["pixels_step"], f["groups"])
            else:
                start = b.mul(b.udiv(column, const(OCTET)), f["bits_step"])
                bits = (e.at(f["first_bits"], start, I8), e.at(f["second_bits"], start, I8))
                fill_signs(e, shape, shape.span, scratch, bits, f["bits_step"], f["groups"])

    def _scratch(self, part: Value) -> Value:
        """Where the columns of a word's part lie."""
        return self.e.at(self.f["scratch"], self.b.mul(part, self.f["groups"]), ir.ArrayType(I32, self.shape.span))

    # ------------------------------------------------------------ a tile

    def _moved(self, first: Value, states: list[_Kept]) -> Value:
        """Move a word of weights of every row; their signs, a vector of i64."""
        e, b, shape = self.e, self.b, self.shape
        none = [const(0)] * shape.rows
        with e.loop(const(0), const(WORD // shape.span), const(1), none) as part:
            column = b.mul(part.index, const(shape.span))
            signs = self._part(first, part.index, [state.past(e, column) for state in states])
            part.following = [b.or_(x, b.shl(y, column)) for x, y in zip(part.carried, signs, strict=True)]
        bits = ir.Constant(ir.VectorType(I64, shape.rows), ir.Undefined)
        for row, own in enumerate(part.carried):
            bits = b.insert_element(bits, own, ir.Constant(I32, row))
        return bits

    def _part(self, first: Value, part: Value, states: list[_Kept]) -> list[Value]:
        """The same of a part of a word, an i64 a row."""
        b, lanes = self.b, self.shape.lanes
        signs = []
        for row, gradients in enumerate(self._product(first, part)):
            own = const(0)
            for place, gradient in enumerate(gradients):
                positive = self._move(states, row * WORD + place * lanes, gradient)
                mask = b.zext(b.bitcast(positive, ir.IntType(lanes)), I64)
                own = b.or_(own, b.shl(mask, const(place * lanes))) if place else mask
            signs.append(own)
        return signs

    def _product(self, first: Value, part: Value) -> list[list[Value]]:
        """The gradient of each row of a tile, float32 vectors."""
        e, f, b, shape = self.e, self.f, self.b, self.shape
        outputs = [b.add(first, const(row)) for row in range(shape.rows)]
        places = [e.at(f["source"], b.mul(output, f["source_step"]), I8) for output in outputs]
        zero = [vector(I32, shape.lanes)] * (shape.rows * shape.vectors)
        vectors = vectors_of(e, shape, shape.span, self._scratch(part))
        totals = along(e, self.depth, zero, f["groups"], places, vectors, swapped=True)
        gradients = []
        for row, output in enumerate(outputs):
            start = e.splat(e.load(f["sums"], output, I32, align=4), shape.lanes)
            scale = e.splat(e.load(f["scales"], output, F32, align=4), shape.lanes)
            own = totals[row * shape.vectors : (row + 1) * shape.vectors]
            gradients.append([b.fmul(b.sitofp(b.sub(total, start), shape.floats), scale) for total in own])
        return gradients

    def _move(self, states: list[_Kept], place: int, gradient: Value) -> Value:
        """Move a vector of weights, keep them within +-1; which of them are +1."""
        e, b, lanes, floats = self.e, self.b, self.shape.lanes, self.shape.floats
        for state in states:
            state.ask(e, place)
        weight, *moments = (state.load(e, place, lanes) for state in states)
        weight, moments = self.update.rule.moved(e, gradient, weight, moments, self.settings)
        one, minus_one = vector(F32, lanes, 1), vector(F32, lanes, -1)
        weight = b.select(b.fcmp_unordered("<", weight, one), weight, one)  # what is no number stays none
        weight = b.select(b.fcmp_unordered(">", weight, minus_one), weight, minus_one)
        for state, values in zip(states, (weight, *moments), strict=True):
            state.store(e, values, place)
        return b.fcmp_ordered(">=", weight, ir.Constant(floats, [0] * lanes))

    # ------------------------------------------------------------ its signs

    def _signs(self, word: Value, first: Value, bits: Value) -> Value:
        """Store the signs of a tile's rows in both layouts; how many changed in each, a vector of i64."""
        e, f, b, rows = self.e, self.f, self.b, self.shape.rows
        words, counts = ir.VectorType(I64, rows), ir.VectorType(I32, rows)
        block = b.add(b.mul(b.udiv(first, const(BLOCK)), f["word_count"]), word)
        place = b.add(b.mul(block, const(BLOCK)), b.urem(first, const(BLOCK)))
        changed = e.popcount(b.xor(e.load(f["words"], place, words, align=8 * rows, of=I64), bits))
        e.store(bits, f["words"], place, I64, align=8 * rows)
        place = b.add(b.mul(word, f["outputs"]), first)
        total = b.add(e.load(f["counts"], place, counts, align=4 * rows, of=I32), b.trunc(changed, counts))
        e.store(total, f["counts"], place, I32, align=4 * rows)
        octets = b.bitcast(bits, ir.VectorType(I8, OCTET * rows))
        row = e.at(f["octets"], b.add(b.mul(b.mul(word, const(WORD // OCTET)), f["outputs"]), first), I8)
        for octet in range(WORD // OCTET):
            lanes = ir.Constant(ir.VectorType(I32, rows), [octet + OCTET * r for r in range(rows)])
            e.store(b.shuffle_vector(octets, octets, lanes), row, const(0), I8, align=rows)
            row = e.at(row, f["outputs"], I8)
        return changed
