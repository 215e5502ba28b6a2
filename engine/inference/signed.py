"""A layer of +-1 weights held as floating-point numbers: exact, because every sum stays below the mantissa's reach."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bits import unpack
from engine.inference.network import Affine, Dense, Threshold

Floats = NDArray[Any]
"""An array of float32 or float64."""


class SignedLayer:
    """One dense layer as a float product, with the comparison after it.

    Rows whose batch-norm has gamma < 0 are held negated, and so is their threshold: "sum <= t" becomes
    "-sum >= -t", and one comparison serves all outputs.
    """

    def __init__(self, dense: Dense, after: Threshold | Affine, largest: int) -> None:
        """largest: the largest magnitude of an input, 1 for signs and 255 for pixels."""
        self.inputs = dense.inputs
        reach = dense.inputs * largest
        self.dtype: np.dtype[Any] = np.dtype(np.float32 if reach < 2**24 else np.float64)
        up = after.at_least if isinstance(after, Threshold) else np.ones(dense.outputs, np.bool_)
        self._direction = np.where(up, 1, -1).astype(np.int32)
        self._weights = sign_floats(unpack(dense.weights, dense.inputs), self.dtype)
        self._weights *= self._direction[:, None]
        if isinstance(after, Threshold):
            # beyond the reach of any sum, rounding the threshold to a float cannot change the comparison
            self._threshold = (after.threshold.astype(np.int64) * self._direction).astype(self.dtype)

    def sums(self, values: Floats) -> NDArray[np.int32]:
        """Sums int32 [B, outputs] of values [B, inputs] of this layer's dtype."""
        return (values @ self._weights.T).astype(np.int32) * self._direction

    def fires(self, values: Floats) -> NDArray[np.bool_]:
        """Which outputs are +1, bool [B, outputs]; hidden layers only."""
        fires: NDArray[np.bool_] = values @ self._weights.T >= self._threshold
        return fires


def sign_floats(positive: NDArray[np.bool_], dtype: np.dtype[Any]) -> Floats:
    """+1 where true and -1 elsewhere, as floats."""
    signs: Floats = positive.astype(dtype)
    signs *= 2
    signs -= 1
    return signs
