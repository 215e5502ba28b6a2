"""Losses, their gradients, and how many scores are right, near those of float64; and the update of gamma and beta."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.jit.training import affine, judge
from engine.jit.training.maps import LANES
from engine.jit.training.rules import ESTIMATED
from tests.jit.training.slow import PANEL, Memory

LATE = settings(deadline=None, max_examples=40)
seeds = st.integers(0, 2**32 - 1)


class Batch:
    """Scores with anything behind the classes, and labels."""

    def __init__(self, rows, classes, size, seed):
        self.rng, self.memory = np.random.default_rng(seed), Memory()
        self.rows, self.classes = rows, classes
        padded = self.rng.normal(0, 1e30, (rows, -(-classes // LANES) * LANES)).astype(np.float32)
        padded[:, :classes] = np.round(self.rng.normal(0, size, (rows, classes)), 1)  # some are the same
        self.scores, self.labels = self.memory.put(padded), self.rng.integers(0, classes, rows)
        self.target = self.memory.put(np.full_like(padded, 99))
        self.told, self.right = self.memory.put(np.zeros((rows, 2), np.float32)), self.memory.put(np.zeros(1, np.int64))

    def judged(self, loss, share):
        self.memory.call(
            f"judge-{loss}", judge.FIELDS, scores=self.scores, score_step=self.scores.strides[0], target=self.target,
            target_step=self.target.strides[0], labels=self.memory.put(self.labels), told=self.told, right=self.right,
            rows=self.rows, classes=self.classes, share=int(np.float32(share).view(np.int32)),
        )  # fmt: skip
        return self.target[:, : self.classes]

    @property
    def known(self):
        return self.scores[:, : self.classes].astype(np.float64)


@LATE
@given(st.integers(1, 9), st.integers(1, 40), st.sampled_from([0.3, 3, 60, 1e4]), seeds)
def test_cross_entropy(shape, rows, classes, size, seed):  # noqa: ARG001 - the variant is held
    batch = Batch(rows, classes, size, seed)
    found, scores, own = batch.judged("cross-entropy", 1 / rows), batch.known, np.arange(rows)
    powers = np.exp(scores - scores.max(1, keepdims=True))
    expected = powers / powers.sum(1, keepdims=True)
    expected[own, batch.labels] -= 1
    np.testing.assert_allclose(found, expected / rows, rtol=1e-5, atol=1e-6 / rows)
    losses = np.log(batch.told[:, 0].astype(np.float64)) - batch.told[:, 1]
    below = (scores - scores.max(1, keepdims=True))[own, batch.labels]
    np.testing.assert_allclose(losses, np.log(powers.sum(1)) - below, rtol=1e-5, atol=1e-6)
    assert batch.right[0] == np.count_nonzero(scores.argmax(1) == batch.labels)
    assert not batch.target[:, classes:].any()


@LATE
@given(st.integers(1, 9), st.integers(1, 40), st.sampled_from([0.3, 3, 60]), seeds)
def test_squared_hinge(shape, rows, classes, size, seed):  # noqa: ARG001 - the variant is held
    batch = Batch(rows, classes, size, seed)
    found, scores = batch.judged("squared-hinge", 1 / (rows * classes)), batch.known
    targets = np.where(np.arange(classes) == batch.labels[:, np.newaxis], 1, -1)
    lacking = np.maximum(1 - targets * scores, 0)
    np.testing.assert_allclose(found, -2 * targets * lacking / (rows * classes), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(batch.told[:, 0], (lacking**2).sum(1), rtol=1e-5, atol=1e-6)
    assert batch.right[0] == np.count_nonzero(scores.argmax(1) == batch.labels)
    assert not batch.target[:, classes:].any()


@pytest.mark.parametrize("loss", judge.LOSSES)
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_stays_none(shape, loss, wrong):  # noqa: ARG001 - the variant is held
    """An infinite score has an infinite loss or none; never one that looks sound."""
    batch = Batch(3, 10, 1, 0)
    batch.labels[:] = 2
    batch.scores[1, 2 if wrong != np.inf else 3] = wrong
    batch.judged(loss, 1)
    first, second = batch.told.T
    told = np.log(first) - second if loss == "cross-entropy" else first
    assert np.isfinite(told[[0, 2]]).all()
    assert not np.isfinite(told[1])


def test_exponentials_are_those_of_float64(shape):  # noqa: ARG001 - the variant is held
    """Over all that scores can be apart, in steps that meet no pattern: told as totals of two classes."""
    apart = np.concatenate([[0], np.geomspace(1e-7, 86.9, 20_000)]).astype(np.float32)
    batch = Batch(len(apart), 2, 1, 0)
    batch.scores[:, 0], batch.scores[:, 1], batch.labels[:] = 0, -apart, 0
    gradient = batch.judged("cross-entropy", 1)[:, 1]
    expected = np.exp(-apart.astype(np.float64))
    np.testing.assert_allclose(gradient, expected / (1 + expected), rtol=5e-7)


@LATE
@given(st.sampled_from(["adam", "sgd"]), st.integers(1, 5), seeds)
def test_gamma_and_beta_move_as_torchs_do(shape, rule, panels, seed):  # noqa: ARG001 - the variant is held
    rng, memory = np.random.default_rng(seed), Memory()
    value, gradient, mean = (rng.normal(0, 1, (panels, PANEL)).astype(np.float32) for _ in range(3))
    square = rng.random((panels, PANEL), np.float32)
    arrays = {"values": value, "first_moment": mean, "second_moment": square}
    placed = {name: memory.put(array) for name, array in arrays.items()}
    if rule == "adam":
        told = [0.1, 0.999, 0.001, 1.5, 1e-8, 1e-3]
        after = mean + 0.1 * (gradient - mean), 0.999 * square + 0.001 * gradient.astype(np.float64) ** 2
        moved = 1e-3 * after[0] / (1.5 * np.sqrt(after[1]) + 1e-8)
    else:
        told, after = [0.9, 0.01], (0.9 * mean + gradient, square)
        moved = 0.01 * after[0]
    memory.call(
        f"affine-{rule}", affine.FIELDS, **placed, gradients=memory.put(gradient), panels=panels,
        settings=memory.put(np.array(told, np.float32)),
    )  # fmt: skip
    np.testing.assert_allclose(placed["values"], value - moved, rtol=1e-6, atol=2 * ESTIMATED * np.abs(moved).max())
    np.testing.assert_allclose(placed["first_moment"], after[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(placed["second_moment"], after[1], rtol=1e-5, atol=1e-7)
