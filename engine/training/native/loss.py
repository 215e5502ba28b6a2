"""Losses of a batch's scores with their gradients, and how many are right; as training.layers.loss, in numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Judged:
    """What a loss makes of scores float32 [B, classes]: its mean, how many are right, its gradients [B, classes]."""

    loss: float
    correct: int
    gradients: Float32


def judged(scores: Float32, labels: NDArray[np.int64], loss: str) -> Judged:
    """loss: one of engine.config.CHOICES["loss"]."""
    correct = int(np.count_nonzero(scores.argmax(1) == labels))
    value, gradients = _LOSSES[loss](scores, labels)
    return Judged(value, correct, gradients)


def _cross_entropy(scores: Float32, labels: NDArray[np.int64]) -> tuple[float, Float32]:
    images = np.arange(len(scores))
    exponents = scores - scores.max(1, keepdims=True)
    own = exponents[images, labels]
    gradients = np.exp(exponents)
    totals = gradients.sum(1, keepdims=True)
    value = float((np.log(totals[:, 0]) - own).sum()) / len(scores)
    gradients /= totals
    gradients[images, labels] -= 1
    gradients /= np.float32(len(scores))
    return value, gradients


def _squared_hinge(scores: Float32, labels: NDArray[np.int64]) -> tuple[float, Float32]:
    targets = np.full(scores.shape, -1, np.float32)
    targets[np.arange(len(scores)), labels] = 1
    lacking = np.maximum(1 - targets * scores, 0)
    return float(np.mean(np.square(lacking))), -2 * targets * lacking / np.float32(scores.size)


_LOSSES = {"cross-entropy": _cross_entropy, "squared-hinge": _squared_hinge}
