"""Batch-norm and sign as one exact integer threshold, by the rule that training follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.inference.network import Threshold

Float64 = NDArray[np.float64]

NEVER = np.iinfo(np.int32).max
ALWAYS = np.iinfo(np.int32).min


@dataclass(frozen=True)
class BatchNorm:
    """What is made of a layer's sums before their sign, float64 [outputs] each, finite and within float32's range.

    Attributes:
        mean, divisor, factor, beta: as training.norms.normalise takes them.
        alpha: XNOR-Net's scale of the sums, at least 0. threshold: where the sign changes, RSign's.
    """

    mean: Float64
    divisor: Float64
    factor: Float64
    beta: Float64
    alpha: Float64 | float = 1.0
    threshold: Float64 | float = 0.0

    def __call__(self, sums: Float64) -> Float64:
        """The rule that thresholds are folded from, in the operation order of training.layers.Layer.

        Every operation is correctly rounded, hence monotone, and so is the whole in each sum.
        """
        normalised = (sums * self.alpha - self.mean) / self.divisor * self.factor + self.beta
        result: Float64 = normalised - self.threshold
        return result

    @property
    def scale(self) -> Float64:
        """What one unit of a sum is worth in the output."""
        return self.alpha * (self.factor / self.divisor)

    @property
    def shift(self) -> Float64:
        """The output at sum 0, up to rounding."""
        return self.beta - self.mean * (self.factor / self.divisor)


def thresholds(norm: BatchNorm, low: int, high: int) -> Threshold:
    """The integer comparison that equals `norm(s) >= 0` at every whole sum s from low to high.

    Found by bisection on the rule itself in float64, for all outputs at once, so that no algebra has to be trusted.
    """
    rising = norm.factor >= 0
    first = np.full(norm.factor.shape, low, np.int64)  # the smallest sum on the far side of the change lies in
    last = np.full(norm.factor.shape, high + 1, np.int64)  # first..last, where high + 1 says that there is none
    while np.any(first < last):
        middle = (first + last) // 2
        beyond = (norm(middle.astype(np.float64)) >= 0) == rising
        last = np.where(beyond, middle, last)
        first = np.where(beyond, first, np.minimum(middle + 1, last))
    threshold = np.where(rising, first, first - 1)
    constant = norm.factor == 0
    threshold = np.where(constant, np.where(norm(np.zeros(norm.factor.shape)) >= 0, ALWAYS, NEVER), threshold)
    return Threshold(threshold.astype(np.int32), rising)
