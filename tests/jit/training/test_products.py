"""The products on the way back, and what becomes of them in the same pass, exactly as numpy has it."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.jit.training import expand, inputs, update
from engine.jit.training.rules import ESTIMATED, RULES
from engine.training.native.layout import in_full, kept
from tests.jit.training.slow import OCTET, PANEL, WORD, Memory, octets, panels, unpanelled

some = st.integers(1, 5)
seeds = st.integers(0, 2**32 - 1)
LATE = settings(deadline=None, max_examples=25)


@LATE
@given(some, st.integers(1, 3), st.integers(1, 9), seeds)
@example(2, 30, 5, 0)
def test_gradients_of_inputs(shape, out_panels, in_panels, row_tiles, seed):
    rng, memory = np.random.default_rng(seed), Memory()
    outputs, columns, rows = out_panels * PANEL, in_panels * PANEL, row_tiles * shape.rows
    source = np.zeros((-(-rows // 32) * 32, outputs + WORD), np.int8)
    source[:rows, :outputs] = rng.integers(-127, 128, (rows, outputs))
    bits = rng.integers(0, 2, (outputs, -(-columns // WORD) * WORD)).astype(bool)
    sums, scales = source[:rows].sum(1, dtype=np.int32), rng.random(rows, np.float32)
    target = memory.put(np.zeros((in_panels, rows, PANEL), np.float32))
    memory.call(
        "inputs", inputs.FIELDS, source=memory.put(source), source_step=source.strides[0], sums=memory.put(sums),
        scales=memory.put(scales), octets=memory.put(octets(bits)), octet_step=outputs, target=target,
        target_step=target.strides[0], scratch=memory.waste(-(-outputs // WORD) * WORD * WORD),
        groups=outputs // 4, rows=rows, first=0, last=in_panels,
    )  # fmt: skip
    products = source[:rows, :outputs].astype(np.int32) @ np.where(bits[:, :columns], 1, -1)
    np.testing.assert_array_equal(unpanelled(target), products.astype(np.float32) * scales[:, None])


def moved(name, gradients, weights, moments, numbers):
    """A rule in float64 on whole arrays."""
    n = dict(zip(RULES[name].settings, numbers.astype(float), strict=True))
    if name == "adam":
        mean = moments[0] + n["share"] * (gradients - moments[0])
        square = n["kept"] * moments[1] + n["added"] * gradients**2
        return weights - n["rate"] * mean / (np.sqrt(square) * n["root"] + n["epsilon"]), [mean, square]
    if name == "sgd":
        mean = n["momentum"] * moments[0] + gradients
        return weights - n["rate"] * mean, [mean]
    mean = moments[0] + n["share"] * (gradients - moments[0])
    return np.where(weights * mean > n["threshold"], -weights, weights), [mean]


NUMBERS = {"adam": [0.1, 0.999, 0.001, 1.5, 1e-8, 0.3], "sgd": [0.9, 0.02], "bop": [0.3, 0.5]}


class Case:
    """A layer's weights with everything that an update reads and writes."""

    def __init__(self, shape, rule, kind, sides, rows, seed):
        self.rng, self.memory = np.random.default_rng(seed), Memory()
        self.shape, self.rule, self.kind, self.rows = shape, rule, kind, rows
        self.outputs, self.columns = sides[0] * PANEL, sides[1] * WORD
        self.there = self.columns - int(self.rng.integers(0, WORD))
        rng, pad = self.rng, -(-rows // WORD) * WORD
        self.source = np.zeros((self.outputs, pad), np.int8)
        self.source[:, :rows] = rng.integers(-127, 128, (self.outputs, rows))
        self.weights = np.sign(rng.random((self.outputs, self.columns)) - 0.5).astype(np.float32)
        if rule != "bop":
            self.weights *= rng.random(self.weights.shape, np.float32)
        self.moments = [in_full(kept(rng.random(self.weights.shape, np.float32), how)) for how in RULES[rule].moments]
        self.positive = (self.weights >= 0) & (np.arange(self.columns) < self.there)

    def comes_in(self):
        """What came in as numbers [rows, columns], and the fields that say so."""
        rng, pad, memory = self.rng, self.source.shape[1], self.memory
        if self.kind == "pixels":
            pixels = rng.integers(0, 256, (pad, self.columns)).astype(np.uint8)
            return pixels[: self.rows], {"pixels": memory.put(pixels), "pixels_step": self.columns}
        bits = rng.integers(0, 2, (2, pad, self.columns)).astype(bool)
        first, second = (memory.put(octets(run)) for run in bits)
        fields = {"first_bits": first, "second_bits": second, "bits_step": pad}
        return bits[:, : self.rows].sum(0) - 1, fields

    def words(self):
        words = np.packbits(self.positive, axis=1, bitorder="little").view("<u8")
        return words.reshape(-1, 8, words.shape[1]).transpose(0, 2, 1).copy()

    def check(self):
        memory, rows = self.memory, self.rows
        came, taken = self.comes_in()
        group = self.shape.group if self.kind == "pixels" else 4
        source = self.source if group == 4 else self.source.astype(np.int16)
        sums = self.source.sum(1, dtype=np.int32) * (self.kind == "signs")
        scales = self.rng.random(self.outputs, np.float32) / 1000
        numbers = np.array(NUMBERS[self.rule], np.float32)
        latents = memory.put(panels(self.weights, WORD))
        stored = RULES[self.rule].moments
        moments = [memory.put(panels(kept(m, how), WORD)) for m, how in zip(self.moments, stored, strict=True)]
        words, bits = memory.put(self.words()), memory.put(octets(self.positive))
        counts, flips = (
            memory.put(np.ones((words.shape[1], self.outputs), np.uint32)),
            memory.put(np.zeros(1, np.int64)),
        )
        valid = np.packbits(np.arange(self.columns) < self.there, bitorder="little").view(np.uint64)
        memory.call(
            f"update-{self.rule}-{self.kind}", update.FIELDS, **taken,
            scratch=memory.waste(self.source.shape[1] * 2 * WORD), groups=-(-rows // group),
            source=memory.put(source), source_step=source.strides[0], sums=memory.put(sums),
            scales=memory.put(scales), first=0, last=self.outputs, outputs=self.outputs, latents=latents,
            **dict(zip(("first_moment", "second_moment"), moments, strict=False)), settings=memory.put(numbers),
            words=words, word_count=words.shape[1], octets=bits, counts=counts, valid=memory.put(valid), flips=flips,
        )  # fmt: skip
        products = self.source[:, :rows].astype(np.int64) @ came.astype(np.int64)
        gradients = products.astype(np.float32) * scales[:, None]
        weights, after = moved(self.rule, gradients.astype(float), self.weights.astype(float), self.moments, numbers)
        estimated = 2 * ESTIMATED if self.rule == "adam" else 0  # a root and a quotient
        allowed = 1e-5 * np.abs(weights) + 1e-6 + estimated * np.abs(weights - self.weights)
        assert np.all(np.abs(unpanelled(latents) - np.clip(weights, -1, 1)) <= allowed)
        for found, expected, how in zip(moments, after, stored, strict=True):
            rounding = 2**-8 if how == "bfloat16" else 0
            np.testing.assert_allclose(in_full(unpanelled(found)), expected, rtol=1e-5 + rounding, atol=1e-6)
        self.check_signs(unpanelled(latents) >= 0, words, bits, counts - 1, int(flips[0]))

    def check_signs(self, positive, words, bits, counts, flips):
        """Of the stored latents, exactly."""
        before, self.positive = self.positive, positive & (np.arange(self.columns) < self.there)
        np.testing.assert_array_equal(words, self.words())
        np.testing.assert_array_equal(bits, octets(self.positive))
        changed = self.positive != before
        assert flips == changed.sum()
        np.testing.assert_array_equal(counts.T, changed.reshape(self.outputs, -1, WORD).sum(2))


@LATE
@given(
    st.sampled_from(sorted(RULES)), st.sampled_from(update.KINDS), st.tuples(st.integers(1, 3), some),
    st.integers(1, 70), seeds,
)  # fmt: skip
@example("adam", "signs", (1, 1), 600, 0)
@example("adam", "pixels", (1, 1), 600, 0)
def test_weights_their_signs_and_flips(shape, rule, kind, sides, rows, seed):
    Case(shape, rule, kind, sides, rows, seed).check()


class Full:
    """Draws the largest there is."""

    def __init__(self, rng):
        self.random = rng.random

    def integers(self, _low, high, size):
        return np.full(size, high - 1)


def test_no_gradient_saturates(shape):
    for kind in update.KINDS:
        case = Case(shape, "sgd", kind, (1, 1), 600, 0)
        case.source[:, :600] = 127
        case.there, case.rng = WORD, Full(case.rng)
        case.check()


@pytest.mark.parametrize(("blocks", "rows"), [(1, 1), (3, 5)])
def test_weights_as_bytes(shape, blocks, rows):  # noqa: ARG001 - the variant is held
    memory, rng = Memory(), np.random.default_rng(rows)
    bits = rng.integers(0, 2, (blocks * 16, rows * OCTET)).astype(bool)
    target = memory.put(np.zeros((blocks, 2 * rows, 16, 4), np.int8))
    memory.call(
        "expand", expand.FIELDS, octets=memory.put(octets(bits)), octet_step=len(bits), first=0, last=blocks,
        rows=rows, target=target,
    )  # fmt: skip
    negated = np.where(bits, -1, 1).reshape(blocks, 16, 2 * rows, 4)
    np.testing.assert_array_equal(target.transpose(0, 2, 1, 3), negated)
