"""Losses of a batch's scores with their gradients, and how many are right; as training.layers.loss, by a kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.jit.layout import aligned
from engine.jit.record import filled
from engine.jit.training import judge, kernels
from engine.training.native.programs import at
from engine.training.native.together import Call

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Judged:
    """What a loss makes of scores: its mean, and how many are right."""

    loss: float
    correct: int


class Judge:
    """Of the scores of batches that are all made in the same place.

    Attributes:
        gradients: float32 [B, classes], of the last loss.
    """

    def __init__(self, scores: Float32, classes: int) -> None:
        """scores: [B, classes to whole vectors]."""
        self._scores, self._told = scores, np.zeros((len(scores), 2), np.float32)
        self._right = np.zeros(1, np.int64)
        self._padded: Float32 = aligned(scores.shape, np.float32)
        self.gradients = self._padded[:, :classes]
        self._calls = {loss: self._call(loss, classes) for loss in judge.LOSSES}

    def __call__(self, labels: NDArray[np.int64], loss: str) -> Judged:
        """labels: [B], each of a class. loss: one of engine.config.CHOICES["loss"]."""
        call, told = self._calls[loss], self._told
        labels = np.ascontiguousarray(labels, np.int64)
        call.record[judge.FIELDS.index("labels")] = labels.ctypes.data
        call()
        if loss == "cross-entropy":
            value = float((np.log(told[:, 0]) - told[:, 1]).sum()) / len(told)
        else:
            value = float(told[:, 0].sum()) / self.gradients.size
        return Judged(value, int(self._right[0]))

    def _call(self, loss: str, classes: int) -> Call:
        rows = len(self._scores)
        share = np.float32(1 / (rows if loss == "cross-entropy" else rows * classes))
        return Call(filled(
            judge.FIELDS, kernel=kernels.address(f"judge-{loss}"), scores=at(self._scores),
            score_step=self._scores.strides[0], target=at(self._padded), target_step=self._padded.strides[0],
            told=at(self._told), right=at(self._right), rows=rows, classes=classes, share=int(share.view(np.int32)),
        ))  # fmt: skip
