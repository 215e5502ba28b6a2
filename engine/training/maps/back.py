"""One layer of a step: its calls on the way back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.jit.layout import aligned
from engine.jit.record import Record, filled
from engine.jit.training import kernels, slopes
from engine.jit.training.maps import LANES
from engine.training.maps.layer import Array, Layer, of_image
from engine.training.maps.returning import returning
from engine.training.maps.rounding import most, steps
from engine.training.maps.tiled import Tiled
from engine.training.maps.weighing import Along, Dense, Pooled, Weighing
from engine.training.native.programs import at
from engine.training.native.together import Together


class Back:
    """For the batches of a layer.

    Attributes:
        slopes: float32 [images, places, wide], the gradient of the layer's values. along: float64 [shares, 2, wide],
            its sums over all places, plain and times the centred sums. means: float32 [wide], of the sums.
        factors: float32 [3, wide], what turns it into the gradient of the sums.
        steps: float32 [images], what the integers that go on to the layer before are multiples of.
    """

    def __init__(self, layer: Layer, gradients: Array) -> None:
        """gradients: float32, room for those of the sums of any layer."""
        g, images, threads = layer.g, layer.images, len(layer.shares)
        self.layer, self._gradients = layer, gradients
        self.slopes: Array = aligned(layer.values.shape, np.float32)
        self.along: Array = aligned((threads, 2, g.wide), np.float64)
        self.means: Array = aligned((g.wide,), np.float32)
        self.factors: Array = aligned((3, g.wide), np.float32)
        self._largest: Array = aligned((images, g.wide), np.float32)
        self.steps: Array = aligned((images,), np.float32)
        self.weighing = _weighing(layer, gradients)
        self.returning = None if g.on_pixels else returning(layer, gradients)

    # ------------------------------------------------------------ to the gradient of the sums

    def through(self, given: Array, above: Back, estimator: str) -> Together:
        """The gradient of the signs, which the layer above gave as integers, let through to the values."""
        name = f"map-{estimator}" + "-carried" * above.layer.g.shortcut
        return Together([self._through(share, worker, name, given, above)] for worker, share in self._shares())

    def _through(self, share: slice, worker: int, name: str, given: Array, above: Back) -> Record:
        layer, g = self.layer, self.layer.g
        return filled(
            slopes.THROUGH_FIELDS, kernel=kernels.address(name),
            source=of_image(given, share.start, g.places * g.wide), scales=at(above.steps, share.start),
            values=at(layer.values, share.start), carry=at(above.slopes, share.start) if above.layer.g.shortcut else 0,
            sums=at(layer.sums, share.start), means=at(self.means), target=at(self.slopes, share.start),
            along=at(self.along, worker), images=share.stop - share.start, places=g.places, units=g.wide // LANES,
        )  # fmt: skip

    def normalising(self) -> Together:
        """The gradient of the sums, and the largest of each channel of each image."""
        return Together([self._normalised(share)] for share in self.layer.shares)

    def _normalised(self, share: slice) -> Record:
        layer, g = self.layer, self.layer.g
        return filled(
            slopes.BACK_FIELDS, kernel=kernels.address("map-back"), source=at(self.slopes, share.start),
            sums=at(layer.sums, share.start), means=at(self.means), factors=at(self.factors),
            target=of_image(self._gradients, share.start, g.places * g.wide), largest=at(self._largest, share.start),
            images=share.stop - share.start, places=g.places, units=g.wide // LANES,
        )  # fmt: skip

    def scale(self) -> None:
        """Choose by what the gradient is multiplied before it is rounded: by channel, and by image."""
        self.weighing.steps[:] = steps(self._largest.max(0), self.weighing.most)
        np.divide(1, self.weighing.steps, out=self.weighing.factors)
        self.steps[:] = steps(self._largest.max(1), most(self.layer.weights.depth))
        if self.returning:
            np.divide(1, self.steps[:, np.newaxis], out=self.returning.factors)

    def begin(self) -> None:
        """Start sums anew."""
        self.along.fill(0)
        self.weighing.begin()

    def of_weights(self) -> NDArray[np.float32]:
        """The gradient of the weights, float32 [outputs, inputs]."""
        return self.weighing.found()

    def _shares(self) -> Iterator[tuple[int, slice]]:
        return iter(enumerate(self.layer.shares))


def _weighing(layer: Layer, gradients: Array) -> Weighing:
    """The way to the gradient of its weights that suits a layer."""
    ways = (way for way in (Tiled, Dense, Pooled, Along) if way.fits(layer))
    return next(ways)(layer, gradients)
