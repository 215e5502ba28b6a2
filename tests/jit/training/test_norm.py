"""Batch-norm and sign forward and back, and gradients in int8: statistics and gradients near, integers exactly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.jit.training import norm, rows
from tests.jit.training.slow import OCTET, PANEL, Memory, octets, panels, quantized, unpanelled

LATE = settings(deadline=None, max_examples=25)
seeds = st.integers(0, 2**32 - 1)


class Columns:
    """Sums of a batch, in two runs, with what is known of their columns."""

    def __init__(self, out_panels, count, seed, *, pixels=False):
        self.rng, self.memory = np.random.default_rng(seed), Memory()
        self.columns, self.rows, self.padded = out_panels * PANEL, count, -(-count // 8) * 8
        most = 200_000 if pixels else 1000
        self.runs = self.rng.integers(-most, most, (2, self.padded, self.columns)).astype(np.int32)
        self.half = np.float32(0.75)
        self.kept = self.rng.random((self.padded, self.columns)) < 0.8
        self.x = self.runs[:, :count].sum(0) * np.float64(self.half)
        for name in ("gamma", "beta", "running_mean", "running_variance"):
            setattr(self, name, self.memory.put(self.rng.normal(0, 1, self.columns).astype(np.float32)))
        self.made = {name: self.memory.put(np.zeros(self.columns, np.float32)) for name in
                     ("mean", "inverse", "factor", "shift")}  # fmt: skip

    def fields(self, settings):
        memory = self.memory
        return {
            "first_sums": memory.put(self.runs[0]), "second_sums": memory.put(self.runs[1]),
            "sum_step": 4 * self.columns, "rows": self.rows, "first": 0, "last": self.columns // OCTET, **self.made,
            "kept": memory.put(octets(self.kept)), "kept_step": self.padded,
            "settings": memory.put(np.array(settings, np.float32)),
        }  # fmt: skip

    def forward(self):
        """Run it; both runs of octets and of words, as bits [rows, columns]."""
        memory = self.memory
        of_octets = [memory.put(np.zeros((self.columns // OCTET, self.padded), np.uint8)) for _ in range(2)]
        words = [memory.put(np.zeros((self.padded, self.columns // OCTET), np.uint8)) for _ in range(2)]
        memory.call(
            "forward", norm.FORWARD, **self.fields([self.half, 1e-5, 0.1, 1.25]), gamma=self.gamma, beta=self.beta,
            running_mean=self.running_mean, running_variance=self.running_variance, first_octets=of_octets[0],
            second_octets=of_octets[1], octet_step=self.padded, first_words=words[0], second_words=words[1],
            word_step=words[0].strides[0],
        )  # fmt: skip
        for one, other in zip(of_octets, words, strict=True):
            np.testing.assert_array_equal(one.T, other)
        return [np.unpackbits(run, axis=1, bitorder="little")[: self.rows].astype(bool) for run in words]

    def y(self):
        made = self.made
        centred = (self.runs[:, : self.rows].sum(0).astype(np.float32) * self.half) - made["mean"]
        return centred, centred.astype(float) * made["factor"] + made["shift"]


@LATE
@given(st.integers(1, 3), st.integers(2, 40), seeds, st.booleans())
def test_statistics_and_signs(shape, out_panels, count, seed, pixels):  # noqa: ARG001 - the variant is held
    case = Columns(out_panels, count, seed, pixels=pixels)
    before = case.running_mean.copy(), case.running_variance.copy()
    first, second = case.forward()
    inverse = 1 / np.sqrt(case.x.var(0) + 1e-5)
    expected = {"mean": case.x.mean(0), "inverse": inverse, "factor": case.gamma * inverse, "shift": case.beta}
    for name, values in expected.items():
        np.testing.assert_allclose(case.made[name], values, rtol=1e-5, atol=1e-2 if name == "mean" else 1e-6)
    moved = before[0] + 0.1 * (case.x.mean(0) - before[0]), before[1] + 0.1 * (1.25 * case.x.var(0) - before[1])
    np.testing.assert_allclose(case.running_mean, moved[0], rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(case.running_variance, moved[1], rtol=1e-4)
    _, y = case.y()
    values = case.memory.put(np.zeros((count, case.columns), np.float32))
    fields = case.fields([case.half, 1e-5, 0.1, 1.25])
    case.memory.call("values", norm.VALUES, **fields, target=values, target_step=values.strides[0])
    np.testing.assert_allclose(values, y, rtol=1e-4, atol=1e-4)
    sure, kept = np.abs(y) > 1e-4, case.kept[:count]
    np.testing.assert_array_equal(first[sure], ((y >= 0) | ~kept)[sure])
    np.testing.assert_array_equal(second[sure], ((y >= 0) & kept)[sure])


@LATE
@given(
    st.integers(1, 3), st.integers(2, 40), seeds, st.sampled_from([(1.0, 0.0, 1.0), (2.0, -2.0, 1.0), (1, 0, np.inf)]),
    st.sampled_from(["signs", "pixels"]), st.booleans(),
)  # fmt: skip
def test_gradients_of_the_sums(shape, out_panels, count, seed, slope, kind, normal):
    case = Columns(out_panels, count, seed)
    case.forward()
    memory, padded, columns = case.memory, case.padded, case.columns
    given_ = np.zeros((padded, columns), np.float32)
    given_[:count] = case.rng.normal(0, 1, (count, columns))
    group = 4 if kind == "signs" else shape.group
    gradients, largest = memory.put(panels(given_)), memory.put(np.zeros((padded, OCTET), np.float32))
    target = memory.put(np.zeros((columns, padded), np.int8 if group == 4 else np.int16))
    made = {name: memory.put(np.zeros(columns, np.float32)) for name in ("scales", "of_gamma", "of_beta")}
    sums = memory.put(np.zeros(columns, np.int32))
    numbers = [case.half, 1 / count if normal else 0, *slope, 1.5]
    memory.call(
        f"backward-{kind}", norm.BACKWARD, **case.fields(numbers), gradients=gradients,
        gradient_step=gradients.strides[0], target=target, target_step=target.strides[0], sums=sums, largest=largest,
        **made,
    )  # fmt: skip
    centred, y = case.y()
    if (np.abs(np.abs(y) - 1) < 1e-5).any():
        return  # at the very edge of the window either is right
    g = given_[:count] * (slope[0] + slope[1] * np.abs(y)) * (np.abs(y) <= slope[2]) * case.kept[:count]
    along = centred * case.made["inverse"]
    np.testing.assert_allclose(made["of_gamma"], (g * along).sum(0), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(made["of_beta"], g.sum(0), rtol=1e-3, atol=1e-4)
    through = case.made["factor"] * (g - normal * (g.mean(0) + along * (g * along).mean(0)))
    found = unpanelled(gradients)[:count]
    np.testing.assert_allclose(found, through, rtol=1e-3, atol=1e-4 * np.abs(case.made["factor"] * g).max())
    check_quantized(found, target, made["scales"], sums, largest, kind, group)


def check_quantized(found, target, scales, sums, largest, kind, group):
    """Integers are those of the gradients that were stored, to the bit."""
    whole, unit = quantized(found, 0)
    np.testing.assert_array_equal(target[:, : len(found)], whole.T)
    assert not target[:, len(found) :].any()
    np.testing.assert_array_equal(scales, unit * np.float32(1.5))
    np.testing.assert_array_equal(sums, whole.sum(0, dtype=np.int32) * (group == 4 and kind == "signs"))
    by_octet = np.abs(found).reshape(len(found), -1, OCTET).max(1)
    np.testing.assert_array_equal(largest[: len(found)], by_octet)


@pytest.mark.parametrize(("out_panels", "count", "workers"), [(1, 1, 1), (3, 7, 2), (9, 13, 1)])
def test_gradients_by_row(shape, out_panels, count, workers):  # noqa: ARG001 - the variant is held
    memory, rng = Memory(), np.random.default_rng(count)
    values = rng.normal(0, 1, (count, out_panels * PANEL)).astype(np.float32)
    values[count // 2] = 0
    gradients, target = memory.put(panels(values)), memory.put(np.zeros(values.shape, np.int8))
    largest = np.zeros((workers, count, OCTET), np.float32)
    largest[rng.integers(0, workers, count), np.arange(count), rng.integers(0, OCTET, count)] = np.abs(values).max(1)
    largest = memory.put(largest)
    sums, scales = memory.put(np.zeros(count, np.int32)), memory.put(np.zeros(count, np.float32))
    memory.call(
        "rows", rows.FIELDS, gradients=gradients, gradient_step=gradients.strides[0], panels=out_panels, first=0,
        last=count, largest=largest, largest_step=largest.strides[0], workers=workers, target=target,
        target_step=target.strides[0], sums=sums, scales=scales, scale=memory.put(np.array([2], np.float32)),
    )  # fmt: skip
    whole, unit = quantized(values, 1)
    np.testing.assert_array_equal(target, whole)
    np.testing.assert_array_equal(scales, unit * np.float32(2))
    np.testing.assert_array_equal(sums, whole.sum(1, dtype=np.int32))
    assert not largest.any()
