"""A layer of +-1 weights held as floating-point numbers: exact, because every sum stays below the mantissa's reach."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bits import unpack
from engine.inference.maps import convolve, max_pool, pool_signs
from engine.inference.network import Conv, Product, Threshold
from engine.inference.rules import Stage

Floats = NDArray[Any]
"""An array of float32 or float64."""


class SignedLayer:
    """One dense layer or convolution as a float product, pooled, with the comparison after it.

    Rows whose batch-norm has gamma < 0 are held negated, and so is their threshold: "sum <= t" becomes
    "-sum >= -t", and one comparison serves all outputs.
    """

    def __init__(self, stage: Stage, largest: int = 1) -> None:
        """largest: the largest magnitude of an input, 1 for signs and 255 for pixels."""
        product = stage.product
        self.stage = stage
        self.dtype: np.dtype[Any] = np.dtype(np.float32 if product.inputs * largest < 2**24 else np.float64)
        self._beyond = -1 if largest == 1 else 0
        self._direction = np.where(stage.rising, 1, -1).astype(np.int32)
        self._weights = sign_floats(_positive(product), self.dtype)
        self._weights *= self._direction[:, None]
        if isinstance(stage.after, Threshold):
            # beyond the reach of any sum, rounding the threshold to a float cannot change the comparison
            self._threshold = (stage.after.threshold.astype(np.int64) * self._direction).astype(self.dtype)

    def takes(self, positive: NDArray[np.bool_]) -> Floats:
        """Signs bool [B, …] as this layer takes them."""
        return sign_floats(positive, self.dtype)

    def sums(self, values: Floats) -> NDArray[np.int32]:
        """Sums int32 [B, *stage.gives], pooled, of values [B, …] of this layer's dtype, as many as it takes."""
        sums = self._product(values).astype(np.int32) * self._direction
        return sums if self.stage.pool is None else max_pool(sums, self.stage.pool)

    def fires(self, values: Floats) -> NDArray[np.bool_]:
        """Which outputs are +1, bool [B, *stage.gives]; only with a Threshold."""
        fires: NDArray[np.bool_] = self._product(values) >= self._threshold
        return fires if self.stage.pool is None else pool_signs(fires, self.stage.pool, self.stage.rising)

    def _product(self, values: Floats) -> Floats:
        """Sums of the rows as they are held: [B, outputs], or a map of them."""
        product, count = self.stage.product, len(values)
        if isinstance(product, Conv):
            return convolve(values.reshape(count, *self.stage.takes), self._weights, product, self._beyond)
        sums: Floats = values.reshape(count, product.inputs) @ self._weights.T
        return sums


class PixelLayer(SignedLayer):
    """The first layer on 8-bit pixels u8 [B, H, W, C], for numpy-xnor as well.

    No numpy operation on bits comes near its BLAS here: eight bit planes need eight products, each at no more than
    twice the speed of the one float product, which is as exact.
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, 255)

    def sums(self, values: NDArray[np.uint8]) -> NDArray[np.int32]:
        return super().sums(values.astype(self.dtype))

    def fires(self, values: NDArray[np.uint8]) -> NDArray[np.bool_]:
        return super().fires(values.astype(self.dtype))


def _positive(product: Product) -> NDArray[np.bool_]:
    """Which weights are +1, bool [outputs, inputs]."""
    if isinstance(product, Conv):
        return unpack(product.weights, product.channels).reshape(product.outputs, product.inputs)
    return unpack(product.weights, product.inputs)


def sign_floats(positive: NDArray[np.bool_], dtype: np.dtype[Any]) -> Floats:
    """+1 where true and -1 elsewhere, as floats."""
    signs: Floats = positive.astype(dtype)
    signs *= 2
    signs -= 1
    return signs
