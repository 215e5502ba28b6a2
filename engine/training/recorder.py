"""What a run writes down of its steps: their curves, and their means since the last score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine import messages as m
from engine.curves import Curves
from engine.runs import CURVE_CAPACITY
from engine.training.loop import StepDone

BLOCK = 64
"""Steps that are gathered before they go into the curves together."""


class Recorder:
    """Takes every step. weights: of each layer, which flips are a share of.

    before: curves of the steps before, which are gone on with if they are of these layers.
    """

    def __init__(self, weights: tuple[int, ...], before: Curves) -> None:
        self._weights = np.array(weights, np.float32)
        self._curves = before if before.weights == weights else Curves(CURVE_CAPACITY, weights)
        self._steps: list[StepDone] = []
        self._begin_tally()

    def add(self, event: StepDone) -> None:
        """One step was made."""
        self._images += event.images
        self._loss += event.result.loss * event.images
        self._correct += event.result.correct
        self._flips += sum(event.result.flips)
        self._steps.append(event)
        if len(self._steps) == BLOCK:
            self._enter()

    def curves(self) -> Curves:
        """The curves of every step up to now."""
        self._enter()
        return self._curves

    def columns(self) -> dict[str, object]:
        """Means of the training steps since this was asked last, as columns of the metrics; "" where there are none."""
        images = self._images
        loss, accuracy = (f"{self._loss / images:.6g}", f"{self._correct / images:.6g}") if images else ("", "")
        flips = self._flips
        self._begin_tally()
        return {"train_loss": loss, "train_accuracy": accuracy, "flips": flips}

    def _begin_tally(self) -> None:
        self._images = self._correct = self._flips = 0
        self._loss = 0.0

    def _enter(self) -> None:
        if self._steps:
            self._curves.add(scalars(self._steps, self._weights))
            self._steps = []


def scalars(steps: Sequence[StepDone], weights: NDArray[np.float32]) -> m.Scalars:
    """One row for each step. weights: float32 [layers], of each layer."""
    flips = np.array([step.result.flips for step in steps], np.float32).reshape(len(steps), len(weights))
    return m.Scalars(
        step=np.array([step.step for step in steps], np.int64),
        loss=np.array([step.result.loss for step in steps], np.float32),
        accuracy=np.array([step.result.correct / step.images for step in steps], np.float32),
        flips=flips / weights,
    )
