"""A run's curves as they are laid over those of other runs: kept or live, over steps, epochs or seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.curves import FLIPS, LOSS, Curves

POINTS = 240
"""Parts of a run over which loss and flips are averaged."""

Floats = NDArray[np.float64]
Span = Literal["step", "epoch", "second"]


@dataclass(frozen=True)
class Scores:
    """Every score of the test set, oldest first; times in seconds of training."""

    steps: NDArray[np.int64]
    epochs: Floats
    accuracy: Floats
    loss: Floats
    times: Floats

    def reached(self, accuracy: float) -> int | None:
        """Index of the first score at or above an accuracy 0..1; None where there is none yet."""
        above = np.flatnonzero(self.accuracy >= accuracy)
        return int(above[0]) if above.size else None

    def over(self, span: Span, steps: NDArray[np.int64], now: tuple[float, float, float]) -> Floats:
        """Steps as epochs or seconds of training, straight between what is known of both; now: as in Trace."""
        column = {"step": 0, "epoch": 1, "second": 2}[span]
        if column == 0:
            return steps.astype(np.float64)
        rows = np.stack([self.steps, self.epochs, self.times], axis=1)
        known = np.vstack([np.zeros((1, 3)), rows[rows[:, 0] < now[0]], now])
        return np.asarray(np.interp(steps, known[:, 0], known[:, column]), np.float64)


@dataclass(frozen=True)
class Trace:
    """What is compared of a run.

    steps: int64 [n], the first of each part of the run; loss, flips: float64 [n], means there of the loss on the
    training batches and of the share of all weights that flip at a step.
    now: (step, epoch, seconds) up to where it reaches.
    """

    steps: NDArray[np.int64]
    loss: Floats
    flips: Floats
    scores: Scores
    now: tuple[float, float, float]

    @classmethod
    def of(cls, curves: Curves, weights: tuple[int, ...], scores: Scores, now: tuple[float, float, float]) -> Trace:
        """Average curves over parts. weights: of each layer; without curves of that many layers there are no parts."""
        steps, means = curves.means(POINTS)
        if not weights or curves.columns != FLIPS + len(weights):
            return cls(steps[:0], np.zeros(0), np.zeros(0), scores, now)
        flips = means[:, FLIPS:] @ (np.array(weights, np.float64) / sum(weights))
        return cls(steps, means[:, LOSS], flips, scores, now)

    def over(self, span: Span, steps: NDArray[np.int64]) -> Floats:
        """As Scores.over."""
        return self.scores.over(span, steps, self.now)
